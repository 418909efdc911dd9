"""Scores where amplitudes are not as they should be: the cubes of `field-20`, spoilt in one way at a time.

Rows of a model in results/spoilt.csv are replaced.

Usage: python benchmarks/spoilt.py [MODEL ...] [--cubes 20] [--validation DRAWS]
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

import suite
from faultpick.benchmark import BenchmarkCube, suite_cubes

Amplitudes = NDArray[np.float32]
Spoil = Callable[[Amplitudes, np.random.Generator], None]
"""Changes a cube in place, `(inline, crossline, sample)`, median 0 and standard deviation 1."""


def as_it_is(_: Amplitudes, __: np.random.Generator) -> None:
    """Change nothing."""


def half_weak(image: Amplitudes, _: np.random.Generator) -> None:
    """One half of the crosslines, as under a shadow or of another survey."""
    image[:, : image.shape[1] // 2] *= 0.15


def deep_half_weak(image: Amplitudes, _: np.random.Generator) -> None:
    """The lower half of the samples."""
    image[..., image.shape[2] // 2 :] *= 0.1


def middle_weak(image: Amplitudes, _: np.random.Generator) -> None:
    """The middle third of the samples, as a transparent unit."""
    third = image.shape[2] // 3
    image[..., third : 2 * third] *= 0.2


def loud_traces(image: Amplitudes, draw: np.random.Generator) -> None:
    """One trace in a hundred."""
    image[draw.random(image.shape[:2]) < 0.01] *= 20.0


def uneven_traces(image: Amplitudes, draw: np.random.Generator) -> None:
    """Every trace by a factor of its own, half to twice for two in three."""
    image *= np.exp(draw.normal(0.0, np.log(2.0), (*image.shape[:2], 1))).astype(np.float32)


def dead_traces(image: Amplitudes, draw: np.random.Generator) -> None:
    """One trace in ten."""
    image[draw.random(image.shape[:2]) < 0.1] = 0.0


def hole(image: Amplitudes, _: np.random.Generator) -> None:
    """A third of the lines both ways is missing, as around a platform."""
    first, second = (size // 3 for size in image.shape[:2])
    image[first : 2 * first, second : 2 * second] = 0.0


def spikes(image: Amplitudes, draw: np.random.Generator) -> None:
    """One sample in a thousand."""
    image[draw.random(image.shape) < 0.001] = 50.0


def clipped(image: Amplitudes, _: np.random.Generator) -> None:
    """Amplitudes beyond one standard deviation are cut off."""
    np.clip(image, -1.0, 1.0, out=image)


WAYS: dict[str, Spoil] = {
    "as they are": as_it_is,
    "half of the crosslines 0.15 times as strong": half_weak,
    "the deeper half 0.1 times as strong": deep_half_weak,
    "the middle third of the samples 0.2 times as strong": middle_weak,
    "one trace in a hundred 20 times as strong": loud_traces,
    "each trace by a factor of its own, half to twice": uneven_traces,
    "one trace in ten dead": dead_traces,
    "a hole of a third of the lines both ways": hole,
    "one sample in a thousand a spike of 50 deviations": spikes,
    "cut off at one deviation": clipped,
}


def cubes(count: int, validation: int) -> list[BenchmarkCube]:
    """So many cubes, spoilt in each way."""
    return [spoilt(cube, way) for cube in suite_cubes("field-20", count, validation) for way in WAYS]


def spoilt(cube: BenchmarkCube, way: str) -> BenchmarkCube:
    """A cube spoilt in a way; nothing on its dead traces is labelled."""

    def spoil(image: suite.Image, label: suite.Label) -> suite.Pair:
        spoiled = (image - np.median(image)).astype(np.float32)
        spoiled /= spoiled.std()
        WAYS[way](spoiled, np.random.default_rng(cube.seed))
        live = (spoiled != 0).any(axis=2)
        return spoiled, label * live[..., None]

    return suite.changed(cube, way, spoil)


if __name__ == "__main__":
    suite.main("spoilt", cubes, 20, str(__doc__), head="Cubes", overall=False)
