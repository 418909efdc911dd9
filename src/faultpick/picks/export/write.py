"""Faults in the file formats of interpretation systems and viewers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from faultpick.errors import ConfigError, OutputError, PicksError
from faultpick.picks.attributes import attributes_of, scale_of
from faultpick.picks.export.charisma import write_charisma
from faultpick.picks.export.gocad import write_gocad
from faultpick.picks.export.iesx import write_iesx
from faultpick.picks.export.kingdom import write_kingdom
from faultpick.picks.export.obj import write_obj
from faultpick.picks.export.opendtect import write_opendtect, write_opendtect_single
from faultpick.picks.export.placed import Frame, PlacedFault, place
from faultpick.picks.export.ply import write_ply
from faultpick.picks.export.skins import write_skins
from faultpick.picks.export.volumes import VOLUMES, export_volume
from faultpick.picks.export.vtp import write_vtp
from faultpick.picks.fault import Fault, Picks
from faultpick.picks.settings import PickSettings
from faultpick.picks.store import FAULTS_CSV, FAULTS_JSON, SURFACES, read_picks
from faultpick.volume import Geometry, Volume
from faultpick.volume.alike import check_no_input, check_same_grid, check_same_unit, placed_by
from faultpick.volume.part import covering
from faultpick.volume.staging import output_errors, staged


@dataclass(frozen=True)
class Format:
    """A format of sticks or surfaces.

    Attributes:
        write: Writes faults to a path that does not exist.
        needs: What a fault must have to be written: "sticks", "triangles".
        file: Usual name in the folder of picks; a format of surfaces is chosen by its suffix where none is
            named.
    """

    write: Callable[[list[PlacedFault], Frame, Path], None]
    needs: tuple[str, ...]
    file: str


FORMATS = {
    "opendtect": Format(write_opendtect, ("sticks",), "opendtect.dat"),
    "opendtect-single": Format(write_opendtect_single, ("sticks",), "opendtect-single.dat"),
    "charisma": Format(write_charisma, ("sticks",), "charisma.dat"),
    "kingdom": Format(write_kingdom, ("sticks",), "kingdom.dat"),
    "iesx": Format(write_iesx, ("sticks",), "iesx.dat"),
    "gocad": Format(write_gocad, ("triangles",), "faults.ts"),
    "obj": Format(write_obj, ("triangles",), "faults.obj"),
    "ply": Format(write_ply, ("triangles",), "faults.ply"),
    "vtp": Format(write_vtp, ("triangles",), "faults.vtp"),
    "skins": Format(write_skins, ("sticks", "triangles"), "skins"),
}
NAMES = (*FORMATS, *VOLUMES)
IN_VOXELS = ("skins", *VOLUMES)
"""Formats without X and Y."""

PICKS_FILES = {FAULTS_JSON, FAULTS_CSV, SURFACES, *VOLUMES.values()}
"""What no export writes over."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        format: Its name.
        faults: Ids of the faults written.
        has_coordinates: False where X and Y are inline and crossline numbers, for want of coordinates.
    """

    format: str
    faults: tuple[int, ...]
    has_coordinates: bool


def export_faults(
    picks: Picks | str | Path,
    out: str | Path,
    *,
    file_format: str | None = None,
    faults: Sequence[int] | None = None,
    like: Volume | None = None,
) -> Exported:
    """Write picked faults in a format of sticks, of surfaces, or of volumes.

    The output appears whole or not at all; an older one of that name is replaced.

    Args:
        picks: The faults, or the folder that `write_picks` wrote, which volumes are only exported from.
        out: The file; a folder for "skins".
        file_format: One of `NAMES`; None: by the suffix of `out` (.ts, .obj, .ply, .vtp).
        faults: Ids of the faults to write; None: all.
        like: The survey, or one that the picks' is a part of: its line numbers and coordinates are used in
            place of the picks' own, surfaces are measured anew by them, and a volume gets its headers.

    Returns:
        What was written.

    Raises:
        ConfigError: There is no such format, or the suffix does not say which.
        PicksError: The folder holds no picks, no such fault, or nothing of what the format shows.
        VolumeError: `like` has another shape, other lines, or other times or depths.
        OutputError: The output is the survey, the probability or a part of the picks, the format cannot hold
            it, or the disk refuses or is full.
    """
    out = Path(out)
    name = _format_name(file_format, out)
    directory = None if isinstance(picks, Picks) else Path(picks)
    found = picks if isinstance(picks, Picks) else read_picks(picks)
    _check_target(out, name, directory)
    made_from = [found.settings.get(each) for each in ("seismic", "probability")]
    check_no_input(out, [like and like.path, *made_from])
    chosen = _chosen(found.faults, faults)
    geometry = found.geometry
    if like is not None:
        like = covering(like, geometry)
        check_same_unit(like.path, like.geometry, "the picked survey", geometry)
        check_same_grid(
            like.path, like.geometry, "the picked survey", geometry, "give the survey that was picked."
        )
        geometry = placed_by(like.geometry, geometry)
    has_coordinates = geometry.corners is not None
    if name in VOLUMES:
        if directory is None:
            raise ConfigError(f"The format {name} is a volume of a folder of picks: give the folder.")
        ids = None if faults is None else {fault.id for fault in chosen}
        export_volume(directory, name, out, ids, like)
        return Exported(name, tuple(fault.id for fault in chosen), has_coordinates)

    target = FORMATS[name]
    written = [fault for fault in chosen if all(len(getattr(fault, need)) > 0 for need in target.needs)]
    if not written:
        raise PicksError(f"The faults have no {' or no '.join(target.needs)}, which {name} shows.")
    if like is not None:
        written = [_measured(fault, geometry, found.settings) for fault in written]
    frame = Frame(geometry.length_unit if has_coordinates else None, geometry.samples.unit)
    with staged(out, replaceable=lambda _: name == "skins") as temporary, output_errors(out):
        target.write([place(fault, geometry) for fault in written], frame, temporary)
    return Exported(name, tuple(fault.id for fault in written), has_coordinates)


def usual_files(formats: Sequence[str], shape: tuple[int, int, int]) -> dict[str, str]:
    """Usual name of the file of each format of sticks or surfaces for picks of a survey, by its name.

    Raises:
        ConfigError: There is no such format, or it shows surfaces, which a single line has none of.
    """
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(
                f"No format of sticks or surfaces is called {name!r}; known are {', '.join(FORMATS)}."
            )
        if "triangles" in FORMATS[name].needs and 1 in shape[:2]:
            sticks = [name for name, known in FORMATS.items() if "triangles" not in known.needs]
            raise ConfigError(
                f"The format {name} shows surfaces, and of a single line there are sticks alone: choose one "
                f"of {', '.join(sticks)}."
            )
    return {name: FORMATS[name].file for name in formats}


def _format_name(file_format: str | None, out: Path) -> str:
    if file_format is None:
        for name, known in FORMATS.items():
            if known.needs == ("triangles",) and Path(known.file).suffix == out.suffix.lower():
                return name
        raise ConfigError(
            f"The name {out.name} does not say which format to write; give one: {', '.join(NAMES)}."
        )
    if file_format not in NAMES:
        raise ConfigError(f"No export format is called {file_format!r}; known are {', '.join(NAMES)}.")
    return file_format


def _chosen(faults: list[Fault], ids: Sequence[int] | None) -> list[Fault]:
    if not faults:
        raise PicksError("The picks hold no fault: there is nothing to export.")
    if ids is None:
        return faults
    by_id = {fault.id: fault for fault in faults}
    for number in ids:
        if number not in by_id:
            raise PicksError(f"No fault has the id {number}; there are {min(by_id)} to {max(by_id)}.")
    return [by_id[number] for number in dict.fromkeys(ids)]


def _measured(fault: Fault, geometry: Geometry, settings: Mapping[str, Any]) -> Fault:
    """A fault with the attributes that its surface has in a survey; one without a surface as it is."""
    if not len(fault.triangles):
        return fault
    scale = scale_of(geometry, settings.get("velocity", PickSettings().velocity))
    attributes = attributes_of(fault.vertices, fault.triangles, scale, geometry.samples.step)
    return replace(fault, **asdict(attributes))


def _check_target(out: Path, name: str, directory: Path | None) -> None:
    if directory is not None and out.parent.resolve() == directory.resolve() and out.name in PICKS_FILES:
        raise OutputError(f"{out} is a part of the picks; give the output another name.")
    if name == "skins" and out.exists() and not (out.is_dir() and _holds_skins(out)):
        raise OutputError(f"{out} exists and is no folder of skins; choose the name of a new folder.")


def _holds_skins(folder: Path) -> bool:
    """Whether a folder holds skins and nothing else."""
    return all(path.suffix == ".skin" for path in folder.iterdir())
