import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultpick.volume import Geometry, SampleAxis, plain_geometry
from faultpick.volume.places import line_numbers, map_coordinates, sample_values
from faultpick.volume.volume import grid_coordinates


def survey() -> Geometry:
    """Rotated by 30 degrees, inlines every 2, crosslines every 3 numbers with a gap, from 200 ms every 4."""
    corners = np.array([[1000, 5000], [1300, 5519.6], [740.2, 5150], [1040.2, 5669.6]])
    return Geometry(
        np.arange(10, 20, 2, dtype=np.int32),
        np.array([100, 103, 106, 130], dtype=np.int32),
        SampleAxis(200.0, 4.0, 16, "ms"),
        corners,
    )


def test_whole_positions_have_the_coordinates_of_the_grid():
    geometry = survey()
    positions = np.argwhere(np.ones(geometry.shape[:2])).astype(float)
    numbers = line_numbers(geometry, positions)
    np.testing.assert_array_equal(numbers[:, 0], np.repeat(geometry.inlines, 4))
    np.testing.assert_array_equal(numbers[:, 1], np.tile(geometry.crosslines, 5))
    expected = grid_coordinates(geometry).reshape(-1, 2)
    np.testing.assert_allclose(map_coordinates(geometry, positions), expected)


def test_fractions_lie_between_lines_and_beyond_the_last():
    geometry = survey()
    positions = np.array([[0.5, 1.25, 2.5], [-0.5, 2.5, 0], [4.5, 3.5, 15.25]])
    numbers = line_numbers(geometry, positions)
    np.testing.assert_allclose(numbers, [[11, 103.75], [9, 118], [19, 142]])
    np.testing.assert_allclose(sample_values(geometry, positions), [210, 200, 261])
    assert geometry.corners is not None
    first, crossline_end, inline_end, _ = geometry.corners
    expected = first + (inline_end - first) * (11 - 10) / 8 + (crossline_end - first) * 3.75 / 30
    np.testing.assert_allclose(map_coordinates(geometry, positions)[0], expected)


@given(st.floats(0, 4), st.floats(0, 3))
def test_the_middle_of_two_positions_between_the_same_lines_is_in_the_middle(inline, crossline):
    geometry = survey()
    whole = np.floor([inline, crossline])
    pair = np.array([[inline, crossline, 0], [*whole, 0]])
    middle = pair.mean(axis=0, keepdims=True)
    expected = map_coordinates(geometry, pair).mean(axis=0)
    np.testing.assert_allclose(map_coordinates(geometry, middle)[0], expected, atol=1e-6)


def test_one_line_and_no_corners():
    plain = plain_geometry((1, 4, 5))
    np.testing.assert_array_equal(line_numbers(plain, np.array([[0.25, 3, 0]])), [[0.25, 3]])
    with pytest.raises(ValueError, match="corners"):
        map_coordinates(plain, np.zeros((1, 3)))
