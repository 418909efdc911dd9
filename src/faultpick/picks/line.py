"""A single line, which shows where faults cross it but no surfaces.

It is picked as if it went on unchanged to both sides, as a network sees it too. Of each surface that is found
so, the cut along the line stays: a stick.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faultpick.picks.fault import Fault
from faultpick.picks.points import Points
from faultpick.picks.sticks import cuts_of
from faultpick.picks.thin import Box

FEWEST = 16
ASIDE = 0.5  # of a line, by which the cut misses vertices

Read = Callable[[Box], NDArray[np.float32]]


@dataclass(frozen=True)
class WideLine:
    """A line repeated.

    Attributes:
        axis: 0 if it is an inline, 1 if it is a crossline.
        count: How many times it stands there.
        shape: Of the volume that this makes.
    """

    axis: int
    count: int
    shape: tuple[int, int, int]

    def read(self, read: Read) -> Read:
        """Reads of it, from reads of the line."""

        def repeated(box: Box) -> NDArray[np.float32]:
            one = list(box)
            one[self.axis] = slice(0, 1)
            span = box[self.axis]
            return np.repeat(read((one[0], one[1], one[2])), span.stop - span.start, axis=self.axis)

        return repeated

    def stick_of(self, fault: Fault) -> Fault | None:
        """A fault as the line shows it: its sticks there, its dip along the line; None if it is not there."""
        sticks = cuts_of(fault.vertices, fault.triangles, self.axis, self._middle + ASIDE)
        if not sticks:
            return None
        for stick in sticks:
            stick[:, self.axis] = 0.0
        return replace(
            fault,
            vertices=np.empty((0, 3), np.float32),
            triangles=np.empty((0, 3), np.int32),
            sticks=sticks,
            strike=math.nan,
            area=math.nan,
            length=math.nan,
        )

    def normal(self, normal: NDArray[np.float64]) -> NDArray[np.float64]:
        """A unit normal turned into the line."""
        turned = np.where(np.arange(3) == self.axis, 0.0, normal)
        return turned / np.linalg.norm(turned)

    def points_of(self, points: Points, ids: NDArray[np.int32]) -> tuple[Points, NDArray[np.int32]]:
        """The points on the line, and their ids."""
        here = points.voxel[:, self.axis] == self._middle
        on_line = points[here]
        voxel, position = on_line.voxel.copy(), on_line.position.copy()
        voxel[:, self.axis], position[:, self.axis] = 0, 0.0
        return replace(on_line, voxel=voxel, position=position), ids[here]

    @property
    def _middle(self) -> int:
        return self.count // 2


def wide_line(shape: tuple[int, int, int], min_area: float) -> WideLine | None:
    """The line, repeated until faults as long as a square of the least area are kept; None of a survey."""
    if 1 not in shape[:2]:
        return None
    axis = 0 if shape[0] == 1 else 1
    count = max(round(math.sqrt(min_area)), FEWEST)
    wide = (count, shape[1], shape[2]) if axis == 0 else (shape[0], count, shape[2])
    return WideLine(axis, count, wide)
