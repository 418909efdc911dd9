"""The fault probability of one block at several scales: small and large faults, fine and coarse bins."""

import threading
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from faultpick.blocks import Block, Result
from faultpick.errors import ConfigError
from faultpick.prediction.plan import Axes
from faultpick.prediction.source import Source
from faultpick.prediction.task import PredictBlock
from faultpick.prediction.tta import Reduce


@dataclass(frozen=True)
class OverScales:
    """A task like those it is made of, of what each model says of a block at all their scales.

    Each model's mean or maximum over the scales is taken first, then what the tasks are asked for: the spread
    between the models is that of what they say so. In each process one block at a time goes through, as the
    memory allowed is that of one tile.

    Attributes:
        tasks: One for each scale, the one of the finest grid first; alike in all else.
        reduce: Take the mean over the scales, or the maximum.
    """

    tasks: tuple[PredictBlock, ...]
    reduce: Reduce
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.reduce not in get_args(Reduce):
            raise ConfigError(f"Scales cannot be reduced to their {self.reduce!r}: choose mean or max.")

    @property
    def source(self) -> Source:
        """The survey."""
        return self.tasks[0].source

    @property
    def axes(self) -> Axes:
        """The grid whose tiles are largest."""
        return self.tasks[0].axes

    @property
    def at_once(self) -> int:
        """Blocks worth having in hand at a time in one process."""
        return 1

    def voxels(self, block: Block) -> int:
        """Voxels of that grid's tile for a block."""
        return self.tasks[0].voxels(block)

    def has_traces(self, block: Block) -> bool:
        """Whether a block has a live trace."""
        return self.tasks[0].has_traces(block)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process has a lock of its own."""
        return OverScales, (self.tasks, self.reduce)

    def __call__(self, block: Block) -> Result:
        """The values of a block, and the number of its fault voxels."""
        together = np.add if self.reduce == "mean" else np.maximum
        with self._turn:
            said = self.tasks[0].members_say(block)
            for task in self.tasks[1:]:
                together(said, task.members_say(block), out=said)
            if self.reduce == "mean":
                said /= len(self.tasks)
            return self.tasks[0].result_of(said)
