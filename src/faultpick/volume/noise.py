"""The share of a survey that is noise of single traces, without knowing signal or noise."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.statistics import Read

PLACES = 4
TRACES = 16
WINDOW = 32
STEEPEST = 3
SPIKES = 4 / 4.65
"""Ranges between the 1st and 99th percentile beyond which amplitudes are cut off, four standard deviations of
a Gaussian: a few spikes hold more energy than all reflectors together."""


def noise_share(read: Read, shape: tuple[int, int, int]) -> float | None:
    """Guess which share of a survey's energy no trace has in common with those beside it.

    Reflectors go on from trace to trace, along their dip; noise of single traces does not. In windows of
    16 x 16 traces and 32 samples at up to 16 places all over the survey, the correlation of traces one apart
    and two apart along their dip (whole samples, the best of up to 3 a trace) is continued to a distance of
    nothing as a parabola would go, (4 c1 - c2) / 3. What it lacks there to 1 is the "nugget" of geostatistics
    (Matheron 1963). Of the two directions, the one with less counts: faults, folds and acquisition disturb
    one more than the other. Noise with neighbours alike, such as multiples or what migration smears, is none
    to this measure, and single spikes are next to none, as networks see them cut off.

    Args:
        read: Reads a sub-box by positions.
        shape: Numbers of inlines, crosslines and samples.

    Returns:
        From 0 to 1, or None where no window holds live traces three in a row.
    """
    windows: tuple[list[tuple[float, float]], ...] = ([], [])
    for inlines, crosslines in patches(shape):
        with np.errstate(invalid="ignore"):  # numpy warns of some NaNs
            patch = read(inlines, crosslines, slice(0, shape[2])).astype(np.float64)
        usable = np.isfinite(patch).all(axis=2) & (patch != patch[..., :1]).any(axis=2)
        if not usable.any():
            continue
        low, high = np.percentile(patch[usable], (1, 99))
        if low < high:
            beyond = SPIKES * (high - low)
            np.clip(patch, (low + high) / 2 - beyond, (low + high) / 2 + beyond, out=patch)
        patch -= patch[usable].mean()
        for axis in (0, 1):
            windows[axis].extend(_windows(np.moveaxis(patch, axis, 0), np.moveaxis(usable, axis, 0)))
    shares = [_share(np.array(found)) for found in windows if found]
    return float(np.clip(min(shares), 0.0, 1.0)) if shares else None


def _share(windows: NDArray[np.float64]) -> float:
    """Mean over windows `(window, (power, correlation))`: faint ones, such as water, count little."""
    power, common = windows.T
    return float(1 - np.average(common, weights=np.minimum(power, np.median(power))))


def patches(shape: tuple[int, int, int]) -> Iterator[tuple[slice, slice]]:
    """Inlines and crosslines of up to 16 patches of 16 x 16 traces, evenly spread over a survey."""
    for i in _starts(shape[0]):
        for j in _starts(shape[1]):
            yield slice(i, min(i + TRACES, shape[0])), slice(j, min(j + TRACES, shape[1]))


def _starts(size: int) -> list[int]:
    """First positions of at most `PLACES` patches that do not overlap, evenly spread."""
    count = max(1, min(PLACES, size // TRACES))
    return [int((number + 0.5) * size / count - min(TRACES, size) / 2) for number in range(count)]


def _windows(rows: NDArray[np.float64], usable: NDArray[np.bool_]) -> Iterator[tuple[float, float]]:
    """Power of each window of a patch, and its correlation at no distance along the first axis."""
    here = usable[:-2] & usable[1:-1] & usable[2:]
    first, second, third = rows[:-2][here], rows[1:-1][here], rows[2:][here]
    length = rows.shape[2]
    edge = min(2 * STEEPEST, (length - 1) // 2)
    for start in range(edge, max(length - edge - WINDOW // 2, edge + 1), WINDOW):
        stop = min(start + WINDOW, length - edge)
        window = first[:, start:stop]
        if not window.any():
            continue
        dips = range(-(edge // 2), edge // 2 + 1)
        near = max(_correlation(window, second[:, start + dip : stop + dip]) for dip in dips)
        far = max(_correlation(window, third[:, start + dip : stop + dip]) for dip in range(-edge, edge + 1))
        yield float((window**2).mean()), min((4 * near - far) / 3, 1.0)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Correlation of two sets of traces."""
    strength = np.sqrt((one**2).mean() * (other**2).mean())
    return float((one * other).mean() / strength) if strength > 0 else 0.0
