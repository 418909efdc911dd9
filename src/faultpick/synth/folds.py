"""Folds and shear: how far a layer was moved up or down before any fault."""

import numpy as np
from numpy.typing import NDArray

MARGIN = 96
"""Traces around the cube where folds are defined, for what faults bring in from outside."""


def random_folds(
    rng: np.random.Generator, traces: tuple[int, int], count: int, height: float, width: tuple[float, float]
) -> NDArray[np.float32]:
    """The sum of `count` Gaussian folds on the cube's traces and `MARGIN` around, `(inline, crossline)`.

    The range over the cube itself is `height` samples, about a mean of zero (Wu et al. 2019). `width` is the
    range of the folds' standard deviations in traces.
    """
    inline, crossline = (np.arange(-MARGIN, count_ + MARGIN, dtype=np.float64) for count_ in traces)
    folds = np.zeros((inline.size, crossline.size))
    for _ in range(count):
        amplitude, deviation = rng.uniform(-1.0, 1.0), rng.uniform(*width)
        centre = rng.uniform(-0.2, 1.2, 2) * traces
        along_inline = np.exp(-0.5 * ((inline - centre[0]) / deviation) ** 2)
        along_crossline = np.exp(-0.5 * ((crossline - centre[1]) / deviation) ** 2)
        folds += amplitude * np.outer(along_inline, along_crossline)
    inside = folds[MARGIN:-MARGIN, MARGIN:-MARGIN]
    span = np.ptp(inside)
    return ((folds - inside.mean()) * (height / span if span > 0 else 0.0)).astype(np.float32)
