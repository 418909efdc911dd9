"""Picked faults against the faults of a synthetic earth."""

from typing import TYPE_CHECKING

import numpy as np

from faultpick.metrics import (
    Matching,
    ObjectScores,
    Sheet,
    score_objects,
    sheet_from_surface,
    sheets_from_voxels,
)
from faultpick.picks.fault import Fault, Picks

if TYPE_CHECKING:
    from faultpick.synth import Cube


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
