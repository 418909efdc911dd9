"""How far a volume in tiles differs from the same volume whole.

Rows go to results/tiles.csv and docs/explanation/tiles.md.

Usage: python benchmarks/tiles.py [MODEL]
"""

import sys
import time
from pathlib import Path

import numpy as np
from tables import publish

from faultpick import load_model, predict, synthesize
from faultpick.data import splits
from faultpick.metrics import overlap
from faultpick.prediction.survey import HALO

SHAPE = (256, 224, 192)
SETTINGS = ((160, 16), (192, 32), (192, 40), (208, HALO), (224, HALO))


def main() -> None:
    model = load_model(sys.argv[1] if len(sys.argv) > 1 else "unet_res2")
    cube = synthesize(splits.test_seeds(1)[0], shape=SHAPE).seismic
    predict(cube[:64, :64, :64], model)
    start = time.perf_counter()
    whole = predict(cube, model, tile=max(SHAPE))
    seconds = time.perf_counter() - start
    rows = []
    for tile, halo in SETTINGS:
        start = time.perf_counter()
        tiled = predict(cube, model, tile=tile, halo=halo)
        cost = (time.perf_counter() - start) / seconds
        difference = np.abs(tiled - whole).max()
        iou = overlap(tiled >= 0.5, whole >= 0.5).iou
        rows.append((tile, halo, f"{difference:.4f}", f"{iou:.5f}", f"{cost:.2f}"))
        print(
            f"tile {tile}, halo {halo}: difference {difference:.4f}, masks' IoU {iou:.5f}, {cost:.2f} x time"
        )
    header = ("tile", "halo", "largest difference", "IoU of masks", "time over whole")
    publish("tiles", header, rows, Path("docs/explanation/tiles.md"))


if __name__ == "__main__":
    main()
