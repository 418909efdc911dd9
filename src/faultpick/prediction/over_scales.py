"""The fault probability of one block at several scales: small and large faults, fine and coarse bins."""

from dataclasses import dataclass

import numpy as np

from faultpick.blocks import Block, Result
from faultpick.prediction.plan import Axes
from faultpick.prediction.source import Source
from faultpick.prediction.task import PredictBlock
from faultpick.prediction.tta import Reduce


@dataclass(frozen=True)
class OverScales:
    """Mean or maximum of what several tasks say of a block, each on its own grid; a task as they are.

    The spread between models is that of the mean over the scales.

    Attributes:
        tasks: One for each scale, giving probabilities; the one of the finest grid first.
        reduce: Take the mean over them, or the maximum.
        decision: Probability from which a voxel counts as fault.
        mask: Give 1 and 0 in place of probabilities.
    """

    tasks: tuple[PredictBlock, ...]
    reduce: Reduce
    decision: float
    mask: bool = False

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
        return self.tasks[0].at_once

    def voxels(self, block: Block) -> int:
        """Voxels of that grid's tile for a block."""
        return self.tasks[0].voxels(block)

    def has_traces(self, block: Block) -> bool:
        """Whether a block has a live trace."""
        return self.tasks[0].has_traces(block)

    def __call__(self, block: Block) -> Result:
        """The values of a block, and the number of its fault voxels."""
        found = np.stack([np.stack(task(block).values) for task in self.tasks])
        values = found.mean(axis=0, dtype=np.float32)
        if self.reduce == "max":
            values[0] = found[:, 0].max(axis=0)
        faults = values[0] >= self.decision
        if self.mask:
            values[0] = faults
        return Result(tuple(values), {"faults": int(np.count_nonzero(faults))})
