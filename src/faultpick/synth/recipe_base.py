"""What all recipes have in common."""

import math
from typing import Annotated

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict

Range = tuple[float, float]

ALIASES = {"wu2019": "wu2019-v1"}
"""What a recipe was called before; configs, cards and sets of cubes of that time say so."""


class Recipe(BaseModel):
    """A distribution that cubes are drawn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(lambda name: ALIASES.get(name, name))]


def log_uniform(rng: np.random.Generator, limits: Range) -> float:
    """A number between two limits, its logarithm uniform."""
    return math.exp(rng.uniform(math.log(limits[0]), math.log(limits[1])))
