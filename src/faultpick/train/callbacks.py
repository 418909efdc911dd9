"""What happens beside the steps of a training: averaged weights, the log, the checkpoint, the bar."""

import csv
import io
import math
import time
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from lightning.pytorch.plugins.io import TorchCheckpointIO
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch import Tensor, nn

from faultpick.errors import DataError, ModelError
from faultpick.train.module import FaultTraining
from faultpick.volume.staging import replace_text


class Average(WeightAveraging):
    """The moving average of the weights, which is validated and saved.

    Args:
        decay: Share of the average that stays at each step; less at first, so that a short training does not
            remember the weights that it started from.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=partial(_averaged, decay))

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """After each step."""
        return step_idx is not None

    @property
    def network(self) -> nn.Module:
        """The network with the average so far."""
        assert self._average_model is not None
        training = self._average_model.module
        assert isinstance(training, FaultTraining)
        return training.network


def _averaged(decay: float, average: Tensor, weights: Tensor, steps: Tensor) -> Tensor:
    """The next average after so many steps: it goes back by a third of them at most."""
    kept = ((1 + steps) / (4 + steps)).clamp(max=decay)
    return kept * average + (1 - kept) * weights


class History(Callback):
    """One row an epoch, kept in the checkpoint, written to a CSV file; resumed, a training repeats none.

    `waiting` is the share of the time of an epoch's steps in which the training waited for crops.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[dict[str, float]] = []
        self._started = self._idle_since = self._waited = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start to wait for the first crops."""
        self._started = self._idle_since = time.perf_counter()
        self._waited = 0.0

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """The crops are here."""
        self._waited += time.perf_counter() - self._idle_since

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Wait for the next crops."""
        self._idle_since = time.perf_counter()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Add the epoch's row and write the file anew."""
        assert isinstance(pl_module, FaultTraining)
        row = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            "minutes": round(pl_module.minutes, 3),
        }
        row["waiting"] = round(self._waited / (self._idle_since - self._started), 4)
        row["rate"] = trainer.optimizers[0].param_groups[0]["lr"]
        metrics = trainer.callback_metrics
        if not all(math.isfinite(value) for value in metrics.values()):
            raise ModelError(
                f"The loss is no longer a finite number at step {trainer.global_step}: start anew with a "
                "smaller optimiser.rate."
            )
        self.rows.append(row | {name: round(float(value), 6) for name, value in sorted(metrics.items())})
        if trainer.is_global_zero:
            table = io.StringIO()
            writer = csv.DictWriter(table, list(self.rows[-1]), restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.rows)
            replace_text(self.path, table.getvalue())

    def state_dict(self) -> dict[str, Any]:
        """The rows, for the checkpoint."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The rows of the checkpoint."""
        self.rows = list(state_dict["rows"])


class ProgressBar(Callback):
    """One bar over the whole budget, and a line for each epoch above it (in a log file: the lines alone)."""

    def __init__(self, history: History) -> None:
        self.history = history

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Show the bar."""
        assert isinstance(pl_module, FaultTraining)
        columns = TextColumn("training"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
        self.bar = Progress(*columns, disable=not trainer.is_global_zero)
        self.task = self.bar.add_task("training", total=1.0)
        self.bar.update(self.task, completed=pl_module.progress())
        self.bar.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar."""
        assert isinstance(pl_module, FaultTraining)
        self.bar.update(self.task, completed=pl_module.progress())

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Print the epoch's row of the log."""
        if trainer.is_global_zero:
            row = "  ".join(f"{name} {value:.4g}" for name, value in self.history.rows[-1].items())
            self.bar.console.print(row, highlight=False, soft_wrap=True)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leave the bar as it is."""
        self.bar.stop()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Leave the terminal as it was."""
        if hasattr(self, "bar"):
            self.bar.stop()


class Checkpoint(Callback):
    """Replaces the checkpoint after each epoch."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write it."""
        trainer.save_checkpoint(self.path)


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and moves it there: a kill leaves the old one or the new one.

    Lightning's own way goes through the system's folder for temporary files, often on another disk, from
    where a move is a copy.
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Replace the file at `path`."""
        path = Path(path)
        data = io.BytesIO()
        torch.save(checkpoint, data)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            temporary.write_bytes(data.getbuffer())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def load_checkpoint(self, path: str | Path, *arguments: Any, **keywords: Any) -> dict[str, Any]:
        """Read the file at `path`.

        Raises:
            DataError: It is damaged, or no checkpoint of a training.
        """
        try:
            checkpoint = super().load_checkpoint(path, *arguments, **keywords)
            checkpoint["minutes"]
        except (RuntimeError, OSError, EOFError, UnpicklingError, KeyError, TypeError) as error:
            raise DataError(f"{path} is damaged: train again from the start in another folder.") from error
        return checkpoint
