"""How far a mean over a few cubes can be trusted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import DataError

RESAMPLES = 10_000


def bootstrap_interval(
    values: Sequence[float] | NDArray[np.floating], seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean (Efron 1979), the cubes drawn again with replacement.

    Args:
        values: One a cube; NaN (a score that is not defined for a cube) is left out.
        seed: The same seed gives the same interval.
        level: Share of the resampled means inside.

    Returns:
        The ends of the interval, NaN without a value.

    Raises:
        DataError: `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise DataError(f"An interval of level {level:g} makes no sense: choose one between 0 and 1.")
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(known.size, size=(RESAMPLES, known.size))
    tails = 50 * (1 - level), 50 * (1 + level)
    low, high = np.percentile(known[draws].mean(axis=1), tails, method="inverted_cdf")
    return float(low), float(high)
