"""The survey's grid as the viewer sees it: regular steps of line numbers and times.

The viewer knows no list of line numbers, only a first one and a step. Where lines are missing, as in a survey
of which only some were kept, the view has places without a line, which stay empty.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from faultpick.volume import Geometry, SampleAxis, Volume

FINER = {"ms": ("us", 1000), "m": ("cm", 100)}
"""The viewer prints whole numbers: samples at fractions of a unit are counted in a finer one."""


@dataclass(frozen=True, eq=False)
class ViewAxis:
    """One axis of the view.

    Attributes:
        name: What the viewer calls it: inline, crossline, or the unit of the samples.
        first: Line number or time at the first place.
        step: From one place to the next.
        positions: For each place, the position on the volume's axis, -1 where there is none.
    """

    name: str
    first: float
    step: float
    positions: NDArray[np.intp]

    @classmethod
    def of_lines(cls, name: str, numbers: NDArray[np.int32]) -> Self:
        """The axis of line numbers that ascend, evenly or not."""
        steps = np.diff(numbers)
        step = int(np.gcd.reduce(steps)) if len(steps) else 1
        places = (numbers - numbers[0]) // step
        positions = np.full(places[-1] + 1, -1)
        positions[places] = np.arange(len(numbers))
        return cls(name, float(numbers[0]), float(step), positions)

    @classmethod
    def of_samples(cls, samples: SampleAxis) -> Self:
        """The vertical axis, in a finer unit if that makes whole numbers of its times."""
        name, factor = samples.unit, 1
        if samples.start % 1 or samples.step % 1:
            name, factor = FINER.get(samples.unit, (samples.unit, 1))
        return cls(name, samples.start * factor, samples.step * factor, np.arange(samples.count))

    @property
    def offset(self) -> float:
        """Where the first place begins, such that its centre is shown as `first`.

        The viewer rounds down what it shows; the middle of a number is half-way to the next.
        """
        return self.first + 0.5 - self.step / 2

    @property
    def middle(self) -> float:
        """Centre of the middle one of the lines or samples that there are, as the viewer counts."""
        known = np.flatnonzero(self.positions >= 0)
        return self.offset + (float(known[(len(known) - 1) // 2]) + 0.5) * self.step

    def places(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Places of positions on the volume's axis, fractions allowed; in places 0.5 is the first centre."""
        of_line = np.flatnonzero(self.positions >= 0)
        return (np.interp(positions, np.arange(len(of_line)), of_line) + 0.5).astype(np.float32)


@dataclass(frozen=True, eq=False)
class ViewGrid:
    """Inline, crossline and vertical axis of the view.

    Attributes:
        axes: In this order.
        stretch: How large one place is shown on each axis: lines by their distance, samples as the smaller
            of the two.
    """

    axes: tuple[ViewAxis, ViewAxis, ViewAxis]
    stretch: tuple[float, float, float]

    @classmethod
    def of(cls, geometry: Geometry) -> Self:
        """The grid that shows a survey."""
        lines = (
            ViewAxis.of_lines("inline", geometry.inlines),
            ViewAxis.of_lines("crossline", geometry.crosslines),
        )
        spacing = [
            distance * max(len(numbers) - 1, 1) / max(len(axis.positions) - 1, 1)
            for distance, numbers, axis in zip(
                geometry.bin_spacing or (1.0, 1.0),
                (geometry.inlines, geometry.crosslines),
                lines,
                strict=True,
            )
        ]
        smallest = min(spacing)
        if smallest <= 0:
            spacing, smallest = [1.0, 1.0], 1.0
        stretch = (spacing[0] / smallest, spacing[1] / smallest, 1.0)
        return cls((*lines, ViewAxis.of_samples(geometry.samples)), stretch)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of places."""
        inline, crossline, vertical = (len(axis.positions) for axis in self.axes)
        return inline, crossline, vertical

    def read(self, volume: Volume, box: tuple[slice, slice, slice]) -> NDArray[np.float32]:
        """Samples of a box of places; NaN where there is no trace."""
        positions = [axis.positions[span] for axis, span in zip(self.axes, box, strict=True)]
        known = [np.flatnonzero(part >= 0) for part in positions]
        out = np.full([len(part) for part in positions], np.nan, dtype=np.float32)
        if all(len(places) for places in known):
            inlines, crosslines, samples = (
                slice(part[places[0]], part[places[-1]] + 1)
                for part, places in zip(positions, known, strict=True)
            )
            values = volume.read(inlines, crosslines, samples)
            if volume.geometry.live is not None:
                values[~volume.geometry.live[inlines, crosslines]] = np.nan
            out[np.ix_(*known)] = values
        return out
