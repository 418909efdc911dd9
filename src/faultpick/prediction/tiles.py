"""Where tiles lie: one around each block of the volume; numbers only.

A volume is first thought of as padded: each axis is reflected at both ends up to a multiple of what the
network needs. A tile is a window of this padded volume, a block and at least `halo` voxels around it, so a
network that sees the volume whole and one that sees it in tiles see the same voxels; tiles start at
multiples of the network's stride, so each downsampling groups the same voxels in both.

The network may work on another grid than the survey's, finer or coarser by a factor along each axis. Its
positions are k / factor from the survey's first sample, for all tiles alike.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

LONG = 256  # an axis longer than this is likely to be cut


@dataclass(frozen=True)
class Window:
    """One tile along one axis of the network's grid.

    Attributes:
        sources: The grid's position behind each position of the tile, `(size,)`; reflected in the padding.
        use: Positions of the tile whose results are used.
        grid: Where these lie on the grid.
    """

    sources: NDArray[np.intp]
    use: slice
    grid: slice


@dataclass(frozen=True)
class Axis:
    """One axis of a volume.

    Attributes:
        count: Voxels of the survey.
        halo: Results nearer than this to a tile's edge are not used, unless that edge is the padded volume's.
        multiple: Tiles start at multiples of this and have a multiple of this as their size.
        factor: Positions of the network's grid for each one of the survey's.
    """

    count: int
    halo: int
    multiple: int
    factor: float = 1.0

    @property
    def grid_count(self) -> int:
        """Positions on the network's grid; the last one is the survey's last, or lies just beyond it."""
        return self.count if self.factor == 1 else math.ceil(round((self.count - 1) * self.factor, 6)) + 1

    @property
    def total(self) -> int:
        """Positions of the padded grid."""
        extra = self.multiple // 2 if self.grid_count > LONG else 0
        return round_up(self.grid_count + extra, self.multiple)

    @property
    def before(self) -> int:
        """Positions of the padding before the first.

        On a long axis half a multiple: a halo of an odd number of these then ends where a tile may start, for
        blocks that start at a multiple.
        """
        return self.multiple // 2 if self.grid_count > LONG else (self.total - self.grid_count) // 2

    @cached_property
    def _reflected(self) -> NDArray[np.intp]:
        return reflected(self.grid_count, self.before, self.total)

    def span(self, start: int, stop: int) -> tuple[slice, slice]:
        """The tile for a block of the survey, on the padded grid, and the part of the grid it is for."""
        if self.factor == 1:
            grid = slice(start, stop)
        else:  # the positions on both sides of the block's first and last
            last = math.ceil(round((stop - 1) * self.factor, 6))
            grid = slice(math.floor(round(start * self.factor, 6)), min(last + 1, self.grid_count))
        first = round_down(grid.start + self.before - self.halo, self.multiple)
        end = round_up(grid.stop + self.before + self.halo, self.multiple)
        return slice(max(first, 0), min(end, self.total)), grid

    def rows(self, rows: slice) -> Window:
        """The positions of a part of the padded grid."""
        return Window(self._reflected[rows], slice(0, rows.stop - rows.start), rows)

    def window(self, start: int, stop: int) -> Window:
        """The tile for the survey's positions from `start` to before `stop`."""
        tile, grid = self.span(start, stop)
        shift = self.before - tile.start
        return Window(self._reflected[tile], slice(grid.start + shift, grid.stop + shift), grid)


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
