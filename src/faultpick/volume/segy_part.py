"""A part of a SEG-Y file, written with the file's own headers."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import OutputError
from faultpick.volume.coordinates import apply_scalar
from faultpick.volume.part import Box
from faultpick.volume.segy import SegyReader
from faultpick.volume.segy_layout import HEADER_BYTES, header_field, text_encoding
from faultpick.volume.segy_write import LARGEST, NEAR, SegySink, copied_header
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
        OutputError: As of `check_start`.
    """
    layout, (inlines, crosslines, samples) = source.layout, box
    index = source.grid.trace_index[inlines, crosslines]
    kept = np.sort(index[index >= 0])
    count = samples.stop - samples.start
    header = copied_header(source)
    lines = source.grid.inlines[inlines], source.grid.crosslines[crosslines]
    _say_which(header, *lines)
    order = "big" if layout.byte_order == ">" else "little"
    header[3220:3222] = min(count, LARGEST).to_bytes(2, order)
    for (byte, size), number in ((WIDE_COUNT, count), (TRACES, len(kept))):
        field = slice(byte - 1, byte - 1 + size)
        if layout.revision >= 2 and any(header[field]):
            header[field] = number.to_bytes(size, order)

    def trace_headers(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        headers = np.array(layout.headers(source.file).view()[kept[numbers]])
        if count < layout.sample_count:
            headers[:, 114:116] = _bytes_of(np.uint16(min(count, LARGEST)), layout.byte_order)
        if samples.start and layout.interval:
            starts = _starts(headers, source, samples.start)
            headers[:, 108:110] = _bytes_of(starts, layout.byte_order)
        return headers

    output = OutputFile(path, len(header) + len(kept) * (HEADER_BYTES + 4 * count))
    output.write_at(0, bytes(header))
    trace_index = np.where(index >= 0, np.searchsorted(kept, index), -1)
    return SegySink(output, len(header), trace_headers, trace_index, layout.byte_order)


def check_start(source: SegyReader, box: Box) -> None:
    """See that the headers of the first trace of a part can say where its samples start.

    Raises:
        OutputError: They hold whole numbers of the unit, or of their own scalar, alone.
    """
    inlines, crosslines, samples = box
    index = source.grid.trace_index[inlines, crosslines]
    first = index[index >= 0].min()
    if samples.start and source.layout.interval:
        _starts(source.layout.headers(source.file).view()[first : first + 1], source, samples.start)


def _starts(headers: NDArray[np.uint8], source: SegyReader, first_sample: int) -> NDArray[np.int16]:
    """Delay recording times of traces from a sample on, before their scalars."""
    step = source.layout.interval / 1000
    factor = apply_scalar(np.ones(len(headers), np.int32), source.start_scalars(headers))
    starts = header_field(headers, 109, source.layout.byte_order, size=2) + first_sample * step / factor
    whole = np.rint(starts)
    wrong = (np.abs(whole - starts) * factor > NEAR * step) | (np.abs(whole) >= 1 << 15)
    if wrong.any():
        where = starts[wrong][0] * factor[wrong][0]
        raise OutputError(
            f"The trace headers of {source.file.name} cannot hold a first sample at {where:.10g}; begin the "
            "part at another sample, such as one at a whole number, or write .zarr."
        )
    return whole.astype(np.int16)


def _bytes_of(values: NDArray[np.integer] | np.uint16, byte_order: str) -> NDArray[np.uint8]:
    """The two bytes of each number, shape (numbers, 2)."""
    wide = np.atleast_1d(values).astype(f"{byte_order}{values.dtype.kind}2")
    return wide.view(np.uint8).reshape(-1, 2)


def _say_which(header: bytearray, inlines: NDArray[np.int32], crosslines: NDArray[np.int32]) -> None:
    """Write the lines of the part into the last blank line of the textual header, if one is blank."""
    encoding = text_encoding(bytes(header[:3200]))
    said = (
        f"PART BY FAULTPICK: INLINES {inlines[0]} TO {inlines[-1]}, "
        f"CROSSLINES {crosslines[0]} TO {crosslines[-1]}"
    )
    for start in range(3200 - CARD, -1, -CARD):
        card = header[start : start + CARD].decode(encoding, errors="replace")
        if card[:1] == "C" and card[1:3].strip().isdigit() and not card[3:].strip(" \0"):
            text = f"{card[:3]} {said}"[:CARD].ljust(CARD)
            header[start : start + CARD] = text.encode(encoding, errors="replace")
            return
