"""Test-time augmentation: a network sees a tile in several attitudes, the results are averaged.

An attitude is one of the eight symmetries of the square about the vertical axis (a quarter turn, mirrored or
not), with the amplitudes as they are or negated. A fault is a fault in all of them, so the mean errs less
than one; the maximum finds more, true and false. Each attitude costs one run of the network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from faultpick.errors import ConfigError, suggestion

INLINE, CROSSLINE = 2, 3  # axes of (batch, channel, inline, crossline, sample)

Reduce = Literal["mean", "max"]
"""What becomes of the results of several attitudes."""

Mode = Literal["none", "mirror", "turns", "full"]
"""A mode of test-time augmentation, by name."""


@dataclass(frozen=True)
class Attitude:
    """A way to look at a tile: negated or not, mirrored along the inlines or not, turned about the vertical.

    Polarity differs between surveys, and faults do not depend on it.
    """

    quarter_turns: int = 0
    mirrored: bool = False
    negated: bool = False

    def apply(self, tile: Tensor) -> Tensor:
        """The amplitudes of a tile in this attitude, `(N, C, Z, Y, X)`; odd quarter turns swap Z and Y."""
        tile = -tile if self.negated else tile
        tile = tile.flip(INLINE) if self.mirrored else tile
        return _turned(tile, self.quarter_turns)

    def undo(self, result: Tensor) -> Tensor:
        """What a network says of a tile in this attitude, turned back; it keeps its sign."""
        result = _turned(result, -self.quarter_turns)
        return result.flip(INLINE) if self.mirrored else result


def _turned(tile: Tensor, quarter_turns: int) -> Tensor:
    """Turned about the vertical; without a turn the tile itself, which `torch.rot90` would copy."""
    return torch.rot90(tile, quarter_turns, (INLINE, CROSSLINE)) if quarter_turns else tile


AS_IT_IS = (Attitude(),)
MIRRORED = tuple(Attitude(turns, mirrored) for turns in (0, 2) for mirrored in (False, True))
"""As it is, and mirrored along the inline axis, the crossline axis and both."""
TURNED = tuple(Attitude(turns, mirrored) for turns in range(4) for mirrored in (False, True))
"""Every quarter turn, mirrored and not."""
ALL_ATTITUDES = tuple(
    Attitude(attitude.quarter_turns, attitude.mirrored, negated)
    for negated in (False, True)
    for attitude in TURNED
)
MODES: dict[Mode, tuple[Attitude, ...]] = {
    "none": AS_IT_IS,
    "mirror": MIRRORED,
    "turns": TURNED,
    "full": ALL_ATTITUDES,
}
"""Attitudes of each mode of test-time augmentation: 1, 4, 8 and 16."""


def attitudes_of(mode: str | bool) -> tuple[Attitude, ...]:
    """The attitudes of a mode; True is "mirror" and False "none".

    Raises:
        ConfigError: There is no such mode.
    """
    name = {True: "mirror", False: "none"}.get(mode) if isinstance(mode, bool) else mode
    if name not in MODES:
        hint = suggestion(str(name), MODES)
        raise ConfigError(
            f"There is no test-time augmentation {name!r}: {hint}Choose one of {', '.join(MODES)}."
        )
    return MODES[name]


def over_attitudes(
    function: Callable[[Tensor], Tensor],
    tile: Tensor,
    attitudes: tuple[Attitude, ...],
    reduce: Reduce = "mean",
) -> Tensor:
    """Mean or maximum of `function` over the attitudes of a tile, each result turned back; `(N, C, Z, Y, X)`.

    Raises:
        ConfigError: `reduce` is neither of the two.
    """
    if reduce not in ("mean", "max"):
        raise ConfigError(f"Attitudes cannot be reduced to their {reduce!r}: choose mean or max.")
    total = attitudes[0].undo(function(attitudes[0].apply(tile)))
    if len(attitudes) == 1:
        return total
    for attitude in attitudes[1:]:
        result = attitude.undo(function(attitude.apply(tile)))
        total = total + result if reduce == "mean" else torch.maximum(total, result)
    return total / len(attitudes) if reduce == "mean" else total
