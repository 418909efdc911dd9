"""Scores on the middle lines of the cubes of `field-20` alone, as of a thin survey or a single line.

Rows of a model in results/few-lines.csv are replaced.

Usage: python benchmarks/few_lines.py [MODEL ...] [--cubes 20] [--validation DRAWS]
"""

import suite
from faultpick.benchmark import BenchmarkCube, suite_cubes

LINES = (1, 2, 4, 8, 16, 32, 128)


def cubes(count: int, validation: int) -> list[BenchmarkCube]:
    """The middle lines of so many cubes, each number of them."""
    return [middle(cube, lines) for cube in suite_cubes("field-20", count, validation) for lines in LINES]


def middle(cube: BenchmarkCube, lines: int) -> BenchmarkCube:
    """The inlines in the middle of a cube, as a cube."""

    def cut(image: suite.Image, label: suite.Label) -> suite.Pair:
        first = (len(image) - lines) // 2
        return image[first : first + lines], label[first : first + lines]

    return suite.changed(cube, str(lines), cut)


if __name__ == "__main__":
    suite.main("few-lines", cubes, 20, str(__doc__), head="Lines", overall=False)
