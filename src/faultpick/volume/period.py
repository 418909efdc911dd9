"""The dominant vertical period of a survey: the wavelet's length in samples, without knowing the wavelet."""

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.statistics import Read

WINDOW = 128
LINES = 8
TRACES_PER_LINE = 64
FLOOR = 0.1


def dominant_period(read: Read, shape: tuple[int, int, int]) -> float | None:
    """Guess the dominant vertical period from up to 512 traces spread over the survey.

    Args:
        read: Reads a sub-box by positions.
        shape: Numbers of inlines, crosslines and samples.

    Returns:
        The period in samples (see `period_of_traces`), or None where no trace has a signal.
    """
    lines = []
    for i in _spread(shape[0], LINES):
        line = read(slice(i, i + 1), slice(0, shape[1]), slice(0, shape[2]))[0]
        usable = np.flatnonzero(np.isfinite(line).all(axis=1) & (line != line[:, :1]).any(axis=1))
        lines.append(line[usable[_spread(len(usable), TRACES_PER_LINE)]])
    return period_of_traces(np.concatenate(lines))


def _spread(size: int, count: int) -> NDArray[np.intp]:
    """At most `count` positions, evenly spread and away from the edges."""
    count = min(size, count)
    return ((np.arange(count) + 0.5) * size / max(count, 1)).astype(np.intp)


def period_of_traces(traces: NDArray[np.float32]) -> float | None:
    """Dominant period of traces: the reciprocal of the mean frequency of their main spectral band.

    The power spectra of half-overlapping windows (128 samples, or the whole trace if shorter; each without
    its linear trend, Hann-tapered and scaled to unit power, so that strong reflectors do not decide) are
    averaged as Welch (1967) does. The band is where the averaged spectrum stays above a tenth of its peak on
    either side of it; its power-weighted mean frequency is robust to white noise and to a ragged peak. For
    random reflectivity under a Ricker wavelet of peak frequency f the result is within a few percent of
    1 / (1.05 f).

    Args:
        traces: Samples, shape (traces, samples), finite.

    Returns:
        The period in samples, or None if no window holds a signal.
    """
    length = min(WINDOW, traces.shape[1])
    if length < 8 or len(traces) == 0:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(traces, length, axis=1)[:, :: length // 2]
    windows = windows.reshape(-1, length).astype(np.float64)
    line = np.linspace(-1, 1, length)
    windows -= windows.mean(axis=1, keepdims=True)
    windows -= (windows @ line / (line @ line))[:, None] * line
    power = np.abs(np.fft.rfft(windows * np.hanning(length), n=4 * length)) ** 2
    total = power.sum(axis=1, keepdims=True)
    spectrum = (power / np.where(total > 0, total, 1)).sum(axis=0)
    peak = int(spectrum.argmax())
    if spectrum[peak] <= 0:
        return None
    weak = np.flatnonzero(spectrum < FLOOR * spectrum[peak])
    low = int(weak[weak < peak].max(initial=-1)) + 1
    high = int(weak[weak > peak].min(initial=len(spectrum)))
    band = spectrum[low:high]
    frequency = (band @ np.fft.rfftfreq(4 * length)[low:high]) / band.sum()
    return float(1 / frequency)
