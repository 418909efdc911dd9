"""Layers: reflectivity as a function of relative geologic time."""

import numpy as np
from numpy.typing import NDArray

MARGIN = 512
"""Samples of reflectivity above and below the cube, for what folds and faults bring in from outside."""


def random_reflectivity(rng: np.random.Generator, samples: int, sparsity: float) -> NDArray[np.float32]:
    """Reflection coefficients in [-1, 1], one a sample, with `MARGIN` samples beyond either end.

    Uniform, as in Wu et al. 2019; the share `sparsity` of them is zero, which leaves layers of uneven
    thickness.
    """
    count = samples + 2 * MARGIN
    coefficients = rng.uniform(-1.0, 1.0, count)
    return np.where(rng.random(count) < sparsity, 0.0, coefficients).astype(np.float32)
