"""How many faults of the test cubes are picked, and how well they are measured.

Each cube is picked from the probabilities of a model and from its own label, which stands for a perfect
network. Rows go to results/picks.csv, one a cube and one for all, and a table to docs/explanation/picks.md.

Usage: python benchmarks/picks.py [MODEL] [CUBES]
"""

import math
import sys
from pathlib import Path

import numpy as np

from faultpick import load_model, predict, synthesize
from faultpick.data import splits
from faultpick.metrics import Matching, ObjectScores, pool_objects
from faultpick.picks.score import score_probability
from tables import publish

MINIMUM_THROW = 5.0
SCORES = (
    "faults",
    "picked",
    "found",
    "found_share",
    "false_per_cube",
    "split",
    "merged",
    "strike_error",
    "dip_error",
    "throw_error",
)


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "unet_res2"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    model = load_model(name)
    scores: dict[str, list[ObjectScores]] = {f"{name}, tta": [], "label": []}
    rows = []
    for seed in splits.test_seeds(count):
        cube = synthesize(seed)
        sources = predict(cube.seismic, model, tta=True), cube.fault.astype(np.float32)
        for source, probability in zip(scores, sources, strict=True):
            matching = Matching(minimum_throw=MINIMUM_THROW)
            scores[source].append(score_probability(probability, cube, matching=matching))
            rows.append((source, seed, *cells(scores[source][-1])))
            print(*rows[-1], flush=True)
    pooled = [(source, "all", *cells(pool_objects(each))) for source, each in scores.items()]
    header = "probability", "seed", *SCORES
    publish("picks", header, rows + pooled, Path("docs/explanation/picks.md"), shown=pooled)


def cells(score: ObjectScores) -> list[str]:
    values = score.row()
    return [f"{values[key]:.4g}" if math.isfinite(values[key]) else "" for key in SCORES]


if __name__ == "__main__":
    main()
