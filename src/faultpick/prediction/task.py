"""The fault probability of one block: read around it, normalise, ask the networks, keep the block."""

import math
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from faultpick.blocks import Block, Result
from faultpick.prediction.engine import probabilities
from faultpick.prediction.passage import Flows, Passage
from faultpick.prediction.plan import Axes, tile_voxels
from faultpick.prediction.resample import along, from_grid
from faultpick.prediction.source import Source, Windows
from faultpick.prediction.tiles import round_down
from faultpick.prediction.tta import Attitude, Reduce
from faultpick.zoo import LoadedModel


@dataclass(frozen=True)
class PredictBlock:
    """Gives the mean probability of a block, or a mask, and the spread between the models if it is asked for.

    It travels to other processes with its networks. In each of them one block at a time is in the networks,
    with as many threads as dask gives the process; for a GPU, others are read meanwhile.

    Attributes:
        source: The survey.
        axes: How it is cut into tiles.
        members: The models.
        attitudes: The attitudes to show a tile in.
        reduce: Whether the mean or the maximum over them is taken.
        decision: Probability from which a voxel counts as fault.
        mask: Give 1 and 0 in place of probabilities.
        spread: Give the standard deviation between the models as well.
        flows: The survey flows through the networks along the inlines, column by column of blocks, rather
            than tile by tile. A block that follows the last one goes on where that left off; any other starts
            as far before it as the networks can see. Both give the same.
    """

    source: Source
    axes: Axes
    members: Sequence[LoadedModel]
    attitudes: tuple[Attitude, ...]
    reduce: Reduce
    decision: float
    mask: bool = False
    spread: bool = False
    flows: bool = False
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)
    _entry: threading.Semaphore = field(init=False, repr=False, compare=False)
    _passages: dict[tuple[int, int], Passage] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_entry", threading.Semaphore(self.at_once))

    @property
    def at_once(self) -> int:
        """Blocks worth having in hand at a time in one process: on a CPU one fills the memory allowed."""
        return 1 if self.members[0].device.type == "cpu" else 3

    def has_traces(self, block: Block) -> bool:
        """Whether a block has a live trace; one without does not go through the networks."""
        return bool(self.source.live[block.box[:2]].any())

    def voxels(self, block: Block) -> int:
        """Voxels that go through the networks for a block."""
        if not self.flows:
            return tile_voxels(self.axes, block.starts, block.stops)
        axis = self.axes[0]
        ends = zip(self.axes[1:], block.starts[1:], block.stops[1:], strict=True)
        sides = [across.span(start, stop)[0] for across, start, stop in ends]
        before = self._flows.fed(axis.before + block.starts[0]) if block.starts[0] else 0
        planes = self._flows.fed(axis.before + block.stops[0]) - before
        return planes * math.prod(side.stop - side.start for side in sides)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process has a lock of its own."""
        names = ("source", "axes", "members", "attitudes", "reduce", "decision", "mask", "spread", "flows")
        return _arrived, tuple(getattr(self, name) for name in names)

    def __call__(self, block: Block) -> Result:
        """The values of a block, and the number of its fault voxels."""
        return self.result_of(self.members_say(block))

    def members_say(self, block: Block) -> NDArray[np.float32]:
        """The probability that each model gives, (member, inline, crossline, sample); 0 on dead traces."""
        if not self.has_traces(block):
            return np.zeros((len(self.members), *block.shape), dtype=np.float32)
        with self._entry:
            said = self._probabilities(block)
        np.clip(said, 0.0, 1.0, out=said)
        said[:, ~self.source.live[block.box[:2]]] = 0.0
        return said

    def result_of(self, said: NDArray[np.float32]) -> Result:
        """What is asked for of what the models say: their mean or a mask, and the spread between them."""
        mean = said[0] if len(said) == 1 else said.mean(axis=0)
        faults = mean >= self.decision
        values = [faults.astype(np.float32) if self.mask else mean]
        if self.spread:
            values.append(said.std(axis=0))
        return Result(tuple(values), {"faults": int(np.count_nonzero(faults))})

    def _probabilities(self, block: Block) -> NDArray[np.float32]:
        """The same as it comes from the networks, on the survey's grid."""
        inline, crossline, sample = (
            axis.window(box.start, box.stop) for axis, box in zip(self.axes, block.box, strict=True)
        )
        windows = inline, crossline, sample
        if self.flows:
            with self._turn:
                found = self._flowed(block, windows)
        else:
            tile = self.source.tile(self.axes, windows)
            with self._turn:
                found = probabilities(self.members, tile, self.attitudes, self.reduce)
            found = found[:, inline.use, crossline.use, sample.use]
        matrices = tuple(
            None if axis.factor == 1 else from_grid(box, window.grid, axis.factor)
            for axis, box, window in zip(self.axes, block.box, windows, strict=True)
        )
        return along(found, matrices)

    def _flowed(self, block: Block, windows: Windows) -> NDArray[np.float32]:
        """The same, of what flows through."""
        axis, (inline, crossline, sample) = self.axes[0], windows
        start, stop = inline.grid.start + axis.before, inline.grid.stop + axis.before
        column = block.number[1:]
        passage = self._passages.pop(column, None)
        if passage is None or passage.next != start:
            passage = None
            self._passages.clear()  # before there is another in memory
            passage = Passage(
                self._flows,
                lambda rows: self.source.tile(self.axes, (axis.rows(rows), crossline, sample)),
                max(round_down(start - self._flows.lead, axis.multiple), 0),
                axis.total,
                (crossline.use, sample.use),
            )
        found = passage.take(start, stop)
        if block.stops[0] < axis.count:
            self._passages[column] = passage
        return found

    @cached_property
    def _flows(self) -> Flows:
        return Flows(self.members)


def _arrived(*fields: Any) -> PredictBlock:
    """A task that has come to a process of a cluster, which takes the threads that dask gives it."""
    from distributed import get_worker

    with suppress(ValueError):  # this process is no worker
        torch.set_num_threads(get_worker().state.nthreads)
    return PredictBlock(*fields)
