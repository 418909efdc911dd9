"""How large blocks are: the fewest voxels through the network that the memory allows; numbers only."""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from faultpick.errors import ConfigError
from faultpick.prediction.tiles import Axis, round_down, round_up

STEP = 16  # sides of blocks are multiples of this, and of what the network needs

Axes = tuple[Axis, Axis, Axis]
Size = tuple[int, int, int]


@dataclass(frozen=True)
class _Choice:
    """One way to cut an axis: the blocks' size, their number, and the sizes of their tiles."""

    size: int
    number: int
    largest: int
    sum: int


def blocks_that_fit(axes: Axes, fits: Callable[[Size], bool], workers: int = 1) -> Size | None:
    """The size of blocks with the least work that fit.

    Args:
        axes: The volume's axes.
        fits: Whether there is memory for blocks of this size and their tiles.
        workers: Blocks computed at a time by different processes, which wait for the last of them.

    Returns:
        Inlines, crosslines and samples; None if the smallest do not fit.
    """
    best = None
    for choices in itertools.product(*(_choices(axis) for axis in axes)):
        size = (choices[0].size, choices[1].size, choices[2].size)
        if not fits(size):
            continue
        number = math.prod(choice.number for choice in choices)
        rounds = math.ceil(number / workers) * workers / number
        work = rounds * math.prod(choice.sum for choice in choices)
        tile = math.prod(choice.largest for choice in choices)
        if best is None or (work, tile, size) < best:
            best = work, tile, size
    return None if best is None else best[2]


def columns_that_fit(axes: Axes, length: int, fits: Callable[[int], bool], workers: int = 1) -> Size | None:
    """The size of blocks with the least work where columns flow along the inlines.

    Args:
        axes: The volume's axes.
        length: Inlines of a block.
        fits: Whether there is memory for a column of this section in voxels.
        workers: Columns computed at a time by different processes.

    Returns:
        Inlines, crosslines and samples; None if the smallest do not fit.
    """
    best = None
    for across, down in itertools.product(_choices(axes[1]), _choices(axes[2])):
        if fits(across.largest * down.largest):
            work = -(-across.number * down.number // workers) * workers / (across.number * down.number)
            choice = work * across.sum * down.sum, across.size, down.size
            best = choice if best is None else min(best, choice)
    return None if best is None else (min(length, axes[0].count), *best[1:])


def section(axes: Axes, size: Size) -> int:
    """Voxels of the largest section of the columns for blocks of a size."""
    return _choice(axes[1], size[1]).largest * _choice(axes[2], size[2]).largest


def work(axes: Axes, size: Size) -> int:
    """Voxels of all tiles for blocks of a size."""
    return math.prod(_choice(axis, side).sum for axis, side in zip(axes, size, strict=True))


def smallest_blocks(axes: Axes) -> Size:
    """The size of the smallest blocks there are."""
    first, second, third = (_choices(axis)[0].size for axis in axes)
    return first, second, third


def blocks_in_tiles_of(axes: Axes, side: int) -> Size:
    """The largest blocks whose tiles have at most this side, or the smallest there are.

    Raises:
        ConfigError: The side is no size of a tile.
    """
    if side < 1:
        raise ConfigError(f"A tile cannot have {side} voxels a side: give more.")
    first, second, third = (_largest_within(axis, side) for axis in axes)
    return first, second, third


def largest_tile(axes: Axes, size: Size) -> int:
    """Voxels of the largest tile, for blocks of a size."""
    return math.prod(_choice(axis, side).largest for axis, side in zip(axes, size, strict=True))


def tile_voxels(axes: Axes, starts: Size, stops: Size) -> int:
    """Voxels of the tile for a block."""
    spans = (axis.span(start, stop)[0] for axis, start, stop in zip(axes, starts, stops, strict=True))
    return math.prod(span.stop - span.start for span in spans)


def _largest_within(axis: Axis, side: int) -> int:
    if axis.total <= side:
        return axis.count
    size = max(axis.multiple, round_down(math.floor(side / axis.factor), axis.multiple))
    while size > axis.multiple and _choice(axis, size).largest > side:
        size -= axis.multiple
    return size


def _choices(axis: Axis) -> list[_Choice]:
    """Few: for each number of blocks the smallest that do."""
    step = math.lcm(STEP, axis.multiple)
    sizes = {round_up(-(-axis.count // number), step) for number in range(1, axis.count // step + 2)}
    sizes = {size for size in sizes if size < axis.count} | {axis.count}
    return [_choice(axis, size) for size in sorted(sizes)]


@lru_cache(1024)
def _choice(axis: Axis, size: int) -> _Choice:
    starts = range(0, axis.count, size)
    spans = [axis.span(start, min(start + size, axis.count))[0] for start in starts]
    sides = [span.stop - span.start for span in spans]
    return _Choice(size, len(sides), max(sides), sum(sides))
