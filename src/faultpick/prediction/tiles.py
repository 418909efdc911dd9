"""Where tiles lie and how they are blended; numbers only.

A volume is first thought of as padded: each axis is reflected at both ends up to a multiple of what the
network needs. Tiles are windows of this padded volume, so a network that sees it whole and one that sees it
in tiles see the same voxels; all tiles have the same size and start at multiples of the network's stride, so
each downsampling groups the same voxels in both. Results nearer than `halo` voxels to a tile's edge are not
used, unless that edge is the padded volume's own; the rest of an overlap is blended.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

RAMP = 8  # neighbouring tiles are blended over at least this many voxels


@dataclass(frozen=True)
class Window:
    """One tile along one axis.

    Attributes:
        sources: The volume's position behind each position of the tile, `(size,)`; reflected in the padding.
        use: Positions of the tile whose results are used.
        target: Where these lie in the volume; as long as `use`.
        weights: Their blend weights; those of all windows add up to 1 at each position of the volume.
    """

    sources: NDArray[np.intp]
    use: slice
    target: slice
    weights: NDArray[np.float32]


@dataclass(frozen=True)
class Tile:
    """One tile: a window along each axis."""

    inline: Window
    crossline: Window
    sample: Window

    @property
    def windows(self) -> tuple[Window, Window, Window]:
        """The three windows in the order of the axes."""
        return self.inline, self.crossline, self.sample


@dataclass(frozen=True)
class Row:
    """The tiles of one window along the inline axis; they add to the lines from `first` to before `stop`.

    Attributes:
        tiles: The tiles.
        first: All lines before this one are complete before the row.
        complete: All lines before this one are complete after it.
        stop: No line from this one on has anything added to it by this row or an earlier one.
    """

    tiles: list[Tile]
    first: int
    complete: int
    stop: int


def windows(count: int, size: int, halo: int, multiple: int, ramp: int = RAMP) -> list[Window]:
    """Cover an axis with the fewest tiles of at most `size`, evenly spread and then as small as will do.

    Args:
        count: Voxels on the axis.
        size: Largest size of a tile, rounded down to a multiple; rounded up to the smallest that can work.
        halo: Results nearer than this to a tile's edge are not used.
        multiple: Tiles start at multiples of this and have a multiple of this as their size.
        ramp: Least width of the blend between neighbours.
    """
    total = round_up(count, multiple)
    size = min(total, max(round_down(size, multiple), round_up(2 * halo + ramp + multiple, multiple)))
    number = _number(total, size, halo, multiple, ramp)
    while size > multiple and _number(total, size - multiple, halo, multiple, ramp) == number:
        size -= multiple
    starts = [multiple * (i * (total - size) // (multiple * max(number - 1, 1))) for i in range(number)]
    rises = [
        np.ones(total),
        *(_smooth_step(total, start + halo, left + size - halo) for left, start in pairwise(starts)),
        np.zeros(total),
    ]
    before = (total - count) // 2
    volume = slice(before, before + count)
    sources = reflected(count, before, total)
    return [
        _window(slice(start, start + size), volume, sources, rise - fall)
        for start, (rise, fall) in zip(starts, pairwise(rises), strict=True)
    ]


def rows(shape: tuple[int, int, int], size: int, halo: int, multiple: int, ramp: int = RAMP) -> list[Row]:
    """Cover a volume; rows of tiles in ascending order. Arguments as of `windows`."""
    inline, crossline, sample = (windows(count, size, halo, multiple, ramp) for count in shape)
    starts = [window.target.start for window in inline] + [shape[0]]
    return [
        Row(
            [Tile(first, second, third) for second in crossline for third in sample],
            first=start,
            complete=following,
            stop=first.target.stop,
        )
        for first, (start, following) in zip(inline, pairwise(starts), strict=True)
    ]


def weights(tile: Tile) -> NDArray[np.float32]:
    """The blend weights of a tile's used part."""
    first, second, third = (window.weights for window in tile.windows)
    return first[:, None, None] * second[:, None] * third


def reflected(count: int, before: int, total: int) -> NDArray[np.intp]:
    """Positions 0..count-1 continued by reflection about the first and last, however far: `total` of them."""
    if count == 1:
        return np.zeros(total, dtype=np.intp)
    period = 2 * (count - 1)
    phase = (np.arange(total) - before) % period
    return np.minimum(phase, period - phase).astype(np.intp)


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple that is not smaller."""
    return -(-value // multiple) * multiple


def round_down(value: int, multiple: int) -> int:
    """The largest multiple that is not larger."""
    return value // multiple * multiple


def _number(total: int, size: int, halo: int, multiple: int, ramp: int) -> int:
    """How many tiles of this size cover the axis; more than any axis needs if they cannot."""
    if size >= total:
        return 1
    step = round_down(size - 2 * halo - ramp, multiple)
    return 1 + -(-(total - size) // step) if step > 0 else total


def _smooth_step(total: int, start: int, stop: int) -> NDArray[np.float64]:
    """0 before `start`, 1 from `stop` on, smooth and rising between."""
    t = np.clip((np.arange(total) + 0.5 - start) / (stop - start), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def _window(tile: slice, volume: slice, sources: NDArray[np.intp], weight: NDArray[np.float64]) -> Window:
    """From the places of tile and volume on the padded axis."""
    used = volume.start + np.flatnonzero(weight[volume])
    first, stop = int(used[0]), int(used[-1]) + 1
    return Window(
        sources=sources[tile],
        use=slice(first - tile.start, stop - tile.start),
        target=slice(first - volume.start, stop - volume.start),
        weights=weight[first:stop].astype(np.float32),
    )
