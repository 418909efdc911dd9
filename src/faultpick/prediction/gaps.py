"""Dead traces beside live ones, filled before a network sees them.

To a network the edge between data and nothing looks like a fault, and so does a single missing trace. So
dead traces near live ones are filled with the nearest live one: the edge moves away from the data, and what
is found at it is dropped with the dead traces.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

REACH = 16
"""Dead traces within this many traces of a live one are filled."""


@dataclass(frozen=True)
class Gaps:
    """Which traces to fill, and where from; arrays are `(inline, crossline)`.

    Attributes:
        fill: Dead traces within `REACH` of a live one.
        inline: Position on the inline axis of the live trace nearest to each place.
        crossline: Its position on the crossline axis.
    """

    fill: NDArray[np.bool_]
    inline: NDArray[np.int32]
    crossline: NDArray[np.int32]

    def wider(self, box: slice, size: int) -> slice:
        """The lines to read so that all sources of a box's filled traces are among them."""
        return slice(max(0, box.start - REACH), min(size, box.stop + REACH))

    def filled(
        self, block: NDArray[np.float32], read: tuple[slice, slice], wanted: tuple[slice, slice]
    ) -> NDArray[np.float32]:
        """The wanted lines of a block of the read ones, `(inline, crossline, sample)`, gaps filled."""
        fill = np.argwhere(self.fill[wanted])
        starts = wanted[0].start - read[0].start, wanted[1].start - read[1].start
        out = block[
            starts[0] : starts[0] + wanted[0].stop - wanted[0].start,
            starts[1] : starts[1] + wanted[1].stop - wanted[1].start,
        ].copy()
        sources = self.inline[wanted][tuple(fill.T)], self.crossline[wanted][tuple(fill.T)]
        out[tuple(fill.T)] = block[sources[0] - read[0].start, sources[1] - read[1].start]
        return out


def find_gaps(live: NDArray[np.bool_]) -> Gaps | None:
    """The gaps of a survey with these live traces; None if there are none, or nothing but gaps."""
    if live.all() or not live.any():
        return None
    distance, nearest = distance_transform_edt(~live, return_indices=True)  # pyright: ignore[reportGeneralTypeIssues]
    return Gaps((distance > 0) & (distance <= REACH), *nearest.astype(np.int32))
