"""Places of the view against positions of the volume."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.view.grid import ViewAxis, ViewGrid
from faultpick.volume import Geometry, SampleAxis, open_volume


@settings(max_examples=50)
@given(st.sets(st.integers(-5000, 5000), min_size=1, max_size=30))
def test_every_line_has_the_place_of_its_number(numbers):
    lines = np.array(sorted(numbers), dtype=np.int32)
    axis = ViewAxis.of_lines("inline", lines)
    places = np.flatnonzero(axis.positions >= 0)
    np.testing.assert_array_equal(axis.first + axis.step * places, lines)
    np.testing.assert_array_equal(axis.positions[places], np.arange(len(lines)))


@pytest.mark.parametrize(("start", "step"), [(0, 1), (400, 4), (1000, 2), (-8, 5)])
def test_the_centre_of_a_sample_is_shown_as_its_time(start, step):
    axis = ViewAxis.of_samples(SampleAxis(float(start), float(step), 6, "ms"))
    centres = axis.offset + (np.arange(6) + 0.5) * axis.step
    np.testing.assert_array_equal(np.floor(centres), start + step * np.arange(6))


def test_fractions_of_a_millisecond_are_counted_in_microseconds():
    axis = ViewAxis.of_samples(SampleAxis(100.0, 0.5, 3, "ms"))
    assert (axis.name, axis.first, axis.step) == ("us", 100_000, 500)


def test_a_position_on_a_line_lies_in_the_middle_of_its_place():
    axis = ViewAxis.of_lines("inline", np.array([10, 20, 50], dtype=np.int32))
    np.testing.assert_allclose(axis.places(np.array([0, 1, 1.5, 2], dtype=np.float32)), [0.5, 1.5, 3, 4.5])


def test_lines_are_as_far_apart_as_the_coordinates_say():
    corners = np.array([[0, 0], [0, 12.5 * 20], [25 * 10, 0], [25 * 10, 12.5 * 20]])
    geometry = Geometry(
        np.arange(11, dtype=np.int32), np.arange(21, dtype=np.int32), SampleAxis(0, 4, 5, "ms"), corners
    )
    assert ViewGrid.of(geometry).stretch == pytest.approx((2, 1, 1))


def test_lines_left_out_keep_their_distance():
    corners = np.array([[0, 0], [0, 100], [100, 0], [100, 100]], dtype=float)
    inlines = np.array([0, 1, 10], dtype=np.int32)
    geometry = Geometry(inlines, np.arange(11, dtype=np.int32), SampleAxis(0, 4, 5, "ms"), corners)
    grid = ViewGrid.of(geometry)
    assert grid.shape == (11, 11, 5)
    assert grid.stretch == pytest.approx((1, 1, 1))


def test_a_box_is_the_survey_with_nothing_where_there_is_no_trace(small):
    with open_volume(small.survey) as volume:
        box = ViewGrid.of(volume.geometry).read(volume, (slice(6, 9), slice(9, 12), slice(2, 7)))
    expected = small.amplitudes[6:9, 9:12, 2:7].copy()
    expected[2, 2] = np.nan
    np.testing.assert_array_equal(box, expected)


def test_places_without_a_line_are_empty(tmp_path):
    samples = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    np.save(tmp_path / "v.npy", samples)
    with open_volume(tmp_path / "v.npy") as volume:
        volume.geometry = Geometry(np.array([4, 6, 12], np.int32), *_plain(volume.geometry))
        box = ViewGrid.of(volume.geometry).read(volume, (slice(1, 5), slice(0, 2), slice(0, 4)))
    np.testing.assert_array_equal(box[0], samples[1])
    np.testing.assert_array_equal(box[3], samples[2])
    assert np.isnan(box[1:3]).all()


def _plain(geometry):
    return geometry.crosslines, geometry.samples
