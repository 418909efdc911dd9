"""Cubes and surveys as files."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from faultpick.errors import ConfigError, DataError, OutputError
from faultpick.metrics import evaluate_volumes
from faultpick.synth import WU2019, synthesize
from faultpick.synth.dataset import (
    irregular_traces,
    read_cube_set,
    survey_geometry,
    write_cubes,
    write_survey,
)
from faultpick.volume import open_volume

SHAPE = (16, 20, 24)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_flat_cubes_are_laid_out_as_the_published_data(tmp_path):
    assert write_cubes(tmp_path / "set", range(5, 8), shape=SHAPE, workers=1) == 3
    assert files(tmp_path / "set") == [
        *[f"fault/{n}.dat" for n in range(3)],
        "recipe.json",
        *[f"seis/{n}.dat" for n in range(3)],
    ]
    for number in range(3):
        cube = synthesize(5 + number, shape=SHAPE)
        for part, array in (("seis", cube.seismic), ("fault", cube.fault)):
            raw = (tmp_path / "set" / part / f"{number}.dat").read_bytes()
            np.testing.assert_array_equal(np.frombuffer(raw, "<f4").reshape(SHAPE), array)


def test_npz_cubes_hold_all_that_is_known(tmp_path):
    write_cubes(tmp_path, range(9, 10), shape=SHAPE, layout="npz", workers=1)
    assert files(tmp_path) == ["0.npz", "recipe.json"]
    cube = synthesize(9, shape=SHAPE)
    with np.load(tmp_path / "0.npz") as arrays:
        assert set(arrays) == {"seismic", "fault", "fault_id", "distance", "normal", "throw", "rgt"}
        for name, array in arrays.items():
            assert array.dtype == getattr(cube, name).dtype
            np.testing.assert_array_equal(array, getattr(cube, name))


def test_recipe_json_says_how_the_cubes_were_made(tmp_path):
    write_cubes(tmp_path, range(7, 9), shape=SHAPE, workers=1)
    said = json.loads((tmp_path / "recipe.json").read_text())
    assert said["recipe"] == WU2019.model_dump(mode="json")
    assert (said["first_seed"], said["cubes"], said["shape"], said["layout"]) == (7, 2, list(SHAPE), "dat")
    assert said["version"]


def test_a_stopped_run_goes_on_and_leaves_what_is_there(tmp_path):
    write_cubes(tmp_path, range(4), shape=SHAPE, workers=1)
    whole = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    kept = (tmp_path / "seis/0.dat").stat().st_mtime_ns
    (tmp_path / "seis/1.dat").unlink()
    (tmp_path / "seis/3.dat").unlink()
    (tmp_path / "fault/3.dat").unlink()
    progress = []
    assert (
        write_cubes(tmp_path, range(4), shape=SHAPE, workers=1, progress=lambda *p: progress.append(p)) == 2
    )
    assert progress == [(3, 4), (4, 4)]
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == whole
    assert (tmp_path / "seis/0.dat").stat().st_mtime_ns == kept


def test_a_set_can_grow_but_not_shrink(tmp_path):
    write_cubes(tmp_path, range(2), shape=SHAPE, workers=1)
    assert write_cubes(tmp_path, range(3), shape=SHAPE, workers=1) == 1
    assert write_cubes(tmp_path, range(1), shape=SHAPE, workers=1) == 0
    described = read_cube_set(tmp_path)
    assert described is not None
    assert described.cubes == 3
    assert len(files(tmp_path)) == 7


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"seeds": range(1, 3)}, "first seed 0, not 1"),
        ({"shape": (16, 20, 25)}, "shape"),
        ({"layout": "npz"}, "layout dat, not npz"),
        ({"recipe": WU2019.model_copy(update={"patch": 0.5})}, "another recipe"),
    ],
)
def test_a_folder_of_other_cubes_is_refused_and_left_alone(tmp_path, changed, what):
    write_cubes(tmp_path, range(2), shape=SHAPE, workers=1)
    before = {name: (tmp_path / name).read_bytes() for name in files(tmp_path)}
    with pytest.raises(OutputError, match=what):
        write_cubes(tmp_path, **({"seeds": range(2), "shape": SHAPE, "workers": 1} | changed))
    assert {name: (tmp_path / name).read_bytes() for name in files(tmp_path)} == before


def test_cubes_without_a_description_are_refused(tmp_path):
    (tmp_path / "seis").mkdir()
    (tmp_path / "seis" / "0.dat").write_bytes(b"somebody's data")
    with pytest.raises(OutputError, match="choose another folder"):
        write_cubes(tmp_path, range(1), shape=SHAPE)
    assert files(tmp_path) == ["seis/0.dat"]


def test_a_damaged_description_is_refused(tmp_path):
    (tmp_path / "recipe.json").write_text('{"recipe": ')
    with pytest.raises(DataError, match=r"recipe\.json does not describe"):
        write_cubes(tmp_path, range(1), shape=SHAPE)


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"cannot be written: (it is a file|.*file is not a folder)"):
            write_cubes(folder, range(1), shape=SHAPE)


@pytest.mark.parametrize("seeds", [range(0), range(3, 3), range(0, 4, 2)])
def test_seeds_that_make_no_set_are_refused(tmp_path, seeds):
    with pytest.raises(ConfigError):
        write_cubes(tmp_path / "set", seeds, shape=SHAPE)
    assert not (tmp_path / "set").exists()


def test_a_request_that_makes_no_sense_leaves_no_folder(tmp_path):
    for seeds, recipe, shape in (
        (range(-1, 1), "wu2019-v1", SHAPE),
        (range(1), "wu", SHAPE),
        (range(1), "wu2019-v1", (0, 8, 8)),
    ):
        with pytest.raises(ConfigError):
            write_cubes(tmp_path / "set", seeds, recipe, shape)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("layout", ["dat", "npz"])
def test_a_full_disk_leaves_no_part_of_a_file(tmp_path, monkeypatch, layout):
    def half_of_it(self, data=b"half"):
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    def half_of_the_arrays(file, **_):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half_of_it)
    monkeypatch.setattr(np, "savez_compressed", half_of_the_arrays)
    with pytest.raises(OutputError, match="no space left"):
        write_cubes(tmp_path, range(2), shape=SHAPE, layout=layout, workers=1)
    assert files(tmp_path) == ["recipe.json"]


@pytest.mark.slow
def test_several_processes_write_the_same_files(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    progress = []
    write_cubes(one, range(5), shape=SHAPE, workers=1)
    assert write_cubes(two, range(5), shape=SHAPE, workers=2, progress=lambda *p: progress.append(p)) == 5
    assert progress == [(done, 5) for done in range(1, 6)]
    assert files(one) == files(two)
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in files(one))


@pytest.mark.slow
def test_trouble_in_a_process_is_told_as_without(tmp_path):
    write_cubes(tmp_path, range(1), shape=SHAPE, workers=1)
    (tmp_path / "seis/1.dat").mkdir()
    (tmp_path / "seis/1.dat/full").touch()
    (tmp_path / "seis/2.dat").mkdir()
    (tmp_path / "fault/2.dat").mkdir()
    with pytest.raises(OutputError, match=r"1\.dat is a folder"):
        write_cubes(tmp_path, range(6), shape=SHAPE, workers=2)
    assert not [name for name in files(tmp_path) if "partial" in name]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see processes")
def test_a_killed_run_leaves_whole_files_and_no_processes_and_can_be_taken_up(tmp_path):
    command = [
        sys.executable,
        "-m",
        "faultpick.cli",
        "synth",
        "-o",
        str(tmp_path),
        "--shape",
        *map(str, SHAPE),
    ]
    script = "import sys; sys.argv[0] = 'faultpick'; from faultpick.cli import main; main()"
    command[1:3] = ["-c", script]
    run = subprocess.Popen([*command, "-n", "5000", "--workers", "2"])
    wait_for(lambda: len(list(tmp_path.glob("seis/*.dat"))) >= 3)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    assert len(children) >= 2
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    wait_for(lambda: not any(alive(child) for child in children))
    assert not [name for name in files(tmp_path) if "partial" in name]
    assert {path.stat().st_size for path in tmp_path.glob("*/*.dat")} == {4 * np.prod(SHAPE)}
    done = len(list(tmp_path.glob("seis/*.dat")))
    assert done < 5000
    write_cubes(tmp_path, range(done + 1), shape=SHAPE, workers=1)
    last = np.fromfile(tmp_path / f"seis/{done}.dat", "<f4").reshape(SHAPE)
    np.testing.assert_array_equal(last, synthesize(done, shape=SHAPE).seismic)


def wait_for(condition, seconds=120.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)


def alive(process):
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_survey_is_the_cube_with_a_geometry(tmp_path):
    label_path = write_survey(tmp_path / "survey.sgy", 4, shape=(20, 30, 40))
    assert files(tmp_path) == ["survey.sgy", "survey_fault.sgy"]
    cube = synthesize(4, shape=(20, 30, 40))
    with open_volume(tmp_path / "survey.sgy") as survey, open_volume(label_path) as label:
        np.testing.assert_array_equal(survey[:, :, :], cube.seismic)
        np.testing.assert_array_equal(label[:, :, :], cube.fault)
        for volume in (survey, label):
            geometry = volume.geometry
            assert geometry.inlines.tolist() == list(range(1200, 1240, 2))
            assert geometry.crosslines.tolist() == list(range(400, 430))
            assert (geometry.samples.start, geometry.samples.step, geometry.samples.unit) == (0.0, 4.0, "ms")
            assert_same_corners(geometry, survey_geometry((20, 30, 40)))
            assert geometry.live is None
            assert not volume.notes


def assert_same_corners(one, other):
    assert one.corners is not None
    np.testing.assert_allclose(one.corners, other.corners, atol=0.05)


def test_the_survey_s_bins_are_rectangles_turned_against_the_axes():
    geometry = survey_geometry((11, 21, 8))
    assert geometry.bin_spacing == pytest.approx((25.0, 12.5))
    assert geometry.corners is not None
    first, along, across, last = geometry.corners
    assert (along - first) @ (across - first) == pytest.approx(0.0, abs=1e-6)
    np.testing.assert_allclose(along + across - first, last)
    assert np.abs(along - first).min() > 50
    assert np.abs(across - first).min() > 50


def test_an_irregular_survey_has_dead_traces_where_it_should(tmp_path):
    shape = (30, 40, 32)
    live = irregular_traces(shape, seed=3)
    label_path = write_survey(tmp_path / "survey.sgy", 3, shape=shape, live=live)
    cube = synthesize(3, shape=shape)
    with open_volume(tmp_path / "survey.sgy") as survey, open_volume(label_path) as label:
        np.testing.assert_array_equal(survey.geometry.live, live)
        np.testing.assert_array_equal(label.geometry.live, live)
        np.testing.assert_array_equal(survey.live_traces(), live)
        np.testing.assert_array_equal(survey[:, :, :], cube.seismic * live[..., None])
        np.testing.assert_array_equal(label[:, :, :], cube.fault * live[..., None])
        assert_same_corners(survey.geometry, survey_geometry(shape))
        assert evaluate_volumes(label, label).iou == 1.0


def test_dead_traces_are_zero_in_a_format_without_geometry(tmp_path):
    live = irregular_traces((30, 40, 32), seed=3)
    label_path = write_survey(tmp_path / "survey.npy", 3, shape=(30, 40, 32), live=live)
    cube = synthesize(3, shape=(30, 40, 32))
    assert cube.fault[~live].any()
    np.testing.assert_array_equal(np.load(tmp_path / "survey.npy"), cube.seismic * live[..., None])
    np.testing.assert_array_equal(np.load(label_path), cube.fault * live[..., None])


def test_irregular_traces_are_a_corner_and_a_few_more():
    live = irregular_traces((200, 200, 8), seed=1)
    assert not live[-40:, -40:].any()
    rest = np.add.outer(np.arange(200), np.arange(200)) < 310
    assert 0.002 < 1 - live[rest].mean() < 0.01
    assert live.any(axis=1).all()
    assert live.any(axis=0).all()
    assert not np.array_equal(live, irregular_traces((200, 200, 8), seed=2))
    np.testing.assert_array_equal(live, irregular_traces((200, 200, 8), seed=1))


@pytest.mark.parametrize("name", ["survey.jpg", "missing/survey.sgy"])
def test_a_survey_that_cannot_be_written_leaves_nothing(tmp_path, name):
    with pytest.raises(OutputError):
        write_survey(tmp_path / name, 0, shape=(8, 8, 8))
    assert not files(tmp_path)


def test_a_survey_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("faultpick.synth.dataset.synthesize", fail)
    with pytest.raises(ConfigError, match="8 x 8 x 8 does not fit into memory"):
        write_survey(tmp_path / "survey.sgy", 0, shape=(8, 8, 8))
    assert not files(tmp_path)


def test_making_cubes_needs_no_torch():
    code = "import sys, faultpick.synth.dataset, faultpick.data.splits; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
