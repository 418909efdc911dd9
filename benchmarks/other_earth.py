"""Scores on an earth that shares no code with those models learned from, one trait exaggerated in each cube.

Planes cut random reflectivity under a Ricker wavelet. Each is labelled throughout, one voxel thick, so only
scores with a tolerance mean something. Rows of a model in results/other-earth.csv are replaced.

Usage: python benchmarks/other_earth.py [MODEL ...] [--cubes 2] [--validation DRAWS]
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

import suite
from faultpick.benchmark import BenchmarkCube, Labelled
from faultpick.data import splits

FINE = 4  # steps of the reflectivity in a sample
BEYOND = 3  # sides of a cube that the reflectivity goes on for, above it and below


@dataclass(frozen=True)
class Earth:
    """What a cube is made of; lengths in voxels.

    Attributes:
        side: Of the cube.
        period: Of the wavelet's peak frequency, in samples.
        faults: How many planes there are.
        throw: Range of their throws, in samples.
        dip: Range of their dips, in degrees.
        noise: Deviation of white noise over that of the image.
        fold: Largest height of the folds, in samples.
        slope: Samples by which layers dip for each trace, along both lines, at most; half of it at least.
        spacing: Samples between boundaries of layers, give or take half; 0 for reflectivity without any.
    """

    side: int = 128
    period: float = 12.0
    faults: int = 6
    throw: tuple[float, float] = (3.0, 15.0)
    dip: tuple[float, float] = (55.0, 85.0)
    noise: float = 0.0
    fold: float = 8.0
    slope: float = 0.1
    spacing: float = 0.0


EARTHS = {
    "as it comes": Earth(),
    "throws of 1 to 2 samples": Earth(throw=(1.0, 2.0)),
    "throws of 20 to 40 samples": Earth(throw=(20.0, 40.0)),
    "twenty faults": Earth(faults=20),
    "faults of 25 to 45 degrees": Earth(dip=(25.0, 45.0)),
    "strong folds": Earth(fold=40.0),
    "layers dip by a sample a trace": Earth(slope=1.0),
    "the same, period 20": Earth(slope=1.0, period=20.0),
    "layers dip by one and a half, period 30": Earth(slope=1.5, period=30.0),
    "period 5": Earth(period=5.0),
    "period 35": Earth(period=35.0),
    "a boundary every 16 samples, period 20": Earth(spacing=16.0, period=20.0),
    "noise as strong as the image": Earth(noise=1.0),
    "noise twice as strong": Earth(noise=2.0),
    "noise three times as strong, period 20": Earth(noise=3.0, period=20.0),
    "side 64, twelve faults, noise twice as strong": Earth(side=64, faults=12, period=16.0, noise=2.0),
}


def make(earth: Earth, seed: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The amplitudes and the labels of a cube, `(inline, crossline, sample)`."""
    draw, side = np.random.default_rng(seed), earth.side
    x, y, z = np.meshgrid(*(np.arange(side, dtype=float),) * 3, indexing="ij")
    moved, label = np.zeros_like(z), np.zeros(z.shape, dtype=np.uint8)
    for _ in range(earth.faults):
        strike, dip = draw.uniform(0, 2 * np.pi), np.radians(draw.uniform(*earth.dip))
        centre = draw.uniform(0.1 * side, 0.9 * side, 3)
        across = np.cos(strike) * (x - centre[0]) + np.sin(strike) * (y - centre[1])
        distance = np.sin(dip) * across + np.cos(dip) * (z - centre[2])
        moved += draw.choice([-1, 1]) * draw.uniform(*earth.throw) * (distance > 0)
        label[np.abs(distance) <= 0.5] = 1
    hills = gaussian_filter(draw.standard_normal((side, side)), side / 8)
    hills *= earth.fold / np.abs(hills).max()
    first, second = draw.choice([-1, 1], 2) * draw.uniform(0.5, 1.0, 2) * earth.slope
    depth = z + hills[..., None] * (0.5 + z / side) + first * x + second * y + moved
    trace = layered(earth, draw)
    image = np.interp(depth, np.arange(trace.size) / FINE - BEYOND * side, trace)
    image /= image.std()
    image += earth.noise * draw.standard_normal(image.shape)
    return image.astype(np.float32), label


def layered(earth: Earth, draw: np.random.Generator) -> NDArray[np.float64]:
    """The image of flat layers, from `BEYOND` sides above the cube to as many below it."""
    reflectivity = draw.standard_normal((2 * BEYOND + 1) * earth.side * FINE)
    if earth.spacing:
        steps = FINE * earth.spacing * draw.uniform(0.5, 1.5, reflectivity.size)
        places = np.cumsum(steps).astype(int)
        boundary = np.isin(np.arange(reflectivity.size), places)
        reflectivity[~boundary] = 0.0
    time = np.arange(-3 * earth.period, 3 * earth.period, 1 / FINE) / earth.period
    squared = (np.pi * time) ** 2
    return np.convolve(reflectivity, (1 - 2 * squared) * np.exp(-squared), "same")


def cubes(count: int, validation: int) -> list[BenchmarkCube]:
    """So many cubes of each earth, on test seeds, or so many times as many on validation seeds."""
    seeds = splits.validation_seeds(count * validation) if validation else splits.test_seeds(count)

    def cube(name: str, earth: Earth, seed: int) -> BenchmarkCube:
        return BenchmarkCube(name, seed, lambda: Labelled(*make(earth, seed)))

    return [cube(name, earth, seed) for name, earth in EARTHS.items() for seed in seeds]


if __name__ == "__main__":
    suite.main("other-earth", cubes, 2, str(__doc__), head="Earth", overall=True)
