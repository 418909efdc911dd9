"""The wavelet and its convolution along the traces."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


def ricker(period: float) -> NDArray[np.float32]:
    """A Ricker wavelet (Ricker 1953): peak 1, odd length, strongest at one cycle in `period` samples."""
    half = ricker_half_length(period)
    phase = (math.pi / period * np.arange(-half, half + 1)) ** 2
    return ((1.0 - 2.0 * phase) * np.exp(-phase)).astype(np.float32)


def ricker_half_length(period: float) -> int:
    """Samples on either side of the wavelet's peak: beyond them it is below 1e-4 of it."""
    return math.ceil(1.15 * period)


@njit(cache=True)
def convolve_traces(reflectivity: NDArray[np.float32], wavelet: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each trace correlated with `wavelet`, without the samples that miss part of it.

    `(inline, crossline, sample)` in, `len(wavelet) - 1` samples fewer out.
    """
    inlines, crosslines, samples = reflectivity.shape
    taps = len(wavelet)
    out = np.zeros((inlines, crosslines, samples - taps + 1), np.float32)
    for i in range(inlines):
        for j in range(crosslines):
            trace, result = reflectivity[i, j], out[i, j]
            for k in range(taps):
                weight = wavelet[k]
                for s in range(len(result)):
                    result[s] += weight * trace[s + k]
    return out
