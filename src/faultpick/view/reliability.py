"""Reliability diagrams: whether probabilities mean what they say."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from faultpick.metrics.curves import Reliability, calibration_error
from faultpick.volume.staging import output_errors, staged

COLOURS = ("0.55", "tab:red", "tab:blue")


def draw_reliability(tables: Mapping[str, Reliability], path: str | Path) -> None:
    """Draw the share of faults over the predicted probability, and how many voxels each point stands for.

    Args:
        tables: Up to three, by the name that the legend gives them.
        path: The PNG file to write.

    Raises:
        OutputError: The file cannot be written.
    """
    path = Path(path)
    figure = Figure(figsize=(5.2, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot((0, 1), (0, 1), color="0.8", linewidth=1)
    for (name, table), colour in zip(tables.items(), COLOURS, strict=False):
        some = table.voxels > 0
        probability, share = (part[some] / table.voxels[some] for part in (table.probability, table.faults))
        label = f"{name}: calibration error {calibration_error(table):.4f}"
        above.plot(probability, share, "o-", color=colour, label=label, markersize=4)
        edges = np.linspace(0, 1, len(table.voxels) + 1)
        below.stairs(table.voxels, edges, color=colour)
    above.set(ylabel="share of voxels that are fault", xlim=(0, 1), ylim=(0, 1))
    above.legend(loc="upper left", frameon=False)
    below.set(xlabel="predicted probability", ylabel="voxels", yscale="log")
    with staged(path) as file, output_errors(path):
        figure.savefig(file, format="png", dpi=110)
