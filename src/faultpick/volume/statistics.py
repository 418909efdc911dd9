"""Amplitude statistics of a survey in one pass of bounded memory."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.ahead import ahead
from faultpick.volume.strength import trace_strength

Read = Callable[[slice, slice, slice], NDArray[np.float32]]

PERCENTILES = (0.5, 1, 2, 5, 25, 50, 75, 95, 98, 99, 99.5)
BLOCK_BYTES = 8 << 20
KEY_BITS = 18
AT_ONCE = 4096  # squares summed in float32


@dataclass(frozen=True)
class AmplitudeStatistics:
    """Statistics of the finite samples of live traces; all zero where there are none.

    Attributes:
        count: Number of samples used.
        mean: Their mean.
        std: Their standard deviation.
        minimum: The smallest.
        maximum: The largest.
        percentiles: Value below which each of `PERCENTILES` percent lie, to about 0.1 % of the value.
        dead_traces: Traces that are missing, or constant (such as all zero), or without two finite samples.
        nonfinite: NaN and infinite samples.
    """

    count: int
    mean: float
    std: float
    minimum: float
    maximum: float
    percentiles: dict[float, float]
    dead_traces: int
    nonfinite: int


def survey_statistics(
    read: Read, shape: tuple[int, int, int], block: tuple[int, int]
) -> tuple[AmplitudeStatistics, NDArray[np.bool_], NDArray[np.float32]]:
    """Read a volume once, block by block.

    Args:
        read: Reads a sub-box by positions.
        shape: Numbers of inlines, crosslines and samples.
        block: Numbers of inlines and crosslines of the smallest block worth reading at once.

    Returns:
        The statistics; where a trace is live, bool, shape (inlines, crosslines); and the strength of each, of
        its finite samples, float32, the same shape.
    """
    live, strength = np.zeros(shape[:2], dtype=bool), np.zeros(shape[:2], dtype=np.float32)
    moments = _Moments()
    histogram = _Histogram()
    nonfinite = 0
    blocks = ((box, read(*box, slice(0, shape[2]))) for box in trace_blocks(shape, block))
    for (inlines, crosslines), samples in ahead(blocks):
        finite = np.isfinite(samples)
        bad = finite.size - int(np.count_nonzero(finite))
        if bad:
            nonfinite += bad
            lowest = samples.min(axis=2, where=finite, initial=np.inf)
            highest = samples.max(axis=2, where=finite, initial=-np.inf)
        else:
            lowest, highest = samples.min(axis=2), samples.max(axis=2)
        alive = lowest < highest
        live[inlines, crosslines] = alive
        strength[inlines, crosslines] = trace_strength(np.where(finite, samples, 0.0) if bad else samples)
        used = samples[finite & alive[..., None]] if bad or not alive.all() else samples.ravel()
        if used.size:
            moments.add(used, float(lowest[alive].min()), float(highest[alive].max()))
            histogram.add(used)
    statistics = AmplitudeStatistics(
        count=moments.count,
        mean=moments.mean,
        std=moments.std,
        minimum=moments.minimum,
        maximum=moments.maximum,
        percentiles={p: histogram.percentile(p, moments.minimum, moments.maximum) for p in PERCENTILES},
        dead_traces=live.size - int(np.count_nonzero(live)),
        nonfinite=nonfinite,
    )
    return statistics, live, strength


def trace_blocks(shape: tuple[int, int, int], block: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Cut the inline/crossline plane into whole numbers of blocks of at most about `BLOCK_BYTES` each."""
    sizes = list(block)
    for axis in (0, 1):
        room = BLOCK_BYTES // (4 * sizes[0] * sizes[1] * shape[2])
        sizes[axis] = min(sizes[axis] * max(room, 1), shape[axis])
    for i in range(0, shape[0], sizes[0]):
        for j in range(0, shape[1], sizes[1]):
            yield slice(i, min(i + sizes[0], shape[0])), slice(j, min(j + sizes[1], shape[1]))


class _Moments:
    """Mean and variance merged block by block (Chan, Golub and LeVeque 1983)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.minimum = 0.0
        self.maximum = 0.0
        self._squares = 0.0

    def add(self, values: NDArray[np.float32], minimum: float, maximum: float) -> None:
        mean = float(values.mean(dtype=np.float64))
        squares = _squares(values - np.float32(mean), max(maximum - mean, mean - minimum))
        total = self.count + values.size
        difference = mean - self.mean
        self._squares += squares + difference**2 * self.count * values.size / total
        self.mean += difference * values.size / total
        self.minimum = min(self.minimum, minimum) if self.count else minimum
        self.maximum = max(self.maximum, maximum) if self.count else maximum
        self.count = total

    @property
    def std(self) -> float:
        return float(np.sqrt(self._squares / self.count)) if self.count else 0.0


def _squares(values: NDArray[np.float32], largest: float) -> float:
    """The sum of their squares: in float32 over a few at a time, as fractions of the largest."""
    values /= np.float32(largest)
    parts = (values[start : start + AT_ONCE] for start in range(0, values.size, AT_ONCE))
    return math.fsum(part @ part for part in parts) * largest**2


class _Histogram:
    """Counts over the leading bits of float32, which keeps a relative precision at any amplitude scale.

    The bits of a float, with the sign bit turned round, sort as the numbers do; a bin is all floats that
    share the first `KEY_BITS` of them.
    """

    def __init__(self) -> None:
        self._counts = np.zeros(1 << KEY_BITS, dtype=np.int64)

    def add(self, values: NDArray[np.float32]) -> None:
        keys = np.right_shift(values.view(np.uint32), 32 - KEY_BITS, dtype=np.int64)
        self._counts += np.bincount(keys, minlength=self._counts.size)

    def _in_order(self) -> NDArray[np.int64]:
        """Counts from the lowest numbers up: first the negative ones, whose bits sort the other way."""
        positive, negative = np.split(self._counts, 2)
        return np.concatenate((negative[::-1], positive))

    def percentile(self, percent: float, minimum: float, maximum: float) -> float:
        """Interpolate in the bin that holds the rank; the extremes of the data bound the outermost bins."""
        counts = self._in_order()
        cumulative = np.cumsum(counts)
        total = int(cumulative[-1])
        if total == 0:
            return 0.0
        rank = percent / 100 * (total - 1)
        key = int(np.searchsorted(cumulative, rank, side="right"))
        before = int(cumulative[key - 1]) if key else 0
        low, high = sorted((_edge(key), _edge(key + 1)))
        low, high = max(low, minimum), min(high, maximum)
        value = low + (high - low) * (rank - before + 0.5) / int(counts[key])
        return value if abs(value) >= np.finfo(np.float32).tiny else 0.0


def _edge(key: int) -> float:
    """The first float of a bin."""
    bits = key << (32 - KEY_BITS)
    bits = bits ^ 0x80000000 if bits & 0x80000000 else ~bits & 0xFFFFFFFF
    return float(np.array(bits & 0xFFFFFFFF, dtype=np.uint32).view(np.float32))
