"""Faults of known shape, as distances to them and as probabilities."""

import numpy as np
from numpy.typing import NDArray

from faultpick.synth.faults import fault_axes

SHAPE = (64, 56, 60)
CENTRE = (31.7, 28.3, 30.2)


def grid(shape: tuple[int, int, int] = SHAPE) -> NDArray[np.float64]:
    """Position of each voxel, (*shape, 3)."""
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).astype(np.float64)


def plane(
    strike: float,
    dip: float,
    centre: tuple[float, float, float] = CENTRE,
    shape: tuple[int, int, int] = SHAPE,
) -> NDArray[np.float64]:
    """Signed distance to a plane, growing into its hanging wall."""
    return (grid(shape) - centre) @ fault_axes(strike, dip)[2]


def sheet(distance: NDArray[np.float64]) -> NDArray[np.float32]:
    """A fault as networks are taught it: two voxels thick."""
    return (np.abs(distance) <= 1).astype(np.float32)
