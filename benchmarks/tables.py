"""Tables of benchmarks, in the pages of the documentation."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from faultpick.tables import Row, columns_of, markdown, mean_of_seeds, put_table


def publish(
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    page: Path,
    shown: Sequence[Sequence[object]] | None = None,
) -> None:
    """Write `results/NAME.csv` and the table NAME of the page, which shows all rows or only some."""
    with Path("results", f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    lines = [header, ["---"] * len(header), *(rows if shown is None else shown)]
    put_table(page, name, markdown(lines))


def means_table(rows: Iterable[Row], head: str, *, overall: bool, digits: int = 2) -> str:
    """Tol-IoU@2 of the rows of a suite: cubes of one name down, models across, below them their mean."""
    columns = {name: mean_of_seeds(column, "tol_iou_2") for name, column in columns_of(rows).items()}
    names = dict.fromkeys(name for values in columns.values() for name in values)
    lines = [(head, *columns), ("---", *["---:"] * len(columns))]
    for name in names:
        found = (values.get(name) for values in columns.values())
        lines.append((name, *("" if value is None else f"{value:.{digits}f}" for value in found)))
    if overall:
        lines.append(("**Mean**", *(f"**{fmean(values.values()):.3f}**" for values in columns.values())))
    return markdown(lines)
