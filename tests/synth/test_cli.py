import numpy as np
import pytest

from faultpick.data import splits
from faultpick.synth import synthesize
from faultpick.synth.dataset import read_cube_set
from faultpick.volume import open_volume

SHAPE = ("--shape", 16, 20, 24)


def test_cubes(command, tmp_path):
    code, output, errors = command("synth", "-n", 2, "-o", tmp_path / "set", *SHAPE, "--workers", 1)
    assert (code, errors) == (0, "")
    assert output == f"{tmp_path / 'set'}: 2 cubes, 2 of them new\n"
    cube = np.fromfile(tmp_path / "set/seis/1.dat", "<f4").reshape(16, 20, 24)
    np.testing.assert_array_equal(cube, synthesize(splits.TRAINING + 1, shape=(16, 20, 24)).seismic)
    code, output, _ = command("synth", "-n", 3, "-o", tmp_path / "set", *SHAPE, "--workers", 1)
    assert (code, output) == (0, f"{tmp_path / 'set'}: 3 cubes, 1 of them new\n")


def test_seed_and_format(command, tmp_path):
    code, *_ = command(
        "synth", "-n", 1, "-o", tmp_path, *SHAPE, "--seed", 77, "--format", "npz", "--workers", 1
    )
    assert code == 0
    with np.load(tmp_path / "0.npz") as arrays:
        np.testing.assert_array_equal(arrays["rgt"], synthesize(77, shape=(16, 20, 24)).rgt)
    described = read_cube_set(tmp_path)
    assert described is not None
    assert described.first_seed == 77


def test_a_survey_is_no_training_cube_and_scores_full_marks_against_itself(command, tmp_path):
    survey, label = tmp_path / "s.sgy", tmp_path / "s_fault.sgy"
    code, output, errors = command("synth", "--segy", survey, "--shape", 30, 40, 32, "--irregular")
    assert (code, errors) == (0, "")
    assert output == f"{survey}: survey of 30 x 40 x 32 voxels; {label}: its faults\n"
    with open_volume(survey) as volume:
        live = volume.geometry.live
        assert live is not None
        assert 0.85 < live.mean() < 0.97
        expected = synthesize(splits.TEST, shape=(30, 40, 32)).seismic
        np.testing.assert_array_equal(volume[:, :, :][live], expected[live])
    code, output, _ = command("evaluate", label, label)
    assert code == 0
    assert "1.0000" in output


def test_a_survey_replaces_nothing_unless_told(command, tmp_path):
    survey, label = tmp_path / "s.sgy", tmp_path / "s_fault.sgy"
    arguments = ("synth", "--segy", survey, "--shape", 8, 8, 8)
    for path in (survey, label):
        path.write_text("mine")
        code, _, errors = command(*arguments)
        assert (code, f"{path} exists" in errors, path.read_text()) == (2, True, "mine")
        path.unlink()
    assert command(*arguments)[0] == 0
    before = survey.read_bytes()
    assert command(*arguments, "--seed", splits.TEST + 1, "--overwrite")[0] == 0
    assert survey.read_bytes() != before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("-n", 2), "either -o DIR"),
        (("-o", "DIR", "--segy", "DIR.sgy"), "either -o DIR"),
        (("-o", "DIR", "-n", 0), "ask for one or more"),
        (("-o", "DIR", "--irregular"), "are for --segy"),
        (("-o", "DIR", "-n", -3), "ask for one or more"),
        (("-o", "DIR", "--seed", -1), "negative"),
        (("-o", "DIR", "--shape", 0, 8, 8), "There is no cube of shape 0 x 8 x 8"),
        (("-o", "DIR", "--recipe", "wu2091"), "did you mean 'wu2019-v1'"),
        (("-o", "FILE/DIR"), "cannot be written"),
        (("-o", "FILE"), "cannot be written"),
        (("--segy", "DIR.jpg"), "name it .sgy"),
        (("--segy", "DIR.sgy", "--format", "npz"), "are for cubes with -o"),
        (("--segy", "DIR/s.sgy"), "does not exist"),
        (("--segy", "DIR.sgy", "--shape", 8, 8, -8), "There is no cube of shape 8 x 8 x -8"),
        (("--segy", "DIR.sgy", "--shape", 8, 8, -8, "--irregular"), "There is no cube of shape 8 x 8 x -8"),
        (("--segy", "DIR.sgy", "--shape", -8, 8, 8, "--irregular"), "There is no cube of shape -8 x 8 x 8"),
        (("--segy", "DIR.sgy", "--seed", -8, "--irregular"), "negative"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(command, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILE").touch()
    code, output, errors = command("synth", *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert says in errors
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


def test_a_shape_that_is_none_is_a_usage_error(command, tmp_path):
    code, _, errors = command("synth", "-o", tmp_path / "set", "--shape", "a", "b", "c")
    assert code == 2
    assert "Traceback" not in errors
    assert not (tmp_path / "set").exists()
