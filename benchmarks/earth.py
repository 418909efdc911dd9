"""Cubes a minute of the synthetic earth, with one process and with one for each core.

Both write cubes into a temporary folder, in turn; the time starts when as many cubes are made as there are
processes, so that starting them does not count. Rows go to results/earth.csv and docs/reference/speed.md.

Usage: python benchmarks/earth.py [--cubes 24] [--rounds 3] [--recipe wu2019-v1]
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from faultpick.data import splits
from faultpick.synth.dataset import write_cubes
from tables import publish


def rate(cubes: int, recipe: str, workers: int) -> float:
    """Cubes a second once the processes run."""
    moments: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        write_cubes(
            folder,
            splits.training_seeds(cubes),
            recipe,
            workers=workers,
            progress=lambda *_: moments.append(time.perf_counter()),
        )
    return (cubes - workers) / (moments[-1] - moments[workers - 1])


def main() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cubes", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--recipe", default="wu2019-v1")
    arguments = parser.parse_args()
    rounds = [
        [rate(arguments.cubes, arguments.recipe, workers) for workers in (1, cores)]
        for _ in range(arguments.rounds)
    ]
    one, all_cores = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    share = statistics.median(many / (cores * single) for single, many in rounds)
    row = (arguments.recipe, cores, f"{60 * one:.0f}", f"{60 * all_cores:.0f}", f"{share:.2f}")
    print(*row, sep="\t")
    header = ("recipe", "processes", "cubes a minute with one", "with all", "of as many times one's")
    publish("earth", header, [row], Path("docs/reference/speed.md"))


if __name__ == "__main__":
    main()
