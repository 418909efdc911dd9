from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from faultpick.picks.attributes import Scale, attributes_of, scale_of
from faultpick.synth.faults import fault_axes
from faultpick.volume import Geometry, SampleAxis, plain_geometry

from .test_sticks import parallelogram

VOXELS = Scale("voxels", np.eye(3))


def geometry(corners: list[list[float]], axis: SampleAxis) -> Geometry:
    lines = np.arange(101, dtype=np.int32)
    return Geometry(lines, lines, axis, np.array(corners, float))


@pytest.mark.parametrize(("strike", "dip"), [(10, 60), (100, 30), (225, 85), (300, 5)])
def test_angles_and_area_are_those_of_the_synthetic_earth(strike: float, dip: float) -> None:
    measured = attributes_of(*parallelogram(strike, dip), VOXELS, 1.0)
    assert measured.strike == pytest.approx(strike, abs=0.01)
    assert measured.dip == pytest.approx(dip, abs=0.01)
    assert measured.area == pytest.approx(1600, rel=1e-4)
    assert measured.length == pytest.approx(40, rel=1e-4)
    assert measured.height == pytest.approx(40 * np.sin(np.radians(dip)), rel=1e-3)


def test_without_coordinates_everything_is_in_voxels() -> None:
    assert scale_of(plain_geometry((3, 4, 5)), 2000.0).unit == "voxels"
    unknown = geometry([[0, 0], [0, 1000], [1000, 0], [1000, 1000]], SampleAxis(0, 1, 9, "samples"))
    assert scale_of(unknown, 2000.0).unit == "voxels"


def test_two_way_time_becomes_depth_with_half_the_velocity() -> None:
    axis = SampleAxis(0, 4.0, 101, "ms")
    scale = scale_of(geometry([[0, 0], [2500, 0], [0, 2500], [2500, 2500]], axis), 3000.0)
    assert scale.unit == "m"
    np.testing.assert_allclose(scale.matrix @ [0, 0, 1], [0, 0, 6.0])  # 4 ms, there and back, at 3000 m/s
    vertices, triangles = parallelogram(0, 45)
    steeper = attributes_of(vertices, triangles, scale, axis.step)
    assert steeper.dip == pytest.approx(np.degrees(np.arctan(6 / 25)), abs=0.01)
    assert steeper.height == pytest.approx(40 * np.sin(np.pi / 4) * 4.0, rel=1e-3)
    assert steeper.length == pytest.approx(40 * 25, rel=1e-4)


@pytest.mark.parametrize(
    ("length", "axis", "down"),
    [
        ("ft", SampleAxis(0, 20.0, 101, "ft"), 20.0),
        ("ft", SampleAxis(0, 3.048, 101, "m"), 10.0),
        ("m", SampleAxis(0, 10.0, 101, "ft"), 3.048),
        ("ft", SampleAxis(0, 4.0, 101, "ms"), 4.0 / 0.3048),
    ],
)
def test_depth_is_turned_into_the_unit_of_the_coordinates(
    length: Literal["m", "ft"], axis: SampleAxis, down: float
) -> None:
    """Two-way time at 2000 m/s: 1 ms is 1 m."""
    survey = geometry([[0, 0], [8200, 0], [0, 8200], [8200, 8200]], axis)
    scale = scale_of(replace(survey, length_unit=length), 2000.0)
    assert scale.unit == length
    np.testing.assert_allclose(scale.matrix, [[82, 0, 0], [0, 82, 0], [0, 0, down]])


@pytest.mark.parametrize("mirrored", [False, True])
def test_strike_is_clockwise_from_north_on_a_turned_grid(mirrored: bool) -> None:
    """A fault is drawn in the field, then looked up on a grid turned by 30 degrees, right- or left-handed."""
    turn = np.radians(30)
    inline = 25 * np.array([np.sin(turn), np.cos(turn)])  # east and north of a step along the inline axis
    crossline = 12.5 * np.array([np.cos(turn), -np.sin(turn)]) * (-1 if mirrored else 1)
    origin = np.array([4e5, 6e6])
    corners = [origin, origin + 100 * crossline, origin + 100 * inline, origin + 100 * (inline + crossline)]
    survey = geometry([list(corner) for corner in corners], SampleAxis(0, 10, 101, "m"))
    scale = scale_of(survey, 2000.0)
    along, down, _ = fault_axes(70, 50)  # north, east, down
    u, v = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]]).T * 200.0
    field = u[:, None] * along + v[:, None] * down
    voxels = field @ np.linalg.inv(scale.matrix).T + 50
    measured = attributes_of(
        voxels.astype(np.float32), np.array([[0, 1, 2], [2, 1, 3]], np.int32), scale, 10.0
    )
    assert measured.strike == pytest.approx(70, abs=0.1)
    assert measured.dip == pytest.approx(50, abs=0.1)
    assert measured.area == pytest.approx(400.0**2, rel=1e-3)


def test_a_gap_in_the_line_numbers_leaves_the_bins_as_they_are() -> None:
    lines = np.r_[100:132, 400:432].astype(np.int32)
    corners = np.array([[0, 0], [0, 331 * 12.5], [331 * 25, 0], [331 * 25, 331 * 12.5]])
    survey = Geometry(lines, lines, SampleAxis(0, 10, 101, "m"), corners)
    np.testing.assert_allclose(scale_of(survey, 2000.0).matrix, [[0, 12.5, 0], [25, 0, 0], [0, 0, 10]])
