"""Writing SEG-Y: a copy of a survey with its samples replaced, or a new survey."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import OutputError
from faultpick.volume.segy import SegyReader
from faultpick.volume.segy_layout import HEADER_BYTES
from faultpick.volume.sink import OutputFile
from faultpick.volume.volume import Geometry, SampleAxis, grid_coordinates

IEEE_FLOAT = 5
TRACES_AT_ONCE = 256
LARGEST = 65_535
XY_SCALARS = (-100, -10, 1)
START_SCALARS = (0, -10, -100, -1000, -10_000, 10, 100, 1000, 10_000)
NEAR = 0.01  # of a sample: what times and depths may be off in a header

TraceHeaders = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""Gives the header of each trace asked for by number, shape (traces, 240)."""


@dataclass(frozen=True)
class SegySink:
    """Writes each trace with its header at its place in the file, whatever the order of the file.

    Attributes:
        output: The file, which holds everything before the first trace already.
        trace_start: Offset of the first trace header.
        trace_headers: Gives the headers.
        trace_index: Number of the trace at each (inline, crossline), -1 for none.
        byte_order: ">" or "<", of the IEEE floats.
    """

    output: OutputFile
    trace_start: int
    trace_headers: TraceHeaders
    trace_index: NDArray[np.int64]
    byte_order: str

    def write(self, first: int, slab: NDArray[np.float32]) -> None:
        """Write the traces of some inlines; samples where the survey has no trace are dropped."""
        numbers = self.trace_index[first : first + len(slab)].ravel()
        traces = slab.reshape(len(numbers), slab.shape[2])
        order = np.argsort(numbers)
        order = order[np.count_nonzero(numbers < 0) :]
        breaks = np.flatnonzero(np.diff(numbers[order]) != 1) + 1
        for run in np.split(order, breaks):
            for start in range(0, len(run), TRACES_AT_ONCE):
                part = run[start : start + TRACES_AT_ONCE]
                in_order = (np.diff(part) == 1).all()  # most often
                these = traces[part[0] : part[-1] + 1] if in_order else traces[part]
                self._write_run(numbers[part], these)

    def _write_run(self, numbers: NDArray[np.int64], traces: NDArray[np.float32]) -> None:
        records = np.empty((len(numbers), HEADER_BYTES + 4 * traces.shape[1]), dtype=np.uint8)
        records[:, :HEADER_BYTES] = self.trace_headers(numbers)
        records[:, HEADER_BYTES:].view(f"{self.byte_order}f4")[...] = traces
        self.output.write_at(self.trace_start + int(numbers[0]) * records.shape[1], records.data)

    def close(self) -> None:
        """Close the file."""
        self.output.close()


def copy_sink(path: Path, source: SegyReader) -> SegySink:
    """Start a copy of a SEG-Y file with IEEE floats in place of its samples.

    Every header byte is the source's but the sample format code (bytes 3225-3226); traces keep their order.
    """
    layout, header = source.layout, copied_header(source)

    def trace_headers(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        return layout.headers(source.file).view()[numbers]

    size = len(header) + layout.trace_count * (HEADER_BYTES + 4 * layout.sample_count)
    output = OutputFile(path, size)
    output.write_at(0, bytes(header))
    return SegySink(output, len(header), trace_headers, source.grid.trace_index, layout.byte_order)


def copied_header(source: SegyReader) -> bytearray:
    """All that a SEG-Y file has before its first trace, with the format code of IEEE floats."""
    source.file.seek(0)
    header = bytearray(source.file.read(source.layout.trace_start))
    header[3224:3226] = bytes_of(IEEE_FLOAT, 2, source.layout.byte_order).tobytes()
    return header


@dataclass(frozen=True)
class HeaderScales:
    """A sample axis and coordinates as the headers of a new file hold them.

    Attributes:
        interval: Sample interval in thousandths of the axis's unit.
        start: The first sample, before its scalar.
        start_scalar: What `start` is multiplied by, or divided by if negative; 0 for neither.
        xy_scalar: The same of X and Y.
    """

    interval: int
    start: int
    start_scalar: int
    xy_scalar: int


def header_scales(geometry: Geometry) -> HeaderScales:
    """Choose scalars for the headers of a new SEG-Y file.

    Raises:
        OutputError: Something in the geometry does not fit the format's fields.
    """
    axis = geometry.samples
    interval = round(axis.step * 1000)
    if axis.count > LARGEST or not 1 <= interval <= LARGEST:
        raise OutputError(
            f"SEG-Y cannot hold {axis.count} samples {axis.step:g} {axis.unit} apart, only up to {LARGEST}, "
            f"0.001 to {LARGEST / 1000} {axis.unit} apart; write .zarr instead."
        )
    if abs(axis.step - interval / 1000) * (axis.count - 1) > NEAR * axis.step:
        raise OutputError(
            f"SEG-Y cannot hold samples {axis.step:.10g} {axis.unit} apart, only whole thousandths; "
            "write .zarr instead."
        )
    return HeaderScales(interval, *_scaled_start(axis), _xy_scalar(geometry.corners))


def _scaled_start(axis: SampleAxis) -> tuple[int, int]:
    """Delay recording time and its scalar: whole if it can be, else the nearest that fits."""
    scales = [(axis.start / _factor(scalar), scalar) for scalar in START_SCALARS]
    fitting = [(round(start), scalar) for start, scalar in scales if abs(round(start)) < 1 << 15]
    errors = [abs(start * _factor(scalar) - axis.start) for start, scalar in fitting]
    if not errors or min(errors) > NEAR * axis.step:
        raise OutputError(
            f"SEG-Y cannot hold a first sample at {axis.start:.10g} {axis.unit}; write .zarr instead."
        )
    return fitting[errors.index(min(errors))]


def _xy_scalar(corners: NDArray[np.float64] | None) -> int:
    """The finest scalar with which X and Y fit, of hundredths, tenths and wholes."""
    largest = 0.0 if corners is None else float(np.abs(corners).max())
    for scalar in XY_SCALARS:
        if largest / _factor(scalar) < (1 << 31) - 1:
            return scalar
    raise OutputError(f"SEG-Y cannot hold an X or Y of {largest:.10g}; write .zarr instead.")


def _factor(scalar: int) -> float:
    return -1 / scalar if scalar < 0 else float(scalar or 1)


def new_sink(path: Path, geometry: Geometry, name: str) -> SegySink:
    """Start a SEG-Y rev 1 file: live traces only, inline after inline.

    Line numbers are at bytes 189 and 193, X and Y at 181 and 185 in hundredths where they fit.

    Raises:
        OutputError: Something in the geometry does not fit the format's fields.
    """
    scales = header_scales(geometry)
    live = np.ones(geometry.shape[:2], dtype=bool) if geometry.live is None else geometry.live
    trace_index = np.where(live, np.cumsum(live.ravel()).reshape(live.shape) - 1, -1)
    places = np.argwhere(live)
    xy = None if geometry.corners is None else grid_coordinates(geometry)

    def trace_headers(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        return _trace_headers(numbers, places[numbers], geometry, xy, scales)

    output = OutputFile(path, 3600 + len(places) * (HEADER_BYTES + 4 * geometry.shape[2]))
    output.write_at(0, _textual_header(geometry, name) + _binary_header(geometry, scales.interval))
    return SegySink(output, 3600, trace_headers, trace_index, ">")


def _textual_header(geometry: Geometry, name: str) -> bytes:
    inlines, crosslines, axis = geometry.inlines, geometry.crosslines, geometry.samples
    lines = [
        f"{name.upper().replace('_', ' ')}, WRITTEN BY FAULTPICK",
        f"INLINES    {inlines[0]} TO {inlines[-1]}",
        f"CROSSLINES {crosslines[0]} TO {crosslines[-1]}",
        f"SAMPLES    {axis.count} FROM {axis.start:g} EVERY {axis.step:g} {axis.unit.upper()}",
        f"TRACES     {geometry.trace_count}",
        "",
        "TRACE HEADER BYTES: INLINE AT 189, CROSSLINE AT 193, X AT 181, Y AT 185,",
        "SCALAR OF X AND Y AT 71, TIME OF THE FIRST SAMPLE AT 109, ITS SCALAR AT 215",
        "SAMPLES ARE 4-BYTE IEEE FLOATS, BIG-ENDIAN",
        *[""] * 29,
        "SEG Y REV1",
        "END TEXTUAL HEADER",
    ]
    text = "".join(f"C{number:2d} {line}"[:80].ljust(80) for number, line in enumerate(lines, 1))
    return text.encode("cp037", errors="replace")


def _binary_header(geometry: Geometry, interval: int) -> bytes:
    header = np.zeros(400, dtype=np.uint8)
    for byte, number in {
        3217: interval,
        3221: geometry.shape[2],
        3225: IEEE_FLOAT,
        3227: 1,  # one trace in an ensemble
        3229: 4,  # stacked
        3255: 2 if _in_feet(geometry) else 1,
        3501: 0x0100,  # revision 1
        3503: 1,  # all traces of one length
    }.items():
        header[byte - 3201 : byte - 3199] = bytes_of(number, 2)
    return header.tobytes()


def _in_feet(geometry: Geometry) -> bool:
    unit = geometry.samples.unit if geometry.corners is None else geometry.length_unit
    return unit == "ft"


def _trace_headers(
    numbers: NDArray[np.int64],
    places: NDArray[np.int64],
    geometry: Geometry,
    xy: NDArray[np.float64] | None,
    scales: HeaderScales,
) -> NDArray[np.uint8]:
    inline, crossline = geometry.inlines[places[:, 0]], geometry.crosslines[places[:, 1]]
    fields = {
        (1, 4): numbers + 1,
        (5, 4): numbers + 1,
        (9, 4): inline,
        (21, 4): crossline,
        (29, 2): 1,  # live seismic data
        (109, 2): scales.start,
        (115, 2): geometry.shape[2],
        (117, 2): scales.interval,
        (189, 4): inline,
        (193, 4): crossline,
        (215, 2): scales.start_scalar,
    }
    if xy is not None:
        x, y = np.rint(xy[tuple(places.T)].T / _factor(scales.xy_scalar))
        fields |= {(71, 2): scales.xy_scalar, (89, 2): 1, (181, 4): x, (185, 4): y}
    headers = np.zeros((len(numbers), HEADER_BYTES), dtype=np.uint8)
    for (byte, size), values in fields.items():
        headers[:, byte - 1 : byte - 1 + size] = bytes_of(values, size)
    return headers


def bytes_of(values: NDArray | int, size: int, byte_order: str = ">") -> NDArray[np.uint8]:
    """Two's complement of each number in so many bytes, shape (numbers, size)."""
    wide = np.atleast_1d(np.asarray(values, dtype=np.int64)).astype(">i8")
    raw = wide.view(np.uint8).reshape(-1, 8)[:, 8 - size :]
    return raw if byte_order == ">" else raw[:, ::-1]
