"""The two tables of the race, from results/race.csv, results/speed.csv and results/training/.

What has been trained and scored so far is shown: cubes down and models across as the table `race`, the
networks with what they cost and how well they do as the table `networks`. Each goes to the pages that have a
place for it, between the markers of its name.

Usage: python benchmarks/race_table.py [PAGE ...]
"""

import argparse
import tomllib
from pathlib import Path
from statistics import fmean

from faultpick.benchmark import read_rows
from faultpick.models.profile import profile
from faultpick.tables import Column, columns_of, cubes_table, markdown, mean_of_seeds, put_table, seed_spread
from race import FIRST

PAGES = [Path("README.md"), Path("docs/reference/race.md")]
ENGINE = "torch"
HEADER = (
    "Model",
    "Parameters",
    "GMAC",
    "s per 128³",
    "Memory, MB",
    "Steps",
    "Seeds",
    "IoU",
    "IoU + TTA",
    "Tol-IoU@2",
)


def mean_and_spread(column: Column | None, measure: str) -> str:
    if column is None:
        return ""
    spread = seed_spread(column, measure)
    return f"{fmean(mean_of_seeds(column, measure).values()):.3f}" + (f" ± {spread:.3f}" if spread else "")


def seeds_of(column: Column) -> list[str]:
    return sorted({row["model_seed"] for rows in column.values() for row in rows}, key=int)


def network_rows(
    columns: dict[str, Column], costs: dict[str, dict[str, str]], networks: dict[str, str], training: Path
) -> list[tuple[str, ...]]:
    """A row for each model, the best IoU first; steps are the fewest of its seeds."""
    rows = []
    for name, column in columns.items():
        if name not in networks:
            continue
        facts, cost = profile(networks[name]), costs.get(networks[name], {})
        seeds = seeds_of(column)
        curves = [read_rows(training / f"{name}-seed{seed}.csv") for seed in seeds]
        rows.append(
            (
                name,
                f"{facts.parameters / 1e6:.2f} M",
                f"{facts.gmac:.1f}",
                cost.get("seconds per 128^3", ""),
                cost.get("peak memory (MB)", ""),
                str(min(int(curve[-1]["step"]) for curve in curves)),
                str(len(seeds)),
                mean_and_spread(column, "iou"),
                mean_and_spread(columns.get(f"{name} + TTA"), "iou"),
                mean_and_spread(column, "tol_iou_2"),
            )
        )
    return sorted(rows, key=lambda row: row[HEADER.index("IoU")], reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", type=Path, default=PAGES)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--configs", type=Path, default=Path("configs/race"))
    arguments = parser.parse_args()
    scores = [row for row in read_rows(arguments.results / "race.csv") if FIRST not in row["suite"]]
    costs = {
        row["network"]: row
        for row in read_rows(arguments.results / "speed.csv")
        if row.get("engine") == ENGINE
    }
    configs = [tomllib.loads(path.read_text("utf-8")) for path in arguments.configs.glob("*.toml")]
    networks = {config["name"]: config["network"] for config in configs}
    rows = network_rows(columns_of(scores), costs, networks, arguments.results / "training")
    lines = [HEADER, ["---"] + ["---:"] * (len(HEADER) - 1), *rows]
    tables = {
        "race": cubes_table(scores),
        "networks": markdown(lines),
    }
    for page in arguments.pages:
        for name, table in tables.items():
            if f"<!-- table: {name} -->" in page.read_text(encoding="utf-8"):
                put_table(page, name, table)
                print(f"{page}: table {name}")


if __name__ == "__main__":
    main()
