import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import faultpick
from faultpick.errors import ConfigError, VolumeError
from faultpick.metrics import Matching
from faultpick.picks import Picks, picking
from faultpick.picks.picking import pick_to_folder
from faultpick.picks.score import score_picks
from faultpick.picks.store import DIP, FAULT_ID, LIKELIHOOD, STRIKE
from faultpick.picks.thin import thin
from faultpick.synth.faults import fault_axes
from faultpick.volume.volume import array_geometry

from .shapes import CENTRE, SHAPE, grid, plane, sheet


def test_a_plane_is_one_fault_where_it_was_put() -> None:
    picks = faultpick.pick(sheet(plane(30, 70)))
    assert len(picks.faults) == 1
    (fault,) = picks.faults
    assert fault.id == 1
    assert (fault.strike, fault.dip) == (pytest.approx(30, abs=1), pytest.approx(70, abs=1))
    normal = fault_axes(30, 70)[2]
    assert np.abs((fault.vertices - CENTRE) @ normal).max() < 0.5
    for stick in fault.sticks:
        assert np.abs((stick - CENTRE) @ normal).max() < 0.5


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(VolumeError, match=r"no ridge in it reaches 0\.6"):
        faultpick.pick(np.zeros(SHAPE, np.float32))
    beyond = np.full(SHAPE, 0.5, np.float32)
    beyond[0, 0, 0] = 1.5
    with pytest.raises(VolumeError, match=r"ranges from 0.5 to 1.5"):
        faultpick.pick(beyond)
    beyond[0, 0, 0] = np.nan
    with pytest.raises(VolumeError, match="NaN"):
        faultpick.pick(beyond)
    with pytest.raises(VolumeError, match="is a single trace"):
        faultpick.pick(np.full((1, 1, 24), 0.9, np.float32))
    with pytest.raises(VolumeError, match="is no volume"):
        faultpick.pick(np.zeros((0, 3, 4), np.float32))
    with pytest.raises(VolumeError, match="has shape"):
        faultpick.pick(np.zeros(SHAPE, np.float32), seismic=np.zeros((3, 4, 5), np.float32))
    with pytest.raises(ConfigError, match="low <= high"):
        faultpick.PickSettings(low=0.7, high=0.5)
    for endless in ({"gap": math.inf}, {"min_area": math.inf}, {"velocity": math.inf}):
        with pytest.raises(ConfigError, match="inf"):
            faultpick.pick(np.zeros(SHAPE, np.float32), settings=replace(faultpick.PickSettings(), **endless))


@pytest.mark.parametrize("lines", [1, 2, 3, 8])
def test_a_fault_across_few_lines_is_one(lines: int) -> None:
    shape = (lines, 128, 128)
    probability = sheet(plane(0, 75, (0.0, 64.0, 64.0), shape))
    picks = faultpick.pick(probability)
    assert len(picks.faults) == 1
    assert picks.settings["min_area"] == 400.0


def test_no_strike_of_a_fault_is_0_in_the_volume(tmp_path: Path) -> None:
    with faultpick.create_volume(tmp_path / "p.npy", array_geometry(sheet(plane(0, 75)))) as writer:
        writer.write(0, sheet(plane(0, 75)))
    with faultpick.open_volume(tmp_path / "p.npy") as volume:
        pick_to_folder(volume, tmp_path / "picks")
    strike, ids = (faultpick.open_volume(tmp_path / "picks" / name)[:, :, :] for name in (STRIKE, FAULT_ID))
    assert (strike[ids > 0] > 0).all()


def test_what_rounding_took_beyond_1_is_1() -> None:
    probability = sheet(plane(30, 70))
    (expected,) = faultpick.pick(probability).faults
    (fault,) = faultpick.pick(np.where(probability == 1, np.float32(1.0000001), -1e-7)).faults
    np.testing.assert_array_equal(fault.vertices, expected.vertices)
    assert fault.mean_probability == expected.mean_probability
    with pytest.raises(VolumeError, match=r"from 0 to 1\.00001"):
        faultpick.pick(probability * np.float32(1.00001))


def test_the_settings_say_where_the_volumes_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.save(tmp_path / "p.npy", sheet(plane(30, 70)))
    monkeypatch.chdir(tmp_path)
    with faultpick.open_volume("p.npy") as probability:
        settings = faultpick.pick(probability).settings
    assert settings["probability"] == str(tmp_path / "p.npy")
    assert settings["seismic"] is None


def test_a_depth_survey_needs_no_velocity(
    segy: Callable[..., Path], command: Callable[..., Any], tmp_path: Path
) -> None:
    """Bins of 10 m, 4 m a sample: tan(dip) in metres is 0.4 times that in voxels."""
    survey = segy(
        sheet(plane(30, 70)),
        inlines=range(SHAPE[0]),
        crosslines=range(SHAPE[1]),
        coordinates=lambda i, x: (10 * x, 10 * i),
        scalar=1,
    )
    dips = {}
    for unit in ("ms", "m"):
        out = tmp_path / unit
        code, *_ = command("pick", survey, "-o", out, "--unit", unit, "--no-volumes", "--velocity", "8000")
        assert code == 0
        dips[unit] = math.tan(math.radians(faultpick.read_picks(out).faults[0].dip))
    assert dips["m"] == pytest.approx(0.4 * math.tan(math.radians(70)), rel=0.08)
    assert dips["ms"] == pytest.approx(4 * dips["m"], rel=0.01)


def test_a_plain_probability_lies_where_the_survey_does(segy: Callable[..., Path], tmp_path: Path) -> None:
    probability = sheet(plane(30, 70))
    survey = segy(
        np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32),
        inlines=range(100, 100 + SHAPE[0]),
        crosslines=range(SHAPE[1]),
        coordinates=lambda i, x: (10 * x, 10 * i),
        scalar=1,
    )
    np.save(tmp_path / "p.npy", probability)
    with faultpick.open_volume(tmp_path / "p.npy") as plain, faultpick.open_volume(survey) as seismic:
        picks = faultpick.pick(plain, seismic=seismic)
        assert picks.length_unit == "m"
        np.testing.assert_array_equal(picks.geometry.inlines, seismic.geometry.inlines)
        assert picks.faults[0].area == pytest.approx(
            faultpick.pick(seismic=seismic, probability=probability).faults[0].area
        )
        assert faultpick.pick(plain).length_unit == "voxels"


def test_throw_is_that_of_the_hanging_wall_that_the_strike_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of nearly vertical, wavy faults too; of some of these the points alone say the other wall."""
    seen = []
    throw_of = picking.throw_of

    def watched(sticks: Any, normal: np.ndarray, *rest: Any) -> Any:
        seen.append(normal)
        return throw_of(sticks, normal, *rest)

    monkeypatch.setattr(picking, "throw_of", watched)
    seismic = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    _, crossline, sample = np.moveaxis(grid(), -1, 0)
    for phase in (0, 1, 2):
        wave = 2.0 * np.sin(crossline / 9 + sample / 14 + phase)
        (fault,) = faultpick.pick(sheet(plane(30, 89.3) + wave), seismic=seismic).faults
        right = np.radians(fault.strike + 90)  # the fault dips to the right of its strike
        assert seen.pop()[:2] @ [np.cos(right), np.sin(right)] > 0.99


def test_a_survey_of_other_lines_is_refused(segy: Callable[..., Path]) -> None:
    first, second = (
        segy(sheet(plane(30, 70))),
        segy(sheet(plane(30, 70)), "b.sgy", crosslines=range(7, 7 + SHAPE[1])),
    )
    with (
        faultpick.open_volume(first) as probability,
        faultpick.open_volume(second) as seismic,
        pytest.raises(VolumeError, match="crosslines 7 to"),
    ):
        faultpick.pick(probability, seismic=seismic)


def test_specks_are_no_faults() -> None:
    specks = np.zeros(SHAPE, np.float32)
    specks[10, 10, 10] = specks[30, 30, 20:23] = 1
    assert faultpick.pick(specks).faults == []


def test_command_writes_what_the_api_gives(command: Callable[..., Any], tmp_path: Path) -> None:
    probability = sheet(plane(100, 60))
    np.save(tmp_path / "p.npy", probability)
    code, output, _ = command("pick", tmp_path / "p.npy", "-o", tmp_path / "picks")
    assert code == 0
    assert "1 fault in" in output
    read, made = faultpick.read_picks(tmp_path / "picks"), faultpick.pick(probability)
    assert isinstance(read, Picks)
    np.testing.assert_array_equal(read.faults[0].vertices, made.faults[0].vertices)
    volumes = {}
    for name in (FAULT_ID, LIKELIHOOD, STRIKE, DIP):
        with faultpick.open_volume(tmp_path / "picks" / name) as volume:
            volumes[name] = volume[:, :, :]
    there = volumes[FAULT_ID] > 0
    assert set(np.unique(volumes[FAULT_ID])) == {0, 1}
    assert (probability[there] == 1).all()
    assert (volumes[LIKELIHOOD][there] == 1).all()
    assert not volumes[LIKELIHOOD][~there].any()
    assert np.median(volumes[STRIKE][there]) == pytest.approx(100, abs=1)
    assert np.median(volumes[DIP][there]) == pytest.approx(60, abs=1)
    code, _, errors = command("pick", tmp_path / "p.npy", "-o", tmp_path / "picks")
    assert (code, "another run" in errors) == (2, True)
    code, *_ = command("pick", tmp_path / "p.npy", "-o", tmp_path / "picks", "--overwrite", "--no-volumes")
    assert code == 0
    assert not (tmp_path / "picks" / FAULT_ID).exists()


def test_a_folder_that_holds_the_input_is_not_replaced(command: Callable[..., Any], tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", sheet(plane(30, 70)))
    assert command("pick", tmp_path / "p.npy", "-o", tmp_path / "picks")[0] == 0
    inside = (tmp_path / "p.npy").rename(tmp_path / "picks/p.npy")
    code, _, err = command("pick", inside, "-o", tmp_path / "picks", "--overwrite")
    assert (code, inside.exists()) == (2, True)
    assert "is the input or holds it" in err


def test_command_exports_at_once(command: Callable[..., Any], tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", sheet(plane(100, 60)))
    arguments = ["pick", tmp_path / "p.npy", "-o", tmp_path / "picks", "--no-volumes"]
    code, _, errors = command(*arguments, "--export", "obj", "--export", "dxf")
    assert (code, "'dxf'" in errors, (tmp_path / "picks").exists()) == (2, True, False)
    code, *_ = command(*arguments, "--export", "obj", "--export", "charisma")
    assert code == 0
    for name, file_format in (("faults.obj", "obj"), ("charisma.dat", "charisma")):
        faultpick.export_faults(tmp_path / "picks", tmp_path / name, file_format=file_format)
        assert (tmp_path / "picks" / name).read_text() == (tmp_path / name).read_text()


def test_an_export_that_fails_costs_no_other(command: Callable[..., Any], tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.maximum(sheet(plane(30, 70)), sheet(plane(120, 55))))
    arguments = [
        "pick",
        tmp_path / "p.npy",
        "--no-volumes",
        "--export",
        "opendtect-single",
        "--export",
        "obj",
    ]
    code, output, errors = command(*arguments, "-o", tmp_path / "picks")
    assert (code, f"The picks are in {tmp_path / 'picks'}" in errors) == (2, True)
    assert "faults in" in output
    assert (tmp_path / "picks" / "faults.obj").exists()
    assert "note: The survey has no coordinates" in errors


def test_nothing_to_export_is_said(command: Callable[..., Any], tmp_path: Path) -> None:
    specks = np.zeros(SHAPE, np.float32)
    specks[10, 10, 10] = 1
    np.save(tmp_path / "p.npy", specks)
    code, output, errors = command("pick", tmp_path / "p.npy", "-o", tmp_path / "picks", "--export", "obj")
    assert (code, "0 faults" in output, "nothing was exported" in errors) == (0, True, True)


def test_what_was_odd_about_the_volumes_is_said(
    segy: Callable[..., Path], command: Callable[..., Any], tmp_path: Path
) -> None:
    degrees = {"coordinates": lambda i, x: (40_000 + 2 * x, 50_000 + 2 * i), "scalar": -10_000}
    path = segy(sheet(plane(30, 70)), **degrees)
    survey = segy(sheet(plane(30, 70)), "survey.sgy", **degrees)
    code, _, errors = command("pick", path, "--seismic", survey, "-o", tmp_path / "picks", "--no-volumes")
    assert code == 0
    assert errors.count("X and Y of the traces are angles") == 1
    code, _, errors = command("pick", path, "--seismic", path, "-o", tmp_path / "others", "--no-volumes")
    assert code == 2
    assert "in.sgy is given as probability and as survey" in errors


def test_cut_in_blocks_the_faults_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    probability = np.maximum(sheet(plane(30, 70)), sheet(plane(120, 55)))
    whole = faultpick.pick(probability)
    monkeypatch.setattr(picking, "thin", partial(thin, block=32))
    blocks = faultpick.pick(probability)
    assert len(whole.faults) == len(blocks.faults) == 2
    for ours, theirs in zip(whole.faults, blocks.faults, strict=True):
        assert ours.id == theirs.id
        np.testing.assert_allclose(ours.vertices, theirs.vertices, atol=1e-3)
        assert ours.area == pytest.approx(theirs.area, rel=1e-4)


@pytest.mark.slow
def test_faults_of_a_synthetic_earth_are_found_and_measured() -> None:
    cube = faultpick.synthesize(1_000_002)
    picks = faultpick.pick(cube.fault, seismic=cube.seismic)
    row = score_picks(picks, cube, Matching(minimum_throw=5.0)).row()
    assert row["found"] == row["faults"] > 0
    assert row["false_per_cube"] == 0
    assert row["strike_error"] < 2
    assert row["dip_error"] < 2
    assert row["throw_error"] < 2.2
