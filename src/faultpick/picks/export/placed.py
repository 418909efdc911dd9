"""Faults where they lie in the survey: what every format of sticks and surfaces writes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.picks.fault import Fault
from faultpick.volume import Geometry
from faultpick.volume.places import line_numbers, map_coordinates, sample_values

Points = NDArray[np.float64]
"""X, Y and Z, shape (points, 3); Z grows downwards."""


@dataclass(frozen=True)
class Frame:
    """What the numbers of a point mean.

    Attributes:
        xy_unit: Of X and Y; None where they are inline and crossline numbers, for want of coordinates.
        z_unit: Of Z: "ms", "m", "ft" or "samples".
    """

    xy_unit: str | None
    z_unit: str

    def sentence(self, up: bool = False) -> str:
        """For a comment in a file; `up` where the file has Z growing upwards."""
        xy = "the inline and crossline number" if self.xy_unit is None else f"in {self.xy_unit}"
        return f"X and Y {xy}, Z in {self.z_unit}, {'negative' if up else 'positive'} downwards"


@dataclass(frozen=True, eq=False)
class PlacedFault:
    """A fault with its points in the survey's coordinates.

    Attributes:
        name: "F001" for id 1.
        fault: The fault in voxels, with its attributes.
        vertices: Of the triangles.
        triangles: (triangles, 3) int32; taken together they turn anticlockwise for an eye above the fault,
            on the side of its hanging wall.
        sticks: Points of each stick from top to bottom.
        stick_lines: Inline and crossline number of the trace nearest to each of those, (points, 2).
    """

    name: str
    fault: Fault
    vertices: Points
    triangles: NDArray[np.int32]
    sticks: list[Points]
    stick_lines: list[NDArray[np.int32]]


def place(fault: Fault, geometry: Geometry) -> PlacedFault:
    """Put a fault into the survey's coordinates, or its line numbers where it has none."""
    vertices = _points(fault.vertices, geometry)
    return PlacedFault(
        f"F{fault.id:03d}",
        fault,
        vertices,
        _seen_from_above(vertices, fault.triangles),
        [_points(stick, geometry) for stick in fault.sticks],
        [_nearest_lines(stick, geometry) for stick in fault.sticks],
    )


def _points(positions: NDArray[np.float32], geometry: Geometry) -> Points:
    xy = line_numbers if geometry.corners is None else map_coordinates
    return np.column_stack([xy(geometry, positions), sample_values(geometry, positions)])


def _nearest_lines(positions: NDArray[np.float32], geometry: Geometry) -> NDArray[np.int32]:
    axes = enumerate((geometry.inlines, geometry.crosslines))
    nearest = np.rint(positions).astype(np.intp)
    return np.stack([lines[nearest[:, axis].clip(0, len(lines) - 1)] for axis, lines in axes], axis=1)


def _seen_from_above(vertices: Points, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """The triangles, all turned around if their map view is clockwise on the whole."""
    first, second, third = (vertices[triangles[:, corner], :2] for corner in range(3))
    one, other = second - first, third - first
    clockwise = (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]).sum() < 0
    return triangles[:, ::-1].copy() if clockwise else triangles
