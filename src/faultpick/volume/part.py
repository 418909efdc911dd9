"""A part of a survey: some of its lines and samples, as a volume of its own."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.volume.volume import Geometry, Reader, Volume, between_corners, is_plain

Range = tuple[float | None, float | None]
"""The first and the last number that belong to a part; None: where the survey begins, or ends."""
EVERYTHING: Range = (None, None)

NEAR = 1e-6
"""Of a sample: what rounding may take a time or a depth off."""

Box = tuple[slice, slice, slice]


@dataclass(frozen=True)
class PartReader:
    """Reads a part of what another reader reads.

    Attributes:
        whole: The other.
        box: Where the part lies, by positions.
    """

    whole: Reader
    box: Box

    @property
    def block(self) -> tuple[int, int]:
        """That of the whole, as far as it lies in the part."""
        rows, columns = self.whole.block
        inlines, crosslines, _ = self.box
        return min(rows, inlines.stop - inlines.start), min(columns, crosslines.stop - crosslines.start)

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box given by positions within the part."""
        return self.whole.read(
            *(
                slice(span.start + part.start, span.stop + part.start)
                for span, part in zip((inlines, crosslines, samples), self.box, strict=True)
            )
        )

    def close(self) -> None:
        """Release the file."""
        self.whole.close()


def part_of(
    volume: Volume,
    *,
    inlines: Range = EVERYTHING,
    crosslines: Range = EVERYTHING,
    samples: Range = EVERYTHING,
) -> Volume:
    """A part of a survey, by the numbers that interpreters use; it reads from the same file.

    Args:
        volume: The survey, which closes with its part.
        inlines: First and last inline number.
        crosslines: First and last crossline number.
        samples: Least and largest time or depth, in the survey's unit.

    Returns:
        The part, with the survey's line numbers, coordinates, times or depths.

    Raises:
        VolumeError: Nothing of the survey lies there, or no trace.
    """
    geometry = volume.geometry
    unit = geometry.samples.unit
    times = "samples" if unit == "samples" else f"samples, in {unit},"
    box = (
        _within(geometry.inlines, inlines, "inlines", volume),
        _within(geometry.crosslines, crosslines, "crosslines", volume),
        _within(geometry.samples.values, samples, times, volume, NEAR * geometry.samples.step),
    )
    return volume if box == _all_of(geometry) else _cut(volume, box)


def covering(survey: Volume, geometry: Geometry) -> Volume:
    """The part of a survey that another volume was made from, found by its lines and samples.

    Args:
        survey: The survey.
        geometry: Of the other volume.

    Returns:
        That part; the survey itself where the other is as large, is numbered as a plain array, which may lie
        anywhere, or does not lie within it.
    """
    if survey.shape == geometry.shape or is_plain(geometry):
        return survey
    whole = survey.geometry
    axis, other = whole.samples, geometry.samples
    alike = axis.unit == other.unit or "samples" in (axis.unit, other.unit)
    if not alike or abs(axis.step - other.step) * other.count > 0.5 * abs(axis.step):
        return survey
    spans = [
        run_of(whole.inlines, geometry.inlines),
        run_of(whole.crosslines, geometry.crosslines),
        _span(round((other.start - axis.start) / axis.step), other.count, axis.count),
    ]
    inlines, crosslines, samples = spans
    if inlines is None or crosslines is None or samples is None:
        return survey
    return _cut(survey, (inlines, crosslines, samples))


def _within(
    numbers: NDArray[np.number], wanted: Range, what: str, volume: Volume, rounding: float = 0.0
) -> slice:
    """Positions of the numbers, ascending, from the first wanted to the last."""
    low, high = wanted
    first = 0 if low is None else int(np.searchsorted(numbers, low - rounding, "left"))
    stop = len(numbers) if high is None else int(np.searchsorted(numbers, high + rounding, "right"))
    if first >= stop:
        asked = f"{'' if low is None else f'{low:.10g}'}:{'' if high is None else f'{high:.10g}'}"
        raise VolumeError(
            f"{volume.path} has {what} {numbers[0]:.10g} to {numbers[-1]:.10g}, none of them in {asked}; "
            "give a range that lies there, first:last."
        )
    return slice(first, stop)


def _all_of(geometry: Geometry) -> Box:
    inlines, crosslines, samples = geometry.shape
    return slice(0, inlines), slice(0, crosslines), slice(0, samples)


def run_of(lines: NDArray[np.int32], wanted: NDArray[np.int32]) -> slice | None:
    """Where the wanted lines follow one another among the lines."""
    first = int(np.searchsorted(lines, wanted[0]))
    span = slice(first, first + len(wanted))
    return span if np.array_equal(lines[span], wanted) else None


def _span(first: int, count: int, size: int) -> slice | None:
    return slice(first, first + count) if 0 <= first <= size - count else None


def _cut(volume: Volume, box: Box) -> Volume:
    geometry = volume.geometry
    inlines, crosslines, samples = box
    lines = geometry.inlines[inlines], geometry.crosslines[crosslines]
    axis = geometry.samples
    live = None if geometry.live is None else geometry.live[inlines, crosslines]
    if live is not None and not live.any():
        raise VolumeError(
            f"{volume.path} has no trace on inlines {lines[0][0]} to {lines[0][-1]} and crosslines "
            f"{lines[1][0]} to {lines[1][-1]}; choose a part with traces."
        )
    part = Geometry(
        lines[0],
        lines[1],
        replace(
            axis,
            start=axis.start + axis.step * samples.start,
            count=samples.stop - samples.start,
        ),
        _corners(geometry, *lines),
        None if live is None or live.all() else live,
        geometry.length_unit,
    )
    if isinstance(volume.reader, PartReader):
        outer, reader = volume.reader.box, volume.reader.whole
    else:
        outer, reader = _all_of(geometry), volume.reader
    moved = [slice(a.start + b.start, a.stop + b.start) for a, b in zip(box, outer, strict=True)]
    reader = PartReader(reader, (moved[0], moved[1], moved[2]))
    return Volume(volume.path, volume.format, volume.sample_format, part, reader, volume.notes)


def _corners(
    geometry: Geometry, inlines: NDArray[np.int32], crosslines: NDArray[np.int32]
) -> NDArray[np.float64] | None:
    """The corners of a part, by line number."""
    if geometry.corners is None:
        return None
    u, v = (
        (part[[0, -1]] - whole[0]) / max(int(whole[-1]) - int(whole[0]), 1)
        for whole, part in ((geometry.inlines, inlines), (geometry.crosslines, crosslines))
    )
    return between_corners(geometry.corners, u[:, None], v[None, :]).reshape(4, 2)
