"""One training as Lightning sees it: network, loss, optimiser, validation."""

import math
import time
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from lightning_utilities import apply_to_collection
from torch import Tensor
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from faultpick import losses, models
from faultpick.data.slabs import random_slab, slabs
from faultpick.errors import DataError
from faultpick.prediction.tiles import round_up
from faultpick.train.config import TrainConfig
from faultpick.train.loaders import Loaders

SEED_STRIDE = 100_003


class FaultTraining(LightningModule):
    """Trains a network on crops and validates it on whole cubes.

    The random numbers of a step (dropout, stochastic losses) depend on the seed and the step alone, so that a
    resumed training goes on as if it had never stopped.

    Several processes train as one would on their crops together: the loss is that of the whole batch (Dice
    is no mean over crops) and a stochastic loss draws once for all.

    Attributes:
        multiple: What the sides of all that is shown are multiples of.
        minutes: Time used so far.
        known_period: Vertical periods that the weights it started from were trained on.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config
        self.network = models.build(config.network)
        self.multiple = models.info(config.network).multiple
        self.draws = torch.Generator()
        self.loss = losses.loss(config.loss.name, generator=self.draws, **config.loss.settings)
        self.minutes = 0.0
        self.known_period: tuple[float, float] | None = None
        self._started = 0.0
        self._validation: list[Tensor] = []

    def progress(self) -> float:
        """Share of the budget that is used up."""
        budget = self.config.budget
        if budget.minutes is not None:
            return self.minutes / budget.minutes
        assert budget.total_steps is not None
        return self.global_step / budget.total_steps

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """AdamW (no decay on norms and biases) and the schedule of its rate."""
        settings = self.config.optimiser
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        vectors = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [
            {"params": matrices, "weight_decay": settings.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        optimiser = AdamW(groups, lr=settings.rate)
        schedule = LambdaLR(optimiser, lambda _: learning_rate_factor(self.progress(), settings.warm_up))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_start(self) -> None:
        """A finished training that is resumed has nothing left to do."""
        self._stop_if_used_up()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Start the clock and seed the step's random numbers."""
        self._started = self._clock()
        seed, world = (self.config.seed + 1) * SEED_STRIDE, self.trainer.world_size
        torch.manual_seed(seed + self.global_step * world + self.global_rank)
        self.draws.manual_seed(seed + self.global_step)

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        """Loss of one batch, its crops cut into slabs where the step is one of slabs."""
        rng = np.random.default_rng((self.config.seed, 2, self.global_step))
        slab = random_slab(self.config.augmentation, rng)
        inlines = self.config.data.crop[0]
        if slab is not None:
            batch = apply_to_collection(batch, Tensor, lambda crops: slabs(crops, slab, self.multiple))
            inlines = inlines if slab.crosslines else min(inlines, round_up(slab.lines, self.multiple))
        with self._in_full() if inlines <= 2 * self.multiple else nullcontext():
            loss = self.objective(batch)
        self.log("loss", loss, on_step=False, on_epoch=True, batch_size=1)
        return loss

    def _in_full(self) -> AbstractContextManager[Any]:
        """Full precision on a CPU.

        In bfloat16, PyTorch 2.13's gradient of a convolution's weights is garbage where its image has two
        inlines, which up to two multiples of them become on the way down.
        """
        return torch.autocast("cpu", enabled=False) if self.device.type == "cpu" else nullcontext()

    def objective(self, batch: Any) -> Tensor:
        """What is to become small: the loss of image and label."""
        image, label = batch
        return self.loss(self.of_all(self.logit(image)), self.of_all(label))

    def logit(self, image: Tensor) -> Tensor:
        """Fault logit of the network, of the image's shape `(N, 1, Z, Y, X)`."""
        return models.fault_logit(self.network(image.contiguous(memory_format=torch.channels_last_3d)))

    def of_all(self, tensor: Tensor) -> Tensor:
        """The batches of all processes, one after the other; gradients find their way back."""
        if self.trainer.world_size == 1:
            return tensor
        gathered = self.all_gather(tensor, sync_grads=tensor.requires_grad)
        assert isinstance(gathered, Tensor)
        return gathered.flatten(0, 1)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Stop the clock; all processes go by the mean of their clocks."""
        seconds = torch.tensor([self._clock() - self._started], device=self.device)
        self.minutes += self.of_all(seconds).mean().item() / 60
        self._stop_if_used_up()

    def _stop_if_used_up(self) -> None:
        """End the training with this step, its last epoch cut short, if nothing is left of the budget."""
        if self.progress() >= 1.0 - 1e-9:
            self.trainer.should_stop = True

    def _clock(self) -> float:
        return time.process_time() if self.device.type == "cpu" else time.perf_counter()

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        """Strict IoU of each cube; 1 where neither prediction nor label holds a fault."""
        image, label = batch
        found, truth = self.logit(image) > 0, label > 0.5
        both, either = (found & truth).flatten(1).sum(1), (found | truth).flatten(1).sum(1)
        self._validation.append(torch.where(either > 0, both / either.clamp(min=1), 1.0))

    def on_validation_epoch_end(self) -> None:
        """Mean strict IoU over the validation cubes, each counted once."""
        mine = torch.cat(self._validation)
        in_order = self.of_all(mine[None]).T.flatten()
        loaders = self.trainer.datamodule  # pyright: ignore[reportAttributeAccessIssue]
        assert isinstance(loaders, Loaders)
        self.log("val_iou", in_order[: len(loaders.validation)].mean())
        self.log("minutes", self.minutes)
        self._validation.clear()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the time used, and what the first weights knew."""
        checkpoint["minutes"], checkpoint["known_period"] = self.minutes, self.known_period

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the time used, and what the first weights knew.

        Raises:
            DataError: The checkpoint is of another network.
        """
        found, wanted = (
            {name: tensor.shape for name, tensor in state.items()}
            for state in (checkpoint["state_dict"], self.state_dict())
        )
        if found != wanted:
            raise DataError(
                "The checkpoint is not of this network: train again from the start in another folder."
            )
        self.minutes, self.known_period = checkpoint["minutes"], checkpoint.get("known_period")


def learning_rate_factor(progress: float, warm_up: float) -> float:
    """Share of the largest rate: linear up to `warm_up` of the budget, then a cosine to zero at its end."""
    if progress < warm_up:
        return max(progress / warm_up, 1e-3)
    rest = min(1.0, (progress - warm_up) / (1.0 - warm_up))
    return 0.5 * (1.0 + math.cos(math.pi * rest))
