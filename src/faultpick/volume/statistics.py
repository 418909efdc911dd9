"""Amplitude statistics of a survey in one pass of bounded memory."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.threads import in_threads, usable_cores
from faultpick.volume.strength import trace_strength

Read = Callable[[slice, slice, slice], NDArray[np.float32]]

PERCENTILES = (0.5, 1, 2, 5, 25, 50, 75, 95, 98, 99, 99.5)
BLOCK_BYTES = 4 << 20
KEY_BITS = 18
AT_ONCE = 4096  # squares summed in float32
MOST_THREADS = 4
IN_HAND = 32 << 20  # bytes of the blocks that threads read at once; they come to some eight times as much


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
    moments, histogram = _Moments(), _Histogram()
    nonfinite = 0

    def examine(box: tuple[slice, slice]) -> _Examined:
        return _examined(box, read(*box, slice(0, shape[2])))

    at_once = IN_HAND // max(BLOCK_BYTES, 4 * block[0] * block[1] * shape[2])
    threads = max(min(usable_cores(), MOST_THREADS, at_once), 1)
    for found in in_threads(examine, trace_blocks(shape, block), threads):
        live[found.box], strength[found.box] = found.live, found.strength
        nonfinite += found.nonfinite
        moments = moments.with_others(found.moments)
        histogram.add(found.counts)
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


@dataclass(frozen=True)
class _Moments:
    """Count, mean, sum of the squared distances from it, and extremes of some values; zero of none."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0

    def with_others(self, others: "_Moments") -> "_Moments":
        """Those of both together (Chan, Golub and LeVeque 1983)."""
        if not self.count or not others.count:
            return others if others.count else self
        count, difference = self.count + others.count, others.mean - self.mean
        return _Moments(
            count,
            self.mean + difference * others.count / count,
            self.squares + others.squares + difference**2 * self.count * others.count / count,
            min(self.minimum, others.minimum),
            max(self.maximum, others.maximum),
        )

    @property
    def std(self) -> float:
        return math.sqrt(self.squares / self.count) if self.count else 0.0


@dataclass(frozen=True)
class _Examined:
    """What is kept of a block of traces."""

    box: tuple[slice, slice]
    live: NDArray[np.bool_]
    strength: NDArray[np.float32]
    nonfinite: int
    moments: _Moments
    counts: NDArray[np.int64]


def _examined(box: tuple[slice, slice], samples: NDArray[np.float32]) -> _Examined:
    finite = np.isfinite(samples)
    bad = finite.size - int(np.count_nonzero(finite))
    if bad:
        lowest = samples.min(axis=2, where=finite, initial=np.inf)
        highest = samples.max(axis=2, where=finite, initial=-np.inf)
    else:
        lowest, highest = samples.min(axis=2), samples.max(axis=2)
    live = lowest < highest
    strength = trace_strength(np.where(finite, samples, 0.0) if bad else samples)
    used = samples[finite & live[..., None]] if bad or not live.all() else samples.ravel()
    moments = _Moments()
    if used.size:
        mean = float(used.mean(dtype=np.float64))
        minimum, maximum = float(lowest[live].min()), float(highest[live].max())
        squares = _squares(used - np.float32(mean), max(maximum - mean, mean - minimum))
        moments = _Moments(used.size, mean, squares, minimum, maximum)
    return _Examined(box, live, strength, bad, moments, _counts(used))


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

    def add(self, counts: NDArray[np.int64]) -> None:
        self._counts += counts

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


def _counts(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many of the values share each of the leading bits."""
    keys = np.right_shift(values.view(np.uint32), 32 - KEY_BITS, dtype=np.int64)
    return np.bincount(keys, minlength=1 << KEY_BITS)


def _edge(key: int) -> float:
    """The first float of a bin."""
    bits = key << (32 - KEY_BITS)
    bits = bits ^ 0x80000000 if bits & 0x80000000 else ~bits & 0xFFFFFFFF
    return float(np.array(bits & 0xFFFFFFFF, dtype=np.uint32).view(np.float32))
