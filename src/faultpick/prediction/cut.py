"""How a survey is cut for networks and memory: into tiles, or into columns that flow."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from faultpick.errors import ConfigError
from faultpick.prediction.memory import measured_need
from faultpick.prediction.passage import flow_latency
from faultpick.prediction.plan import (
    Axes,
    Size,
    blocks_in_tiles_of,
    blocks_that_fit,
    columns_that_fit,
    largest_tile,
    smallest_blocks,
    work,
)
from faultpick.prediction.tta import AS_IT_IS, Attitude
from faultpick.zoo import LoadedModel

WHOLE = 128**3  # a volume of a training cube's size goes through in one piece
LENGTH = 16  # inlines of a block where the survey flows
RESULT = 11  # bytes of a block's voxel: its value as it is made, checked and written
READ = 12  # and of a voxel of the planes being read, on the survey's grid
SLOWER = 1.3  # what flows takes this many times as long as the same in a tile


@dataclass(frozen=True)
class Cut:
    """How a survey is cut.

    Attributes:
        size: Of the blocks.
        flows: Whether columns of them flow through the networks, rather than each with a tile of its own.
    """

    size: Size
    flows: bool


def cut_for(
    grids: list[Axes],
    members: list[LoadedModel],
    attitudes: tuple[Attitude, ...],
    tile: int | None,
    memory: float,
    workers: int = 1,
    scattered: bool = False,
) -> Cut:
    """Tiles or columns, whichever is less work; tiles if they are scattered over any number of processes."""
    axes = grids[0]
    whole = axes[0].count, axes[1].count, axes[2].count
    if tile is not None:
        return Cut(blocks_in_tiles_of(axes, tile), flows=False)
    if max(largest_tile(axes, whole), math.prod(whole)) <= WHOLE and workers == 1:
        return Cut(whole, flows=False)
    in_order = not scattered and attitudes == AS_IT_IS and len(grids) == 1 and axes[0].factor == 1
    late = flow_latency(members) if in_order else None
    with ThreadPoolExecutor() as pool:  # each is measured in a process of its own
        of_tiles = pool.submit(measured_need, members, attitudes, memory)
        of_columns = (
            None if late is None else pool.submit(measured_need, members, attitudes, memory, flowing=True)
        )
    need = of_tiles.result()

    def least(size: Size) -> float:
        result = RESULT * len(members) * math.prod(size)  # more than the tile on a grid much coarser
        return need.memory_for(max(need.voxel * largest_tile(axes, size), result))

    size = blocks_that_fit(axes, lambda size: least(size) <= memory, workers)
    if size == whole:
        return Cut(whole, flows=False)
    if late is not None and of_columns is not None:
        need_of_columns = of_columns.result()

        def fits(columns: int) -> bool:
            planes = axes[0].multiple / math.prod(min(axis.factor, 1) for axis in axes)
            held = need_of_columns.voxel + RESULT * len(members) * LENGTH + READ * planes
            return need_of_columns.memory_for(held * columns) <= memory

        columns = columns_that_fit(axes, LENGTH, fits, workers)
        if columns is not None:
            through = work(axes, (axes[0].count, *columns[1:])) / axes[0].total * (axes[0].total + late)
            if size is None or SLOWER * through < work(axes, size):
                return Cut(columns, flows=True)
    if size is None:
        smallest = least(smallest_blocks(axes))
        raise ConfigError(
            f"No tile fits in {memory / 1e9:g} GB: the smallest takes {smallest / 1e9:.1f} GB with this "
            "model and its halo; allow more memory."
        )
    return Cut(size, flows=False)
