"""Noise, at a set ratio to the signal."""

import numpy as np
from numpy.typing import NDArray


def white_noise(rng: np.random.Generator, signal: NDArray[np.float32], ratio: float) -> NDArray[np.float32]:
    """Gaussian white noise of `signal`'s shape, its standard deviation `ratio` times that of `signal`."""
    deviation = np.float32(ratio * signal.std(dtype=np.float64))
    return rng.standard_normal(signal.shape, dtype=np.float32) * deviation
