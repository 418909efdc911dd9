"""What a volume is: a lazy (inline, crossline, sample) array and where it lies."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.volume.period import dominant_period
from faultpick.volume.statistics import AmplitudeStatistics, survey_statistics


@dataclass(frozen=True)
class SampleAxis:
    """The vertical axis: `count` samples at `start`, `start + step`, ... in `unit`.

    Attributes:
        start: Time or depth of the first sample.
        step: Interval between samples.
        count: Number of samples.
        unit: "ms", "m", "ft", or "samples" where the file says nothing.
    """

    start: float
    step: float
    count: int
    unit: str

    @property
    def values(self) -> NDArray[np.float64]:
        """Time or depth of every sample, shape (count,), in `unit`."""
        return np.asarray(self.start + self.step * np.arange(self.count), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Geometry:
    """Where the voxels of a volume lie.

    Attributes:
        inlines: Line number of each position on the first axis, ascending, int32.
        crosslines: Line number of each position on the second axis, ascending, int32.
        samples: The vertical axis.
        corners: X and Y of (first inline, first crossline), (first, last), (last, first) and
            (last, last), shape (4, 2), in the survey's own coordinates; None if unknown.
        live: Where a trace exists, bool, shape (inlines, crosslines); None means everywhere.
        length_unit: What X and Y are in.
    """

    inlines: NDArray[np.int32]
    crosslines: NDArray[np.int32]
    samples: SampleAxis
    corners: NDArray[np.float64] | None = None
    live: NDArray[np.bool_] | None = None
    length_unit: Literal["m", "ft"] = "m"

    def __post_init__(self) -> None:
        if self.corners is not None and self.corners.shape != (4, 2):
            raise ValueError(f"corners have shape {self.corners.shape}, not (4, 2)")
        if self.live is not None and self.live.shape != self.shape[:2]:
            raise ValueError(f"live has shape {self.live.shape}, not {self.shape[:2]}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of inlines, crosslines and samples."""
        return len(self.inlines), len(self.crosslines), self.samples.count

    @property
    def trace_count(self) -> int:
        """How many traces exist."""
        return self.shape[0] * self.shape[1] if self.live is None else int(self.live.sum())

    @property
    def bin_spacing(self) -> tuple[float, float] | None:
        """Distance between neighbouring inlines and between neighbouring crosslines; None without corners."""
        if self.corners is None:
            return None
        first, along_crosslines, along_inlines, _ = self.corners
        inline_span = float(np.hypot(*(along_inlines - first)))
        crossline_span = float(np.hypot(*(along_crosslines - first)))
        return inline_span / max(self.shape[0] - 1, 1), crossline_span / max(self.shape[1] - 1, 1)


def plain_geometry(shape: tuple[int, int, int]) -> Geometry:
    """Geometry of an array without headers: positions for line numbers and for samples."""
    inlines, crosslines = (np.arange(n, dtype=np.int32) for n in shape[:2])
    return Geometry(inlines, crosslines, SampleAxis(0.0, 1.0, shape[2], "samples"))


def is_plain(geometry: Geometry) -> bool:
    """Whether it is that of an array without headers, and so says nothing of where this lies."""
    plain = plain_geometry(geometry.shape)
    return (
        geometry.corners is None
        and geometry.samples == plain.samples
        and np.array_equal(geometry.inlines, plain.inlines)
        and np.array_equal(geometry.crosslines, plain.crosslines)
    )


def array_geometry(array: NDArray) -> Geometry:
    """Geometry of an array given as a volume.

    Raises:
        TypeError: It is no array.
        VolumeError: It does not have three axes, holds nothing, or is masked.
    """
    if not hasattr(array, "ndim"):
        kind = type(array).__name__
        raise TypeError(f"a {kind} is no volume: open a file with faultpick.open_volume, or give an array")
    if isinstance(array, np.ma.MaskedArray):
        raise VolumeError("The array is masked: give array.filled(0), in which traces of zeros are dead.")
    if array.ndim != 3 or 0 in array.shape:
        raise VolumeError(
            f"The array of shape {array.shape} is no volume: give one of (inline, crossline, sample), "
            "of a single line array[None]."
        )
    return plain_geometry((array.shape[0], array.shape[1], array.shape[2]))


def grid_coordinates(geometry: Geometry) -> NDArray[np.float64]:
    """X and Y of every place on the grid, shape (inlines, crosslines, 2), from the corners by line number.

    Raises:
        ValueError: The corners are not known.
    """
    if geometry.corners is None:
        raise ValueError("the corners are not known")
    u, v = (
        (lines - lines[0]) / max(int(lines[-1]) - int(lines[0]), 1)
        for lines in (geometry.inlines, geometry.crosslines)
    )
    return between_corners(geometry.corners, u[:, None], v[None, :])


def between_corners(
    corners: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """X and Y at shares `u` of the way along the inline axis and `v` along the crossline axis.

    Args:
        corners: As in `Geometry.corners`.
        u: 0 at the first inline, 1 at the last; any shape.
        v: 0 at the first crossline, 1 at the last; a shape that broadcasts with that of `u`.

    Returns:
        One more axis than `u` and `v` together, of length 2.
    """
    u, v = u[..., None], v[..., None]
    first, crossline_end, inline_end, opposite = corners
    return (1 - u) * ((1 - v) * first + v * crossline_end) + u * ((1 - v) * inline_end + v * opposite)


class Reader(Protocol):
    """What each file format provides: a sub-box by positions, read when asked for."""

    @property
    def block(self) -> tuple[int, int]:
        """Numbers of inlines and crosslines of the smallest block of whole traces worth reading at once."""
        ...

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box given by in-range slices of step 1; missing traces are zero."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


@dataclass(eq=False)
class Volume:
    """A survey opened for reading; nothing but headers is in memory.

    Attributes:
        path: The file or folder.
        format: "SEG-Y", "Zarr", "npy" or "flat".
        sample_format: How samples are stored, such as "IBM float" or "float32".
        geometry: Where the voxels lie.
        notes: Sentences on what looks odd in the file and was lived with.
    """

    path: Path
    format: str
    sample_format: str
    geometry: Geometry
    reader: Reader
    notes: tuple[str, ...] = ()
    _closed: bool = field(default=False, repr=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of inlines, crosslines and samples."""
        return self.geometry.shape

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box by positions (not line numbers).

        Args:
            inlines: Positions on the first axis; as everywhere in numpy, parts outside are cut off.
            crosslines: Positions on the second axis.
            samples: Positions on the third axis.

        Returns:
            A new C-ordered float32 array; missing traces are zero, NaN and infinity are left as they are.

        Raises:
            ValueError: A slice has a step other than 1, or the volume is closed.
            VolumeError: The file can no longer be read, or is damaged there.
        """
        if self._closed:
            raise ValueError(f"{self.path} is closed")
        spans = []
        for key, size in zip((inlines, crosslines, samples), self.shape, strict=True):
            start, stop, step = key.indices(size)
            if step != 1:
                raise ValueError("a volume is read in steps of 1")
            spans.append(slice(start, max(start, stop)))
        if any(span.start == span.stop for span in spans):
            return np.zeros([span.stop - span.start for span in spans], dtype=np.float32)
        try:
            return self.reader.read(*spans)
        except OSError as error:
            why = error.strerror or error
            raise VolumeError(
                f"{self.path} can no longer be read ({why}): check the disk or the network."
            ) from error

    def __getitem__(self, key: Any) -> NDArray[np.float32]:
        """Read `volume[a:b, c:d, e:f]` by positions, not line numbers; a single position drops its axis.

        As everywhere in numpy, axes that are not named, or for which `...` stands, are read whole.

        Raises:
            IndexError: A position lies outside, or the key is none of positions and slices.
        """
        parts = key if isinstance(key, tuple) else (key,)
        if Ellipsis not in parts:
            parts = (*parts, Ellipsis)
        at = parts.index(Ellipsis)
        key = (*parts[:at], *[slice(None)] * (4 - len(parts)), *parts[at + 1 :])
        if len(key) != 3 or not all(isinstance(part, slice | int | np.integer) for part in key):
            raise IndexError(f"a volume is read by up to three positions or slices, not by {parts}")
        spans = []
        for part, size in zip(key, self.shape, strict=True):
            if isinstance(part, slice):
                spans.append(part)
            elif -size <= part < size:
                spans.append(slice(part % size, part % size + 1))
            else:
                raise IndexError(f"position {part} is outside an axis of {size}")
        dropped = tuple(axis for axis, part in enumerate(key) if not isinstance(part, slice))
        return self.read(*spans).squeeze(axis=dropped)

    @cached_property
    def _survey(self) -> tuple[AmplitudeStatistics, NDArray[np.bool_], NDArray[np.float32]]:
        return survey_statistics(self.read, self.shape, self.reader.block)

    def statistics(self) -> AmplitudeStatistics:
        """Amplitude statistics of the live traces, from one pass over the file that is kept."""
        return self._survey[0]

    def live_traces(self) -> NDArray[np.bool_]:
        """Where a trace exists and is not constant, bool, shape (inlines, crosslines); the same one pass."""
        return self._survey[1].copy()

    def trace_strength(self) -> NDArray[np.float32]:
        """How strong each trace is (`trace_strength`), shape (inlines, crosslines); the same one pass."""
        return self._survey[2].copy()

    @cached_property
    def _period(self) -> float | None:
        return dominant_period(self.read, self.shape)

    def dominant_period(self) -> float | None:
        """Guess of the dominant vertical period in samples, from traces all over the survey; None if flat."""
        return self._period

    def close(self) -> None:
        """Release the file; reading afterwards is an error."""
        self._closed = True
        self.reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
