"""A folder of picks: what was found, in files that people, spreadsheets and programs read.

- `faults.json`: the attributes of each fault, the settings, the version, the survey's sampling.
- `faults.csv`: the attributes, one row a fault, units in the header.
- `surfaces.npz`: vertices, triangles, sticks and throws of all faults one after the other, how many of each a
  fault has, and the grid.
- volumes, where they were asked for: `fault_id.zarr` and those named below.
"""

import csv
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import OutputError, PicksError
from faultpick.npz import NPZ_ERRORS
from faultpick.picks.fault import Fault, Picks, Throw
from faultpick.volume import Geometry, SampleAxis
from faultpick.volume.staging import output_errors, staged

FAULTS_JSON = "faults.json"
FAULTS_CSV = "faults.csv"
SURFACES = "surfaces.npz"
FAULT_ID = "fault_id.zarr"
LIKELIHOOD = "likelihood.zarr"
STRIKE = "strike.zarr"
DIP = "dip.zarr"

FORMAT = 1
"""Counted up when an older version could not read the folder."""

ATTRIBUTES = ("strike", "dip", "area", "length", "height", "mean_probability", "minimum_probability")
"""Fields of `Fault` that are one number, but for its id."""


def write_picks(picks: Picks, directory: str | Path, *, overwrite: bool = False) -> None:
    """Write the faults into a new folder, which appears whole or not at all.

    Args:
        picks: The faults.
        directory: The folder to make.
        overwrite: Replace a folder that holds the picks of another run.

    Raises:
        OutputError: The folder holds another run's picks or anything else, or the disk refuses or is full.
    """
    with new_picks_folder(directory, overwrite=overwrite) as folder:
        write_into(picks, folder)


@contextmanager
def new_picks_folder(directory: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Give a folder to write picks and their volumes into; it takes its name when the block ends well.

    Raises:
        OutputError: As in `write_picks`.
    """
    path = Path(directory)
    path = path.resolve() if path.name in ("", "..") else path
    if holds_picks(path) and not overwrite:
        raise OutputError(
            f"{path} holds the picks of another run; choose another folder, or replace them with --overwrite."
        )
    if path.is_file() or (path.is_dir() and any(path.iterdir()) and not holds_picks(path)):
        raise OutputError(f"{path} exists and is no folder of picks; choose the name of a new folder.")
    with staged(path, replaceable=Path.is_dir) as temporary:
        with output_errors(path):
            temporary.mkdir()
        yield temporary


def holds_picks(directory: Path) -> bool:
    """Whether a folder looks like one that `write_picks` wrote."""
    return (directory / FAULTS_JSON).is_file()


def write_into(picks: Picks, folder: Path) -> None:
    """Write the files of `picks` into an existing folder.

    Raises:
        OutputError: The disk refuses or is full.
    """
    with output_errors(folder):
        text = json.dumps(_facts(picks), indent=2, allow_nan=False)
        (folder / FAULTS_JSON).write_text(text + "\n", encoding="utf-8")
        _write_table(picks, folder / FAULTS_CSV)
        np.savez_compressed(folder / SURFACES, allow_pickle=False, **_arrays(picks))


def read_picks(directory: str | Path) -> Picks:
    """Read back what `write_picks` wrote.

    Raises:
        PicksError: The folder is missing or holds no picks, or a file in it is missing or damaged.
    """
    path = Path(directory)
    if not path.is_dir():
        raise PicksError(f"{path} {'is no folder' if path.exists() else 'does not exist'}; check the name.")
    if not holds_picks(path):
        raise PicksError(
            f"{path} holds no picks: {FAULTS_JSON} is missing; write them with `faultpick pick`."
        )
    facts = _read_facts(path / FAULTS_JSON)
    arrays = _read_arrays(path / SURFACES)
    try:
        faults = _faults(facts["faults"], arrays)
        geometry = _geometry(facts["geometry"], arrays)
        return Picks(faults, geometry, facts["length_unit"], dict(facts["settings"]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise PicksError(
            f"{path} holds damaged picks: {FAULTS_JSON} and {SURFACES} do not fit together; pick again."
        ) from error


def _facts(picks: Picks) -> dict[str, Any]:
    """What goes into the JSON file; numbers that are not finite become null."""
    axis = picks.geometry.samples
    return {
        "format": FORMAT,
        "version": version("faultpick"),
        "length_unit": picks.length_unit,
        "settings": picks.settings,
        "geometry": {
            "shape": picks.geometry.shape,
            "inlines": _ends(picks.geometry.inlines),
            "crosslines": _ends(picks.geometry.crosslines),
            "samples": asdict(axis),
            "corners": None if picks.geometry.corners is None else picks.geometry.corners.tolist(),
            "length_unit": picks.geometry.length_unit,
        },
        "faults": [
            {
                "id": fault.id,
                **{name: _finite(getattr(fault, name)) for name in ATTRIBUTES},
                "sticks": len(fault.sticks),
                "throw": None if fault.throw is None else _throw_facts(fault.throw, axis),
            }
            for fault in picks.faults
        ],
    }


def _ends(lines: NDArray[np.int32]) -> list[int]:
    return [int(lines[0]), int(lines[-1])]


def _throw_facts(throw: Throw, axis: SampleAxis) -> dict[str, Any]:
    facts = {"median_samples": _finite(throw.median)}
    if axis.unit != "samples":
        facts[f"median_{axis.unit}"] = _finite(throw.median * axis.step)
    return {**facts, "confidence": throw.mean_confidence}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def fault_table(picks: Picks) -> tuple[list[str], list[list[str]]]:
    """Header (units in brackets) and rows of the table of faults, as text; "" for what is not known."""
    length, axis = picks.length_unit, picks.geometry.samples
    header = [
        "id",
        "strike (degrees)",
        "dip (degrees)",
        f"area ({length}^2)",
        f"length ({length})",
        f"height ({axis.unit})",
        "mean probability",
        "minimum probability",
        "sticks",
        "throw (samples)",
        f"throw ({axis.unit})",
        "throw confidence",
    ]
    if axis.unit == "samples":
        header.pop(-2)
    rows = []
    for fault in picks.faults:
        throw = math.nan if fault.throw is None else fault.throw.median
        throws = (throw,) if axis.unit == "samples" else (throw, throw * axis.step)
        confidence = math.nan if fault.throw is None else fault.throw.mean_confidence
        numbers = (*(getattr(fault, name) for name in ATTRIBUTES), len(fault.sticks), *throws, confidence)
        texts = (f"{number:.6g}" if math.isfinite(number) else "" for number in numbers)
        rows.append([str(fault.id), *texts])
    return header, rows


def _write_table(picks: Picks, path: Path) -> None:
    header, rows = fault_table(picks)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _arrays(picks: Picks) -> dict[str, NDArray]:
    faults, geometry = picks.faults, picks.geometry
    sticks = [stick for fault in faults for stick in fault.sticks]
    throws = [fault.throw for fault in faults if fault.throw is not None]
    return {
        "vertices": _joined([fault.vertices for fault in faults], (0, 3), np.float32),
        "vertices_per_fault": _counts(fault.vertices for fault in faults),
        "triangles": _joined([fault.triangles for fault in faults], (0, 3), np.int32),
        "triangles_per_fault": _counts(fault.triangles for fault in faults),
        "stick_points": _joined(sticks, (0, 3), np.float32),
        "points_per_stick": _counts(sticks),
        "sticks_per_fault": _counts(fault.sticks for fault in faults),
        "throw_samples": _joined([throw.samples for throw in throws], (0,), np.float32),
        "throw_confidence": _joined([throw.confidence for throw in throws], (0,), np.float32),
        "has_throw": np.array([fault.throw is not None for fault in faults], dtype=bool),
        "inlines": geometry.inlines,
        "crosslines": geometry.crosslines,
        "live": np.ones(geometry.shape[:2], bool) if geometry.live is None else geometry.live,
    }


def _joined(parts: list[NDArray], empty: tuple[int, ...], dtype: type) -> NDArray:
    return np.concatenate(parts).astype(dtype) if parts else np.empty(empty, dtype)


def _counts(parts: Any) -> NDArray[np.int64]:
    return np.array([len(part) for part in parts], dtype=np.int64)


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        written = facts["format"]
    except OSError as error:
        raise PicksError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PicksError(f"{path} is damaged ({error}); pick again.") from error
    if written != FORMAT:
        raise PicksError(f"{path} has format {written} and this version reads format {FORMAT}; pick again.")
    return facts


def _read_arrays(path: Path) -> dict[str, NDArray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return dict(file)
    except FileNotFoundError as error:
        raise PicksError(f"{path.parent} is incomplete: {path.name} is missing; pick again.") from error
    except NPZ_ERRORS as error:
        raise PicksError(f"{path} is damaged ({error}); pick again.") from error


def _faults(facts: list[dict[str, Any]], arrays: dict[str, NDArray]) -> list[Fault]:
    vertices = _split(arrays["vertices"], arrays["vertices_per_fault"])
    triangles = _split(arrays["triangles"], arrays["triangles_per_fault"])
    per_fault = arrays["sticks_per_fault"]
    sticks = _split(_split(arrays["stick_points"], arrays["points_per_stick"]), per_fault)
    with_throw = np.where(arrays["has_throw"], per_fault, 0)
    throws = _split(arrays["throw_samples"], with_throw)
    confidences = _split(arrays["throw_confidence"], with_throw)
    return [
        Fault(
            id=fact["id"],
            vertices=vertices[i],
            triangles=triangles[i],
            sticks=list(sticks[i]),
            **{name: math.nan if fact[name] is None else fact[name] for name in ATTRIBUTES},
            throw=Throw(throws[i], confidences[i]) if arrays["has_throw"][i] else None,
        )
        for i, fact in _numbered(facts, len(vertices))
    ]


def _numbered(facts: list[dict[str, Any]], count: int) -> Iterator[tuple[int, dict[str, Any]]]:
    if len(facts) != count:
        raise ValueError(f"{len(facts)} faults have attributes and {count} have surfaces")
    return enumerate(facts)


def _split(values: Any, counts: NDArray[np.int64]) -> list[Any]:
    """The parts of `values` with so many rows each.

    Raises:
        ValueError: They do not add up.
    """
    ends = np.cumsum(counts)
    if len(values) != (ends[-1] if len(ends) else 0):
        raise ValueError(f"{len(values)} rows do not add up to {counts}")
    return [values[end - count : end] for end, count in zip(ends, counts, strict=True)]


def _geometry(facts: dict[str, Any], arrays: dict[str, NDArray]) -> Geometry:
    corners = None if facts["corners"] is None else np.array(facts["corners"], dtype=np.float64)
    live = None if arrays["live"].all() else arrays["live"]
    return Geometry(
        arrays["inlines"],
        arrays["crosslines"],
        SampleAxis(**facts["samples"]),
        corners,
        live,
        facts.get("length_unit", "m"),
    )
