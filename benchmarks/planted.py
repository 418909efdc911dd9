"""Faults planted in a survey, and how much of them models find: by throw, and by dip.

Rows go to results/planted.csv, and the tables to docs/reference/accuracy.md.

Usage: python benchmarks/planted.py SURVEY [MODEL ...] [--faults 24]
"""

import argparse
import csv
from pathlib import Path

from faultpick import open_volume
from faultpick.detectability import DIPS, FAULTS, THROWS, Detectability, plant_and_find
from faultpick.tables import put_table
from suite import MODELS
from tables import markdown

PAGE = Path("docs/reference/accuracy.md")
CSV = Path("results/planted.csv")
HEADER = ("model", "least_dip", "largest_dip", "throw", "found", "low", "high")
STEPS = ((35.0, 45.0), (45.0, 55.0), (55.0, 65.0), (65.0, 75.0), (75.0, 85.0))
THROW = 6.0
"""Of the faults by dip, in samples."""

Row = tuple[str, float, float, float, float, float, float]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("survey", type=Path, metavar="SURVEY")
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help="Names or weights files.")
    parser.add_argument("--faults", type=int, default=FAULTS, help="How many with each throw.")
    arguments = parser.parse_args()
    by_throw: list[Row] = []
    by_dip: list[Row] = []
    with open_volume(arguments.survey) as survey:
        for model in arguments.models:
            found = plant_and_find(survey, model, faults=arguments.faults)
            by_throw += rows_of(model, DIPS, found)
            for dips in STEPS:
                found = plant_and_find(survey, model, throws=(THROW,), dips=dips, faults=arguments.faults)
                by_dip += rows_of(model, dips, found)[1:]
            print(*by_throw, *by_dip, sep="\n", flush=True)
    with CSV.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADER, *by_throw, *by_dip])
    put_table(PAGE, "planted-throw", table("Throw", [f"{throw:g}" for throw in (0, *THROWS)], by_throw))
    put_table(PAGE, "planted-dip", table("Dip", [f"{low:g} to {high:g}" for low, high in STEPS], by_dip))


def rows_of(model: str, dips: tuple[float, float], found: Detectability) -> list[Row]:
    """One for each throw."""
    return [(model, *dips, throw, *found.share(index)) for index, throw in enumerate(found.throws)]


def table(head: str, names: list[str], rows: list[Row]) -> str:
    """Throws or dips down, models across."""
    models = list(dict.fromkeys(row[0] for row in rows))
    cells = {
        model: [f"{row[4]:.2f} ({row[5]:.2f} to {row[6]:.2f})" for row in rows if row[0] == model]
        for model in models
    }
    lines = [(name, *(cells[model][index] for model in models)) for index, name in enumerate(names)]
    return markdown([(head, *models), ("---", *["---:"] * len(models)), *lines])


if __name__ == "__main__":
    main()
