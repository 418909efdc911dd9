"""Throw: how far the reflectors of one wall have to be moved along the fault to match those of the other.

At each stick the amplitudes of both walls are read at several distances from the fault, followed along the
layers to the fault and stacked. Footwall and hanging wall are then correlated in windows down the fault, over
all lags. The throw is smooth from stick to stick and down each stick: the lags that match best under this
condition are found by dynamic programming, as in dynamic image warping (Hale 2013, Geophysics 78(2), S105).
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates, maximum_filter1d, uniform_filter1d

from faultpick.picks.fault import Throw

LARGEST = 45  # samples
DISTANCES = np.arange(3.0, 11.0)  # voxels from the fault at which the walls are read
SLOPES = np.linspace(-1.0, 1.0, 41)  # samples a voxel that layers fall away from the fault
STEEP = 0.05  # semblance that the steepest of these has to gain over a level layer
WINDOW = 41  # samples that are correlated
STRIDE = 4  # samples from window to window
SMOOTH = 1.0  # sticks over which correlations are averaged (standard deviation)
DRIFT = 3  # samples by which the throw of a stick may differ from window to window when sticks are compared
BAND = 8  # samples by which it may differ within the stick
ALONG = 0.02  # correlation that a change of throw by a sample from stick to stick has to gain
DOWN = 0.15  # the same from window to window
FAR = 0.003  # correlation that each sample of throw has to gain

Read = Callable[[tuple[slice, slice, slice]], NDArray[np.float32]]


def throw_of(
    sticks: list[NDArray[np.float32]], normal: NDArray[np.float64], read: Read, shape: tuple[int, int, int]
) -> Throw:
    """Measure the throw of a fault at its sticks.

    Args:
        sticks: Positions, in order along the strike. Where a stick goes up and down, it is read by depth.
        normal: Into the hanging wall, (3,).
        read: Gives the amplitudes in a box of the volume.
        shape: Of the volume.
    """
    sticks = [stick[np.argsort(stick[:, 2], kind="stable")] for stick in sticks]
    level = normal[:2] / max(float(np.hypot(*normal[:2])), 1e-6)
    top = min(int(stick[0, 2]) for stick in sticks)
    bottom = max(int(np.ceil(stick[-1, 2])) for stick in sticks)
    depths = np.arange(max(top - LARGEST, 0), min(bottom + LARGEST + 1, shape[2]))
    gathers = np.stack(
        [[_gather(stick, side * level, depths, read, shape) for stick in sticks] for side in (-1.0, 1.0)]
    )
    foot, hanging = (_walls(gather) for gather in gathers)
    matches = np.stack(
        [
            _match(np.where(_covered(stick, depths, WINDOW // 4), wall, np.nan), other)
            for stick, wall, other in zip(sticks, foot, hanging, strict=True)
        ]
    )
    smooth = np.asarray(gaussian_filter1d(matches, SMOOTH, axis=0, mode="nearest", truncate=2.0))
    windows = [
        _covered(stick, depths, 0) & (depths % STRIDE == 0) & match.any(axis=1)
        for stick, match in zip(sticks, matches, strict=True)
    ]
    whole = np.stack([_whole(match[window]) for match, window in zip(smooth, windows, strict=True)])
    centre = _best_path(whole, ALONG, 2 * BAND)
    samples = np.full(len(sticks), np.nan, np.float32)
    confidence = np.zeros(len(sticks), np.float32)
    for n, window in enumerate(windows):
        if window.any():
            samples[n], confidence[n] = _measured(smooth[n][window], int(centre[n]))
    return Throw(samples, confidence)


def _covered(stick: NDArray[np.float32], depths: NDArray[np.int64], beyond: int) -> NDArray[np.bool_]:
    return (depths >= stick[0, 2] - beyond) & (depths <= stick[-1, 2] + beyond)


def _gather(
    stick: NDArray[np.float32],
    direction: NDArray[np.float64],
    depths: NDArray[np.int64],
    read: Read,
    shape: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Amplitudes of one wall, (distances, depths); NaN outside the volume."""
    x, y = (
        np.interp(depths, stick[:, 2], stick[:, axis]) + DISTANCES[:, None] * direction[axis]
        for axis in range(2)
    )
    outside = (x < 0) | (y < 0) | (x > shape[0] - 1) | (y > shape[1] - 1)
    x, y = np.clip(x, 0, shape[0] - 1), np.clip(y, 0, shape[1] - 1)
    spans = [slice(int(line.min()), int(line.max()) + 2) for line in (x, y)]
    box = read((spans[0], spans[1], slice(int(depths[0]), int(depths[-1]) + 1)))
    at = [x - spans[0].start, y - spans[1].start, np.broadcast_to(depths - depths[0], x.shape)]
    return np.where(outside, np.nan, map_coordinates(box, at, order=1, mode="nearest"))


def _walls(gathers: NDArray[np.float64]) -> NDArray[np.float64]:
    """The amplitudes of a wall at the fault, (sticks, depths): stacked along the slope of the layers.

    The slope is that of the highest semblance over a window, averaged over neighbouring sticks.

    Args:
        gathers: Amplitudes beside each stick, (sticks, distances, depths).
    """
    depths = np.arange(gathers.shape[2], dtype=np.float64)
    known = np.isfinite(gathers)
    filled = np.where(known, gathers, 0.0)
    wall = np.zeros((len(gathers), len(depths)))
    best = np.full_like(wall, -np.inf)
    for slope in SLOPES:
        along, there = (
            np.stack([_shifted(values[:, n], depths, slope * a) for n, a in enumerate(DISTANCES)], axis=1)
            for values in (filled, known)
        )
        total, live = along.sum(axis=1), np.maximum(there.sum(axis=1), 1)
        energy = uniform_filter1d(np.square(along).sum(axis=1) * live, WINDOW, axis=1)
        semblance = uniform_filter1d(total**2, WINDOW, axis=1) / np.maximum(energy, 1e-12)
        semblance -= STEEP * (slope / SLOPES[-1]) ** 2
        smooth = gaussian_filter1d(semblance, SMOOTH, axis=0, mode="nearest")
        better = smooth > best
        best[better], wall[better] = smooth[better], (total / live)[better]
    return np.where(known.sum(axis=1) >= len(DISTANCES) // 2, wall, np.nan)


def _shifted(traces: NDArray[np.float64], depths: NDArray[np.float64], by: float) -> NDArray[np.float64]:
    return np.stack([np.interp(depths + by, depths, trace) for trace in traces])


def _match(foot: NDArray[np.float64], hanging: NDArray[np.float64]) -> NDArray[np.float32]:
    """Correlation of the footwall at each depth with the hanging wall that far below, (depths, lags)."""
    below = np.arange(len(foot))[:, None] + np.arange(-LARGEST, LARGEST + 1)
    inside = (below >= 0) & (below < len(foot))
    shifted = np.where(inside, hanging[below.clip(0, len(foot) - 1)], np.nan)
    known = np.isfinite(shifted) & np.isfinite(foot)[:, None]
    first, second = np.where(known, foot[:, None], 0.0), np.where(known, shifted, 0.0)

    def summed(values: NDArray) -> NDArray:
        return uniform_filter1d(values, WINDOW, axis=0, mode="constant")

    power = np.sqrt(np.maximum(summed(first**2) * summed(second**2), 1e-12))
    support = summed(known.astype(np.float64))
    return (summed(first * second) / power * np.minimum(2.0 * support, 1.0)).astype(np.float32)


def _whole(match: NDArray[np.float32]) -> NDArray[np.float64]:
    """How well a stick matches at each lag, (lags,), from its windows (windows, lags)."""
    lags = np.arange(-LARGEST, LARGEST + 1)
    if not len(match):
        return np.zeros(len(lags))
    return maximum_filter1d(match, 2 * DRIFT + 1, axis=1).mean(axis=0) - FAR * np.abs(lags)


def _best_path(score: NDArray[np.floating], roughness: float, largest: int) -> NDArray[np.int64]:
    """The column of each row such that the scores add up to the most, changes of column paid for."""
    changes = np.arange(-largest, largest + 1)
    total, choices = score[0].astype(np.float64), []
    for row in score[1:]:
        padded = np.pad(total, largest, constant_values=-np.inf)
        options = sliding_window_view(padded, len(changes)) - roughness * np.abs(changes)
        choice = options.argmax(axis=1)
        choices.append(choice)
        total = row + options[np.arange(len(row)), choice]
    path = [int(total.argmax())]
    for choice in reversed(choices):
        path.append(path[-1] + int(changes[choice[path[-1]]]))
    return np.array(path[::-1])


def _measured(match: NDArray[np.float32], centre: int) -> tuple[float, float]:
    """Median throw and mean correlation of a stick, from its windows (windows, lags) near one lag."""
    low = max(centre - BAND, 1)
    near = match[:, low : min(centre + BAND + 1, match.shape[1] - 1)]
    path, rows = _best_path(near, DOWN, 2) + low, np.arange(len(match))
    before, peak, after = (match[rows, path + step] for step in (-1, 0, 1))
    curve = np.maximum(2.0 * peak - before - after, 1e-6)
    shift = (0.5 * (after - before) / curve).clip(-0.5, 0.5)
    return float(np.median(path + shift)) - LARGEST, float(np.clip(peak.mean(), 0.0, 1.0))
