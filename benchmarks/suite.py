"""A suite of cubes that a script makes, scored into its CSV and its table in the documentation."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from faultpick.benchmark import BenchmarkCube, read_rows, run_benchmark, write_rows
from faultpick.tables import put_table
from faultpick.zoo import load_model
from tables import means_table

PAGE = Path("docs/reference/accuracy.md")
MODELS = ("unet_res2", "unet_res2_wu2019", "faultseg3d")


def main(
    name: str,
    cubes: Callable[[int], Sequence[BenchmarkCube]],
    count: int,
    description: str,
    *,
    head: str,
    overall: bool,
) -> None:
    """Score the models of the command line on the suite.

    Args:
        name: Of the suite, its CSV and its table.
        cubes: Makes the cubes, so many of each kind.
        count: Of each kind, unless `--cubes` says another.
        description: Of the script.
        head: Of the table's first column.
        overall: Whether a mean of all kinds makes sense.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help="Names or weights files.")
    parser.add_argument("--cubes", type=int, default=count, help="Of each kind.")
    arguments = parser.parse_args()
    models = [load_model(model) for model in arguments.models]
    path = Path("results", f"{name}.csv")
    write_rows(run_benchmark(models, cubes(arguments.cubes), name), path)
    put_table(PAGE, name, means_table(read_rows(path), head, overall=overall))
