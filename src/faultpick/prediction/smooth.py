"""Smoothing a survey for its networks, where much of it is noise of single traces.

Networks have learned from images whose noise goes on from trace to trace, as processing leaves it. Noise that
does not hides faults from them long before it hides them from the eye. A little smoothing brings most of them
back, at no other cost than reading a little more.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from faultpick.errors import ConfigError

Smoothing = tuple[float, float, float]
"""Standard deviations of a Gaussian along inlines, crosslines and samples, in voxels of the survey."""

AS_IT_COMES: Smoothing = (0.0, 0.0, 0.0)
NOISY = 0.4
"""From this share of noise on a survey is smoothed unasked."""
LEAST, SLOPE = 0.5, 1.2
"""Deviation along the lines at that share, and how it grows with the share beyond."""
ALONG_SAMPLES = 0.6
"""Deviation along the samples for each voxel along the lines: noise has much of the signal's band there."""
MOST = 8.0
REACH = 3.0
"""The Gaussian ends at this many deviations."""


def chosen_smoothing(
    wanted: Smoothing | Literal["auto", "none"], noise: float | None
) -> tuple[Smoothing, str | None]:
    """How to smooth a survey, and why, in a sentence for the user where there is something to say.

    Args:
        wanted: Three deviations; "none"; "auto" for more the noisier the survey is.
        noise: The share of noise in the survey's energy, None where nothing is known of it.

    Raises:
        ConfigError: A deviation is negative or beyond all measure.
    """
    if wanted == "none":
        return AS_IT_COMES, None
    if wanted != "auto":
        if not all(0 <= sigma <= MOST for sigma in wanted):
            raise ConfigError(
                f"A survey cannot be smoothed by {wanted}: choose three numbers from 0 to {MOST:g}."
            )
        return wanted, None
    if noise is None or noise < NOISY:
        return AS_IT_COMES, None
    lines = round(LEAST + SLOPE * (noise - NOISY), 1)
    samples = round(ALONG_SAMPLES * lines, 2)
    return (lines, lines, samples), (
        f"About {100 * noise:.0f} % of the survey's energy is noise of single traces: the model sees it "
        f"smoothed, by {lines:g} traces and {samples:g} samples."
    )


def parse_smoothing(text: str) -> Smoothing | Literal["auto", "none"]:
    """`auto`, `none` or three numbers such as `1,1,0.5`: along inlines, crosslines and samples.

    Raises:
        ConfigError: The text is none of these.
    """
    if text == "auto" or text == "none":
        return text
    try:
        sigmas = tuple(float(part) for part in text.split(","))
    except ValueError:
        sigmas = ()
    if len(sigmas) != 3:
        raise ConfigError(f"{text!r} is no smoothing: write three numbers as in 1,1,0.5, or auto or none.")
    return sigmas[0], sigmas[1], sigmas[2]


def margins(smoothing: Smoothing) -> tuple[int, int, int]:
    """How many voxels beyond itself a smoothed voxel is made of, along each axis."""
    inline, crossline, sample = (math.ceil(REACH * sigma) for sigma in smoothing)
    return inline, crossline, sample


def smoothed(block: NDArray[np.float32], smoothing: Smoothing) -> NDArray[np.float32]:
    """A block `(inline, crossline, sample)` smoothed, as a new array; reflected at its faces."""
    out = np.empty_like(block)
    gaussian_filter(block, smoothing, output=out, mode="mirror", radius=margins(smoothing))
    return out
