"""What a synthetic cube is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import ConfigError

HALF_THICKNESS = 1.0
"""Voxels between a fault's surface and the farthest voxel labelled as this fault."""

FARTHEST = 4.0
"""Voxels up to which the distance to a fault is followed."""


@dataclass(frozen=True)
class Cube:
    """A synthetic seismic image and all that is known of it; arrays are `(inline, crossline, sample)`.

    Attributes:
        seismic: float32 amplitudes, mean 0 and standard deviation 1.
        fault: uint8, 1 within one voxel of a fault surface where its throw exceeds the recipe's minimum.
        fault_id: int32, 1 for the oldest fault and so on, 0 for none.
        distance: float32, voxels to the nearest fault surface where its throw exceeds that minimum, at most
            `FARTHEST`.
        normal: float32 `(inline, crossline, sample, 3)`: the fault's unit normal into its hanging wall, 0 off
            faults.
        throw: float32, vertical offset across the fault in samples (negative: reverse), beyond the drag if
            layers are dragged along it; 0 off faults.
        rgt: float32, relative geologic time in samples: constant along a layer.
        faults: The faults, oldest first (`faultpick.synth.faults.FAULT`).
        period: Of the wavelet's peak frequency, in samples.
    """

    seismic: NDArray[np.float32]
    fault: NDArray[np.uint8]
    fault_id: NDArray[np.int32]
    distance: NDArray[np.float32]
    normal: NDArray[np.float32]
    throw: NDArray[np.float32]
    rgt: NDArray[np.float32]
    faults: NDArray[np.void]
    period: float


def check_request(seed: int, shape: tuple[int, int, int]) -> None:
    """Refuse seeds and shapes that no cube can be made from.

    Raises:
        ConfigError: The seed is negative, or the shape is not an inline, a crossline and two samples or more.
    """
    if seed < 0:
        raise ConfigError(f"The seed {seed} is negative: choose 0 or more.")
    if len(shape) != 3 or min(shape) < 1 or shape[2] < 2:
        sides = " x ".join(map(str, shape))
        raise ConfigError(
            f"There is no cube of shape {sides}: give inlines, crosslines and at least 2 samples."
        )
