"""The recipe of Wu et al. 2019 (Geophysics 84(3), IM35), which the test suite is frozen with.

A range is `(low, high)`; how a value is drawn within it is said in each field's description. Lengths are in
voxels, the vertical ones in samples. "Side" is the longer horizontal side of the cube.
"""

from typing import Annotated

from pydantic import Field

from faultpick.synth.recipe_base import Range, Recipe


class WuRecipe(Recipe):
    """Layers of random reflectivity, Gaussian folds, planar shear, curved faults, a Ricker wavelet."""

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


WU2019 = WuRecipe(
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
