import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from faultpick.detectability import (
    Detectability,
    PlantedPlane,
    plant,
    plant_and_find,
    sentence_of,
    table_of,
)
from faultpick.errors import ConfigError, VolumeError
from faultpick.synth import synthesize
from faultpick.synth.wu2019_recipe import WU2019
from faultpick.volume import SampleAxis, open_volume

MS = SampleAxis(100.0, 4.0, 90, "ms")


@pytest.mark.parametrize(("strike", "dip", "throw"), [(0, 60, 6.0), (90, 45, -5.0), (205, 75, 8.0)])
def test_the_hanging_wall_lies_deeper_by_the_throw(strike, dip, throw):
    """In an image whose amplitude is the sample number, a layer that went down brings a smaller one."""
    image = np.broadcast_to(np.arange(100, dtype=np.float32), (60, 60, 100)).copy()
    plane = PlantedPlane((30, 30, 50), strike, dip)
    moved = plant(image, plane, throw) - image
    distance = plane.distance(image.shape)
    middle = np.zeros(image.shape, bool)
    middle[15:45, 15:45, 30:70] = True
    hanging = moved[middle & (distance > 5) & (distance < 7)]
    foot = moved[middle & (distance < -5) & (distance > -7)]
    assert hanging.size > 100
    assert np.median(foot) - np.median(hanging) == pytest.approx(throw, rel=0.03)
    assert distance[30, 30, 30] > 0 or dip == 90, "the hanging wall is above the fault"
    assert plane.distance((61, 61, 101))[30, 30, 50] == 0


def test_a_plane_strikes_and_dips_as_it_says():
    """Strike 0 runs along the inline axis; the fault dips to its right, towards growing crosslines."""
    distance = PlantedPlane((10, 10, 10), 0, 45).distance((21, 21, 21))
    np.testing.assert_allclose(distance[:, 10, 10], 0, atol=1e-9)
    np.testing.assert_allclose(distance[10, 15, 15], 0, atol=1e-9)
    assert distance[10, 15, 10] > 0


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Layers without a fault."""
    path = tmp_path_factory.mktemp("survey") / "survey.npy"
    calm = WU2019.model_copy(update={"fault_count": (0, 0), "white_noise": (0.1, 0.1)})
    np.save(path, synthesize(5, calm, (96, 96, 96)).seismic)
    return path


def test_large_throws_are_found_and_nothing_planted_is_not(survey):
    calls = []
    with open_volume(survey) as volume:
        options = {"throws": (8.0,), "dips": (70.0, 70.0), "faults": 2}
        first = plant_and_find(volume, progress=lambda *counts: calls.append(counts), **options)
        again = plant_and_find(volume, **options)
    assert first.throws == (0.0, 8.0)
    assert first.share(0)[0] < 0.1
    assert first.share(1)[0] > 0.8
    assert first.half_found == 8.0
    assert calls == [(done, 4) for done in range(5)]
    np.testing.assert_array_equal(first.found, again.found)
    assert first.parts == ((0, 32), (32, 64), (64, 96))
    assert (first.found <= first.voxels[:, None]).all()


def result(shares: list[list[float]]) -> Detectability:
    """One fault of 100 voxels in each part, by throw and part."""
    found = np.round(100 * np.array([shares])).astype(np.int64)
    throws = tuple(float(throw) for throw in range(len(shares)))
    return Detectability(throws, ((0, 30), (30, 60), (60, 90)), found, np.full((1, 3), 100))


def test_half_found_is_the_throw_from_which_on_all_are():
    assert result([[0] * 3, [0.9] * 3, [0.4] * 3, [0.6] * 3, [0.9] * 3]).half_found == 3.0
    assert result([[0] * 3, [0.9] * 3, [0.4] * 3]).half_found is None


def test_the_table_says_throws_and_depths_in_the_units_of_the_survey():
    made = result([[0.02, 0, 0.01], [0.8, 0.5, 0.2]])
    header, nothing, one = table_of(made, MS)
    assert header[:3] == ["throw, samples", "throw, ms", "100 to 220 ms"]
    assert nothing == ["0", "0", "0.02", "0.00", "0.01", "0.01", "0.01", "0.01"]
    assert one == ["1", "4", "0.80", "0.50", "0.20", "0.50", "0.50", "0.50"]
    assert "1 sample (4 ms)" in sentence_of(made, MS)
    plain = replace(MS, start=0.0, step=1.0, unit="samples")
    assert table_of(made, plain)[0][:2] == ["throw, samples", "0 to 30 samples"]
    assert "no throw" in sentence_of(result([[0] * 3, [0.1] * 3]), plain)
    fewer = sentence_of(result([[0] * 3, [0.9] * 3, [0.7] * 3, [0.4] * 3]), plain)
    assert fewer == "Half of a planted fault is found at throws of 1, 2 samples, but less above."


def test_the_command_prints_the_table_and_writes_it(survey, tmp_path, command):
    out = tmp_path / "table.csv"
    code, text, _ = command(
        "detectability", survey, "--faults", "1", "--throw", "8", "--dip", "70", "75", "-o", out
    )
    assert code == 0
    with out.open() as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == ["throw, samples", "0", "8"]
    assert rows[2][-1] in text
    before = survey.read_bytes()
    code, _, errors = command("detectability", survey, "-o", survey)
    assert (code, "is the input" in errors, survey.read_bytes() == before) == (2, True, True)
    volume = tmp_path / "volume.zarr"
    volume.mkdir()
    (volume / "zarr.json").touch()
    code, _, errors = command("detectability", survey, "-o", volume)
    assert (code, "is a folder" in errors, (volume / "zarr.json").exists()) == (2, True, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"throws": (0.0,)},
        {"throws": (math.nan,)},
        {"throws": (4.0, math.inf)},
        {"throws": ()},
        {"faults": 0},
        {"dips": (80.0, 50.0)},
        {"dips": (0.0, 9.0)},
        {"seed": -1},
    ],
)
def test_what_cannot_be_planted_is_refused(survey, wrong):
    with open_volume(survey) as volume, pytest.raises(ConfigError):
        plant_and_find(volume, **wrong)


def test_a_survey_without_traces_is_refused(tmp_path):
    np.save(tmp_path / "dead.npy", np.zeros((20, 20, 40), np.float32))
    with open_volume(tmp_path / "dead.npy") as volume, pytest.raises(VolumeError, match="nowhere"):
        plant_and_find(volume, faults=1)
