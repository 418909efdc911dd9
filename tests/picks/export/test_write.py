from dataclasses import replace

import numpy as np
import pytest

from faultpick.cli.faults import EXPORT_FORMATS
from faultpick.errors import ConfigError, OutputError, PicksError, VolumeError
from faultpick.picks import Picks
from faultpick.picks.export import FORMATS, NAMES, export_faults, usual_files
from faultpick.volume import create_volume, open_volume

from .conftest import survey


def test_the_command_lists_every_format():
    assert EXPORT_FORMATS.split(", ") == list(NAMES)


@pytest.mark.parametrize("name", FORMATS)
def test_what_fails_half_way_leaves_nothing(name, picks, tmp_path):
    broken = replace(picks.faults[1], id="x")
    with pytest.raises(ValueError, match="format code"):
        export_faults(replace(picks, faults=[picks.faults[0], broken]), tmp_path / "out", file_format=name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence_and_leaves_nothing(picks, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(FORMATS, "obj", replace(FORMATS["obj"], write=full))
    with pytest.raises(OutputError, match="no space left"):
        export_faults(picks, tmp_path / "faults.obj")
    assert list(tmp_path.iterdir()) == []


def test_usual_files_are_different_and_unknown_formats_refused():
    files = usual_files(list(FORMATS), (2, 30, 40))
    assert list(files) == list(FORMATS)
    assert len(set(files.values())) == len(FORMATS)
    with pytest.raises(ConfigError, match="called 'dip'; known are opendtect"):
        usual_files(["obj", "dip"], (2, 30, 40))


@pytest.mark.parametrize("shape", [(1, 30, 40), (30, 1, 40)])
def test_surfaces_of_a_single_line_are_refused(shape):
    assert usual_files(["charisma"], shape) == {"charisma": "charisma.dat"}
    for name in ("gocad", "skins"):
        with pytest.raises(ConfigError, match=rf"{name} shows surfaces.*choose one of opendtect, "):
            usual_files(["kingdom", name], shape)


def test_formats_by_name_and_by_suffix(picks, tmp_path):
    assert export_faults(picks, tmp_path / "faults.TS").format == "gocad"
    assert export_faults(picks, tmp_path / "faults.ts", file_format="kingdom").format == "kingdom"
    with pytest.raises(ConfigError, match=r"faults\.dat does not say.*opendtect"):
        export_faults(picks, tmp_path / "faults.dat")
    with pytest.raises(ConfigError, match=r"'dxf'; known are opendtect"):
        export_faults(picks, tmp_path / "faults.dxf", file_format="dxf")
    with pytest.raises(ConfigError, match="give the folder"):
        export_faults(picks, tmp_path / "dip.sgy", file_format="dip")


def test_chosen_faults_come_once_in_the_order_asked_for(picks, tmp_path):
    assert export_faults(picks, tmp_path / "faults.obj", faults=[12, 1, 12]).faults == (12, 1)
    with pytest.raises(PicksError, match="No fault has the id 3; there are 1 to 12"):
        export_faults(picks, tmp_path / "faults.ply", faults=[1, 3])
    with pytest.raises(PicksError, match="no fault"):
        export_faults(replace(picks, faults=[]), tmp_path / "faults.ply")
    assert [path.name for path in tmp_path.iterdir()] == ["faults.obj"]


def test_faults_without_what_the_format_shows_are_left_out(picks, tmp_path):
    bare = replace(picks.faults[1], sticks=[])
    some = replace(picks, faults=[picks.faults[0], bare])
    assert export_faults(some, tmp_path / "sticks", file_format="kingdom").faults == (1,)
    assert export_faults(some, tmp_path / "skins", file_format="skins").faults == (1,)
    assert export_faults(some, tmp_path / "faults.ts").faults == (1, 2)
    with pytest.raises(PicksError, match="no sticks"):
        export_faults(replace(picks, faults=[bare]), tmp_path / "none", file_format="kingdom")


def test_another_survey_of_the_same_shape_gives_the_coordinates(picks, tmp_path):
    with create_volume(tmp_path / "survey.zarr", survey()) as writer:
        writer.write(0, np.zeros((30, 40, 50), np.float32))
    export_faults(picks, tmp_path / "own.obj")
    bare = replace(picks, geometry=replace(picks.geometry, corners=None), length_unit="voxels")
    with open_volume(tmp_path / "survey.zarr") as volume:
        assert export_faults(bare, tmp_path / "like.obj", like=volume).has_coordinates
        smaller = Picks(picks.faults, replace(picks.geometry, inlines=picks.geometry.inlines[:20] + 1), "m")
        with pytest.raises(VolumeError, match=r"shape \(30, 40, 50\), the picked survey \(20, 40, 50\)"):
            export_faults(smaller, tmp_path / "faults.obj", like=volume)
        shifted = replace(picks, geometry=replace(picks.geometry, inlines=picks.geometry.inlines + 2))
        with pytest.raises(VolumeError, match="inlines 100 to 158, the picked survey 102 to 160"):
            export_faults(shifted, tmp_path / "faults.obj", like=volume)
        axis = replace(picks.geometry.samples, unit="ft")
        deep = replace(picks, geometry=replace(picks.geometry, samples=axis))
        with pytest.raises(VolumeError, match="the picked survey in ft: give --unit"):
            export_faults(deep, tmp_path / "faults.obj", like=volume)
    assert (tmp_path / "like.obj").read_text() == (tmp_path / "own.obj").read_text()


def test_neither_is_what_they_were_picked_from(picks, tmp_path):
    path = tmp_path / "survey.zarr"
    with create_volume(path, survey()) as writer:
        writer.write(0, np.zeros((30, 40, 50), np.float32))
    with open_volume(path) as volume:
        for settings, like in (
            ({"seismic": str(path)}, None),
            ({"probability": str(path)}, None),
            ({}, volume),
        ):
            with pytest.raises(OutputError, match="is the input or holds it"):
                export_faults(replace(picks, settings=settings), path, file_format="obj", like=like)
        assert volume.read(slice(0, 1), slice(0, 1), slice(0, 1)).size


def test_the_picks_own_files_are_never_written_over(folder, tmp_path):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("faults.json", "surfaces.npz", "dip.zarr"):
        with pytest.raises(OutputError, match="part of the picks"):
            export_faults(folder, folder / name, file_format="obj")
    with pytest.raises(OutputError, match="is a folder"):
        export_faults(folder, folder, file_format="obj")
    with pytest.raises(OutputError, match="does not exist"):
        export_faults(folder, tmp_path / "no" / "faults.obj")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (tmp_path / "empty").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        export_faults(folder, tmp_path / "empty", file_format="obj")


def test_command(folder, tmp_path, command):
    code, stdout, stderr = command("export", folder, "-o", tmp_path / "f.dat", "--format", "charisma")
    assert (code, stdout, stderr) == (0, f"{tmp_path / 'f.dat'}: 3 faults as charisma\n", "")
    code, stdout, _ = command("export", folder, "-o", tmp_path / "f.vtp", "--fault", 12)
    assert (code, stdout) == (0, f"{tmp_path / 'f.vtp'}: 1 fault as vtp\n")
    before = sorted(tmp_path.iterdir())
    for arguments, message in [
        ([tmp_path / "none", "-o", tmp_path / "f.ts"], "does not exist"),
        ([folder, "-o", tmp_path / "g.dat"], "does not say which format"),
        ([folder, "-o", tmp_path / "g.dat", "--format", "dxf"], "No export format"),
        ([folder, "-o", tmp_path / "g.ts", "--fault", 7], "No fault has the id 7"),
        ([folder, "-o", tmp_path / "g.sgy", "--format", "dip"], "holds no dip.zarr"),
        ([folder, "-o", tmp_path / "g.ts", "--like", tmp_path / "none.sgy"], "does not exist"),
    ]:
        code, stdout, stderr = command("export", *arguments)
        assert code == 2
        assert message in stderr
        assert stderr.strip().count("\n") == 0
        assert not stdout
        assert sorted(tmp_path.iterdir()) == before


def test_command_says_that_there_are_no_coordinates(picks, tmp_path, command):
    from faultpick.picks import write_picks

    write_picks(replace(picks, geometry=replace(picks.geometry, corners=None)), tmp_path / "picks")
    code, _, stderr = command("export", tmp_path / "picks", "-o", tmp_path / "f.ts")
    assert code == 0
    assert stderr == "note: The survey has no coordinates: X and Y are inline and crossline numbers.\n"
