"""Test-time augmentation: a network sees a tile in several attitudes and the results are averaged.

An attitude is one of the eight symmetries of the square about the vertical axis: a quarter turn, mirrored or
not. A fault is a fault in all of them, so the mean errs less than one. Each attitude costs one run of the
network; four, which need no quarter turns, gain nearly what all eight do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

INLINE, CROSSLINE = 2, 3  # axes of (batch, channel, inline, crossline, sample)


@dataclass(frozen=True)
class Attitude:
    """A way to look at a tile: mirrored along the inline axis or not, then turned about the vertical axis."""

    quarter_turns: int = 0
    mirrored: bool = False

    def apply(self, tile: Tensor) -> Tensor:
        """The tile in this attitude, `(N, C, Z, Y, X)`; odd quarter turns swap Z and Y."""
        tile = tile.flip(INLINE) if self.mirrored else tile
        return torch.rot90(tile, self.quarter_turns, (INLINE, CROSSLINE))

    def undo(self, tile: Tensor) -> Tensor:
        """The inverse of `apply`."""
        tile = torch.rot90(tile, -self.quarter_turns, (INLINE, CROSSLINE))
        return tile.flip(INLINE) if self.mirrored else tile


AS_IT_IS = (Attitude(),)
MIRRORED = tuple(Attitude(turns, mirrored) for turns in (0, 2) for mirrored in (False, True))
"""As it is, and mirrored along the inline axis, the crossline axis and both."""
ALL_ATTITUDES = tuple(Attitude(turns, mirrored) for turns in range(4) for mirrored in (False, True))


def average(function: Callable[[Tensor], Tensor], tile: Tensor, attitudes: tuple[Attitude, ...]) -> Tensor:
    """Mean of `function` over the attitudes of a tile, each result turned back; `(N, C, Z, Y, X)`."""
    total = attitudes[0].undo(function(attitudes[0].apply(tile)))
    for attitude in attitudes[1:]:
        total = total + attitude.undo(function(attitude.apply(tile)))
    return total / len(attitudes)
