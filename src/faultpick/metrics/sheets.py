"""A fault as points on its surface, whatever it was before: labelled voxels or triangles.

Coordinates are `(inline, crossline, sample)` in voxels.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import KDTree


class Orientation(NamedTuple):
    """Strike in [0, 360) and dip in [0, 90], degrees, on the grid.

    Strike turns from growing inlines to growing crosslines; the fault dips to the right of it.
    """

    strike: float
    dip: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """One fault as scattered points.

    Attributes:
        points: Positions in voxels, (points, 3).
        normals: Unit normals there, (points, 3); their sign does not matter.
        weights: Area that each point stands for, (points,), in one unit for all of the sheet.
        throw: Vertical offset in samples there, (points,), NaN where it is not known.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    weights: NDArray[np.float32]
    throw: NDArray[np.float32]

    def part(self, where: NDArray[np.bool_]) -> "Sheet":
        """The points where `where` is True, bool, (points,)."""
        return Sheet(self.points[where], self.normals[where], self.weights[where], self.throw[where])

    @cached_property
    def tree(self) -> KDTree:
        """To look up the nearest points."""
        return KDTree(self.points)

    @property
    def orientation(self) -> Orientation:
        """Of the mean normal: the axis closest to all normals, whatever their sign."""
        return orientation_of(mean_axis(self.normals, self.weights))

    @property
    def typical_throw(self) -> float:
        """Median over the area where the throw is known, in samples; NaN if that is nowhere."""
        known = np.isfinite(self.throw)
        if not known.any():
            return float("nan")
        order = np.argsort(self.throw[known], kind="stable")
        weights = self.weights[known][order].astype(np.float64)
        below = np.cumsum(weights) - weights / 2
        return float(np.interp(weights.sum() / 2, below, self.throw[known][order]))


def orientation_of(normal: ArrayLike) -> Orientation:
    """Strike and dip of the plane with this unit normal, (3,)."""
    strike, dip = strike_and_dip(normal)
    return Orientation(float(strike), float(dip))


def mean_axis(normals: ArrayLike, weights: ArrayLike = 1.0) -> NDArray[np.float64]:
    """The unit vector closest to all normals, (3,), whatever their sign; its own is negative downwards.

    So it points into the hanging wall where the third axis is down.

    Args:
        normals: Unit vectors, (n, 3).
        weights: Of each, (n,).
    """
    n = np.asarray(normals, np.float64)
    axis = np.linalg.eigh((n * np.reshape(weights, (-1, 1))).T @ n)[1][:, -1]
    return -axis if axis[2] > 0 else axis


def strike_and_dip(normals: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strike and dip in degrees, each shape (...), of planes with these normals, (..., 3), of any length.

    The strike runs from the first axis towards the second, the plane dipping to its right: from the north, if
    the axes are north, east and down.
    """
    n = np.asarray(normals, np.float64)
    n = np.where(n[..., 2:] > 0, -n, n)
    north, east, down = np.moveaxis(n, -1, 0)
    return np.degrees(np.arctan2(-north, east)) % 360.0, np.degrees(np.arctan2(np.hypot(north, east), -down))


def plane_normals(strike: ArrayLike, dip: ArrayLike) -> NDArray[np.float32]:
    """Unit normals into the hanging wall, shape (..., 3), of strike and dip in degrees on the grid."""
    azimuth, angle = np.radians(np.asarray(strike) + 90.0), np.radians(np.asarray(dip))
    level = np.sin(angle)
    normals = np.stack([np.cos(azimuth) * level, np.sin(azimuth) * level, -np.cos(angle)], axis=-1)
    return normals.astype(np.float32)


def sheets_from_voxels(
    fault_id: NDArray[np.integer],
    normal: NDArray[np.floating],
    throw: NDArray[np.floating] | None = None,
) -> dict[int, Sheet]:
    """The faults of a fault-id volume, by their ids.

    Args:
        fault_id: 0 for none, shape (inline, crossline, sample).
        normal: Unit normals, shape (inline, crossline, sample, 3); see `plane_normals`.
        throw: In samples, of the shape of `fault_id`.
    """
    where = np.argwhere(fault_id > 0)
    at = tuple(where.T)
    every = Sheet(
        points=where.astype(np.float32),
        normals=np.asarray(normal[at], np.float32),
        weights=np.ones(len(where), np.float32),
        throw=np.full(len(where), np.nan, np.float32) if throw is None else np.asarray(throw[at], np.float32),
    )
    ids = fault_id[at]
    return {int(number): every.part(ids == number) for number in np.unique(ids)}


def sheet_from_surface(
    vertices: NDArray[np.floating],
    triangles: NDArray[np.integer],
    stick_points: NDArray[np.floating] | None = None,
    stick_throw: NDArray[np.floating] | None = None,
    spacing: float = 1.0,
) -> Sheet:
    """A surface of triangles as the centres of its parts, none longer than `spacing`.

    Args:
        vertices: Positions in voxels, (vertices, 3).
        triangles: Three vertices each, (triangles, 3).
        stick_points: Positions where the throw is known, (known, 3); every point takes that of the nearest.
        stick_throw: The throw there in samples, (known,).
        spacing: Longest edge of a part in voxels.
    """
    corners = np.asarray(vertices, np.float64)[triangles]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(across, axis=1)
    corners, across, size = corners[size > 0], across[size > 0], size[size > 0]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1, initial=0.0)
    cuts = np.maximum(np.ceil(edges / spacing), 1).astype(int)
    points, rows = [np.empty((0, 3))], [np.empty(0, int)]
    for count in np.unique(cuts):
        inside = _centres_of_parts(int(count))
        chosen = np.flatnonzero(cuts == count)
        points.append((inside @ corners[chosen]).reshape(-1, 3))
        rows.append(np.repeat(chosen, len(inside)))
    row, point = np.concatenate(rows), np.concatenate(points)
    throw = np.full(len(point), np.nan)
    if stick_points is not None and stick_throw is not None and len(stick_points):
        throw = np.asarray(stick_throw)[KDTree(stick_points).query(point)[1]]
    return Sheet(
        points=point.astype(np.float32),
        normals=(across / size[:, None])[row].astype(np.float32),
        weights=(size / 2 / cuts**2)[row].astype(np.float32),
        throw=throw.astype(np.float32),
    )


def _centres_of_parts(cuts: int) -> NDArray[np.float64]:
    """Barycentric centres, (cuts^2, 3), of the equal triangles when every edge is cut in `cuts`."""
    i, j = np.mgrid[:cuts, :cuts]
    upright = np.stack([i, j], axis=-1)[i + j < cuts] + 1 / 3
    upside_down = np.stack([i, j], axis=-1)[i + j < cuts - 1] + 2 / 3
    first = np.concatenate([upright, upside_down]) / cuts
    return np.column_stack([first, 1 - first.sum(axis=1)])
