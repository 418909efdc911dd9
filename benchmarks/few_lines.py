"""Scores on the middle lines of the cubes of `field-20` alone, as of a thin survey or a single line.

Rows of a model in results/few-lines.csv are replaced.

Usage: python benchmarks/few_lines.py [MODEL ...] [--cubes 20]
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

import suite
from faultpick.benchmark import BenchmarkCube, suite_cubes
from faultpick.synth import Cube

LINES = (1, 2, 4, 8, 16, 32, 128)


def cubes(count: int) -> list[BenchmarkCube]:
    """The middle lines of so many cubes, each number of them."""
    return [middle(cube, lines) for cube in suite_cubes("field-20", count) for lines in LINES]


def middle(cube: BenchmarkCube, lines: int) -> BenchmarkCube:
    """The inlines in the middle of a cube, as a cube."""

    def read() -> tuple[NDArray[np.floating], NDArray[np.uint8], Cube | None]:
        image, label = whole(cube)
        first = (len(image) - lines) // 2
        return image[first : first + lines], label[first : first + lines], None

    return BenchmarkCube(str(lines), cube.seed, read)


@lru_cache(maxsize=1)
def whole(cube: BenchmarkCube) -> tuple[NDArray[np.floating], NDArray[np.uint8]]:
    """Amplitudes and labels of a cube, made once for all numbers of its lines."""
    return cube.read()[:2]


if __name__ == "__main__":
    suite.main("few-lines", cubes, 20, str(__doc__), head="Lines", overall=False)
