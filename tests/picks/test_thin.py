import numpy as np
import pytest

from faultpick.picks.points import Points
from faultpick.picks.thin import thin
from faultpick.synth.faults import fault_axes

from .shapes import CENTRE, SHAPE, plane, sheet


def thinned(probability: np.ndarray, block: int = 128) -> Points:
    return thin(lambda box: probability[box], SHAPE, 0.3, block)


@pytest.mark.parametrize(("strike", "dip"), [(0, 90), (90, 45), (137, 63), (200, 20), (311, 80)])
def test_a_sheet_becomes_one_voxel_thick_where_it_lies(strike: float, dip: float) -> None:
    points = thinned(sheet(plane(strike, dip)))
    normal = fault_axes(strike, dip)[2]
    inner = np.all((points.voxel > 4) & (points.voxel < np.array(SHAPE) - 5), axis=1)
    points = points[np.flatnonzero(inner)]
    assert np.abs((points.position - CENTRE) @ normal).max() < 0.4
    steepest = int(np.abs(normal).argmax())
    columns = np.delete(points.voxel, steepest, axis=1)
    _, count = np.unique(columns, axis=0, return_counts=True)
    thickness = 1 / np.abs(normal[steepest])
    assert 1 <= count.mean() < 1.25 * thickness
    expected = np.prod(np.delete(SHAPE, steepest) - 10)
    if dip == 90:
        assert len(count) == expected


def test_blocks_leave_no_trace() -> None:
    rng = np.random.default_rng(0)
    noise = 0.2 * rng.random(SHAPE, np.float32)
    probability = np.clip(np.maximum(sheet(plane(30, 70)), sheet(plane(120, 55))) - noise, 0, 1)
    whole = thinned(probability)
    for block in (32, 17):
        parts = thinned(probability, block)
        np.testing.assert_array_equal(parts.voxel, whole.voxel)
        np.testing.assert_array_equal(parts.normal, whole.normal)
        np.testing.assert_allclose(parts.position, whole.position, atol=1e-5)


def test_nothing_is_thinned_to_nothing() -> None:
    points = thinned(np.zeros(SHAPE, np.float32))
    assert len(points) == 0
    assert points.position.shape == (0, 3)
