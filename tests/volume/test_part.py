"""Parts of surveys: what they read, where they lie, finding the part that another volume was made from."""

import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultpick.errors import VolumeError
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume, part_of
from faultpick.volume.part import covering
from faultpick.volume.volume import grid_coordinates


@pytest.fixture(params=["sgy", "zarr"])
def survey(request, tmp_path, numbers, disc):
    """Inlines 10, 12, ..., crosslines 105, 106, ...; 4 ms from 8 ms on; turned; corners without traces."""
    cube = numbers((9, 7, 12))
    live = disc(9, 7)
    corners = np.array([[100.0, 50.0], [130.0, 90.0], [20.0, 110.0], [50.0, 150.0]])
    axis = SampleAxis(8.0, 4.0, 12, "ms")
    inlines, crosslines = (np.arange(n, dtype=np.int32) for n in (9, 7))
    geometry = Geometry(10 + 2 * inlines, 105 + crosslines, axis, corners, live)
    path = tmp_path / f"survey.{request.param}"
    with create_volume(path, geometry) as writer:
        writer.write(0, cube)
    with open_volume(path) as volume:
        yield volume


def test_a_part_is_a_cut_of_the_whole(survey):
    part = part_of(survey, inlines=(13, 22), crosslines=(106, 109), samples=(16, 30.5))
    assert part.geometry.inlines.tolist() == [14, 16, 18, 20, 22]
    assert part.geometry.crosslines.tolist() == [106, 107, 108, 109]
    assert part.geometry.samples == SampleAxis(16.0, 4.0, 4, "ms")
    np.testing.assert_array_equal(part[:, :, :], survey[2:7, 1:5, 2:6])
    np.testing.assert_array_equal(part[1:3, 2, -1], survey[3:5, 3, 5])
    np.testing.assert_array_equal(part.live_traces(), survey.live_traces()[2:7, 1:5])
    np.testing.assert_allclose(grid_coordinates(part.geometry), grid_coordinates(survey.geometry)[2:7, 1:5])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_part_of_a_part_and_in_another_process(survey, data):
    outer = part_of(survey, inlines=(12, 24), samples=(12, 48))
    low = data.draw(st.integers(14, 20))
    inner = part_of(outer, inlines=(low, 24), crosslines=(107, None), samples=(20, 36))
    expected = part_of(survey, inlines=(low, 24), crosslines=(107, None), samples=(20, 36))
    np.testing.assert_array_equal(inner[:, :, :], expected[:, :, :])
    assert inner.geometry.samples == expected.geometry.samples
    elsewhere = pickle.loads(pickle.dumps(inner.read))
    np.testing.assert_array_equal(elsewhere(slice(1, 3), slice(0, 2), slice(2, 4)), inner[1:3, 0:2, 2:4])


def test_ends_may_be_left_open_and_all_is_the_survey_itself(survey):
    assert part_of(survey) is survey
    assert part_of(survey, inlines=(None, 999), samples=(0, None)) is survey
    assert part_of(survey, inlines=(20, None)).geometry.inlines.tolist() == [20, 22, 24, 26]
    assert part_of(survey, samples=(None, 8)).shape == (9, 7, 1)


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"inlines": (40, 90)}, "inlines 10 to 26, none of them in 40:90"),
        ({"inlines": (15, 15)}, "none of them in 15:15"),
        ({"crosslines": (None, 3)}, "crosslines 105 to 111, none of them in :3"),
        ({"samples": (1000, None)}, "samples, in ms, 8 to 52, none of them in 1000:"),
        ({"inlines": (10, 10), "crosslines": (105, 105)}, "no trace on inlines 10 to 10"),
    ],
)
def test_nothing_there(survey, ranges, words):
    with pytest.raises(VolumeError, match="survey") as caught:
        part_of(survey, **ranges)
    assert words in str(caught.value)


def test_the_part_that_something_was_made_from(survey):
    part = part_of(survey, inlines=(14, 22), crosslines=(106, 109), samples=(16, 32))
    found = covering(survey, part.geometry)
    np.testing.assert_array_equal(found[:, :, :], part[:, :, :])
    assert found.geometry.samples == part.geometry.samples
    assert covering(survey, survey.geometry) is survey


@pytest.mark.parametrize("odd", ["lines", "decimated", "later", "step", "unit"])
def test_what_does_not_lie_in_the_survey_is_not_found_there(survey, odd):
    inlines, crosslines = np.array([14, 16, 18], np.int32), np.array([106, 107], np.int32)
    axis = SampleAxis(16.0, 4.0, 5, "ms")
    match odd:
        case "lines":
            inlines = inlines + 1
        case "decimated":
            inlines = np.array([14, 18, 22], np.int32)
        case "later":
            axis = SampleAxis(40.0, 4.0, 5, "ms")
        case "step":
            axis = SampleAxis(16.0, 2.0, 5, "ms")
        case "unit":
            axis = SampleAxis(16.0, 4.0, 5, "m")
    assert covering(survey, Geometry(inlines, crosslines, axis)) is survey


@pytest.mark.parametrize("step", [6.1, 2.4, 3.3, 0.1])
def test_ends_that_rounding_misses_belong_to_a_part(tmp_path, step):
    lines = np.array([5], np.int32), np.arange(3, 6, dtype=np.int32)
    geometry = Geometry(*lines, SampleAxis(0.0, step, 40, "ms"))
    with create_volume(tmp_path / "a.zarr", geometry) as writer:
        writer.write(0, np.ones((1, 3, 40), np.float32))
    with open_volume(tmp_path / "a.zarr") as volume:
        for number in range(1, 40):
            told = float(f"{number * step:.3f}")
            assert part_of(volume, samples=(told, None)).shape[2] == 40 - number
            assert part_of(volume, samples=(None, told)).shape[2] == number + 1


@pytest.mark.parametrize("name", ["part.zarr", "part.sgy"])
def test_a_part_of_a_plain_array_in_a_file_that_says_where_it_lies(tmp_path, numbers, name):
    np.save(tmp_path / "whole.npy", numbers((8, 5, 9)))
    with open_volume(tmp_path / "whole.npy") as whole:
        part = part_of(whole, inlines=(3, 6), samples=(2, None))
        with create_volume(tmp_path / name, part.geometry, like=part) as writer:
            writer.write(0, part[:, :, :])
        with open_volume(tmp_path / name) as made:
            np.testing.assert_array_equal(covering(whole, made.geometry)[:, :, :], part[:, :, :])


def test_a_plain_array_does_not_say_which_part_it_is(tmp_path, numbers):
    np.save(tmp_path / "whole.npy", numbers((6, 5, 8)))
    np.save(tmp_path / "part.npy", numbers((3, 5, 8)))
    with open_volume(tmp_path / "whole.npy") as whole, open_volume(tmp_path / "part.npy") as part:
        assert covering(whole, part.geometry) is whole
        cut = part_of(whole, inlines=(2, 4))
        np.testing.assert_array_equal(covering(whole, cut.geometry)[:, :, :], whole[2:5])
