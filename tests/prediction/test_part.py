"""A part of a survey, chosen by line numbers and times."""

import os

import numpy as np
import pytest
import zarr

from faultpick.cli.options import parse_range
from faultpick.errors import ConfigError
from faultpick.volume import create_volume, open_volume, part_of
from faultpick.volume.volume import grid_coordinates

LINES = ["--inlines", "13:20", "--crosslines", "104:"]


@pytest.fixture
def survey(segy):
    cube = np.random.default_rng(5).normal(size=(12, 20, 33)).astype(np.float32)
    return segy(cube, coordinates=lambda i, x: (25 * i, 25 * x))


@pytest.mark.parametrize("suffix", ["sgy", "zarr"])
@pytest.mark.parametrize("times", [[], ["--samples", "16:100"]])
def test_a_part_is_predicted_as_a_survey_of_its_own_would_be(
    survey, weights, tmp_path, command, suffix, times
):
    out, cut, of_cut = tmp_path / f"out.{suffix}", tmp_path / "cut.zarr", tmp_path / f"of_cut.{suffix}"
    code, stdout, stderr = command("predict", survey, "-o", out, "--model", weights, *LINES, *times)
    assert code == 0, stderr
    shape = (8, 16, 22 if times else 33)
    assert " x ".join(map(str, shape)) in stdout
    with open_volume(survey) as whole:
        samples = (16, 100) if times else (None, None)
        part = part_of(whole, inlines=(13, 20), crosslines=(104, None), samples=samples)
        with create_volume(cut, part.geometry) as writer:
            writer.write(0, part[:, :, :])
        geometry = part.geometry
    code, *_ = command("predict", cut, "-o", of_cut, "--model", weights)
    assert code == 0
    with open_volume(out) as found, open_volume(of_cut) as expected:
        np.testing.assert_array_equal(found[:, :, :], expected[:, :, :])
        assert found.shape == shape
        assert found.geometry.samples == geometry.samples
        np.testing.assert_array_equal(found.geometry.inlines, np.arange(13, 21))
        np.testing.assert_array_equal(found.geometry.crosslines, np.arange(104, 120))
        np.testing.assert_allclose(grid_coordinates(found.geometry), grid_coordinates(geometry))


def test_workers_read_the_part(survey, weights, tmp_path, command):
    found, environment = [], dict(os.environ)
    for options in ([], ["--workers", 2]):
        out = tmp_path / f"{len(options)}.npy"
        code, _, stderr = command("predict", survey, "-o", out, "--model", weights, *LINES, *options)
        assert code == 0, stderr
        assert "holds no line numbers" in stderr
        found.append(np.load(out))
    np.testing.assert_allclose(*found, atol=1e-5)
    assert dict(os.environ) == environment  # of which the cluster sets threads for its processes


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--inlines", "90:99"], "inlines 10 to 21, none of them in 90:99"),
        (["--samples", "500:"], "samples, in ms, 0 to 128, none of them in 500:"),
        (["--inlines", "20:13"], "'20:13' is no range for --inlines"),
        (["--crosslines", "all"], "'all' is no range for --crosslines"),
    ],
)
def test_no_such_part(survey, weights, tmp_path, command, options, words):
    code, stdout, stderr = command("predict", survey, "-o", tmp_path / "o.sgy", "--model", weights, *options)
    assert code == 2
    assert words in stderr
    assert not stdout
    assert sorted(tmp_path.iterdir()) == [survey]


def test_ranges():
    assert parse_range(None, "--inlines") == (None, None)
    assert parse_range("100:250", "--inlines") == (100, 250)
    assert parse_range(":1200.5", "--samples") == (None, 1200.5)
    assert parse_range("-50:", "--samples") == (-50, None)
    assert parse_range("7", "--inlines") == (7, 7)
    for text in ("", ":", "1:2:3", ":nan", "inf:", "a:b"):
        with pytest.raises(ConfigError, match="is no range"):
            parse_range(text, "--inlines")


@pytest.mark.parametrize("name", ["other.sgy", "other.zarr", "other.npy"])
def test_another_survey_is_not_replaced(survey, weights, tmp_path, command, name):
    other = tmp_path / name
    with open_volume(survey) as volume, create_volume(other, volume.geometry, like=volume) as writer:
        writer.write(0, volume[:, :, :])
    code, _, stderr = command("predict", survey, "-o", other, "--model", weights)
    assert code == 2
    assert f"{name} holds a survey, which would be lost" in stderr
    spread = tmp_path / "p.zarr"
    arguments = ["--model", weights, "--model", weights]
    code, _, stderr = command("predict", survey, "-o", spread, *arguments, "--uncertainty", other)
    assert code == 2
    with open_volume(survey) as volume, open_volume(other) as kept:
        np.testing.assert_array_equal(kept[:, :, :], volume[:, :, :])
    assert not spread.exists()


@pytest.mark.parametrize("name", ["odd.sgy", "cut.sgy", "survey.dat", "muted.npy", "four.npy", "two.zarr"])
def test_what_cannot_be_read_or_holds_amplitudes_is_not_replaced(
    survey, weights, tmp_path, command, name, segy
):
    rng, other = np.random.default_rng(1), tmp_path / name
    cube = rng.normal(size=(4, 5, 6)).astype(np.float32)
    match name:
        case "odd.sgy":
            segy(cube, name, inline_byte=9, crossline_byte=21)
        case "cut.sgy":
            segy(cube, name)
            other.write_bytes(other.read_bytes()[:-30])
        case "survey.dat":
            cube.tofile(other)
        case "muted.npy":
            cube[..., :2] = np.nan
            np.save(other, cube)
        case "four.npy":
            np.save(other, cube[None])
        case _:
            for each in ("a", "b"):
                zarr.open_group(other).create_array(each, shape=cube.shape, dtype="f4")
    before = {each: each.read_bytes() for each in (other, *other.rglob("*")) if each.is_file()}
    code, _, stderr = command("predict", survey, "-o", other, "--model", weights)
    assert code == 2
    assert stderr.count("\n") == 1
    assert "give the output another name" in stderr
    assert before == {each: each.read_bytes() for each in (other, *other.rglob("*")) if each.is_file()}


@pytest.mark.parametrize("name", ["p.sgy", "p.dat", "p.npy", "p.zarr"])
def test_an_earlier_output_or_nothing_is_replaced(survey, weights, tmp_path, command, name):
    out = tmp_path / name
    if name != "p.zarr":
        out.touch()
    for _ in range(2):
        code, _, stderr = command("predict", survey, "-o", out, "--model", weights)
        assert code == 0, stderr
