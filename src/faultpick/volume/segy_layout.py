"""How a SEG-Y file is laid out: what its first 3600 bytes and its size say."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import GeometryError, VolumeError
from faultpick.volume.mapped import MappedArray

HEADER_BYTES = 240
FORMATS = {
    1: ("IBM float", "u4"),
    2: ("int32", "i4"),
    3: ("int16", "i2"),
    5: ("IEEE float", "f4"),
    6: ("IEEE float64", "f8"),
    8: ("int8", "i1"),
    9: ("int64", "i8"),
    10: ("uint32", "u4"),
    11: ("uint16", "u2"),
    12: ("uint64", "u8"),
    16: ("uint8", "u1"),
}
"""Sample format codes (SEG-Y rev 2) that are read: name and numpy type; IBM floats are raw bits."""

UNCOUNTED = 0xFFFF
END_TEXT = "((SEG:ENDTEXT))"
MOST_TEXTS = 1000
"""Extended textual headers, trailers or additional headers; a larger number is none."""

FORMAT_HINT = "1 for IBM floats, 5 for IEEE floats, 3 for 16-bit integers"
TWO_BYTE_FIELDS = frozenset([29, 31, 33, 35, 69, 71, *range(89, 180, 2)])


@dataclass(frozen=True)
class SegyLayout:
    """Where the traces of a SEG-Y file lie.

    Attributes:
        byte_order: ">" (the standard's) or "<".
        format_code: Code of the sample format, a key of `FORMATS`.
        sample_count: Samples in each trace.
        trace_start: Offset of the first trace header: 3600 bytes and any extended textual headers.
        trace_count: Traces in the file.
        interval: Sample interval in microseconds (or thousandths of a metre or foot); 0 if unknown.
        length_unit: "m" or "ft", what coordinates are in.
        text: The textual header.
        revision: Of SEG-Y, the number before its point.
        notes: What looks odd.
    """

    byte_order: str
    format_code: int
    sample_count: int
    trace_start: int
    trace_count: int
    interval: float
    length_unit: Literal["m", "ft"]
    text: str
    revision: int
    notes: tuple[str, ...] = ()

    @property
    def sample_dtype(self) -> np.dtype:
        """Type of the samples as they lie in the file."""
        return np.dtype(self.byte_order + FORMATS[self.format_code][1])

    @property
    def trace_bytes(self) -> int:
        """Size of a trace with its header."""
        return HEADER_BYTES + self.sample_count * self.sample_dtype.itemsize

    def samples(self, file: BinaryIO) -> MappedArray:
        """All samples as they lie in the file, shape (traces, samples)."""
        return MappedArray(
            file,
            self.sample_dtype,
            (self.trace_count, self.sample_count),
            self.trace_start + HEADER_BYTES,
            (self.trace_bytes, self.sample_dtype.itemsize),
        )

    def headers(self, file: BinaryIO) -> MappedArray:
        """All trace headers, uint8, shape (traces, 240)."""
        return MappedArray(
            file, np.uint8, (self.trace_count, HEADER_BYTES), self.trace_start, (self.trace_bytes, 1)
        )


def header_field(
    headers: NDArray[np.uint8], byte: int, byte_order: str, size: int | None = None
) -> NDArray[np.int32]:
    """One number from each of some trace headers.

    Args:
        headers: Trace headers, shape (traces, 240).
        byte: First byte of the field, counted from 1.
        byte_order: ">" or "<".
        size: Bytes of the field, 2 or 4; if not given, 2 where the standard has a two-byte field below byte
            180, else 4.

    Raises:
        GeometryError: The field does not lie in a header.
    """
    size = size or (2 if byte in TWO_BYTE_FIELDS else 4)
    if not 1 <= byte <= HEADER_BYTES + 1 - size:
        raise GeometryError(
            f"byte position {byte} is not in a trace header; give one from 1 to {HEADER_BYTES - 3}."
        )
    raw = np.ascontiguousarray(headers[:, byte - 1 : byte - 1 + size])
    return raw.view(f"{byte_order}i{size}")[:, 0].astype(np.int32)


def read_layout(path: Path, file: BinaryIO, format_code: int | None = None) -> SegyLayout:
    """Find out how a SEG-Y file is laid out.

    Byte order is detected. The number of samples is the binary header's if it fits the size of the file, else
    the first trace header's if that one does.

    Args:
        path: Named in messages.
        file: The file, open for reading.
        format_code: Sample format to believe instead of the binary header's.

    Raises:
        VolumeError: The file is empty, no SEG-Y, cut inside a trace, or of a format that is not read.
    """
    size = file.seek(0, 2)
    file.seek(0)
    head = file.read(3600 + HEADER_BYTES)
    if size < 3600:
        state = "is empty" if size == 0 else f"has {size} bytes, fewer than the 3600 of SEG-Y headers"
        raise VolumeError(f"{path} is no SEG-Y file: it {state}.")
    if format_code is not None and format_code not in FORMATS:
        raise VolumeError(f"{path}: format code {format_code} is not read; give one of {_codes()}.")

    orders = sorted((">", "<"), key=lambda order: _number(head, 3225, order) not in FORMATS)
    guesses = [_guess(path, file, head, size, order, format_code) for order in orders]
    known = [guess for guess in guesses if guess.format_code in FORMATS]
    for guess in known:
        if guess.fits:
            return guess.layout(file, head, size)
    is_text = head[:1] in (b"C", b"\xc3")
    if not known and (is_text or any(guess.fits for guess in guesses)):
        raise VolumeError(
            f"{path} has sample format code {guesses[0].format_code} in its binary header (bytes 3225-3226), "
            f"which is none of {_codes()}; if you know what its samples are, say so with "
            f"--format-code ({FORMAT_HINT})."
        )
    if not known:
        raise VolumeError(f"{path} is no SEG-Y file: neither its textual nor its binary header is one.")
    raise VolumeError(known[0].misfit(path, size))


def _codes() -> str:
    return ", ".join(f"{code} ({name})" for code, (name, _) in FORMATS.items())


@dataclass(frozen=True)
class _Guess:
    """The headers read in one byte order, and whether the size of the file agrees with them."""

    byte_order: str
    format_code: int
    sample_count: int
    trace_start: int
    fits: bool
    note: str = ""

    @property
    def trace_bytes(self) -> int:
        width = np.dtype(FORMATS[self.format_code][1]).itemsize if self.format_code in FORMATS else 4
        return HEADER_BYTES + self.sample_count * width

    def layout(self, file: BinaryIO, head: bytes, size: int) -> SegyLayout:
        binary = _interval(head, self.byte_order)
        trace = _in_first_trace(file, self.trace_start, 117, self.byte_order)
        notes = [self.note] if self.note else []
        if binary and trace and abs(binary - trace) >= 1:
            notes.append(
                f"The sample interval is {binary} in the binary header and {trace} in the first trace; "
                "the first is used."
            )
        return SegyLayout(
            self.byte_order,
            self.format_code,
            self.sample_count,
            self.trace_start,
            (size - self.trace_start) // self.trace_bytes,
            binary or trace,
            "ft" if _number(head, 3255, self.byte_order) == 2 else "m",
            _decode(head[:3200]),
            _revision(head, self.byte_order),
            tuple(notes),
        )

    def misfit(self, path: Path, size: int) -> str:
        if self.sample_count == 0:
            return (
                f"{path} has no number of samples in its binary header (bytes 3221-3222); repair the header."
            )
        whole, rest = divmod(max(size - self.trace_start, 0), self.trace_bytes)
        if whole == rest == 0:
            return f"{path} holds headers but no trace; copy the whole file."
        name = FORMATS[self.format_code][0]
        return (
            f"{path} is cut short inside trace {whole + 1}, or goes on behind its last trace, or its binary "
            f"header is wrong: after {whole} whole traces of {self.sample_count} samples ({name}) {rest} "
            f"bytes are left of the {self.trace_bytes} a trace takes; copy the file again."
        )


def _guess(
    path: Path, file: BinaryIO, head: bytes, size: int, byte_order: str, format_code: int | None
) -> _Guess:
    code = _number(head, 3225, byte_order) if format_code is None else format_code
    extended = _extended_headers(file, _number(head, 3505, byte_order))
    in_binary = _number(head, 3221, byte_order)
    wide = _wide_count(head, byte_order)
    starts = [3600 + 3200 * extended, 3600] if extended and size > 3600 + 3200 * extended else [3600]
    told = [(count, start) for count in (in_binary, wide) for start in starts]
    told += [(_in_first_trace(file, start, 115, byte_order), start) for start in starts]
    for count, start in told:
        guess = _Guess(byte_order, code, count, start, fits=False)
        if count and size > start and (size - start) % guess.trace_bytes == 0:
            if guess.format_code in FORMATS:
                _refuse_extras(path, head, byte_order)
            note = ""
            if count not in (in_binary, wide):
                note = (
                    f"The binary header says {in_binary} samples in a trace, the first trace header "
                    f"{count}; the size of the file agrees with the second."
                )
            return _Guess(byte_order, code, count, start, fits=True, note=note)
    return _Guess(byte_order, code, in_binary or wide, starts[0], fits=False)


def _extended_headers(file: BinaryIO, told: int) -> int:
    """Extended textual headers: as many as the binary header tells, or up to the one that ends them.

    They are not counted where it tells -1; the last one holds nothing but `END_TEXT` then.
    """
    if told != UNCOUNTED:
        return told
    file.seek(3600)
    for number in range(1, MOST_TEXTS + 1):
        text = file.read(3200)
        if END_TEXT in _decode(text).upper().replace(" ", ""):
            return number
        if len(text) < 3200:
            break
    return 0


def _wide_count(head: bytes, byte_order: str) -> int:
    """Samples of a trace where revision 2 has them besides."""
    return _unpacked(head, 3269, f"{byte_order}u4") if _revision(head, byte_order) >= 2 else 0


def _interval(head: bytes, byte_order: str) -> float:
    """The sample interval of the binary header, or the exact one that revision 2 has besides."""
    interval = _number(head, 3217, byte_order)
    if _revision(head, byte_order) < 2:
        return interval
    wide = _unpacked(head, 3273, f"{byte_order}f8")
    if not (math.isfinite(wide) and wide > 0) or (interval and abs(wide - interval) >= 1):
        return interval
    return wide


def _revision(head: bytes, byte_order: str) -> int:
    """The number before the point; a little-endian file may have it second."""
    high, low = head[3500], head[3501]
    return high or (low if byte_order == "<" else 0)


def _refuse_extras(path: Path, head: bytes, byte_order: str) -> None:
    if _revision(head, byte_order) < 2:
        return
    for byte, kind, what in ((3507, "i4", "additional trace headers"), (3529, "i4", "a data trailer")):
        told = _unpacked(head, byte, byte_order + kind)
        if told != 0 and -1 <= told < MOST_TEXTS:
            raise VolumeError(
                f"{path} says that it has {what} (byte {byte}), which are not read; write it again without."
            )


def _unpacked(head: bytes, byte: int, dtype: str) -> Any:
    """The number at a byte counted from 1."""
    return np.frombuffer(head, dtype, 1, byte - 1)[0].item()


def _in_first_trace(file: BinaryIO, start: int, byte: int, byte_order: str) -> int:
    """The unsigned two-byte number at a byte of the first trace header; 0 past the end of the file."""
    file.seek(start)
    return _number(file.read(HEADER_BYTES), byte, byte_order)


def _number(head: bytes, byte: int, byte_order: str) -> int:
    """The unsigned two-byte number at a byte counted from 1; 0 past the end."""
    return int.from_bytes(head[byte - 1 : byte + 1], "big" if byte_order == ">" else "little")


def _decode(text: bytes) -> str:
    return text.decode(text_encoding(text), errors="replace")


def text_encoding(text: bytes) -> str:
    """What a textual header is written in: "ascii", or "cp037", which is EBCDIC."""
    return "ascii" if text[:1] == b"C" or text.isascii() else "cp037"
