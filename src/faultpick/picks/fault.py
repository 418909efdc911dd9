"""What a picked fault is.

Positions are `(inline, crossline, sample)` in voxels, fractions allowed: whole numbers are the centres of
voxels, `(0, 0, 0)` is the first sample of the first trace. The geometry turns them into line numbers, world
coordinates and times.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faultpick.volume import Geometry


@dataclass(frozen=True, eq=False)
class Throw:
    """Vertical offset of the reflectors across a fault, stick by stick.

    Attributes:
        samples: One value a stick, float32: positive where the hanging wall lies deeper (normal fault),
            negative where it lies higher (reverse), NaN where it could not be measured.
        confidence: One value a stick in [0, 1], float32: how well the two walls match at that throw.
    """

    samples: NDArray[np.float32]
    confidence: NDArray[np.float32]

    @property
    def median(self) -> float:
        """Of the sticks where it could be measured, in samples; NaN without any."""
        measured = self.samples[np.isfinite(self.samples)]
        return float(np.median(measured)) if measured.size else math.nan

    @property
    def mean_confidence(self) -> float:
        """Of the same sticks; 0 without any."""
        measured = self.confidence[np.isfinite(self.samples)]
        return float(measured.mean()) if measured.size else 0.0


@dataclass(frozen=True, eq=False)
class Fault:
    """One fault.

    Of a single line there are sticks alone: no surface, strike, area and length are NaN, and the dip is that
    along the line.

    Attributes:
        id: 1 for the largest fault of the survey and so on; the number in the fault-id volume.
        vertices: Of the surface's triangles, positions, (vertices, 3) float32.
        triangles: Three vertices each, (triangles, 3) int32.
        sticks: Each stick's positions from top to bottom, (points, 3) float32; in order along the strike on
            the grid: that on the map runs against it where crosslines grow to the left.
        strike: Mean, in degrees clockwise from north where the survey has coordinates (else from the
            direction of growing inline numbers, towards that of growing crossline numbers); right-hand rule:
            the fault dips to the right of it; [0, 360).
        dip: Mean, in degrees from the horizontal, (0, 90].
        area: Of the surface, in `length_unit` squared.
        length: Along the strike, in `length_unit`.
        height: Between its highest and lowest point, in the unit of the sample axis.
        mean_probability: Over its voxels.
        minimum_probability: Over its voxels.
        throw: None without the seismic.
    """

    id: int
    vertices: NDArray[np.float32]
    triangles: NDArray[np.int32]
    sticks: list[NDArray[np.float32]]
    strike: float
    dip: float
    area: float
    length: float
    height: float
    mean_probability: float
    minimum_probability: float
    throw: Throw | None = None


@dataclass(frozen=True, eq=False)
class Picks:
    """The faults of a survey, largest first.

    Attributes:
        faults: The faults.
        geometry: Of the probability volume.
        length_unit: Of lengths and areas: "m" or "ft" as the coordinates are in, "voxels" without them.
        settings: What the picking was run with, ready for JSON.
    """

    faults: list[Fault]
    geometry: Geometry
    length_unit: str
    settings: dict[str, Any] = field(default_factory=dict)
