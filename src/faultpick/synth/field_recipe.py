"""The recipe of an earth that spans what surveys look like: every part of it can be switched off.

A share is the probability that a cube (or a fault, where it says so) has a part; 0 switches it off. A range
is `(low, high)`. Lengths are in voxels, the vertical ones in samples, of an earth whose bins and sampling
are 1.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from faultpick.errors import ConfigError
from faultpick.synth.recipe_base import Range, Recipe


def _range(default: Range, text: str) -> Range:
    return Field(default=default, description=text)


def _share(default: float, text: str) -> float:
    return Field(default=default, ge=0.0, le=1.0, description=text)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Layers(_Part):
    """What the layers are made of."""

    thickness: Range = _range((1.0, 10.0), "Mean thickness of a layer; log-uniform.")
    blocky: float = _share(0.2, "Share of cubes with layers four times as thick, and nothing within them.")
    packages: Range = _range((18.0, 90.0), "Thickness of a package of alike layers; log-uniform.")
    quiet: float = _share(0.25, "Share of packages with weak reflectors.")
    facies: float = _share(0.5, "Share of cubes whose reflectors change laterally.")
    channels: float = _share(0.25, "Share of cubes with buried channels.")
    unconformity: float = _share(0.4, "Share of cubes with an erosional surface under younger layers.")
    chaos: float = _share(0.3, "Share of cubes with a crumpled interval, such as a slump.")


class Shape(_Part):
    """How the layers are folded, and what a voxel is."""

    fold_count: tuple[int, int] = Field(default=(2, 16), description="Number of Gaussian folds; uniform.")
    fold_height: Range = _range((0.02, 0.6), "Range of the folds as a share of the samples; log-uniform.")
    fold_width: Range = _range((0.08, 0.45), "Deviation of a fold as a share of the side; uniform.")
    slope: Range = _range((-0.35, 0.35), "Slope of the planar dip in samples per trace; triangular.")
    ripple: Range = _range((0.0, 1.6), "Deviation of short undulations in samples; uniform.")
    bins: Range = _range((0.65, 1.6), "Distance between inlines, and between crosslines; log-uniform.")
    sampling: Range = _range((0.75, 1.35), "Distance between samples; log-uniform.")


class Faulting(_Part):
    """How many faults of which kind."""

    few: float = _share(0.5, "Share of cubes with one to five large faults.")
    several: float = _share(0.5, "Share of cubes with up to a dozen middling faults.")
    dense: float = _share(0.25, "Share of cubes with a dense set of small faults.")
    none: float = _share(0.06, "Share of cubes without a fault.")
    throw: Range = _range((1.0, 40.0), "Throw at a fault's centre, in samples; log-uniform in each kind.")
    dip: Range = _range((38.0, 89.0), "Dip in degrees; steep ones more often.")
    bend: Range = _range((-7.0, 7.0), "Departure of a surface from its plane, 64 voxels from the centre.")
    reverse: float = _share(0.3, "Share of cubes in which faults are reverse: some, or all.")
    listric: float = _share(0.2, "Share of large faults that flatten with depth.")
    growth: float = _share(0.25, "Share of large faults whose throw grows with depth from nothing.")
    strike_slip: float = _share(0.12, "Share of large faults that also slip along the strike.")
    drag: float = _share(0.4, "Share of faults whose walls bend beside them.")
    relay: float = _share(0.3, "Share of cubes with rows of overlapping faults.")
    splay: float = _share(0.3, "Share of cubes with faults that branch off others.")
    buried: float = _share(0.4, "Share of faults that are older than the unconformity, where there is one.")
    scatter: float = _share(0.4, "Share of cubes whose reflectors dim beside faults.")
    visible: float = Field(
        default=0.8, ge=0, description="Samples by which layers must be offset for a voxel to be labelled."
    )
    visible_periods: float = Field(default=0.08, ge=0, description="The same, in periods of the wavelet.")
    flattest: float = Field(
        default=20.0, ge=0, description="Degrees of dip under which a surface follows the layers, unseen."
    )
    audible: float = Field(
        default=0.5,
        ge=0,
        description="Deviation of the layers over that of the noise, around a voxel, under which nothing of "
        "them is seen and no fault is labelled.",
    )
    smallest: int = Field(default=100, ge=0, description="Voxels of the smallest piece of a fault labelled.")


class Imaging(_Part):
    """The wavelet and what imaging does."""

    period: Range = _range(
        (6.0, 26.0), "Period of the wavelet's peak frequency at a sampling of 1; log-uniform."
    )
    growth: Range = _range((1.0, 1.7), "Period at the bottom over that at the top; uniform.")
    phase: float = _share(0.5, "Share of cubes whose wavelet has another phase than zero.")
    asymmetric: float = _share(0.3, "Share of cubes whose wavelet rings on one side.")
    tilted: float = _share(0.5, "Share of cubes whose wavelet lies across the layers, not upright.")
    blur: Range = _range((0.0, 0.9), "Deviation of the lateral smoothing in traces; uniform.")
    salt: float = _share(0.12, "Share of cubes with a body without reflectors, and no labels in it.")
    water: float = _share(0.06, "Share of cubes with water on top.")
    gain: Range = _range((0.0, 1.0), "Largest change of amplitude over the cube, as a logarithm; uniform.")
    agc: float = _share(0.3, "Share of cubes whose amplitudes are evened out in a window.")
    dead: float = _share(0.08, "Share of cubes with dead traces.")


class Noise(_Part):
    """What lies over the image."""

    level: Range = _range((0.02, 1.0), "Deviation of all noise over that of the image; log-uniform.")
    coloured: float = _share(0.7, "Share of cubes with noise in the wavelet's band.")
    streaks: float = _share(0.5, "Share of cubes whose noise is smeared along an axis.")
    waves: float = _share(0.25, "Share of cubes with dipping coherent noise.")
    footprint: float = _share(0.2, "Share of cubes with an acquisition footprint.")
    smiles: float = _share(0.2, "Share of cubes with migration smiles.")


class Styles(_Part):
    """Cubes that are of one style throughout, as other generators and some basins make them."""

    coarse: float = _share(0.15, "Share of cubes with coarse reflectors, dense faults and noise at once.")
    sparse: float = _share(0.15, "Share of cubes with blocky layers, strong folds and a long period.")
    steep: float = _share(0.1, "Share of cubes with steep layers and faults that lie flatter.")
    grainy: float = _share(0.1, "Share of cubes with strong noise that each trace has for itself.")


class FieldRecipe(Recipe):
    """An earth that looks like surveys do."""

    styles: Styles = Styles()

    layers: Layers = Layers()
    shape: Shape = Shape()
    faulting: Faulting = Faulting()
    imaging: Imaging = Imaging()
    noise: Noise = Noise()

    def with_parts(self, groups: Mapping[str, Mapping[str, Any]]) -> "FieldRecipe":
        """The recipe with the given fields of its groups set.

        Raises:
            ConfigError: There is no such group or field, or a value makes no sense.
        """
        values = self.model_dump()
        for name, fields in groups.items():
            values[name] = values.get(name, {}) | dict(fields)
        try:
            return FieldRecipe.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(f"The recipe {self.name} has no such {place}: {first['msg']}.") from error


COARSE: dict[str, dict[str, Any]] = {
    "layers": {"thickness": (5.0, 10.0), "facies": 0.2, "channels": 0.05, "chaos": 0.1, "quiet": 0.1},
    "faulting": {"several": 1.0, "dense": 1.0, "none": 0.0, "throw": (3.0, 40.0)},
    "imaging": {"period": (12.0, 26.0), "salt": 0.0},
    "noise": {"level": (0.4, 1.0)},
}
SPARSE: dict[str, dict[str, Any]] = {
    "layers": {"blocky": 1.0, "channels": 0.05, "chaos": 0.05, "quiet": 0.0},
    "shape": {"fold_height": (0.4, 0.6), "fold_width": (0.1, 0.3)},
    "faulting": {"none": 0.0, "throw": (3.0, 40.0)},
    "imaging": {"period": (14.0, 26.0)},
    "noise": {"level": (0.02, 0.4)},
}
STEEP: dict[str, dict[str, Any]] = {
    "shape": {"slope": (-1.3, 1.3)},
    "faulting": {"dip": (25.0, 89.0), "none": 0.0},
}
GRAINY: dict[str, dict[str, Any]] = {
    "faulting": {"none": 0.0},
    "noise": {"level": (0.5, 2.0), "coloured": 0.3, "streaks": 0.1},
}
STYLES = {"coarse": COARSE, "sparse": SPARSE, "steep": STEEP, "grainy": GRAINY}
"""What a cube of each style sets."""

FIELD = FieldRecipe(name="field")
