"""Throw: how far the reflectors of one wall have to be moved along the fault to match those of the other.

At each stick the amplitudes of both walls are read at several distances from the fault, followed along the
layers to the fault and stacked. Footwall and hanging wall are then correlated in windows down the fault; the
lags that match best, smooth from window to window and from stick to stick, are the throw (dynamic
programming, as in dynamic image warping, Hale 2013, Geophysics 78(2), S105).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, map_coordinates, uniform_filter1d

from faultpick.picks.fault import Throw

LARGEST = 45  # samples
DISTANCES = np.arange(3.0, 11.0)  # voxels from the fault at which the walls are read
SLOPES = np.linspace(-1.5, 1.5, 31)  # samples a voxel that layers rise or fall towards the fault
WINDOW = 41  # samples that are correlated
STRIDE = 4  # samples from window to window
SMOOTH = 1.5  # sticks over which correlations are averaged (standard deviation)
ROUGHNESS = 0.15  # correlation that a change of throw by a sample from window to window has to gain

Read = Callable[[tuple[slice, slice, slice]], NDArray[np.float32]]


def throw_of(
    sticks: list[NDArray[np.float32]], normal: NDArray[np.float64], read: Read, shape: tuple[int, int, int]
) -> Throw:
    """Measure the throw of a fault at its sticks.

    Args:
        sticks: Positions from top to bottom, in order along the strike.
        normal: Into the hanging wall, (3,).
        read: Gives the amplitudes in a box of the volume.
        shape: Of the volume.
    """
    level = normal[:2] / max(float(np.hypot(*normal[:2])), 1e-6)
    top = min(int(stick[0, 2]) for stick in sticks)
    bottom = max(int(np.ceil(stick[-1, 2])) for stick in sticks)
    depths = np.arange(max(top - LARGEST, 0), min(bottom + LARGEST + 1, shape[2]))
    matches = np.stack([_match(stick, level, depths, read, shape) for stick in sticks])
    smooth = gaussian_filter1d(matches, SMOOTH, axis=0, mode="nearest", truncate=2.0)
    samples, confidence = np.empty(len(sticks), np.float32), np.empty(len(sticks), np.float32)
    for n, stick in enumerate(sticks):
        inside = (depths >= stick[0, 2]) & (depths <= stick[-1, 2])
        inside &= (depths % STRIDE == 0) & matches[n].any(axis=1)
        samples[n], confidence[n] = _best(smooth[n][inside]) if inside.any() else (np.nan, 0.0)
    return Throw(samples, confidence)


def _match(
    stick: NDArray[np.float32],
    level: NDArray[np.float64],
    depths: NDArray[np.int64],
    read: Read,
    shape: tuple[int, int, int],
) -> NDArray[np.float32]:
    """Correlation of the footwall at each depth with the hanging wall that far below, (depths, lags)."""
    place = np.stack([np.interp(depths, stick[:, 2], stick[:, axis]) for axis in range(2)])
    foot, hanging = (_wall(_gather(place, side * level, depths, read, shape)) for side in (-1.0, 1.0))
    covered = (depths >= stick[0, 2] - WINDOW // 4) & (depths <= stick[-1, 2] + WINDOW // 4)
    foot, hanging = np.where(covered, foot, np.nan), np.where(covered, hanging, np.nan)
    lags = np.arange(-LARGEST, LARGEST + 1)
    below = np.arange(len(depths))[:, None] + lags
    shifted = np.where((below >= 0) & (below < len(depths)), hanging[below.clip(0, len(depths) - 1)], np.nan)
    known = np.isfinite(shifted) & np.isfinite(foot)[:, None]
    first, second = np.where(known, foot[:, None], 0.0), np.where(known, shifted, 0.0)

    def summed(values: NDArray) -> NDArray:
        return uniform_filter1d(values, WINDOW, axis=0, mode="constant")

    power = np.sqrt(np.maximum(summed(first**2) * summed(second**2), 1e-12))
    support = summed(known.astype(np.float64))
    return (summed(first * second) / power * np.minimum(2.0 * support, 1.0)).astype(np.float32)


def _gather(
    place: NDArray[np.float64],
    direction: NDArray[np.float64],
    depths: NDArray[np.int64],
    read: Read,
    shape: tuple[int, int, int],
) -> NDArray[np.float64]:
    """Amplitudes of one wall, (distances, depths); NaN outside the volume."""
    x, y = (place[axis] + DISTANCES[:, None] * direction[axis] for axis in range(2))
    outside = (x < 0) | (y < 0) | (x > shape[0] - 1) | (y > shape[1] - 1)
    x, y = np.clip(x, 0, shape[0] - 1), np.clip(y, 0, shape[1] - 1)
    spans = [slice(int(line.min()), int(line.max()) + 2) for line in (x, y)]
    box = read((spans[0], spans[1], slice(int(depths[0]), int(depths[-1]) + 1)))
    at = [x - spans[0].start, y - spans[1].start, np.broadcast_to(depths - depths[0], x.shape)]
    return np.where(outside, np.nan, map_coordinates(box, at, order=1, mode="nearest"))


def _wall(gather: NDArray[np.float64]) -> NDArray[np.float64]:
    """The amplitudes of a wall at the fault: stacked along the layers, at each depth along the best slope."""
    depths = np.arange(gather.shape[1], dtype=np.float64)
    known = np.isfinite(gather)
    filled = np.where(known, gather, 0.0)
    stacks, qualities = [], []
    for slope in SLOPES:
        traces = np.stack(
            [np.interp(depths + slope * a, depths, trace) for a, trace in zip(DISTANCES, filled, strict=True)]
        )
        stack = traces.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        stacks.append(stack)
        qualities.append(uniform_filter1d(stack**2, WINDOW // 2))
    best = np.argmax(gaussian_filter1d(np.array(qualities), 1.0, axis=0), axis=0)
    stack = np.array(stacks)[best, np.arange(gather.shape[1])]
    return np.where(known.sum(axis=0) >= len(DISTANCES) // 2, stack, np.nan)


def _best(match: NDArray[np.float32]) -> tuple[float, float]:
    """The median lag of the best path down the windows (windows, lags), and its mean correlation."""
    steps = np.array([-2, -1, 0, 1, 2])
    score, back = match[0].astype(np.float64), []
    for row in match[1:]:
        padded = np.pad(score, 2, constant_values=-np.inf)
        options = np.stack([padded[2 + s : 2 + s + len(score)] - ROUGHNESS * abs(s) for s in steps])
        choice = options.argmax(axis=0)
        back.append(choice)
        score = row + options[choice, np.arange(len(score))]
    path = [int(score.argmax())]
    for choice in reversed(back):
        path.append(path[-1] + int(steps[choice[path[-1]]]))
    path = np.array(path[::-1])
    rows = np.arange(len(match))
    height = match[rows, path]
    before, after = (
        match[rows, np.maximum(path - 1, 0)],
        match[rows, np.minimum(path + 1, match.shape[1] - 1)],
    )
    curve = 2.0 * height - before - after
    shift = np.where(curve > 1e-6, 0.5 * (after - before) / np.maximum(curve, 1e-6), 0.0).clip(-0.5, 0.5)
    return float(np.median(path + shift)) - LARGEST, float(np.clip(height.mean(), 0.0, 1.0))
