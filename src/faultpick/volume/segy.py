"""SEG-Y surveys: any order of traces, regular or not, read a sub-box at a time."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import segyio
import segyio._segyio  # segyio.tools.native needs it and does not load it
from numpy.typing import NDArray

from faultpick.errors import GeometryError
from faultpick.volume.coordinates import ANGLES_NOTE, apply_scalar, are_angles, fit_corners
from faultpick.volume.segy_grid import Grid, NotLineNumbersError, build_grid
from faultpick.volume.segy_layout import FORMATS, HEADER_BYTES, SegyLayout, header_field, read_layout
from faultpick.volume.segy_line import Line, find_line
from faultpick.volume.segy_suggest import likely_line_bytes
from faultpick.volume.volume import Geometry, SampleAxis, Volume

CHUNK = 1 << 12
SOME_TRACES = 20_000
POWERS_OF_TEN = (1, 10, 100, 1000, 10_000)
ANGLES = (2, 3, 4)
"""Codes of byte 89 for X and Y in seconds of arc, degrees, and both with minutes."""
SMALLEST_STEP = 0.01
"""Milliseconds, metres or feet between samples up to which headers seem to hold these, not thousandths."""


@dataclass(frozen=True)
class SegyReader:
    """Reads sub-boxes of a SEG-Y file; touches only the bytes it returns.

    Attributes:
        file: The file, open.
        layout: How it is laid out.
        grid: Which trace lies where.
        has_scalars: Whether bytes 215 and 216 of a trace header are the scalar of its times, not of a line.
        has_numbers: Whether trace headers hold the numbers of the lines; traces count from 1 where not.
    """

    file: BinaryIO
    layout: SegyLayout
    grid: Grid
    has_scalars: bool
    has_numbers: bool

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the file again."""
        path = Path(self.file.name).resolve()
        return _opened_reader, (path, self.layout, self.grid, self.has_scalars, self.has_numbers)

    def delays(self, headers: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Delay recording times of trace headers, shape (traces, 240), before their scalars, and these."""
        return _delays(headers, self.layout.byte_order, has_scalars=self.has_scalars)

    @property
    def block(self) -> tuple[int, int]:
        """One line as the file is sorted."""
        rows, columns = self.grid.trace_index.shape
        return (1, columns) if self.grid.inline_sorted else (rows, 1)

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box as a new C-ordered float32 array; missing traces are zero."""
        traces = self.grid.trace_index[inlines, crosslines]
        exists = traces >= 0
        raw = self.layout.samples(self.file).view()[_together(traces[exists]), samples]
        values = to_float32(raw, self.layout.format_code)
        shape = (*traces.shape, values.shape[1])
        if exists.all():
            return values.reshape(shape)
        box = np.zeros(shape, dtype=np.float32)
        box[exists] = values
        return box

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _opened_reader(path: Path, *facts: Any) -> SegyReader:
    return SegyReader(path.open("rb"), *facts)


def _together(numbers: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """The numbers, as a slice where they follow one another: no row is then copied before it is converted."""
    if numbers.size and (np.diff(numbers) == 1).all():
        return slice(int(numbers[0]), int(numbers[-1]) + 1)
    return numbers


def to_float32(raw: NDArray, format_code: int) -> NDArray[np.float32]:
    """Convert samples from a file to native float32; IBM floats come as their bits."""
    if FORMATS[format_code][0] == "IBM float":
        # segyio wants big-endian bits and converts in place; `raw` may be the caller's
        bits = np.ascontiguousarray(raw.astype(">u4"))
        return segyio.tools.native(bits.view(np.float32), format=format_code, copy=False)
    with np.errstate(over="ignore"):
        return raw.astype(np.float32, order="C")


def open_segy(
    path: Path,
    *,
    inline_byte: int,
    crossline_byte: int,
    x_byte: int,
    y_byte: int,
    format_code: int | None,
    unit: str,
) -> Volume:
    """Open a SEG-Y file (arguments as in `open_volume`).

    Raises:
        VolumeError: The file is empty, no SEG-Y, cut inside a trace, or of a format that is not read.
        GeometryError: The line numbers make no grid or repeat, and the traces are no single line.
    """
    file = path.open("rb")
    try:
        layout = read_layout(path, file, format_code)
        inline, crossline, some, headers = _walk(file, layout, inline_byte, crossline_byte)
        numbers = _without_padding(file, layout, inline, crossline)
        padding = layout.trace_count - len(numbers)
        inline, crossline = inline[numbers], crossline[numbers]
        looked_at = np.isin(some, numbers)
        headers, some = headers[looked_at], np.searchsorted(numbers, some[looked_at])
        try:
            grid, line_note, has_numbers = build_grid(inline, crossline, numbers), "", True
        except NotLineNumbersError as error:
            where = f"(header bytes {inline_byte} and {crossline_byte})"
            line = _single_line(file, layout, numbers, (x_byte, y_byte), f"{path}: {error} {where}")
            inline, crossline = np.ones_like(inline), line.numbers
            grid = build_grid(inline, crossline, numbers)
            has_numbers = line.numbered
            line_note = (
                f"There are no line numbers {where}: read as a single line, each crossline a trace by its "
                f"{line.origin}."
            )
        except GeometryError as error:
            raise GeometryError(
                f"{path}: {error} (header bytes {inline_byte} and {crossline_byte}); "
                "keep one trace of each place."
            ) from None
        corners, corner_note = _corners(
            headers, layout, grid, inline[some], crossline[some], (x_byte, y_byte)
        )
        has_scalars = not any(byte <= 216 and byte + 3 >= 215 for byte in (inline_byte, crossline_byte))
        samples, sample_note = _sample_axis(headers, layout, unit, has_scalars=has_scalars)
    except BaseException:
        file.close()
        raise
    exists = grid.trace_index >= 0
    live = None if exists.all() else exists
    geometry = Geometry(grid.inlines, grid.crosslines, samples, corners, live, layout.length_unit)
    notes = [
        *layout.notes,
        f"{padding} of {layout.trace_count} traces are all zeros, header too; they are left out."
        if padding
        else "",
        line_note,
        *grid.notes,
        corner_note,
        sample_note,
        *_announced_lines(layout.text, grid),
    ]
    return Volume(
        path,
        "SEG-Y",
        FORMATS[layout.format_code][0],
        geometry,
        SegyReader(file, layout, grid, has_scalars, has_numbers),
        tuple(note for note in notes if note),
    )


def _walk(
    file: BinaryIO, layout: SegyLayout, inline_byte: int, crossline_byte: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.intp], NDArray[np.uint8]]:
    """Walk through the file once.

    Returns:
        Inline number and crossline number of every trace; the numbers of at most `SOME_TRACES` evenly spread
        traces, and their whole headers.
    """
    lines = np.empty((2, layout.trace_count), dtype=np.int32)
    stride = -(-layout.trace_count // SOME_TRACES)
    headers = np.empty((-(-layout.trace_count // stride), HEADER_BYTES), dtype=np.uint8)
    for start in range(0, layout.trace_count, stride * CHUNK):
        part = slice(start, start + stride * CHUNK)
        chunk = layout.headers(file).view()[part]
        for row, byte in zip(lines, (inline_byte, crossline_byte), strict=True):
            row[part] = header_field(chunk, byte, layout.byte_order)
        headers[start // stride : start // stride + CHUNK] = chunk[::stride]
    return lines[0], lines[1], np.arange(0, layout.trace_count, stride), headers


def _without_padding(
    file: BinaryIO, layout: SegyLayout, inline: NDArray[np.int32], crossline: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Numbers, counted from 0, of the traces that are not all zeros, header too; of all if none is."""
    blank = np.flatnonzero((inline == 0) & (crossline == 0))
    padding = [blank[:0]]
    for start in range(0, len(blank), CHUNK):
        part = blank[start : start + CHUNK]
        part = part[~layout.headers(file).view()[part].any(axis=1)]
        padding.append(part[~layout.samples(file).view()[part].any(axis=1)])
    numbers = np.arange(layout.trace_count)
    rest = np.delete(numbers, np.concatenate(padding))
    return rest if len(rest) else numbers


def _single_line(
    file: BinaryIO,
    layout: SegyLayout,
    numbers: NDArray[np.int64],
    xy_bytes: tuple[int, int],
    problem: str,
) -> Line:
    """The line that the numbered traces make; what is wrong with them as a survey begins the message if not.

    Numbers elsewhere in the headers that could be those of a grid count for more than CDP numbers alone, and
    less than coordinates along the line.
    """
    headers = layout.headers(file).view()[numbers[:SOME_TRACES]]
    likely = likely_line_bytes(headers, layout.byte_order)
    line = find_line(headers, layout.byte_order, xy_bytes)
    if line is not None and len(numbers) > SOME_TRACES:
        line = find_line(layout.headers(file).view()[numbers], layout.byte_order, xy_bytes)
    if line is None or (likely and not line.placed):
        others = f"bytes {likely}" if likely else "no other bytes"
        raise GeometryError(
            f"{problem}; {others} look like line numbers; "
            "give the right ones with --inline-byte and --crossline-byte."
        ) from None
    return line


def _corners(
    headers: NDArray[np.uint8],
    layout: SegyLayout,
    grid: Grid,
    inline: NDArray[np.int32],
    crossline: NDArray[np.int32],
    xy_bytes: tuple[int, int],
) -> tuple[NDArray[np.float64] | None, str]:
    scalar = header_field(headers, 71, layout.byte_order)
    xy = [apply_scalar(header_field(headers, byte, layout.byte_order), scalar) for byte in xy_bytes]
    corners, note = fit_corners(inline, crossline, np.stack(xy, axis=1), grid.inlines, grid.crosslines)
    told = bool(np.isin(header_field(headers, 89, layout.byte_order), ANGLES).mean() > 0.5)
    if corners is not None and are_angles(corners, grid.trace_index.shape, told=told):
        return None, ANGLES_NOTE
    return corners, note


def _delays(
    headers: NDArray[np.uint8], byte_order: str, *, has_scalars: bool
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Delay recording times (byte 109) and their scalars (byte 215), powers of ten.

    Other numbers there, or line numbers, are no scalars.
    """
    scalar = header_field(headers, 215, byte_order, size=2)
    scalar[~np.isin(np.abs(scalar), POWERS_OF_TEN) | (not has_scalars)] = 0
    return header_field(headers, 109, byte_order), scalar


def usual_start(delays: NDArray[np.int32], scalars: NDArray[np.int32]) -> tuple[float, NDArray[np.float64]]:
    """The start of most traces, in the unit of the vertical axis, and all that there are, ascending."""
    values, counts = np.unique(apply_scalar(delays, scalars), return_counts=True)
    return float(values[counts.argmax()]), values


def _sample_axis(
    headers: NDArray[np.uint8], layout: SegyLayout, unit: str, *, has_scalars: bool
) -> tuple[SampleAxis, str]:
    """Interval from the headers; start from the delay recording time with its scalar (bytes 109 and 215)."""
    start, values = usual_start(*_delays(headers, layout.byte_order, has_scalars=has_scalars))
    if layout.interval == 0:
        return SampleAxis(0.0, 1.0, layout.sample_count, "samples"), "The headers give no sample interval."
    step = layout.interval / 1000
    notes = []
    if len(values) > 1:
        notes.append(
            f"Traces start at different times ({values[0]:g} to {values[-1]:g}); that of most, "
            f"{start:g}, is used for all."
        )
    if step <= SMALLEST_STEP:
        notes.append(
            f"Samples are {step:g} {unit} apart, as no survey's are; if they are {layout.interval:g} {unit}, "
            "write that in thousandths into the headers, as SEG-Y has it."
        )
    return SampleAxis(start, step, layout.sample_count, unit), " ".join(notes)


def _announced_lines(text: str, grid: Grid) -> list[str]:
    """Compare with the ranges that a textual header gives, the only sign of a file cut between two lines."""
    notes = []
    for name, prefix, lines in (
        ("inline", "IN", grid.inlines),
        ("crossline", "(?:CROSS|X)", grid.crosslines),
    ):
        pattern = rf"(?<![A-Z]){prefix}-?LINES?\b[^0-9]{{0,20}}(\d+) *(?:TO|THRU|THROUGH|-+|\.\.+|:) *(\d+)"
        told = [(int(match[1]), int(match[2])) for match in re.finditer(pattern, text.upper())]
        longer = [last for first, last in told if first == lines[0] and last > lines[-1]]
        if longer and (lines[0], lines[-1]) not in told:
            notes.append(
                f"The file may be cut short: its textual header says {name}s {lines[0]} to {longer[0]}, "
                f"it ends at {lines[-1]}."
            )
    return notes
