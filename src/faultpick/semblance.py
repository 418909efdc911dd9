"""A fault attribute that needs no training: what semblance along the layers' dip leaves unexplained.

Semblance (Marfurt et al. 1998, Geophysics 63(4), 1150-1165) compares each trace with its neighbours along the
local dip, which the gradient structure tensor gives (Bakker 2002). It is the yardstick for the networks.
"""

import numpy as np
from numba import prange
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from faultpick.errors import VolumeError
from faultpick.shared_loops import shared

Floats = NDArray[np.float32]

STEEPEST = 4.0  # samples per trace
SMOOTHING = 3.0  # voxels, of the tensor
HALF_WINDOW = 5  # samples on either side


def discontinuity(amplitudes: Floats) -> Floats:
    """One less the semblance of 3 x 3 traces in a window of 11 samples along the dip, smoothed up and down.

    Args:
        amplitudes: Any scale, (inline, crossline, sample).

    Returns:
        0 where neighbouring traces are alike to 1 where they are not, of the same shape.

    Raises:
        VolumeError: Traces of a single sample, which have no dip.
    """
    if amplitudes.shape[2] < 2:
        raise VolumeError("Semblance needs traces of two samples at least: give a taller volume.")
    image = _of_unit_size(np.ascontiguousarray(amplitudes, dtype=np.float32))
    along_inlines, along_crosslines = _dips(image)
    unlike = 1.0 - _semblance(image, along_inlines, along_crosslines)
    return np.clip(gaussian_filter1d(unlike, 4.0, axis=2), 0.0, 1.0).astype(np.float32)


def _of_unit_size(image: Floats) -> Floats:
    """The image times a power of two, so that its largest amplitude is between a half and 1."""
    _, exponent = np.frexp(np.abs(image).max())
    return np.ldexp(image, -exponent)


def _dips(image: Floats) -> tuple[Floats, Floats]:
    """Slopes of the layers in samples per inline and per crossline."""
    orders = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
    x, y, z = (gaussian_filter(image, 1.0, order) for order in orders)  # pyright: ignore[reportArgumentType]
    vertical = gaussian_filter(z * z, SMOOTHING)
    vertical += 1e-6 * vertical.max() + 1e-12
    slopes = (gaussian_filter(each * z, SMOOTHING) / -vertical for each in (x, y))
    first, second = (np.clip(slope, -STEEPEST, STEEPEST).astype(np.float32) for slope in slopes)
    return first, second


@shared
def _semblance(image: Floats, slope_x: Floats, slope_y: Floats) -> Floats:
    inlines, crosslines, samples = image.shape
    out = np.ones_like(image)
    for i in prange(inlines):
        total, power = np.empty(samples, np.float32), np.empty(samples, np.float32)
        for j in range(crosslines):
            total[:], power[:], count = 0.0, 0.0, 0
            for a in range(max(i - 1, 0), min(i + 2, inlines)):
                for b in range(max(j - 1, 0), min(j + 2, crosslines)):
                    count += 1
                    for k in range(samples):
                        place = k + slope_x[i, j, k] * (a - i) + slope_y[i, j, k] * (b - j)
                        place = min(max(place, 0.0), samples - 1.001)
                        below = int(place)
                        share = np.float32(place - below)
                        value = image[a, b, below] + share * (image[a, b, below + 1] - image[a, b, below])
                        total[k] += value
                        power[k] += value * value
            for k in range(samples):
                together, apart = 0.0, 0.0
                for s in range(max(k - HALF_WINDOW, 0), min(k + HALF_WINDOW + 1, samples)):
                    together += total[s] * total[s]
                    apart += power[s]
                if apart > 0.0:
                    out[i, j, k] = together / (count * apart)
    return out
