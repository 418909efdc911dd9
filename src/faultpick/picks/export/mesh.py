"""All faults as one mesh, with Z growing upwards, for formats that know nothing of depth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.picks.export.placed import PlacedFault, Points


@dataclass(frozen=True, eq=False)
class Mesh:
    """Faults joined.

    Attributes:
        vertices: X, Y and Z, shape (vertices, 3), Z growing upwards, so that the axes are right-handed and
            the triangles' normals point into the hanging walls.
        triangles: Three vertices each, counted from 0 over all faults, (triangles, 3) int32.
        vertex_owner: Which of the faults each vertex is of, counted from 0, (vertices,).
        triangle_owner: The same of each triangle, (triangles,).
    """

    vertices: Points
    triangles: NDArray[np.int32]
    vertex_owner: NDArray[np.intp]
    triangle_owner: NDArray[np.intp]


def join(faults: list[PlacedFault]) -> Mesh:
    """Join the surfaces of faults."""
    counts = [len(fault.vertices) for fault in faults]
    starts = np.cumsum([0, *counts[:-1]])
    return Mesh(
        np.concatenate([fault.vertices for fault in faults]) * [1, 1, -1],
        np.concatenate([fault.triangles + start for fault, start in zip(faults, starts, strict=True)]).astype(
            np.int32
        ),
        np.repeat(np.arange(len(faults)), counts),
        np.repeat(np.arange(len(faults)), [len(fault.triangles) for fault in faults]),
    )
