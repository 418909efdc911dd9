"""Run a training from its config: trainer, checkpoints, weights."""

import logging
import signal
import warnings
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer, seed_everything
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from lightning.pytorch.utilities.exceptions import SIGTERMException
from pydantic import ValidationError

from faultpick.errors import ConfigError, FaultpickError, ModelError, OutputError
from faultpick.train.callbacks import (
    Average,
    Checkpoint,
    History,
    ProgressBar,
    WholeFiles,
)
from faultpick.train.config import SETTINGS, Config, TrainConfig, differences, verify
from faultpick.train.loaders import Loaders
from faultpick.train.module import FaultTraining
from faultpick.train.period import trained_periods
from faultpick.volume.staging import replace_text

if TYPE_CHECKING:
    from faultpick.zoo import LoadedModel

CHECKPOINT = "last.ckpt"
HISTORY = "metrics.csv"
MACHINE = {"accelerator", "data.workers", "threads"}
"""Settings that say how a machine is used, and may change while a training goes on."""
TERMINATED = 128 + signal.SIGTERM  # exit code of what a signal ended, as shells give it


@dataclass(frozen=True)
class Trained:
    """What came out of a training.

    Attributes:
        weights: `FOLDER/NAME.safetensors`; its card lies beside it.
        validation_iou: Mean strict IoU over the validation cubes, of the averaged weights.
        steps: Optimiser steps taken.
        minutes: Minutes used, as the budget counts them.
    """

    weights: Path
    validation_iou: float
    steps: int
    minutes: float


def train(config: TrainConfig, folder: Path, *, resume: bool = False) -> Trained:
    """Train a model and write its weights and card.

    `folder` gets `config.json` (the settings), `metrics.csv` (a row an epoch), `tensorboard/`, `last.ckpt`
    (all that is needed to go on) and, at the end, `NAME.safetensors` and `NAME.json`. On several devices the
    running command is started once more for each further one.

    Args:
        config: Every setting.
        folder: Where everything goes; made if missing.
        resume: Go on from the last checkpoint in `folder`, as if the training had never stopped. Only how the
            machine is used may differ from the settings in `folder`: accelerator, threads and workers.

    Raises:
        ConfigError: A setting makes no sense, or `folder` holds another training, or nothing to resume.
        DataError: The training or validation data are missing or malformed.
        OutputError: `folder` cannot be written.
        ModelError: The weights grew beyond all bounds.
    """
    verify(config)
    return fit(config, folder, FaultTraining, Loaders, resume=resume)


def fit(
    config: Config,
    folder: Path,
    make_module: Callable[[Config], FaultTraining],
    make_loaders: Callable[[Config], Loaders],
    *,
    resume: bool,
    may_differ: Set[str] = MACHINE,
) -> Trained:
    """Train a module on the data of its loaders; folder, result and errors are those of :func:`train`.

    `may_differ` names the settings that may differ from those in `folder` when it goes on.
    """
    checkpoint = _checkpoint(config, folder, resume, may_differ)
    loaders = make_loaders(config)
    if config.threads:
        torch.set_num_threads(config.threads)
    seed_everything(config.seed, verbose=False)
    module = make_module(config)
    if config.weights is not None and checkpoint is None:
        first = _initial_model(config.weights, config.network)
        module.network.load_state_dict(first.network.state_dict())
        module.known_period = first.card.period
    module.network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
    history = History(folder / HISTORY)
    trainer = _trainer(config, folder, history)
    try:
        if trainer.is_global_zero:
            folder.mkdir(parents=True, exist_ok=True)
            replace_text(folder / SETTINGS, config.model_dump_json(indent=2) + "\n")
        with warnings.catch_warnings():
            _silence()
            trainer.fit(module, datamodule=loaders, ckpt_path=checkpoint, weights_only=True)
        return _save(config, module, trainer, history, loaders, folder)
    except SIGTERMException as error:
        raise SystemExit(TERMINATED) from error
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise ConfigError(
            "Memory is too short for this training: take smaller crops, batches or cubes, or fewer workers."
        ) from error
    except FaultpickError as error:
        raise _plain(error) from error
    except OSError as error:
        where, why = error.filename or folder, error.strerror or error
        raise OutputError(f"Cannot write {where} ({why}): make room or choose another folder.") from error


def _out_of_memory(error: Exception) -> bool:
    """Whether an error says so; PyTorch's on a processor, and that of a killed loader, have no type."""
    told = ("not enough memory", "can't allocate memory", "is killed by signal: Killed")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(text in str(error) for text in told)


def _known_periods(module: FaultTraining, loaders: Loaders) -> tuple[float, float] | None:
    """The periods of the training, and those that the weights it started from know besides."""
    shown, before = trained_periods(loaders.training_crops), module.known_period
    if shown is None or before is None:
        return shown or before
    return min(shown[0], before[0]), max(shown[1], before[1])


def _initial_model(name: str, network: str) -> "LoadedModel":
    """A trained model to start from.

    Raises:
        ModelError: It is unknown or damaged, or another network.
    """
    from faultpick.zoo import load_model

    model = load_model(name)
    if model.card.network != network:
        raise ModelError(
            f"The weights {name} belong to the network {model.card.network!r}, the training is one of "
            f"{network!r}: change one of the two settings."
        )
    return model


def is_main_process() -> bool:
    """Whether this is the process that prints and writes; false in those started for further devices."""
    return bool(rank_zero_only(lambda: True)())


def _checkpoint(config: TrainConfig, folder: Path, resume: bool, may_differ: Set[str]) -> Path | None:
    """The checkpoint to go on from, None at the beginning."""
    path, settings, weights = folder / CHECKPOINT, folder / SETTINGS, folder / f"{config.name}.safetensors"
    if not resume:
        if path.exists():
            raise ConfigError(
                f"{folder} already holds a training: add --resume to go on, or choose another folder."
            )
        if weights.exists():
            raise ConfigError(f"{weights} exists already: choose another folder, or another name.")
        return None
    try:
        before = type(config).model_validate_json(settings.read_bytes())
    except OSError as error:
        raise ConfigError(
            f"{settings} cannot be read ({error.strerror}): leave out --resume to start a training there."
        ) from error
    except ValidationError as error:
        raise ConfigError(
            f"{settings} is damaged or of another kind of training: choose another folder."
        ) from error
    changed = sorted(set(differences(before, config)) - may_differ)
    if changed:
        raise ConfigError(
            f"{settings} differs from these settings in {', '.join(changed)}: resume with those of the file."
        )
    return path if path.exists() else None


def _trainer(config: TrainConfig, folder: Path, history: History) -> Trainer:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    cuda = config.accelerator != "cpu" and torch.cuda.is_available()
    accelerator = config.accelerator if config.accelerator != "auto" else "gpu" if cuda else "cpu"
    try:
        return Trainer(
            default_root_dir=folder,
            accelerator=accelerator,
            devices=config.devices,
            precision=_precision(config, cuda),
            sync_batchnorm=cuda,
            max_epochs=-1,
            gradient_clip_val=config.optimiser.clip,
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            enable_model_summary=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            logger=TensorBoardLogger(folder, name=None, version="tensorboard", default_hp_metric=False),
            plugins=[WholeFiles()],
            callbacks=[
                Average(decay=config.optimiser.average),
                history,
                Checkpoint(folder / CHECKPOINT),
                ProgressBar(history),
            ],
        )
    except MisconfigurationException as error:
        raise ConfigError(
            f"There is no such hardware here: accelerator = {config.accelerator!r}, "
            f"devices = {config.devices!r}; try 'auto' for both."
        ) from error


def _precision(config: TrainConfig, cuda: bool) -> Any:
    if config.precision == "16-mixed" and not cuda:
        raise ConfigError("setting 'precision': a processor has no 16-mixed; take bf16-mixed or 32-true.")
    if config.precision != "auto":
        return config.precision
    generation = torch.cuda.get_device_capability()[0] if cuda else 0
    return "bf16-mixed" if generation >= 8 else "16-mixed" if generation == 7 else "32-true"


def _silence() -> None:
    """Hints that are meant for the programmers of a training, not for its user."""
    for message in (
        ".*does not have many workers.*",
        ".*all_gather is deprecated.*",
        "Grad strides do not match.*",
        ".*`self.log\\(.*sync_dist=True\\)`.*",  # what is logged is the same in all processes
        ".*smaller than the logging interval.*",
        ".*callbacks used to create the checkpoint need to be provided.*",
        ".*`isinstance.treespec, LeafSpec.`.*",
    ):
        warnings.filterwarnings("ignore", message)


def _plain(error: FaultpickError) -> FaultpickError:
    """The error itself, without the traceback that a loader's process wraps it in."""
    lines = str(error).strip().splitlines()
    return error if len(lines) == 1 else type(error)(lines[-1].split(": ", 1)[-1])


def _save(
    config: TrainConfig,
    module: FaultTraining,
    trainer: Trainer,
    history: History,
    loaders: Loaders,
    folder: Path,
) -> Trained:
    from faultpick.zoo import Card, save_model

    result = Trained(
        folder / f"{config.name}.safetensors",
        history.rows[-1]["val_iou"],
        trainer.global_step,
        module.minutes,
    )
    written = all(file.exists() for file in (result.weights, result.weights.with_suffix(".json")))
    if trainer.is_global_zero and not written:  # a finished one's card may have been calibrated
        card = Card(
            name=config.name,
            network=config.network,
            config=config.model_dump(mode="json"),
            seed=config.seed,
            steps=result.steps,
            minutes=round(result.minutes, 1),
            metrics={"validation_iou": round(result.validation_iou, 4)},
            period=_known_periods(module, loaders),
        )
        save_model(module.network, card, result.weights)
    trainer.strategy.barrier()
    return result
