"""Every setting of a training, in one typed place: config file, command and checkpoint share it."""

import json
import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from faultpick import losses, models
from faultpick.data import splits
from faultpick.data.augment import Augmentation
from faultpick.errors import ConfigError, FaultpickError, suggestion
from faultpick.synth import Recipe, find_recipe

SETTINGS = "config.json"
"""Where the folder of a training keeps its settings."""


class Settings(BaseModel):
    """A group of settings; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(Settings):
    """Where cubes come from and how they are cut."""

    recipe: str | tuple[str, ...] = Field(
        default="wu2019-v1",
        description="Recipe of the synthetic earth, or several in turn, cube by cube; unused with a folder.",
    )
    cubes: int = Field(
        default=200,
        ge=1,
        le=splits.VALIDATION - splits.TRAINING,
        description="Number of different synthetic training cubes, kept in memory (6 MB each).",
    )
    first_cube: int = Field(
        default=0,
        ge=0,
        description="Number of the first synthetic training cube: a training that goes on from another one "
        "can meet new cubes.",
    )
    validation_cubes: int = Field(default=8, ge=1, description="Number of synthetic validation cubes.")
    side: int = Field(default=128, ge=16, description="Side of a synthetic cube in voxels.")
    folder: Path | None = Field(
        default=None,
        description="Train on the volumes of this folder instead: seis/NAME.sgy with fault/NAME.sgy, or of "
        "any other format, or NAME.npz.",
    )
    validation_folder: Path | None = Field(
        default=None, description="Validate on this folder's cubes; needed with a folder."
    )
    crop: tuple[int, int, int] = Field(
        default=(64, 64, 64), description="Inlines, crosslines, samples of a crop."
    )
    batch: int = Field(default=2, ge=1, description="Crops per process and step.")
    workers: int = Field(
        default=0, ge=0, description="Processes that make cubes and prepare crops; 0: training does."
    )

    def recipes(self) -> list[Recipe]:
        """The recipes whose cubes take turns.

        Raises:
            ConfigError: There is none, or none of a name.
        """
        names = (self.recipe,) if isinstance(self.recipe, str) else self.recipe
        if not names:
            raise ConfigError("There is no recipe: name one.")
        return [find_recipe(name) for name in names]

    @model_validator(mode="after")
    def _before_the_validation_cubes(self) -> "Data":
        if self.first_cube + self.cubes > splits.VALIDATION - splits.TRAINING:
            raise ValueError(
                f"first_cube + cubes must be at most {splits.VALIDATION - splits.TRAINING}, where the "
                "validation cubes begin"
            )
        return self

    @model_validator(mode="after")
    def _folders_together(self) -> "Data":
        if (self.folder is None) != (self.validation_folder is None):
            raise ValueError("give both folder and validation_folder, or neither")
        return self


class Loss(Settings):
    """The training loss."""

    name: str = Field(default="ce_plus_dice", description=f"One of {', '.join(losses.names())}.")
    settings: dict[str, float] = Field(default_factory=dict, description="Its own settings, such as beta.")


class Optimiser(Settings):
    """AdamW with a linear warm-up and a cosine to zero, and an average of the weights."""

    rate: float = Field(default=4e-3, gt=0, description="Largest learning rate.")
    weight_decay: float = Field(default=1e-2, ge=0, description="Decoupled weight decay.")
    warm_up: float = Field(
        default=0.03, ge=0, lt=1, description="Share of the budget in which the rate rises."
    )
    clip: float = Field(default=1.0, gt=0, description="Largest norm of the gradient.")
    average: float = Field(
        default=0.998, ge=0, lt=1, description="Decay of the moving average of the weights."
    )


class Budget(Settings):
    """How long to train: a number of steps, or minutes; exactly one of them."""

    steps: int | None = Field(
        default=None, ge=1, description="Optimiser steps; rounded up until all epochs have equally many."
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        description="Processor time of the training steps (all threads of a process together), so that a "
        "busy machine changes nothing; on a GPU, time on the clock. The step in which they end is the last.",
    )
    epoch_steps: int = Field(
        default=250,
        ge=1,
        description="Steps between validations, at most; each time a checkpoint is written.",
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "Budget":
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("give either steps or minutes")
        return self

    @property
    def epoch_length(self) -> int:
        """Steps of an epoch."""
        if self.steps is None:
            return self.epoch_steps
        return math.ceil(self.steps / math.ceil(self.steps / self.epoch_steps))

    @property
    def total_steps(self) -> int | None:
        """Steps of the whole training, in whole epochs; None if it is minutes that count."""
        if self.steps is None:
            return None
        return math.ceil(self.steps / self.epoch_length) * self.epoch_length


class TrainConfig(Settings):
    """A whole training."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$",
        description="Name of the model that comes out and of its files.",
    )
    network: str = Field(description=f"One of {', '.join(models.names())}.")
    weights: str | None = Field(
        default=None,
        description="Start from this trained model of the same network, a name or a .safetensors file, in "
        "place of random weights: to fine-tune it on data of your own, or to train it longer.",
    )
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="Seed of the weights, the crops and their augmentation."
    )
    accelerator: Literal["auto", "cpu", "gpu"] = Field(
        default="auto", description="auto: a GPU that CUDA knows if there is one."
    )
    devices: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        default="auto",
        description="Number of processes, one a GPU. auto: all GPUs, or one process on a processor. Networks "
        "with BatchNorm take its statistics over all GPUs, but on processors over each process's own crops.",
    )
    precision: Literal["auto", "32-true", "16-mixed", "bf16-mixed"] = Field(
        default="auto",
        description="auto: mixed precision on a GPU that has it, 32 bits elsewhere. bf16-mixed takes about "
        "half of the time on processors that compute in bfloat16 too (AVX512-BF16 or AMX).",
    )
    threads: int | None = Field(
        default=None, ge=1, description="Processor threads of a process; unset: PyTorch's own choice."
    )
    budget: Budget
    data: Data = Field(default_factory=Data)
    augmentation: Augmentation = Field(default_factory=lambda: Augmentation.model_validate({}))
    loss: Loss = Field(default_factory=Loss)
    optimiser: Optimiser = Field(default_factory=Optimiser)


Config = TypeVar("Config", bound=TrainConfig)


def read_config(path: Path) -> TrainConfig:
    """Read the settings of a training from a TOML file.

    Raises:
        ConfigError: As :func:`read`.
    """
    return read(path, TrainConfig, verify)


def read(path: Path, schema: type[Config], check: Callable[[Config], None]) -> Config:
    """Read settings of any kind from a TOML file and check them.

    Raises:
        ConfigError: The file is missing or no TOML, or a setting is unknown, missing, of the wrong kind or
            names something that does not exist.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}): give the path of a config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a TOML file ({error}): mend it there.") from error
    try:
        config = schema.model_validate_json(json.dumps(table, default=str), strict=True)
        check(config)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_first_problem(error, schema)}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return config


def verify(config: TrainConfig) -> None:
    """Check what no single setting shows: that what is named exists and that sizes fit together.

    Raises:
        ConfigError: Something does not; the message names the setting.
    """
    data = config.data
    if f"{config.name}.json" == SETTINGS:
        raise ConfigError(f"setting 'name': the settings are in {SETTINGS}; give the model another name.")
    _known("network", lambda: models.info(config.network))
    _known("loss", lambda: losses.loss(config.loss.name, generator=None, **config.loss.settings))
    if data.folder is None:
        _known("data.recipe", data.recipes)
        if max(data.crop) > data.side:
            raise ConfigError(
                f"setting 'data.crop': {data.crop} does not fit into cubes of {data.side} voxels a side."
            )
    multiple = models.info(config.network).multiple
    if any(side < 1 or side % multiple for side in data.crop):
        raise ConfigError(
            f"setting 'data.crop': {data.crop} must be multiples of {multiple} for {config.network!r}."
        )
    if max(data.crop) == multiple:
        raise ConfigError(f"setting 'data.crop': {data.crop} is too small for {config.network!r}: take more.")
    if config.augmentation.quarter_turns and data.crop[0] != data.crop[1]:
        raise ConfigError(
            f"setting 'data.crop': {data.crop} has another shape after a quarter turn: take as many inlines "
            "as crosslines, or set augmentation.quarter_turns = false."
        )


def differences(one: TrainConfig, other: TrainConfig) -> list[str]:
    """Names of the settings that differ, such as `data.crop`."""
    first, second = (_flat(config.model_dump(mode="json")) for config in (one, other))
    return sorted(name for name in first | second if first.get(name) != second.get(name))


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in table.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def _known(setting: str, look_up: Callable[[], object]) -> None:
    try:
        look_up()
    except FaultpickError as error:
        raise ConfigError(f"setting {setting!r}: {error}") from error


def _first_problem(error: ValidationError, schema: type[BaseModel]) -> str:
    """The problem to mend first; an unknown name before others, as it may be why another is missing."""
    problems = error.errors()
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    where = _place(problem["loc"])
    setting = f"setting {where!r}" if where else "the settings"
    match problem["type"]:
        case "extra_forbidden":
            known = list(_fields(schema, problem["loc"][:-1]))
            hint = suggestion(str(problem["loc"][-1]), known) or f"known here: {', '.join(known)}."
            return f"there is no {setting}: {hint.strip()}"
        case "missing":
            return f"{setting} is missing."
        case "value_error":
            return f"{setting}: {problem['msg'].removeprefix('Value error, ')}."
    demands = [each["msg"] for each in problems if _place(each["loc"]) == where]
    for theirs, ours in _WORDING.items():
        demands = [demand.replace(theirs, ours) for demand in demands]
    return f"{setting} must {' or '.join(demands)}, not {problem['input']!r}."


_WORDING = {
    "Input should be": "be",
    "String should ": "",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid string": "text",
    "a valid boolean": "true or false",
    "a valid tuple": "a list",
    "a valid array": "a list",
    "a valid dictionary": "a table",
    "an object": "a table",
}


_BRANCHES = ("literal['auto']", "constrained-int", "str", "tuple[str, ...]")


def _place(location: tuple[int | str, ...]) -> str:
    """Dotted name of a setting, without the branch of a union that pydantic appends."""
    return ".".join(str(part) for part in location if part not in _BRANCHES)


def _fields(schema: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    for part in path:
        annotation = schema.model_fields[str(part)].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            schema = annotation
    return list(schema.model_fields)
