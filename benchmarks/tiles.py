"""How far volumes in tiles differ from the same volumes whole.

The largest difference in several cubes of both recipes, and the overlap of their masks. Rows go to
results/tiles.csv and docs/explanation/tiles.md.

Usage: python benchmarks/tiles.py [--model unet_res2] [--cubes 3] [--halos 40 56 72 88 104]
"""

import argparse
from pathlib import Path

import numpy as np

from faultpick import load_model, predict, synthesize
from faultpick.data import splits
from tables import publish

SHAPE = (320, 80, 80)
BLOCK = 64  # inlines between one seam and the next
RECIPES = ("wu2019-v1", "field")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="unet_res2")
    parser.add_argument("--cubes", type=int, default=3, help="of each recipe")
    parser.add_argument("--halos", type=int, nargs="+", default=[40, 56, 72, 88, 104])
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    rows = []
    for recipe in RECIPES:
        cubes = [synthesize(seed, recipe, SHAPE).seismic for seed in splits.validation_seeds(arguments.cubes)]
        whole = np.stack([predict(cube, model, tile=max(SHAPE)) for cube in cubes])
        for halo in arguments.halos:
            tiled = np.stack([predict(cube, model, tile=BLOCK + 2 * halo, halo=halo) for cube in cubes])
            faults, expected = tiled >= 0.5, whole >= 0.5
            iou = (faults & expected).sum() / (faults | expected).sum()
            rows.append((recipe, halo, f"{np.abs(tiled - whole).max():.4f}", f"{iou:.5f}"))
            print(*rows[-1], sep="\t", flush=True)
    header = ("recipe", "halo", "largest difference", "IoU of masks")
    publish("tiles", header, rows, Path("docs/explanation/tiles.md"))


if __name__ == "__main__":
    main()
