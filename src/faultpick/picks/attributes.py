"""Strike, dip, area and size of a surface, in metres or feet where the survey has coordinates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.metrics import strike_and_dip
from faultpick.volume import Geometry

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


def line_steps(geometry: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """X and Y of the step from an inline to the next and from a crossline to the next, each (2,).

    Where line numbers are uneven, as beside a gap, the step is the median one; of a single line it is 0.

    Raises:
        ValueError: The corners are not known.
    """
    if geometry.corners is None:
        raise ValueError("the corners are not known")
    first, along_crosslines, along_inlines, _ = geometry.corners
    return (
        (along_inlines - first) * _share_of_a_step(geometry.inlines),
        (along_crosslines - first) * _share_of_a_step(geometry.crosslines),
    )


def _share_of_a_step(lines: NDArray[np.int32]) -> float:
    """The median step between neighbouring lines, as a share of the way from the first to the last."""
    return float(np.median(np.diff(lines)) / (lines[-1] - lines[0])) if len(lines) > 1 else 0.0


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
    place = vertices.astype(np.float64) @ scale.matrix.T
    a, b, c = (place[triangles[:, corner]] for corner in range(3))
    across = np.cross(b - a, c - a)
    twice = np.linalg.norm(across, axis=1)
    unit = across / np.maximum(twice, 1e-12)[:, None]
    normal = np.linalg.eigh((unit * twice[:, None]).T @ unit)[1][:, -1]
    strike, dip = strike_and_dip(normal)
    along = place[:, :2] @ [np.cos(np.radians(strike)), np.sin(np.radians(strike))]
    return Attributes(
        strike=round(float(strike), 3) % 360.0,
        dip=float(dip),
        area=float(twice.sum() / 2),
        length=float(np.ptp(along)),
        height=float(np.ptp(vertices[:, 2]) * step),
    )
