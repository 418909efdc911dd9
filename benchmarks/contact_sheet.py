"""Draw sections of synthetic cubes, plain above and with their labels below: is it like a survey?"""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from faultpick.data import splits
from faultpick.synth import synthesize

COLUMNS = 6


def main() -> None:
    """Draw the cubes of consecutive training seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--recipe", default="field")
    parser.add_argument("--first", type=int, default=splits.TRAINING)
    parser.add_argument("--rows", type=int, default=3)
    arguments = parser.parse_args()

    figure, axes = plt.subplots(2 * arguments.rows, COLUMNS, figsize=(2 * COLUMNS, 4 * arguments.rows))
    for number in range(arguments.rows * COLUMNS):
        row, column = divmod(number, COLUMNS)
        cube = synthesize(arguments.first + number, arguments.recipe)
        line = cube.seismic.shape[0] // 2
        for below in (0, 1):
            panel = axes[2 * row + below, column]
            panel.imshow(cube.seismic[line].T, cmap="gray", vmin=-2.5, vmax=2.5, interpolation="bilinear")
            panel.axis("off")
        label = np.ma.masked_equal(cube.fault[line].T, 0)
        axes[2 * row + 1, column].imshow(label, cmap="autumn", alpha=0.7, interpolation="nearest")
    figure.subplots_adjust(0, 0, 1, 1, 0.02, 0.02)
    figure.savefig(arguments.out, dpi=75)


if __name__ == "__main__":
    main()
