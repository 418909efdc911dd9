"""A part of a SEG-Y file, written with the file's own headers."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import GeometryError, OutputError
from faultpick.volume.coordinates import apply_scalar
from faultpick.volume.part import Box, run_of
from faultpick.volume.segy import CHUNK, SOME_TRACES, SegyReader, usual_start
from faultpick.volume.segy_grid import build_grid
from faultpick.volume.segy_layout import HEADER_BYTES, text_encoding
from faultpick.volume.segy_write import LARGEST, NEAR, SegySink, bytes_of, copied_header
from faultpick.volume.sink import OutputFile

CARD = 80
WIDE_COUNT, TRACES = (3269, 4), (3513, 8)
"""Samples of a trace and traces of the file, where revision 2 has them: first byte and size."""


def part_sink(path: Path, source: SegyReader, box: Box) -> SegySink:
    """Start a SEG-Y file of the traces that lie in a part of another, in its order.

    Headers are the source's but for the sample format code, what counts samples and traces, the time of the
    first sample, and one blank line of the textual header, which says which part it is.

    Args:
        path: The new file.
        source: The other.
        box: The part, by positions.

    Raises:
        OutputError: As of `check_part`.
    """
    layout, (inlines, crosslines, samples) = source.layout, box
    index = source.grid.trace_index[inlines, crosslines]
    kept = np.sort(index[index >= 0])
    count = samples.stop - samples.start
    header = copied_header(source)
    lines = source.grid.inlines[inlines], source.grid.crosslines[crosslines]
    _say_which(header, *lines)
    short_count = bytes_of(min(count, LARGEST), 2, layout.byte_order)
    header[3220:3222] = short_count.tobytes()
    for (byte, size), number in ((WIDE_COUNT, count), (TRACES, len(kept))):
        field = slice(byte - 1, byte - 1 + size)
        if layout.revision >= 2 and any(header[field]):
            header[field] = bytes_of(number, size, layout.byte_order).tobytes()

    def trace_headers(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        headers = layout.headers(source.file).view()[kept[numbers]]
        if count < layout.sample_count:
            headers[:, 114:116] = short_count
        if samples.start and layout.interval:
            headers[:, 108:110] = bytes_of(_starts(headers, source, samples.start), 2, layout.byte_order)
        return headers

    output = OutputFile(path, len(header) + len(kept) * (HEADER_BYTES + 4 * count))
    output.write_at(0, bytes(header))
    trace_index = np.where(index >= 0, np.searchsorted(kept, index), -1)
    return SegySink(output, len(header), trace_headers, trace_index, layout.byte_order)


def check_part(source: SegyReader, box: Box, start: float) -> None:
    """See that a part in SEG-Y would be read again as what it is, before any work is done for it.

    Args:
        source: The file it is a part of.
        box: The part, by positions.
        start: Its first sample, in the unit of the vertical axis.

    Raises:
        OutputError: The headers do not say where its traces or its samples lie, or cannot.
    """
    (inlines, crosslines, samples), name = box, source.file.name
    index = source.grid.trace_index[inlines, crosslines]
    if not source.has_numbers and crosslines.start:
        raise OutputError(f"The trace headers of {name} do not number its traces: write a part as .zarr.")
    if not _same_lines(index, source.grid.inlines[inlines], source.grid.crosslines[crosslines]):
        raise OutputError(
            f"Lines of this part of {name} have no trace, and those that have do not say so in SEG-Y; "
            "write .zarr, or choose another part."
        )
    if source.layout.interval == 0:
        if samples.start:
            raise OutputError(
                f"{name} gives no sample interval, so its headers cannot hold where a part begins; "
                "write .zarr, or take the samples from the first on."
            )
        return
    step = source.layout.interval / 1000
    kept = np.sort(index[index >= 0])
    headers = source.layout.headers(source.file).view()
    usual, _ = usual_start(*source.delays(headers[kept[:: -(-len(kept) // SOME_TRACES)]]))
    usual += samples.start * step
    if abs(usual - start) > NEAR * step:
        raise OutputError(
            f"Most traces of this part of {name} start at {usual:.10g}, the part itself at {start:.10g}, "
            "as most of the survey; write .zarr, or choose another part."
        )
    for first in range(0, len(kept) if samples.start else 0, CHUNK):
        _starts(headers[kept[first : first + CHUNK]], source, samples.start)


def _same_lines(index: NDArray[np.int64], inlines: NDArray[np.int32], crosslines: NDArray[np.int32]) -> bool:
    """Whether the traces of a part make its lines again, but for dead ones at its ends."""
    rows, columns = np.nonzero(index >= 0)
    in_file = np.argsort(index[rows, columns])
    try:
        grid = build_grid(inlines[rows[in_file]], crosslines[columns[in_file]])
    except GeometryError:
        return False
    return run_of(inlines, grid.inlines) is not None and run_of(crosslines, grid.crosslines) is not None


def _starts(headers: NDArray[np.uint8], source: SegyReader, first_sample: int) -> NDArray[np.int16]:
    """Delay recording times of traces from a sample on, before their scalars."""
    step = source.layout.interval / 1000
    delays, scalars = source.delays(headers)
    factor = apply_scalar(np.ones_like(scalars), scalars)
    starts = delays + first_sample * step / factor
    whole = np.rint(starts)
    wrong = (np.abs(whole - starts) * factor > NEAR * step) | (np.abs(whole) >= 1 << 15)
    if wrong.any():
        where = starts[wrong][0] * factor[wrong][0]
        raise OutputError(
            f"The trace headers of {source.file.name} cannot hold a first sample at {where:.10g}; begin the "
            "part at another sample, such as one at a whole number, or write .zarr."
        )
    return whole.astype(np.int16)


def _say_which(header: bytearray, inlines: NDArray[np.int32], crosslines: NDArray[np.int32]) -> None:
    """Write the lines of the part into the last blank line of the textual header, if they fit into one."""
    encoding = text_encoding(bytes(header[:3200]))
    said = (
        f"PART BY FAULTPICK: INLINES {inlines[0]} TO {inlines[-1]}, "
        f"CROSSLINES {crosslines[0]} TO {crosslines[-1]}"
    )
    for start in range(3200 - CARD, -1, -CARD):
        card = header[start : start + CARD].decode(encoding, errors="replace")
        text = f"{card[:3]} {said}".ljust(CARD)
        is_blank = card[:1] == "C" and card[1:3].strip().isdigit() and not card[3:].strip(" \0")
        if is_blank and len(text) == CARD:
            header[start : start + CARD] = text.encode(encoding, errors="replace")
            return
