"""How a volume is cut into blocks."""

import itertools
from dataclasses import dataclass

from faultpick.volume import Geometry

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Block:
    """A box of a volume.

    Attributes:
        number: Its place among the blocks along each axis.
        starts: Its first inline, crossline and sample, by position.
        stops: The ones after its last.
    """

    number: tuple[int, int, int]
    starts: tuple[int, int, int]
    stops: tuple[int, int, int]

    @property
    def box(self) -> Box:
        """The three slices."""
        inline, crossline, sample = (
            slice(start, stop) for start, stop in zip(self.starts, self.stops, strict=True)
        )
        return inline, crossline, sample

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of inlines, crosslines and samples."""
        rows, columns, samples = (stop - start for start, stop in zip(self.starts, self.stops, strict=True))
        return rows, columns, samples

    @property
    def key(self) -> str:
        """A short name, for files."""
        return "-".join(map(str, self.number))

    def within(self, geometry: Geometry) -> str:
        """Where it lies, in the survey's own numbers, for messages."""
        inline, crossline, sample = self.box
        axis = geometry.samples
        first, last = (axis.start + axis.step * position for position in (sample.start, sample.stop - 1))
        unit = "" if axis.unit == "samples" else f" {axis.unit}"
        return (
            f"inlines {geometry.inlines[inline][0]} to {geometry.inlines[inline][-1]}, "
            f"crosslines {geometry.crosslines[crossline][0]} to {geometry.crosslines[crossline][-1]}, "
            f"{'samples ' if not unit else ''}{first:g} to {last:g}{unit}"
        )


def cover(shape: tuple[int, int, int], size: tuple[int, int, int]) -> list[Block]:
    """The blocks of a size that cover a volume, in C order; the last along an axis may be smaller."""
    counts = [range(-(-length // side)) for length, side in zip(shape, size, strict=True)]
    return [
        Block(
            (i, j, k),
            (i * size[0], j * size[1], k * size[2]),
            (
                min((i + 1) * size[0], shape[0]),
                min((j + 1) * size[1], shape[1]),
                min((k + 1) * size[2], shape[2]),
            ),
        )
        for i, j, k in itertools.product(*counts)
    ]
