"""Fault skins: cells linked up, down, left and right, in the binary files that cigvis reads.

Positions are voxels and angles are those of the grid: the format knows no coordinates. Skins and their
angles are those of Hale (2013, Methods to compute fault images, extract fault surfaces, and estimate fault
throws from 3D seismic images, Geophysics 78).
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from faultpick.metrics import strike_and_dip
from faultpick.picks.export.placed import Frame, PlacedFault
from faultpick.picks.fault import Fault

NONE = -(2**31 - 1)
"""Link to no cell."""


def write_skins(faults: list[PlacedFault], _: Frame, folder: Path) -> None:
    """Make a folder of one file a fault, `F001.skin` and so on: big-endian, four-byte numbers.

    - four integers: number of cells; sample, crossline and inline of one of them;
    - nine floats a cell: sample, crossline, inline, likelihood (the fault's mean), strike, dip, slip (zeros);
    - four integers a cell: the cells above, below, left and right, counted from 0.
    """
    folder.mkdir()
    for fault in faults:
        (folder / f"{fault.name}.skin").write_bytes(_skin(fault.fault))


def _skin(fault: Fault) -> bytes:
    grid = _cell_grid(fault.sticks)
    exists = np.isfinite(grid[..., 1])
    places = grid[exists]
    cells = np.zeros((len(places), 9), dtype=">f4")
    cells[:, :3] = places
    cells[:, 3] = fault.mean_probability
    cells[:, 4:6] = _strike_and_dip(fault, places)
    head = [len(places), *np.rint(places[len(places) // 2])] if len(places) else [0] * 4
    return np.array(head, ">i4").tobytes() + cells.tobytes() + _links(exists).astype(">i4").tobytes()


def _cell_grid(sticks: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    """A cell at every whole sample of every stick and about every voxel between neighbouring sticks.

    Sticks on one section are pieces of one column.

    Returns:
        (samples, columns, 3): sample, crossline and inline of each cell, NaN where there is none.
    """
    top = min(stick[:, 2].min() for stick in sticks)
    bottom = max(stick[:, 2].max() for stick in sticks)
    samples = np.arange(np.ceil(top), np.floor(bottom) + 1)
    on_sections: list[NDArray[np.float64]] = []
    for stick, goes_on in zip(sticks, _on_the_section_before(sticks), strict=True):
        places = _at_samples(stick, samples)
        if goes_on:
            on_sections[-1] = np.where(np.isfinite(on_sections[-1]), on_sections[-1], places)
        else:
            on_sections.append(places)
    columns = []
    for left, right in pairwise(on_sections):
        gaps = np.hypot(*(right - left).T)
        steps = max(1, round(np.max(gaps, initial=1.0, where=np.isfinite(gaps))))
        columns += [left, *(left + (right - left) * step / steps for step in range(1, steps))]
    columns.append(on_sections[-1])
    places = np.stack(columns, axis=1)
    return np.concatenate([np.broadcast_to(samples[:, None, None], (*places.shape[:2], 1)), places], axis=2)


def _on_the_section_before(sticks: list[NDArray[np.float32]]) -> list[bool]:
    """Whether each stick lies on the same inline, or crossline where sticks are on those, as the last."""
    sections = np.array([stick[0, :2] for stick in sticks])
    flat = [all(np.ptp(stick[:, axis]) == 0 for stick in sticks) for axis in (0, 1)]
    kinds = [len(np.unique(sections[:, axis])) if flat[axis] else 0 for axis in (0, 1)]
    if not any(flat):
        return [False] * len(sticks)
    lines = sections[:, int(np.argmax(kinds))]
    return [False, *(lines[1:] == lines[:-1]).tolist()]


def _at_samples(stick: NDArray[np.float32], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Crossline and inline of a stick at each sample, (samples, 2), NaN above its top and below its end."""
    stick = stick[np.argsort(stick[:, 2], kind="stable")]
    crossline, inline = (
        np.interp(samples, stick[:, 2], stick[:, axis], left=np.nan, right=np.nan) for axis in (1, 0)
    )
    return np.stack([crossline, inline], axis=1)


def _strike_and_dip(fault: Fault, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of the surface's nearest vertex, in degrees: strike from the inline axis towards the crossline axis."""
    one, two, three = (fault.vertices[fault.triangles[:, corner]] for corner in range(3))
    normals = np.zeros(fault.vertices.shape)
    for corner in range(3):
        np.add.at(normals, fault.triangles[:, corner], np.cross(two - one, three - one))
    _, nearest = KDTree(fault.vertices).query(places[:, ::-1])
    return np.stack(strike_and_dip(normals[nearest]), axis=1)


def _links(exists: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The cells above, below, left and right of each cell, (cells, 4)."""
    numbers = np.full((exists.shape[0] + 2, exists.shape[1] + 2), NONE)
    numbers[1:-1, 1:-1][exists] = np.arange(exists.sum())
    sides = numbers[:-2, 1:-1], numbers[2:, 1:-1], numbers[1:-1, :-2], numbers[1:-1, 2:]
    return np.stack([side[exists] for side in sides], axis=1)
