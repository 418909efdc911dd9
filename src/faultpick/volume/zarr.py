"""Zarr volumes, laid out and named as MDIO v1 does for a stacked 3D survey.

A group holds the samples as a 3D array with dimension names inline, crossline and time (or depth, or sample),
one coordinate array per dimension, `trace_mask` (where a trace exists) and, where known, `cdp_x` and `cdp_y`.
"""

import zlib
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.codecs import BloscCodec
from zarr.errors import BaseZarrError
from zarr.storage import LocalStore

from faultpick.errors import GeometryError, VolumeError
from faultpick.volume.coordinates import ANGLES_NOTE, are_angles, fit_corners
from faultpick.volume.volume import Geometry, SampleAxis, Volume, grid_coordinates, plain_geometry

CHUNK = 64
VERTICAL = {"ms": "time", "m": "depth", "ft": "depth", "samples": "sample"}
UNIT_OF_NAME = {"time": "ms", "twt": "ms", "owt": "ms", "depth": "m"}
AXES = (
    {"inline", "iline", "il"},
    {"crossline", "xline", "xl"},
    {*UNIT_OF_NAME, "t", "z", "tvd", "tvdss", "sample", "samples"},
)
"""Names that dimensions go by, of each axis: none of them belongs to another one."""

UNITS = {
    "ms": ("ms", 1.0),
    "s": ("ms", 1e3),
    "us": ("ms", 1e-3),
    "ns": ("ms", 1e-6),
    "m": ("m", 1.0),
    "km": ("m", 1e3),
    "ft": ("ft", 1.0),
    "samples": ("samples", 1.0),
}
"""Units of vertical axes that are read: the one they are turned into, and by what factor."""

LENGTHS: dict[str, tuple[Literal["m", "ft"], float]] = {"m": ("m", 1.0), "km": ("m", 1e3), "ft": ("ft", 1.0)}
"""The same of X and Y."""

OTHER_WORDS = {
    **dict.fromkeys(("msec", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("sec", "second", "seconds"), "s"),
    **dict.fromkeys(("\N{MICRO SIGN}s", "usec", "microsecond", "microseconds"), "us"),
    **dict.fromkeys(("nanosecond", "nanoseconds"), "ns"),
    **dict.fromkeys(("meter", "meters", "metre", "metres"), "m"),
    **dict.fromkeys(("foot", "feet"), "ft"),
    "sample": "samples",
}
DAMAGED_CHUNK = (BaseZarrError, EOFError, LZMAError, OSError, RuntimeError, ValueError, zlib.error)
"""What reading a damaged chunk raises, by its codec."""

SOME_TRACES = 20_000  # whose coordinates the corners are fitted to
UNEVEN = 0.01  # of a step: what coordinates may miss even steps by, as float32 does


@dataclass(frozen=True)
class ZarrReader:
    """Reads sub-boxes of a Zarr array; touches only the chunks they lie in."""

    path: Path
    array: zarr.Array
    live: NDArray[np.bool_] | None

    @property
    def block(self) -> tuple[int, int]:
        """One chunk."""
        rows, columns = self.array.shape[:2]
        return min(self.array.chunks[0], rows), min(self.array.chunks[1], columns)

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box as a new C-ordered float32 array; missing traces are zero."""
        try:
            stored = np.asarray(self.array[inlines, crosslines, samples])
        except DAMAGED_CHUNK as error:
            raise VolumeError(
                f"{self.path} has a damaged chunk ({error}); copy or write it again."
            ) from error
        with np.errstate(over="ignore"):
            box = stored.astype(np.float32, order="C")
        if not box.any() and self._is_gone():
            raise VolumeError(f"{self.path} is no longer there; see that its disk is, and run it again.")
        if self.live is not None:
            box[~self.live[inlines, crosslines]] = 0
        return box

    def _is_gone(self) -> bool:
        """Whether the array has been removed, which would be read as zeros."""
        store = self.array.store
        if not isinstance(store, LocalStore):
            return False
        folder = store.root / self.array.path
        return not any((folder / name).exists() for name in ("zarr.json", ".zarray"))

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the array again; one that is not there would be read as zeros."""
        store = self.array.store
        assert isinstance(store, LocalStore)
        return _opened_reader, (self.path.resolve(), store.root.resolve() / self.array.path, self.live)

    def close(self) -> None:
        """Nothing stays open between reads."""


def _opened_reader(path: Path, array: Path, live: NDArray[np.bool_] | None) -> ZarrReader:
    try:
        return ZarrReader(path, zarr.open_array(array, mode="r"), live)
    except (BaseZarrError, OSError, ValueError) as error:
        raise VolumeError(f"{path} cannot be read here ({error}).") from error


def open_zarr(path: Path) -> Volume:
    """Open a Zarr array, or the one 3D array of a group, with the coordinates beside it if there are any.

    Raises:
        VolumeError: It is damaged, has no 3D array of numbers or several, or its axes are in another order.
        GeometryError: A coordinate array does not fit, is in an unknown unit, or does not ascend evenly.
    """
    try:
        return _opened(path)
    except (
        BaseZarrError,
        ArithmeticError,
        AttributeError,
        KeyError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        raise VolumeError(f"{path} is damaged or no Zarr array or group ({error}).") from error


def _opened(path: Path) -> Volume:
    node = zarr.open(path, mode="r")
    if isinstance(node, zarr.Group):
        array, group = _samples_of(path, node), node
    else:
        array, group = node, _group_around(path)
    if array.ndim != 3 or 0 in array.shape or array.dtype.kind not in "fiub":
        raise VolumeError(
            f"{path} has shape {array.shape} and type {array.dtype}; a volume has three axes of numbers: "
            "inline, crossline, sample."
        )
    geometry, notes = _geometry(path, array, group)
    reader = ZarrReader(path, array, geometry.live)
    return Volume(path, "Zarr", str(array.dtype), geometry, reader, tuple(notes))


def _samples_of(path: Path, group: zarr.Group) -> zarr.Array:
    arrays = dict(group.arrays())
    default = _dict_of(group.attrs.get("attributes")).get("defaultVariableName")
    if default in arrays:
        return arrays[default]
    cubes = [name for name, array in arrays.items() if array.ndim == 3]
    if len(cubes) != 1:
        found = f"several 3D arrays ({', '.join(sorted(cubes))})" if cubes else "no 3D array"
        raise VolumeError(f"{path} holds {found}; give the path of the one to read, such as {path}/NAME.")
    return arrays[cubes[0]]


def _group_around(path: Path) -> zarr.Group | None:
    """The group an array lies in, for its coordinates; None if it lies alone."""
    try:
        return zarr.open_group(path.resolve().parent, mode="r")
    except (BaseZarrError, OSError, ValueError, KeyError):
        return None


def _dict_of(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _dimension_names(array: zarr.Array) -> tuple[str, ...]:
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS") or ()
    return tuple(str(name) for name in names) if isinstance(names, list | tuple) else ()


def _geometry(path: Path, array: zarr.Array, group: zarr.Group | None) -> tuple[Geometry, list[str]]:
    """Where the voxels lie, and notes on what looks odd in it."""
    shape = (array.shape[0], array.shape[1], array.shape[2])
    plain = plain_geometry(shape)
    names = _dimension_names(array)
    if len(names) != 3:
        return plain, []
    if any(_belongs_elsewhere(name, axis) for axis, name in enumerate(names)):
        raise VolumeError(
            f"{path} has its axes in the order {', '.join(names)}; write it again in the order inline, "
            "crossline, vertical."
        )
    beside = {} if group is None else dict(group.arrays())

    def stored(name: str, expected: tuple[int, ...]) -> NDArray | None:
        if name not in beside:
            return None
        array = beside[name]
        turned = len(expected) == 2 and _dimension_names(array) == (names[1], names[0])
        if array.shape != (expected[::-1] if turned else expected):
            return None
        if array.dtype.kind not in "fiub":
            raise GeometryError(f"{path} has {name} of type {array.dtype}; write it as numbers.")
        values = np.asarray(array[...])
        return values.T if turned else values

    lines = []
    for name, default in zip(names[:2], (plain.inlines, plain.crosslines), strict=True):
        numbers = stored(name, default.shape)
        lines.append(default if numbers is None else _line_numbers(path, name, numbers))
    times = stored(names[2], shape[2:])
    samples = plain.samples if times is None else _sample_axis(path, names[2], times, beside[names[2]])
    mask, x, y = (stored(name, shape[:2]) for name in ("trace_mask", "cdp_x", "cdp_y"))
    live = None if mask is None or mask.astype(bool).all() else mask.astype(bool)
    notes = [_gap_note(name, numbers) for name, numbers in zip(names[:2], lines, strict=True)]
    corners, length_unit = None, "m"
    if x is not None and y is not None:
        exists = np.isfinite(x) & np.isfinite(y) & (True if live is None else live)
        corners, length_unit, note = _corners(x, y, exists, lines, _stated_unit(beside["cdp_x"]) or "m")
        notes.append(note)
    return Geometry(lines[0], lines[1], samples, corners, live, length_unit), [note for note in notes if note]


def _corners(
    x: NDArray, y: NDArray, exists: NDArray[np.bool_], lines: list[NDArray[np.int32]], unit: str
) -> tuple[NDArray[np.float64] | None, Literal["m", "ft"], str]:
    """The corners of the survey and their unit, and a note on what is odd about X and Y."""
    if unit not in LENGTHS:
        note = f"X and Y are in {unit!r} and left out; write map coordinates in m, km or ft for true dips."
        return None, "m", note
    length_unit, factor = LENGTHS[unit]
    places = np.flatnonzero(exists)
    if len(places) > SOME_TRACES:
        places = np.unique(np.random.default_rng(0).choice(places, SOME_TRACES))
    row, column = np.unravel_index(places, exists.shape)
    xy = factor * np.stack([x[row, column], y[row, column]], axis=1).astype(np.float64)
    corners, note = fit_corners(lines[0][row], lines[1][column], xy, lines[0], lines[1])
    if corners is not None and are_angles(corners, exists.shape, told=False):
        return None, "m", ANGLES_NOTE
    return corners, length_unit, note


def _gap_note(name: str, numbers: NDArray[np.int32]) -> str:
    """Says so where lines are not evenly spaced: a file of SEG-Y would hold dead lines between them."""
    gaps = np.diff(numbers.astype(np.int64))
    if len(gaps) == 0 or (gaps == gaps[0]).all():
        return ""
    return (
        f"The {name} numbers {numbers[0]} to {numbers[-1]} have gaps, which are left out: neighbours there "
        "are not evenly spaced."
    )


def _belongs_elsewhere(name: str, axis: int) -> bool:
    return any(name.lower() in known for other, known in enumerate(AXES) if other != axis)


def _line_numbers(path: Path, name: str, numbers: NDArray) -> NDArray[np.int32]:
    limits = np.iinfo(np.int32)
    if not ((numbers >= limits.min) & (numbers <= limits.max) & (numbers == np.rint(numbers))).all():
        raise GeometryError(
            f"{path} has {name} numbers that are not whole 32-bit numbers; write them as integers."
        )
    if (np.diff(numbers.astype(np.int64)) <= 0).any():
        raise GeometryError(f"{path} has {name} numbers that do not ascend; sort its lines first.")
    return numbers.astype(np.int32)


def _sample_axis(path: Path, name: str, times: NDArray, coordinate: zarr.Array) -> SampleAxis:
    unit, factor = _unit(path, name, coordinate)
    values = times.astype(np.float64) * factor
    step = float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0
    axis = SampleAxis(float(values[0]), step, len(values), unit)
    if not (step > 0 and (np.abs(values - axis.values) <= UNEVEN * step).all()):
        raise GeometryError(
            f"{path} has {name} coordinates that do not grow in even steps; write its samples on an axis "
            "that does."
        )
    return axis


def _unit(path: Path, name: str, coordinate: zarr.Array) -> tuple[str, float]:
    """Unit of the vertical axis, and what makes the stored coordinates numbers in it.

    It is as MDIO writes it, else the usual attribute, else by the axis's name.
    """
    stated = _stated_unit(coordinate)
    if stated is None:
        return UNIT_OF_NAME.get(name.lower(), "samples"), 1.0
    if stated not in UNITS:
        raise GeometryError(
            f"{path} has {name} coordinates in the unit {stated!r}, which is not known; "
            f"write them in one of {', '.join(UNITS)}."
        )
    return UNITS[stated]


def _stated_unit(coordinate: zarr.Array) -> str | None:
    """The unit that the attributes of a coordinate name, by its usual abbreviation; None: none."""
    known = _dict_of(coordinate.attrs.get("unitsV1"))
    named = [known.get(kind) for kind in ("time", "length", "angle")]
    stated = next(filter(None, named), None) or coordinate.attrs.get("units")
    if not isinstance(stated, str) or not stated.strip():
        return None
    word = stated.strip().lower()
    return OTHER_WORDS.get(word, word)


def create_zarr(
    path: Path, geometry: Geometry, name: str, shard: tuple[int, int, int] | None = None
) -> zarr.Array:
    """Make a volume of zeros with its coordinates.

    Args:
        path: The folder, which must not exist.
        geometry: Where the voxels lie.
        name: Name of the array of samples.
        shard: Inlines, crosslines and samples that share a file, whole chunks; None: a file for each chunk.

    Returns:
        The array of samples.
    """
    vertical = VERTICAL[geometry.samples.unit]
    names = ("inline", "crossline", vertical)
    group = zarr.create_group(
        path,
        attributes={
            "apiVersion": "1.0.0",
            "name": name,
            "attributes": {"defaultVariableName": name, "surveyType": "3D", "gatherType": "stacked"},
        },
    )
    extra = _extra_arrays(geometry)
    units = {"time": {"time": "ms"}, "depth": {"length": geometry.samples.unit}}.get(vertical)
    group.create_array("inline", data=geometry.inlines, dimension_names=names[:1])
    group.create_array("crossline", data=geometry.crosslines, dimension_names=names[1:2])
    group.create_array(
        vertical,
        data=geometry.samples.values,
        dimension_names=names[2:],
        attributes={"unitsV1": units} if units else {},
    )
    for key, values in extra.items():
        attributes: dict[str, Any] = {}
        if key != "trace_mask":
            attributes["unitsV1"] = {"length": geometry.length_unit}
        group.create_array(key, data=values, dimension_names=names[:2], attributes=attributes)
    # last, as where it is all is there
    return group.create_array(
        name,
        shape=geometry.shape,
        dtype="float32",
        chunks=_chunks(shard) if shard else tuple(min(CHUNK, size) for size in geometry.shape),
        shards=shard,
        compressors=BloscCodec(cname="lz4", clevel=1, shuffle="bitshuffle"),
        fill_value=0,
        dimension_names=names,
        attributes={"coordinates": " ".join(key for key in extra if key != "trace_mask")} if extra else {},
    )


def _chunks(shard: tuple[int, int, int]) -> tuple[int, int, int]:
    """Sides of the chunks in a shard, which they divide; those of a thin shard are wider, so not smaller."""
    wide = 2 * CHUNK if 4 * shard[0] <= CHUNK else CHUNK
    return _chunk(shard[0], CHUNK), _chunk(shard[1], wide), _chunk(shard[2], wide)


def _chunk(side: int, wanted: int) -> int:
    """The side wanted where it divides that of the shard, or the longest that does."""
    if side % wanted == 0:
        return wanted
    return max(divisor for divisor in range(1, min(side, 2 * CHUNK) + 1) if side % divisor == 0)


class ZarrSink:
    """Writes whole chunks: lines are collected until they fill a row of chunks."""

    def __init__(self, path: Path, geometry: Geometry, name: str) -> None:
        self._lines = geometry.shape[0]
        self._array = create_zarr(path, geometry, name)
        self._pending = np.empty((self._array.chunks[0], *geometry.shape[1:]), dtype=np.float32)
        self._held = 0

    def write(self, first: int, slab: NDArray[np.float32]) -> None:
        """Collect lines and write each full row of chunks, and the last one when it is complete."""
        for line, samples in enumerate(slab, first + 1):
            self._pending[self._held] = samples
            self._held += 1
            if self._held == len(self._pending) or line == self._lines:
                self._array[line - self._held : line] = self._pending[: self._held]
                self._held = 0

    def close(self) -> None:
        """Nothing stays open between writes."""


def _extra_arrays(geometry: Geometry) -> dict[str, NDArray]:
    """Coordinates of each trace if known, and where there are traces."""
    live = np.ones(geometry.shape[:2], dtype=bool) if geometry.live is None else geometry.live
    if geometry.corners is None:
        return {"trace_mask": live}
    xy = grid_coordinates(geometry)
    return {"cdp_x": xy[..., 0].copy(), "cdp_y": xy[..., 1].copy(), "trace_mask": live}
