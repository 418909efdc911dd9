"""Rows of a benchmark into its CSV, and from there into a page of the documentation."""

import csv
from collections.abc import Sequence
from pathlib import Path

from faultpick.tables import put_table


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
    put_table(page, name, "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
