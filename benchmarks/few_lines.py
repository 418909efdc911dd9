"""Scores on the middle lines of the cubes of `field-20` alone, as of a thin survey or a single line.

Rows of a model in results/few-lines.csv are replaced.

Usage: python benchmarks/few_lines.py [MODEL ...] [--cubes 20]
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.benchmark import BenchmarkCube, read_rows, run_benchmark, suite_cubes, write_rows
from faultpick.synth import Cube
from faultpick.tables import put_table
from faultpick.zoo import load_model
from tables import means_table

SUITE = "few-lines"
CSV = Path("results/few-lines.csv")
PAGE = Path("docs/reference/accuracy.md")
MODELS = ("unet_res2", "unet_res2_wu2019", "faultseg3d")
LINES = (1, 2, 4, 8, 16, 32, 128)


def cubes(count: int) -> list[BenchmarkCube]:
    """The middle lines of so many cubes, of each number of lines."""
    return [middle(cube, lines) for lines in LINES for cube in suite_cubes("field-20", count)]


def middle(cube: BenchmarkCube, lines: int) -> BenchmarkCube:
    """The inlines in the middle of a cube, as a cube."""

    def read() -> tuple[NDArray[np.floating], NDArray[np.uint8], Cube | None]:
        image, label, _ = cube.read()
        first = (len(image) - lines) // 2
        return image[first : first + lines], label[first : first + lines], None

    return BenchmarkCube(str(lines), cube.seed, read)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help="Names or weights files.")
    parser.add_argument("--cubes", type=int, default=20, help="Of the suite.")
    arguments = parser.parse_args()
    models = [load_model(name) for name in arguments.models]
    write_rows(run_benchmark(models, cubes(arguments.cubes), SUITE), CSV)
    put_table(PAGE, SUITE, means_table(read_rows(CSV), "Lines", overall=False))


if __name__ == "__main__":
    main()
