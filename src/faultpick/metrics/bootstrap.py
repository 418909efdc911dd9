"""How far what is found on a few cubes can be trusted."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import DataError

RESAMPLES = 10_000

Statistic = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Of how often each cube is drawn, (draws, cubes): a value for each draw, (draws,)."""


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
    known = np.asarray(values, np.float64)
    known = known[~np.isnan(known)]
    return bootstrap_statistic(lambda times: weighted_mean(times, known), known.size, seed, level)


def bootstrap_statistic(
    statistic: Statistic, cubes: int, seed: int = 0, level: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval of what is counted over all cubes together, such as ODS.

    Args:
        statistic: What the interval is of.
        cubes: How many there are.
        seed: The same seed gives the same interval.
        level: Share of the resampled values inside.

    Returns:
        The ends of the interval, NaN without a cube.

    Raises:
        DataError: `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise DataError(f"An interval of level {level:g} makes no sense: choose one between 0 and 1.")
    if cubes == 0:
        return float("nan"), float("nan")
    draws = np.random.default_rng(seed).integers(cubes, size=(RESAMPLES, cubes))
    times = np.stack([np.count_nonzero(draws == cube, axis=1) for cube in range(cubes)], axis=1)
    tails = 50 * (1 - level), 50 * (1 + level)
    values = statistic(times.astype(np.float64))
    values = values[~np.isnan(values)]
    if values.size == 0:
        return float("nan"), float("nan")
    low, high = np.percentile(values, tails, method="inverted_cdf")
    return float(low), float(high)


def weighted_mean(times: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the drawn values, (draws,), which may be infinite; NaN where none is drawn."""
    finite = np.where(np.isfinite(values), values, 0.0)
    infinite = (times * ~np.isfinite(values)).any(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(infinite, np.inf, times @ finite / times.sum(axis=1))
