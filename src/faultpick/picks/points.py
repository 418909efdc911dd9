"""Thinned faults as points: a sheet one voxel thick is too sparse to be kept as a volume."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numba import njit
from numpy.typing import NDArray

CELL = 4
"""Side of the cells that neighbours are looked up in, in voxels."""


@dataclass(frozen=True, eq=False)
class Points:
    """Voxels of thinned faults.

    Attributes:
        voxel: Their indices, (points, 3) int32.
        position: Where the ridge of the probability passes, (points, 3) float32, in voxels; within one voxel
            of `voxel`.
        normal: Unit normal of the sheet, (points, 3) float32, of either sign.
        probability: At the voxel, (points,) float32.
    """

    voxel: NDArray[np.int32]
    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    probability: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.voxel)

    def __getitem__(self, where: NDArray) -> Self:
        """Some of them, by a mask or by indices."""
        return type(self)(*(getattr(self, field.name)[where] for field in fields(self)))

    @classmethod
    def joined(cls, parts: list[Self]) -> Self:
        """Those of several blocks together, in the order of their voxels, so that blocks leave no trace."""
        whole = cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))
        return whole[np.lexsort(whole.voxel.T[::-1])]


@dataclass(frozen=True, eq=False)
class Cells:
    """Which points lie in which cell of a coarse grid over the volume.

    Attributes:
        order: The points sorted by cell, (points,) int32.
        start: Where each cell begins in `order`, and the end, (cells + 1,) int64.
        shape: Numbers of cells along the three axes, (3,) int64.
    """

    order: NDArray[np.int32]
    start: NDArray[np.int64]
    shape: NDArray[np.int64]


def sorted_into_cells(points: Points, shape: tuple[int, int, int]) -> Cells:
    """The cells of a volume of `shape` voxels."""
    counts = np.array([-(-size // CELL) for size in shape], dtype=np.int64)
    i, j, k = (points.voxel // CELL).T.astype(np.int64)
    cell = (i * counts[1] + j) * counts[2] + k
    start = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=int(counts.prod())))])
    return Cells(np.argsort(cell, kind="stable").astype(np.int32), start.astype(np.int64), counts)


@njit(cache=True)
def near(
    at: NDArray[np.float32],
    radius: float,
    position: NDArray[np.float32],
    order: NDArray[np.int32],
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
    found: NDArray[np.int32],
) -> int:
    """Write the points within `radius` of `at` into `found`, as many as fit; returns how many.

    A point's position may lie up to a voxel outside its cell.
    """
    count = 0
    low, high = np.empty(3, np.int64), np.empty(3, np.int64)
    for axis in range(3):
        low[axis] = max(int(np.floor((at[axis] - radius - 1.0) / CELL)), 0)
        high[axis] = min(int(np.floor((at[axis] + radius + 1.0) / CELL)), shape[axis] - 1)
    for i in range(low[0], high[0] + 1):
        for j in range(low[1], high[1] + 1):
            row = (i * shape[1] + j) * shape[2]
            for place in range(start[row + low[2]], start[row + high[2] + 1]):
                point = order[place]
                square = 0.0
                for axis in range(3):
                    square += (position[point, axis] - at[axis]) ** 2
                if square <= radius * radius and count < len(found):
                    found[count] = point
                    count += 1
    return count
