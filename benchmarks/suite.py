"""A suite of cubes that a script makes, scored into its CSV and its table in the documentation."""

import argparse
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.benchmark import BenchmarkCube, Labelled, read_rows, run_benchmark, write_rows
from faultpick.tables import put_table
from faultpick.zoo import load_model
from tables import means_table

PAGE = Path("docs/reference/accuracy.md")
MODELS = ("unet_res2", "unet_res2_wu2019", "faultseg3d")

Image = NDArray[np.floating]
Label = NDArray[np.uint8]
Pair = tuple[Image, Label]


def main(
    name: str,
    cubes: Callable[[int, int], Sequence[BenchmarkCube]],
    count: int,
    description: str,
    *,
    head: str,
    overall: bool,
) -> None:
    """Score the models of the command line on the suite.

    Args:
        name: Of the suite, its CSV and its table.
        cubes: Makes the cubes, so many of each kind, on test seeds or so many draws on validation seeds.
        count: Of each kind, unless `--cubes` says another.
        description: Of the script.
        head: Of the table's first column.
        overall: Whether a mean of all kinds makes sense.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help="Names or weights files.")
    parser.add_argument(
        "--cubes",
        type=int,
        default=count,
        help=f"Of each kind; scores of others than {count} are printed, and kept nowhere.",
    )
    parser.add_argument(
        "--validation",
        type=int,
        default=0,
        metavar="DRAWS",
        help="So many draws on validation seeds, to choose by: printed, and kept nowhere.",
    )
    arguments = parser.parse_args()
    models = [load_model(model) for model in arguments.models]
    rows = run_benchmark(models, cubes(arguments.cubes, arguments.validation), name)
    if arguments.validation or arguments.cubes != count:
        texts = [{key: str(value) for key, value in row.items()} for row in rows]
        print(means_table(texts, head, overall=overall, digits=3))
        return
    path = Path("results", f"{name}.csv")
    write_rows(rows, path)
    put_table(PAGE, name, means_table(read_rows(path), head, overall=overall))


def changed(cube: BenchmarkCube, name: str, change: Callable[[Image, Label], Pair]) -> BenchmarkCube:
    """A cube made from another.

    Args:
        cube: The other; for changes of one cube that are read one after another it is made once.
        name: Of the new one.
        change: Makes its amplitudes and labels from those of the other.
    """
    return BenchmarkCube(name, cube.seed, lambda: Labelled(*change(*_whole(cube))))


@lru_cache(maxsize=1)
def _whole(cube: BenchmarkCube) -> Pair:
    known = cube.read()
    return known.seismic, known.fault
