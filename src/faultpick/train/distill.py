"""Distillation: a student learns from labels, from frozen teachers and from unlabelled volumes."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader

from faultpick import losses, models
from faultpick.errors import ConfigError, ModelError
from faultpick.prediction.tta import AS_IT_IS, MODES, Attitude, Mode
from faultpick.train.callbacks import Average
from faultpick.train.config import SETTINGS, Settings, TrainConfig, verify
from faultpick.train.loaders import Loaders
from faultpick.train.module import FaultTraining
from faultpick.train.run import MACHINE, Trained, fit
from faultpick.train.unlabelled import UnlabelledCrops
from faultpick.zoo import load_model

TeacherLogit = Callable[[Tensor], Tensor]


class Teacher(Settings):
    """Who teaches: one model or an ensemble, frozen."""

    models: tuple[str, ...] = Field(
        default=(), description="Names or .safetensors files; of several, the mean probability teaches."
    )
    train_mode: bool = Field(
        default=False, description="Teachers keep dropping out and take their norms from the batch."
    )
    tta: Mode = Field(
        default="none",
        description="A teacher sees each crop in so many attitudes as test-time augmentation of this name "
        "has, and the mean probability teaches.",
    )
    generations: int = Field(
        default=1, ge=1, description="Number of students, each a fresh one that the one before teaches."
    )


class Terms(Settings):
    """Weight of each term of the loss; 0 leaves it out."""

    hard: float = Field(default=1.0, ge=0, description="The training loss on the labels.")
    log_probability: float = Field(
        default=1.0, ge=0, description="Squared difference of student's and teacher's log-probabilities."
    )
    temperature_kl: float = Field(
        default=0.0,
        ge=0,
        description="Divergence of the softened probabilities, times the squared temperature.",
    )
    temperature: float = Field(default=10.0, gt=0, description="What divides the logits to soften them.")
    pseudo_label: float = Field(
        default=1.0,
        ge=0,
        description="The training loss on what the teacher is sure of in unlabelled volumes.",
    )
    consistency: float = Field(
        default=0.0,
        ge=0,
        description="Mean teacher: squared difference, in unlabelled volumes, of the student's probabilities "
        "on an augmented crop and those of the average of its weights on the clean one.",
    )
    ramp: float = Field(
        default=0.3,
        gt=0,
        le=1,
        description="Share of the budget in which consistency comes to its full weight.",
    )


class Unlabelled(Settings):
    """Volumes without labels."""

    volumes: tuple[Path, ...] = Field(default=(), description="Files of any format that can be opened.")
    batch: int = Field(default=2, ge=1, description="Crops of them per process and step.")
    confidence: float = Field(
        default=0.9,
        gt=0.5,
        lt=1,
        description="Probability, of fault or of none, from which a teacher is sure.",
    )


class DistillConfig(TrainConfig):
    """A whole distillation: a training, a teacher and the weights of the terms."""

    teacher: Teacher = Field(default_factory=Teacher)
    terms: Terms = Field(default_factory=Terms)
    unlabelled: Unlabelled = Field(default_factory=Unlabelled)


def verify_distillation(config: DistillConfig) -> None:
    """Check that the settings of a training make sense, and those of the distillation beside them.

    Raises:
        ConfigError: They do not; the message names the setting.
    """
    verify(config)
    terms, unlabelled = config.terms, bool(config.unlabelled.volumes)
    taught = terms.log_probability or terms.temperature_kl or (unlabelled and terms.pseudo_label)
    if taught and not config.teacher.models:
        raise ConfigError(
            "setting 'teacher.models' is empty: name a model, or set terms.log_probability, "
            "terms.temperature_kl and terms.pseudo_label to 0."
        )
    if not taught and config.teacher.generations > 1:
        raise ConfigError(
            "setting 'teacher.generations': without a term that needs a teacher there is but one."
        )
    if terms.consistency and not unlabelled:
        raise ConfigError("setting 'terms.consistency' needs unlabelled.volumes.")
    if unlabelled and not (terms.pseudo_label or terms.consistency):
        raise ConfigError(
            "setting 'unlabelled.volumes' has no use: set terms.pseudo_label or terms.consistency above 0."
        )
    if not (taught or terms.hard or terms.consistency):
        raise ConfigError("setting 'terms': there is nothing to learn from; set terms.hard above 0.")


def with_generations(config: DistillConfig, count: int) -> DistillConfig:
    """The same settings with another number of generations."""
    return config.model_copy(update={"teacher": config.teacher.model_copy(update={"generations": count})})


def distill(config: DistillConfig, folder: Path, *, resume: bool = False) -> list[Trained]:
    """Train a student, or several generations of students each of which teaches the next.

    Args:
        config: Every setting.
        folder: Where everything goes, as in `faultpick.train.run.train`; with several generations, each into
            its own `generation-N`, the model called `NAME-gN` and its seed one higher than the one before's.
        resume: Go on with the distillation in `folder` where it stopped; with two generations or more, there
            may be more of them than before.

    Returns:
        What came out of each generation.

    Raises:
        ConfigError, DataError, ModelError, OutputError, VolumeError: As in `faultpick.train.run.train`, or a
            teacher or an unlabelled volume cannot be read or does not fit.
    """
    verify_distillation(config)
    count = config.teacher.generations
    settings = config.teacher.model_copy(update={"generations": 1})  # of each, so that more can follow
    results: list[Trained] = []
    for number in range(count):
        if results:
            settings = settings.model_copy(update={"models": (str(results[-1].weights),)})
        student, place = config, folder
        if count > 1:
            name, place = f"{config.name}-g{number + 1}", folder / f"generation-{number + 1}"
            student = config.model_copy(
                update={"name": name, "seed": config.seed + number, "teacher": settings}
            )
        teacher, multiple = load_teacher(student)
        going_on = resume and (number == 0 or (place / SETTINGS).exists())
        make = partial(Distillation, teacher=teacher, multiple=multiple)
        may_differ = MACHINE | {"teacher.models"} if number else MACHINE  # the folder, spelt another way
        results.append(fit(student, place, make, DistillationLoaders, resume=going_on, may_differ=may_differ))
    return results


def load_teacher(config: DistillConfig) -> tuple[TeacherLogit, int]:
    """The fault logit of the frozen teachers' mean probability, as a function of the image.

    Returns:
        It, and what the sides of the image have to be multiples of.

    Raises:
        ModelError: A teacher cannot be read, or cannot see the crops of this training.
    """
    teachers, multiple = [], 1
    for name in config.teacher.models:
        model = load_model(name)
        multiple = math.lcm(multiple, model.info.multiple)
        if any(side % model.info.multiple for side in config.data.crop):
            raise ModelError(
                f"The teacher {name} takes sides that are multiples of {model.info.multiple}, crops have "
                f"{config.data.crop}: change data.crop."
            )
        teachers.append((model.network.train(config.teacher.train_mode), model.card.temperature))
    return teacher_logit(teachers, MODES[config.teacher.tta]), multiple


def teacher_logit(
    teachers: Sequence[tuple[nn.Module, float]], attitudes: Sequence[Attitude] = AS_IT_IS
) -> TeacherLogit:
    """The fault logit of the mean probability of all teachers in all attitudes, of `(N, 1, Z, Y, X)`.

    A teacher is a network with the temperature of its card: it says what it would predict. This is a function
    and not a module: a student's checkpoint and the average of its weights hold no teacher.
    """

    @torch.no_grad()
    def logit(image: Tensor) -> Tensor:
        logits = [
            attitude.undo(_logit_of(network, temperature, attitude.apply(image)))
            for attitude in attitudes
            for network, temperature in teachers
        ]
        if len(logits) == 1:
            return logits[0]
        stack = torch.stack(logits)
        return F.logsigmoid(stack).logsumexp(0) - F.logsigmoid(-stack).logsumexp(0)

    return logit


def _logit_of(network: nn.Module, temperature: float, image: Tensor) -> Tensor:
    image = image.contiguous(memory_format=torch.channels_last_3d)
    return models.fault_logit(network.to(image.device)(image), temperature).float()


class DistillationLoaders(Loaders):
    """Labelled crops, and beside them unlabelled ones if there are volumes for them."""

    def __init__(self, config: DistillConfig) -> None:
        super().__init__(config)
        self.unlabelled = config.unlabelled
        crop, augmentation, seed = config.data.crop, config.augmentation, config.seed
        self.crops = UnlabelledCrops(config.unlabelled.volumes, crop, augmentation, seed)

    def train_dataloader(self) -> dict[str, DataLoader]:
        """Batches of both kinds, by name."""
        loaders = {"labelled": self.labelled_crops()}
        if self.unlabelled.volumes:
            loaders["unlabelled"] = self.crop_loader(self.crops, self.unlabelled.batch)
        return loaders


class Distillation(FaultTraining):
    """Trains a student on the weighted sum of the terms.

    The divergence at a temperature after Hinton et al. 2015; pseudo-labels after Lee 2013 in the form of Sohn
    et al. 2020 (given on the clean crop, learnt on the augmented one); the mean teacher and its ramp after
    Tarvainen & Valpola 2017.
    """

    def __init__(self, config: DistillConfig, teacher: TeacherLogit, multiple: int = 1) -> None:
        """With the multiple that the sides of what the teacher sees are of, beside the student's own."""
        super().__init__(config)
        self.multiple = math.lcm(self.multiple, multiple)
        self.terms, self.confidence = config.terms, config.unlabelled.confidence
        self.teacher = teacher

    def objective(self, batch: dict[str, tuple[Tensor, ...]]) -> Tensor:
        """Sum of the weighted terms, each logged by its name."""
        weights = self.terms
        parts = self._on_labelled(*batch["labelled"])
        if "unlabelled" in batch:
            parts |= self._on_unlabelled(*batch["unlabelled"])
        for name, part in parts.items():
            self.log(name, part.detach(), on_step=False, on_epoch=True, batch_size=1)
        ramp = math.exp(-5 * (1 - min(1.0, self.progress() / weights.ramp)) ** 2)
        factors = {name: getattr(weights, name) * (ramp if name == "consistency" else 1.0) for name in parts}
        return torch.stack([factors[name] * part for name, part in parts.items()]).sum()

    def _on_labelled(self, image: Tensor, label: Tensor) -> dict[str, Tensor]:
        weights, student = self.terms, self.of_all(self.logit(image))
        parts = {"hard": self.loss(student, self.of_all(label))}
        if weights.log_probability or weights.temperature_kl:
            teacher = self.of_all(self.teacher(image))
            if weights.log_probability:
                parts["log_probability"] = losses.log_probability_mse(student, teacher)
            if weights.temperature_kl:
                kl = losses.temperature_kl(student, teacher, temperature=weights.temperature)
                parts["temperature_kl"] = kl
        return parts

    def _on_unlabelled(self, augmented: Tensor, clean: Tensor, live: Tensor) -> dict[str, Tensor]:
        weights, parts = self.terms, {}
        if not (weights.pseudo_label or weights.consistency):
            return parts
        student, live = self.of_all(self.logit(augmented)), self.of_all(live)
        if weights.pseudo_label:
            teacher = self.of_all(self.teacher(clean))
            sure = (teacher.sigmoid() - 0.5).abs() >= self.confidence - 0.5
            parts["pseudo_label"] = self.loss(student, (teacher > 0).float(), sure * live)
        if weights.consistency:
            mean_teacher = self.of_all(teacher_logit([(self.average().eval(), 1.0)])(clean))
            difference = (student.float().sigmoid() - mean_teacher.sigmoid()).square()
            parts["consistency"] = (difference * live).sum() / live.sum().clamp(min=1)
        return parts

    def average(self) -> nn.Module:
        """The network with the average of the weights so far."""
        callbacks = self.trainer.callbacks  # pyright: ignore[reportAttributeAccessIssue]
        return next(each.network for each in callbacks if isinstance(each, Average))
