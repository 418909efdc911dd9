"""From a fault probability to faults."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import NoFaultError, VolumeError
from faultpick.metrics import strike_and_dip
from faultpick.picks.attributes import Scale, attributes_of, grid_normal, scale_of, triangle_normals
from faultpick.picks.fault import Fault, Picks
from faultpick.picks.line import FEWEST, wide_line
from faultpick.picks.orientation import fitted_normals
from faultpick.picks.points import Points, sorted_into_cells
from faultpick.picks.separate import separate, strong_only
from faultpick.picks.settings import PickSettings
from faultpick.picks.sticks import sticks_of
from faultpick.picks.store import DIP, FAULT_ID, LIKELIHOOD, STRIKE, new_picks_folder, write_into
from faultpick.picks.surface import surface_of
from faultpick.picks.thin import Box, thin
from faultpick.picks.throw import throw_of
from faultpick.volume import Geometry, Volume, create_volume
from faultpick.volume.alike import check_no_input, check_probability, check_same_grid, check_same_unit
from faultpick.volume.part import covering
from faultpick.volume.volume import array_geometry

SLAB = 32  # inlines written at once

Source = Volume | NDArray[np.floating] | NDArray[np.integer]


def pick(
    probability: Source, *, seismic: Source | None = None, settings: PickSettings | None = None
) -> Picks:
    """Pick the faults of a probability volume.

    Args:
        probability: In [0, 1], an opened volume or an array (inline, crossline, sample); it is read block by
            block.
        seismic: The amplitudes on the same grid, to measure throw; where a probability without line numbers
            and coordinates lies is theirs.
        settings: What to run with.

    Raises:
        NoFaultError: Nothing in the volume is a fault.
        VolumeError: A probability is not finite or outside [0, 1], the seismic has another shape or
            other lines, or there is a single trace.
    """
    return _picked(probability, seismic, settings or PickSettings()).picks


def pick_to_folder(
    probability: Source,
    directory: str | Path,
    *,
    seismic: Source | None = None,
    settings: PickSettings | None = None,
    volumes: bool = True,
    overwrite: bool = False,
) -> Picks:
    """Pick the faults of a probability volume into a new folder, which appears whole or not at all.

    Arguments that `pick` has too mean the same.

    Args:
        probability: The probability volume.
        directory: The folder to make.
        seismic: The amplitudes.
        settings: What to run with.
        volumes: Also write fault id, thinned probability, strike and dip as volumes, 0 off the faults.
        overwrite: Replace a folder that holds the picks of another run.

    Raises:
        VolumeError: As in `pick`.
        OutputError: The folder holds another run's picks, one of these volumes or anything else, or the disk
            refuses or is full.
    """
    check_no_input(
        Path(directory), [source.path for source in (probability, seismic) if isinstance(source, Volume)]
    )
    with new_picks_folder(directory, overwrite=overwrite) as folder:
        result = _picked(probability, seismic, settings or PickSettings())
        write_into(result.picks, folder)
        if volumes:
            for name, values in _volumes(result):
                _write_volume(folder / name, result, values)
    return result.picks


@dataclass(frozen=True, eq=False)
class _Result:
    """Picks, and the points that they were made from with the id of each."""

    picks: Picks
    points: Points
    ids: NDArray[np.int32]
    scale: Scale


def _picked(probability: Source, seismic: Source | None, settings: PickSettings) -> _Result:
    geometry = _geometry(probability)
    if seismic is not None:
        if _whereabouts(seismic) == _whereabouts(probability) and isinstance(seismic, Volume):
            raise VolumeError(
                f"{_name(seismic)} is given as probability and as survey: throw needs the survey."
            )
        if isinstance(seismic, Volume):
            seismic = covering(seismic, geometry)
        survey = _geometry(seismic)
        advice = "give the survey that the probability was predicted from."
        check_same_unit(_name(seismic), survey, _name(probability), geometry)
        check_same_grid(_name(seismic), survey, _name(probability), geometry, advice)
        if geometry.corners is None and geometry.samples.unit == "samples":
            geometry = survey  # which says where a plain array lies
    if geometry.shape[:2] == (1, 1):
        raise VolumeError(
            f"{_name(probability)} is a single trace, which shows no fault: give a line or more."
        )
    facts, settings = asdict(settings), _for_few_lines(settings, geometry.shape)
    shape, read = geometry.shape, _probabilities(probability)
    line = wide_line(shape, settings.min_area)
    if line is not None:
        shape, read = line.shape, line.read(read)
    points = thin(read, shape, settings.low)
    points = points[strong_only(points, sorted_into_cells(points, shape), settings.high)]
    if not len(points):
        raise NoFaultError(
            f"{_name(probability)} holds no fault: no ridge in it reaches {settings.high:g}; "
            "lower --high, or check that it is a fault probability."
        )
    cells = sorted_into_cells(points, shape)
    points, ambiguity = fitted_normals(points, cells)
    label = separate(points, ambiguity, cells, settings.gap)
    scale = scale_of(geometry, settings.velocity)
    faults, members = [], []
    for where in _largest_first(label, settings.min_area):
        fault = _fault(points[where], settings, shape, scale, geometry.samples.step)
        if fault is not None:
            faults.append(fault)
            members.append(where)
    order = sorted(range(len(faults)), key=lambda n: -faults[n].area)
    ids = np.zeros(len(points), np.int32)
    numbered = []
    for n in order:
        surface = faults[n]
        fault = surface if line is None else line.stick_of(surface)
        if fault is None:
            continue
        number = len(numbered) + 1
        ids[members[n]] = number
        fault = replace(fault, id=number)
        if seismic is not None:
            normal = grid_normal(surface.vertices, surface.triangles, scale)
            normal = normal if line is None else line.normal(normal)
            fault = replace(fault, throw=throw_of(fault.sticks, normal, _reader(seismic), geometry.shape))
        numbered.append(fault)
    if line is not None:
        points, ids = line.points_of(points, ids)
    facts |= {
        "probability": _whereabouts(probability),
        "seismic": None if seismic is None else _whereabouts(seismic),
    }
    return _Result(Picks(numbered, geometry, scale.unit, facts), points, ids, scale)


def _for_few_lines(settings: PickSettings, shape: tuple[int, int, int]) -> PickSettings:
    """Faults need less area where there are fewer lines than one is repeated to; of one, they are cuts."""
    lines = min(shape[:2])
    if not 1 < lines < FEWEST:
        return settings
    return replace(settings, min_area=settings.min_area * lines / FEWEST)


def _largest_first(label: NDArray[np.int32], least: float) -> Iterator[NDArray[np.int64]]:
    """The points of each group of at least so many, in a fixed order."""
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)
    kept = [group for group in groups if label[group[0]] >= 0 and len(group) >= least]
    yield from sorted(kept, key=lambda group: (-len(group), group[0]))


def _fault(
    points: Points, settings: PickSettings, shape: tuple[int, int, int], scale: Scale, step: float
) -> Fault | None:
    """One fault; None if its surface is too small or too thin for a stick."""
    vertices, triangles = surface_of(points, settings.gap, settings.min_area / 4, shape)
    if not len(triangles):
        return None
    sticks = sticks_of(vertices, triangles, settings.stick_spacing, scale)
    if triangle_normals(vertices, triangles)[1].sum() < settings.min_area or not sticks:
        return None
    measured = attributes_of(vertices, triangles, scale, step)
    return Fault(
        id=0,
        vertices=vertices,
        triangles=triangles,
        sticks=sticks,
        **asdict(measured),
        mean_probability=float(points.probability.mean(dtype=np.float64)),
        minimum_probability=float(points.probability.min()),
    )


def _geometry(source: Source) -> Geometry:
    if isinstance(source, Volume):
        return source.geometry
    return array_geometry(source)


def _name(source: Source) -> str:
    return str(source.path) if isinstance(source, Volume) else "the array"


def _whereabouts(source: Source) -> str:
    return str(source.path.absolute()) if isinstance(source, Volume) else _name(source)


def _reader(source: Source) -> Callable[[Box], NDArray[np.float32]]:
    if isinstance(source, Volume):
        return lambda box: source.read(*box)
    return lambda box: np.asarray(source[box], dtype=np.float32)


def _probabilities(source: Source) -> Callable[[Box], NDArray[np.float32]]:
    """Reads and checks; what rounding took out of [0, 1] is put back."""
    read = _reader(source)

    def checked(box: Box) -> NDArray[np.float32]:
        block = read(box)
        if not np.isfinite(float(block.min()) + float(block.max())):
            raise VolumeError(
                f"{_name(source)} holds NaN or infinite values: predict again, or set them to 0."
            )
        check_probability(block, _name(source))
        return np.clip(block, 0.0, 1.0)

    return checked


def _volumes(result: _Result) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name of each volume, and its values at the points."""
    normal = result.points.normal.astype(np.float64) @ np.linalg.inv(result.scale.matrix)
    strike, dip = strike_and_dip(normal)
    yield FAULT_ID, result.ids.astype(np.float32)
    yield LIKELIHOOD, result.points.probability
    if min(result.picks.geometry.shape[:2]) > 1:  # a line has no strike
        yield STRIKE, np.where(strike == 0, 360.0, strike).astype(np.float32)  # 0 is where there is no fault
    yield DIP, dip.astype(np.float32)


def _write_volume(path: Path, result: _Result, values: NDArray[np.float32]) -> None:
    kept = result.ids > 0
    voxel, values = result.points.voxel[kept], values[kept]
    shape = result.picks.geometry.shape
    with create_volume(path, result.picks.geometry, name=path.stem) as writer:
        for first in range(0, shape[0], SLAB):
            slab = np.zeros((min(SLAB, shape[0] - first), *shape[1:]), np.float32)
            here = (voxel[:, 0] >= first) & (voxel[:, 0] < first + SLAB)
            i, j, k = (voxel[here] - [first, 0, 0]).T
            slab[i, j, k] = values[here]
            writer.write(first, slab)
