"""What a synthetic earth is drawn from: named recipes of ranges.

A range is `(low, high)`; how a value is drawn within it is said in each field's description. Lengths are in
voxels, the vertical ones in samples. "Side" is the longer horizontal side of the cube.
"""

import difflib
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from faultpick.errors import ConfigError

Range = tuple[float, float]

ALIASES = {"wu2019": "wu2019-v1"}
"""What a recipe was called before; configs, cards and sets of cubes of that time say so."""


class Recipe(BaseModel):
    """The distribution that cubes are drawn from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(lambda name: ALIASES.get(name, name))]
    sparsity: Annotated[Range, Field(description="Share of samples without a reflector; uniform.")]
    fold_count: Annotated[tuple[int, int], Field(description="Number of Gaussian folds; uniform.")]
    fold_height: Annotated[
        Range, Field(description="Range of the summed folds as a share of the samples; uniform.")
    ]
    fold_width: Annotated[
        Range, Field(description="Standard deviation of a fold as a share of the side; uniform.")
    ]
    shear: Annotated[
        Range, Field(description="Slope of the planar shear in samples per trace, any azimuth; uniform.")
    ]
    fault_count: Annotated[
        tuple[int, int], Field(description="Number of faults per 128 traces of the side; uniform.")
    ]
    family: Annotated[
        float, Field(description="Share of faults that follow the cube's main strike within 20 degrees.")
    ]
    dip: Annotated[Range, Field(description="Dip in degrees; uniform.")]
    bend: Annotated[
        Range,
        Field(description="Departure of the surface from its plane, 64 voxels from the centre; uniform."),
    ]
    throw: Annotated[Range, Field(description="Largest throw of a fault in samples; log-uniform.")]
    reverse: Annotated[float, Field(description="Share of reverse faults.")]
    patch: Annotated[float, Field(description="Share of faults whose throw is Gaussian on the plane.")]
    linear: Annotated[float, Field(description="Share of faults whose throw changes linearly down the dip.")]
    patch_size: Annotated[
        Range, Field(description="Standard deviation of a Gaussian throw as a share of the side; uniform.")
    ]
    minimum_throw: Annotated[
        float, Field(description="Samples of throw below which a voxel is not labelled a fault.")
    ]
    period: Annotated[
        Range, Field(description="Period of the Ricker wavelet's peak frequency in samples; log-uniform.")
    ]
    coherent_noise: Annotated[
        Range, Field(description="Noise inside the wavelet's band over signal; uniform.")
    ]
    white_noise: Annotated[Range, Field(description="White noise over signal; uniform.")]


WU2019 = Recipe(
    name="wu2019-v1",
    sparsity=(0.0, 0.8),
    fold_count=(4, 16),
    fold_height=(0.03, 0.3),
    fold_width=(0.08, 0.3),
    shear=(-0.25, 0.25),
    fault_count=(2, 8),
    family=0.6,
    dip=(52.0, 87.0),
    bend=(-6.0, 6.0),
    throw=(2.5, 28.0),
    reverse=0.25,
    patch=0.55,
    linear=0.25,
    patch_size=(0.15, 0.5),
    minimum_throw=1.0,
    period=(7.0, 22.0),
    coherent_noise=(0.0, 0.5),
    white_noise=(0.0, 0.4),
)

RECIPES = {recipe.name: recipe for recipe in (WU2019,)}


def find_recipe(name: str) -> Recipe:
    """The recipe called `name`, or that was once called so.

    Raises:
        ConfigError: No recipe has this name.
    """
    name = ALIASES.get(name, name)
    if name not in RECIPES:
        near = difflib.get_close_matches(name, RECIPES, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"No recipe is called {name!r}: {hint}Choose one of {', '.join(sorted(RECIPES))}.")
    return RECIPES[name]
