"""Picked faults, and thinned masks, against the faults of a synthetic earth."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import NoFaultError
from faultpick.metrics import (
    Matching,
    ObjectScores,
    Sheet,
    mask_distances,
    score_objects,
    sheet_from_surface,
    sheets_from_voxels,
    tolerant_f1,
    tolerant_iou,
)
from faultpick.picks.fault import Fault, Picks
from faultpick.picks.picking import pick
from faultpick.picks.thin import thin
from faultpick.volume import plain_geometry

if TYPE_CHECKING:
    from faultpick.synth import Cube


def score_probability(
    probability: NDArray[np.floating], cube: "Cube", *, matching: Matching | None = None
) -> ObjectScores:
    """Pick the faults of a probability of a cube, their throw from its seismic, and count them.

    Args:
        probability: In [0, 1], on the cube's grid.
        cube: The synthetic earth.
        matching: What counts as the same fault.

    Raises:
        VolumeError: A probability is not finite or outside [0, 1], or the shape is another.
    """
    try:
        picks = pick(probability, seismic=cube.seismic)
    except NoFaultError:
        picks = Picks([], plain_geometry(cube.fault.shape), "voxels")
    return score_picks(picks, cube, matching)


def score_picks(picks: Picks, cube: "Cube", matching: Matching | None = None) -> ObjectScores:
    """Count the faults of a cube that were found, missed, split, merged and made up.

    Args:
        picks: Picked on the cube's own grid.
        cube: The synthetic earth.
        matching: What counts as the same fault.
    """
    true = sheets_from_voxels(cube.fault_id, cube.normal, cube.throw)
    return score_objects(true, {fault.id: sheet_of(fault) for fault in picks.faults}, matching)


def sheet_of(fault: Fault) -> Sheet:
    """The surface of a picked fault as points; each takes the throw of the nearest stick that has one."""
    if fault.throw is None:
        return sheet_from_surface(fault.vertices, fault.triangles)
    known = [
        (stick, value)
        for stick, value in zip(fault.sticks, fault.throw.samples, strict=True)
        if value == value
    ]
    if not known:
        return sheet_from_surface(fault.vertices, fault.triangles)
    points = np.concatenate([stick for stick, _ in known])
    throw = np.concatenate([np.full(len(stick), value) for stick, value in known])
    return sheet_from_surface(fault.vertices, fault.triangles, points, throw)


def thinned_scores(
    probability: NDArray[np.floating], label: NDArray[np.integer], threshold: float = 0.5
) -> dict[str, float]:
    """Tolerant scores of the thinned prediction against the thinned label.

    Both are thinned as for picking; so a prediction gains nothing by being thick.

    Args:
        probability: In [0, 1], (inline, crossline, sample).
        label: 0 or 1, of the same shape.
        threshold: A voxel is predicted where the probability is at least this.

    Returns:
        Tol-F1@1, 2 and 3 and Tol-IoU@2 (see `faultpick.metrics.tolerant_f1`), by name.
    """
    distances = mask_distances(_thinned(probability, threshold), _thinned(label, 0.5))
    scores = {f"thin_tol_f1_{radius}": tolerant_f1(distances, radius) for radius in (1, 2, 3)}
    return scores | {"thin_tol_iou_2": tolerant_iou(scores["thin_tol_f1_2"])}


def _thinned(volume: NDArray[np.number], low: float) -> NDArray[np.bool_]:
    values = np.asarray(volume, np.float32)
    sheet = np.zeros(values.shape, bool)
    sheet[tuple(thin(lambda box: values[box], values.shape, low).voxel.T)] = True
    return sheet
