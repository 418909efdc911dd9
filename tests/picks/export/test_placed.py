import numpy as np
import pytest

from faultpick.picks.export.placed import place
from faultpick.volume import plain_geometry

from .conftest import by_hand, survey


@pytest.mark.parametrize("right_handed", [False, True])
def test_points_lie_where_trigonometry_puts_them(picks, right_handed):
    placed = place(picks.faults[0], survey(right_handed))
    for points, positions in [
        (placed.vertices, picks.faults[0].vertices),
        (placed.sticks[3], picks.faults[0].sticks[3]),
    ]:
        expected = np.array([by_hand(i, x, right_handed) for i, x, _ in positions])
        np.testing.assert_allclose(points[:, :2], expected, atol=1e-3)
        np.testing.assert_allclose(points[:, 2], 400 + 4 * positions[:, 2], atol=1e-4)
    inlines, crosslines = np.rint(picks.faults[0].sticks[3][:, :2]).T
    expected = np.stack([100 + 2 * inlines, 1000 + 3 * crosslines], axis=1)
    np.testing.assert_array_equal(placed.stick_lines[3], expected)


def test_without_corners_x_and_y_are_line_numbers(picks):
    placed = place(picks.faults[0], plain_geometry((30, 40, 50)))
    np.testing.assert_array_equal(placed.vertices, picks.faults[0].vertices)


@pytest.mark.parametrize("right_handed", [False, True])
@pytest.mark.parametrize("turned", [False, True])
def test_triangles_are_anticlockwise_from_above(picks, right_handed, turned):
    for fault in picks.faults:
        if turned:
            fault.triangles[:] = fault.triangles[:, ::-1].copy()
        placed = place(fault, survey(right_handed))
        upwards = placed.vertices * [1, 1, -1]
        one, two, three = (upwards[placed.triangles[:, corner]] for corner in range(3))
        assert (np.cross(two - one, three - one)[:, 2] > 0).all()
        assert {frozenset(triangle) for triangle in placed.triangles.tolist()} == {
            frozenset(triangle) for triangle in fault.triangles.tolist()
        }


def test_names_have_three_digits_or_more(picks):
    assert [place(fault, survey()).name for fault in picks.faults] == ["F001", "F002", "F012"]
