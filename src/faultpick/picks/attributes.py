"""Strike, dip, area and size of a surface, in metres or feet where the survey has coordinates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.metrics import mean_axis, strike_and_dip
from faultpick.volume import Geometry
from faultpick.volume.places import line_steps

METRES = {"m": 1.0, "ft": 0.3048}
"""In one of each unit of length."""


@dataclass(frozen=True, eq=False)
class Scale:
    """From voxels to north, east and down in one unit of length.

    Attributes:
        unit: "m" or "ft" as X and Y are in, or "voxels" without coordinates: then north is along the inline
            axis and east along the crossline axis.
        matrix: Columns are the steps of one inline, one crossline and one sample, (3, 3).
    """

    unit: str
    matrix: NDArray[np.float64]

    def place(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """North, east and down of positions in voxels, (n, 3) each."""
        return positions.astype(np.float64) @ self.matrix.T


@dataclass(frozen=True)
class Attributes:
    """Of a surface, as in `Fault`.

    Attributes:
        strike: Degrees clockwise from north, [0, 360).
        dip: Degrees from the horizontal, (0, 90].
        area: In the unit of the scale, squared.
        length: Along the strike, in the unit of the scale.
        height: In the unit of the sample axis.
    """

    strike: float
    dip: float
    area: float
    length: float
    height: float


def scale_of(geometry: Geometry, velocity: float) -> Scale:
    """The scale of a survey; beside a single line others are thought of, as far away as its traces are.

    Args:
        geometry: Of the survey. Without coordinates, or with a vertical axis of unknown unit, lengths are in
            voxels.
        velocity: Metres a second, for an axis of two-way time.

    Returns:
        In the unit of X and Y, whatever the vertical axis is in.
    """
    axis = geometry.samples
    if geometry.corners is None or axis.unit not in ("ms", "m", "ft"):
        return Scale("voxels", np.eye(3))
    metres = axis.step * (velocity / 2000.0 if axis.unit == "ms" else METRES[axis.unit])
    down = metres / METRES[geometry.length_unit]
    inline, crossline = line_steps(geometry)
    if geometry.shape[0] == 1:
        inline = np.array([-crossline[1], crossline[0]])
    elif geometry.shape[1] == 1:
        crossline = np.array([inline[1], -inline[0]])
    matrix = np.array([[inline[1], crossline[1], 0.0], [inline[0], crossline[0], 0.0], [0.0, 0.0, down]])
    return Scale(geometry.length_unit, matrix)


def triangle_normals(
    vertices: NDArray[np.floating], triangles: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit normal of each triangle, (m, 3), and its area, (m,)."""
    a, b, c = (np.asarray(vertices, np.float64)[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    twice = np.linalg.norm(across, axis=1)
    return across / np.maximum(twice, 1e-12)[:, None], twice / 2


def grid_normal(
    vertices: NDArray[np.floating], triangles: NDArray[np.integer], scale: Scale
) -> NDArray[np.float64]:
    """The unit normal in voxels, into the hanging wall, of the plane whose strike and dip a surface has."""
    normal = scale.matrix.T @ mean_axis(*triangle_normals(scale.place(vertices), triangles))
    return normal / np.linalg.norm(normal)


def line_across(normal: NDArray[np.floating], scale: Scale) -> int:
    """The axis whose lines lie more across the strike on the ground: 0 for inlines, 1 for crosslines.

    Args:
        normal: Of a plane in voxels, (3,).
        scale: Of the survey.
    """
    inline, crossline = np.abs(normal[:2]) / np.hypot(*scale.matrix[:2, :2])
    return 0 if inline < crossline else 1


def attributes_of(
    vertices: NDArray[np.float32], triangles: NDArray[np.int32], scale: Scale, step: float
) -> Attributes:
    """Measure a surface.

    Args:
        vertices: In voxels, (n, 3).
        triangles: (m, 3).
        scale: Of the survey.
        step: Of the sample axis in its unit.
    """
    place = scale.place(vertices)
    normals, areas = triangle_normals(place, triangles)
    strike, dip = strike_and_dip(mean_axis(normals, areas))
    along = place[:, :2] @ [np.cos(np.radians(strike)), np.sin(np.radians(strike))]
    return Attributes(
        strike=round(float(strike), 3) % 360.0,
        dip=float(dip),
        area=float(areas.sum()),
        length=float(np.ptp(along)),
        height=float(np.ptp(vertices[:, 2]) * step),
    )
