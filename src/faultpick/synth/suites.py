"""Suites of cubes that models are scored on: the frozen one, one of a realism part each, one of scales.

Each suite exists twice: on the test seeds, for reports alone, and on the validation seeds, to choose by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from faultpick.errors import ConfigError, suggestion
from faultpick.synth.cube import Cube
from faultpick.synth.field_recipe import FIELD, STYLES, FieldRecipe
from faultpick.synth.recipe_base import ALIASES, Recipe
from faultpick.synth.synthesis import synthesize
from faultpick.synth.wu2019_recipe import WU2019

Shape = tuple[int, int, int]
TRIES, TRIES_APART = 8, 1000


@dataclass(frozen=True)
class SuiteCube:
    """One cube of a suite.

    Attributes:
        name: What is special about it; the number of the cube where nothing is.
        seed: Of the cube.
        recipe: What it is drawn from.
        shape: Inlines, crosslines and samples.
        labelled: Share of labelled voxels that it has at least, so that scores mean something: the first
            of a few seeds, `TRIES_APART` apart, that gives as many.
    """

    name: str
    seed: int
    recipe: Recipe
    shape: Shape = (128, 128, 128)
    labelled: float = 0.0

    def make(self) -> Cube:
        """The cube."""
        cube = synthesize(self.seed, self.recipe, self.shape)
        for attempt in range(1, TRIES):
            if cube.fault.mean() >= self.labelled:
                break
            cube = synthesize(self.seed + attempt * TRIES_APART, self.recipe, self.shape)
        return cube


def find_suite(name: str, first_seed: int) -> list[SuiteCube]:
    """The cubes of the suite called `name`, drawn from seeds from `first_seed` on.

    Args:
        name: One of `SUITES`.
        first_seed: `faultpick.data.splits.TEST` to report on, `VALIDATION` to choose on.

    Raises:
        ConfigError: No suite has this name.
    """
    name = ALIASES.get(name, name)
    if name not in SUITES:
        hint = suggestion(name, SUITES)
        raise ConfigError(f"No suite is called {name!r}: {hint}Choose one of {', '.join(sorted(SUITES))}.")
    return SUITES[name](first_seed)


def _wu2019(first_seed: int) -> list[SuiteCube]:
    return [SuiteCube(str(number), first_seed + number, WU2019) for number in range(20)]


EMPHASIS: dict[str, dict[str, dict[str, Any]]] = {
    "as they come": {},
    "blocky layers": {"layers": {"blocky": 1.0}, "shape": {"fold_height": (0.3, 0.6)}},
    "thin beds": {"layers": {"blocky": 0.0, "thickness": (1.0, 1.5)}, "imaging": {"period": (6.0, 7.0)}},
    "long period": {"imaging": {"period": (23.0, 26.0)}},
    "facies and channels": {"layers": {"facies": 1.0, "channels": 1.0}},
    "unconformity": {"layers": {"unconformity": 1.0}, "faulting": {"buried": 0.7}},
    "crumpled interval": {"layers": {"chaos": 1.0}},
    "strong folds": {"shape": {"fold_height": (0.45, 0.6), "fold_width": (0.08, 0.2)}},
    "few large faults": {"faulting": {"few": 1.0, "several": 0.0, "dense": 0.0}},
    "dense small faults": {"faulting": {"few": 0.0, "several": 0.0, "dense": 1.0}},
    "small throws": {"faulting": {"throw": (1.0, 4.0)}},
    "reverse faults": {"faulting": {"reverse": 1.0}},
    "listric and growth": {"faulting": {"few": 1.0, "listric": 0.7, "growth": 0.7}},
    "strike slip": {"faulting": {"few": 1.0, "strike_slip": 1.0}},
    "relays and branches": {"faulting": {"relay": 1.0, "splay": 1.0}},
    "drag and scatter": {"faulting": {"drag": 1.0, "scatter": 1.0}},
    "phase and ringing": {"imaging": {"phase": 1.0, "asymmetric": 1.0}},
    "salt": {"imaging": {"salt": 1.0}},
    "strong noise": {"noise": {"level": (0.7, 1.0), "coloured": 1.0}},
    "footprint and smiles": {"noise": {"level": (0.3, 0.5), "footprint": 1.0, "smiles": 1.0, "waves": 1.0}},
}
"""What is emphasised in each cube of `field-20`; the rest is drawn as the recipe `field` draws it."""


def emphasised(groups: dict[str, dict[str, Any]]) -> FieldRecipe:
    """The recipe `field` with the given fields of its groups set, in no other style, faults in every cube."""
    plain = FIELD.with_parts({"styles": dict.fromkeys(STYLES, 0.0)})
    return plain.with_parts(groups).with_parts({"faulting": {"none": 0.0}})


def _field20(first_seed: int) -> list[SuiteCube]:
    return [
        SuiteCube(name, first_seed + number, emphasised(groups), labelled=0.01)
        for number, (name, groups) in enumerate(EMPHASIS.items())
    ]


SAMPLINGS = (2.0, 4.0 / 3.0, 1.0, 2.0 / 3.0)
BINS = (0.75, 1.0, 1.5)
PERIOD = 14.0
"""Of the wavelet in the earth's own samples: 7, 10.5, 14 and 21 samples in the cubes."""
EXTENT = (192, 192, 256)


def _scale12(first_seed: int) -> list[SuiteCube]:
    """One earth, seen at four samplings and three bin sizes, with little noise."""
    cubes = []
    for sampling in SAMPLINGS:
        for bins in BINS:
            recipe = emphasised(
                {
                    "layers": {"blocky": 0.0, "chaos": 0.0},
                    "shape": {"bins": (bins, bins), "sampling": (sampling, sampling)},
                    "faulting": {
                        "few": 1.0,
                        "several": 1.0,
                        "dense": 0.0,
                        "scatter": 0.0,
                        "throw": (4.0, 30.0),
                    },
                    "imaging": {
                        "period": (PERIOD, PERIOD * 1.0001),
                        "tilted": 1.0,
                        "salt": 0.0,
                        "water": 0.0,
                        "agc": 0.0,
                        "gain": (0.0, 0.0),
                        "dead": 0.0,
                    },
                    "noise": {
                        "level": (0.15, 0.1501),
                        "coloured": 0.0,
                        "streaks": 0.0,
                        "waves": 0.0,
                        "footprint": 0.0,
                        "smiles": 0.0,
                    },
                }
            )
            shape = round(EXTENT[0] / bins), round(EXTENT[1] / bins), round(EXTENT[2] / sampling)
            name = f"period {PERIOD / sampling:g}, bins {bins:g}"
            cubes.append(SuiteCube(name, first_seed + 100, recipe, shape))
    return cubes


SUITES: dict[str, Callable[[int], list[SuiteCube]]] = {
    "wu2019-v1": _wu2019,
    "field-20": _field20,
    "scale-12": _scale12,
}
