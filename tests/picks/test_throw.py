import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from faultpick.picks.throw import throw_of
from faultpick.synth.faults import fault_axes

from .shapes import grid

SHAPE = (40, 60, 120)


def earth(throw: float, strike: float, dip: float, slope: float) -> np.ndarray:
    """Layers that dip, cut by a fault whose hanging wall moved down its dip."""
    rng = np.random.default_rng(4)
    layers = gaussian_filter1d(rng.normal(size=400), 2.0)
    place = grid(SHAPE)
    _, down, normal = fault_axes(strike, dip)
    hanging = (place - np.array(SHAPE) / 2) @ normal > 0
    moved = place - hanging[..., None] * down * throw / down[2]
    time = moved[..., 2] - slope * moved[..., 0] + slope * moved[..., 1]
    return np.interp(time + 150, np.arange(400), layers).astype(np.float32)


def sticks_on(strike: float, dip: float) -> list[np.ndarray]:
    """On inlines, from sample 30 to 90."""
    _, _, normal = fault_axes(strike, dip)
    sticks = []
    for inline in range(8, 36, 8):
        z = np.array([30.0, 60.0, 90.0])
        x = inline - SHAPE[0] / 2
        y = -(x * normal[0] + (z - SHAPE[2] / 2) * normal[2]) / normal[1] + SHAPE[1] / 2
        sticks.append(np.column_stack([np.full(3, inline), y, z]).astype(np.float32))
    return sticks if fault_axes(strike, dip)[0][0] > 0 else sticks[::-1]


@pytest.mark.parametrize(
    ("throw", "strike", "slope"),
    [(7.0, 20, 0.0), (-5.0, 20, 0.0), (21.5, 200, 0.0), (7.0, 20, 0.2), (-9.0, 200, -0.15), (0.0, 10, 0.1)],
)
def test_throw_of_a_known_earth(throw: float, strike: float, slope: float) -> None:
    seismic = earth(throw, strike, 70, slope)
    normal = fault_axes(strike, 70)[2]
    measured = throw_of(sticks_on(strike, 70), normal, lambda box: seismic[box], SHAPE)
    np.testing.assert_allclose(measured.samples, throw, atol=0.75)
    assert (measured.confidence > 0.7).all()
    assert (measured.confidence <= 1).all()


@pytest.mark.parametrize("throw", [6.0, -8.0])
def test_throw_of_a_gentle_fault_that_leaves_the_survey_at_the_sides(throw: float) -> None:
    """Each wall is known down to where the fault leaves, an edge that falls as the fault does."""
    dip, seismic = 30, earth(throw, 0, 30, 0.0)
    across = np.array([0.0, SHAPE[1] - 1])
    depths = SHAPE[2] / 2 + (across - SHAPE[1] / 2) * np.tan(np.radians(dip))
    sticks = [np.column_stack([[i, i], across, depths]).astype(np.float32) for i in range(8, 36, 8)]
    measured = throw_of(sticks, fault_axes(0, dip)[2], lambda box: seismic[box], SHAPE)
    np.testing.assert_allclose(measured.samples, throw, atol=0.75)
    assert (measured.confidence > 0.7).all()


def test_a_stick_that_turns_back_is_read_by_depth() -> None:
    seismic, normal = earth(7.0, 20, 70, 0.0), fault_axes(20, 70)[2]
    there_and_back = [stick[[0, 2, 1]] for stick in sticks_on(20, 70)]
    measured = throw_of(there_and_back, normal, lambda box: seismic[box], SHAPE)
    straight = throw_of(sticks_on(20, 70), normal, lambda box: seismic[box], SHAPE)
    np.testing.assert_array_equal(measured.samples, straight.samples)
    np.testing.assert_array_equal(measured.confidence, straight.confidence)


def test_noise_has_no_confidence() -> None:
    noise = np.random.default_rng(5).normal(size=SHAPE).astype(np.float32)
    measured = throw_of(sticks_on(20, 70), fault_axes(20, 70)[2], lambda box: noise[box], SHAPE)
    assert measured.confidence.max() < 0.5


def test_a_wall_outside_the_survey_leaves_the_throw_unknown() -> None:
    seismic = earth(7.0, 0, 90, 0.0)
    edge = [np.array([[i, 58, 30], [i, 58, 90]], np.float32) for i in (8, 16)]
    measured = throw_of(edge, fault_axes(0, 90)[2], lambda box: seismic[box], SHAPE)
    assert np.isnan(measured.samples).all()
    assert (measured.confidence == 0).all()
