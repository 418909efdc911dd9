from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.metrics import Sheet, plane_normals

Slab = Callable[..., Sheet]


def plane_sheet(
    strike: float = 30.0,
    dip: float = 70.0,
    at: tuple[float, float, float] = (32.0, 32.0, 32.0),
    along: tuple[float, float] = (-20.0, 20.0),
    down: tuple[float, float] = (-20.0, 20.0),
    throw: float = 8.0,
    spacing: float = 1.0,
) -> Sheet:
    normal = plane_normals(strike, dip).astype(float)
    first = np.array([np.cos(np.radians(strike)), np.sin(np.radians(strike)), 0.0])
    second = np.cross(normal, first)
    u, v = np.meshgrid(np.arange(*along, spacing), np.arange(*down, spacing), indexing="ij")
    points: NDArray = np.asarray(at) + u[..., None] * first + v[..., None] * second
    count = u.size
    return Sheet(
        points.reshape(-1, 3).astype(np.float32),
        np.tile(normal.astype(np.float32), (count, 1)),
        np.full(count, spacing**2, np.float32),
        np.full(count, throw, np.float32),
    )


@pytest.fixture
def plane() -> Slab:
    """A plane as points: strike and dip in degrees, centre, ranges along the strike and down the dip."""
    return plane_sheet
