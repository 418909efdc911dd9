import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.metrics import (
    Sheet,
    orientation_of,
    plane_normals,
    sheet_from_surface,
    sheets_from_voxels,
    strike_and_dip,
)
from faultpick.synth.faults import fault_axes

STRIKE = st.floats(0, 359.9)
DIP = st.floats(5, 90)


@settings(deadline=None)
@given(STRIKE, DIP)
def test_normals_are_those_of_the_synthetic_earth_and_lead_back_to_strike_and_dip(strike, dip):
    normal = plane_normals(strike, dip)
    assert normal == pytest.approx(fault_axes(strike, dip)[2], abs=1e-5)
    found = orientation_of(normal)
    assert found.dip == pytest.approx(dip, abs=0.1)
    if dip < 89:
        assert np.cos(np.radians(found.strike - strike)) == pytest.approx(1, abs=1e-5)
        assert orientation_of(-normal).strike == pytest.approx(found.strike, abs=0.01)


def test_mean_orientation_does_not_mind_the_sign_of_normals(plane):
    sheet = plane(strike=120, dip=60)
    sheet.normals[::2] *= -1
    assert sheet.orientation == pytest.approx((120, 60), abs=0.01)


def test_mean_orientation_weighs_points_by_area():
    """Two facets of one roof: 50 and 70 degrees, the first three times as large."""
    vertices = np.zeros((6, 3))
    for row, dip, size in ((0, 50, 3.0), (3, 70, 1.0)):
        along, down, _ = fault_axes(0, dip)
        vertices[row + 1], vertices[row + 2] = along * size, down
    sheet = sheet_from_surface(vertices, np.array([[0, 1, 2], [3, 4, 5]]), spacing=0.2)
    normals = plane_normals(0, np.array([50, 70])).astype(float)
    tensor = 3 * np.outer(normals[0], normals[0]) + np.outer(normals[1], normals[1])
    expected = orientation_of(np.linalg.eigh(tensor)[1][:, -1])
    assert sheet.orientation == pytest.approx(expected, abs=1e-3)


def test_sheets_from_voxels_keep_each_fault_apart():
    fault_id = np.zeros((4, 5, 6), np.int32)
    fault_id[1], fault_id[:, 3, :2] = 7, 2
    normal = np.zeros((*fault_id.shape, 3), np.float32)
    normal[fault_id == 7] = 1, 0, 0
    normal[fault_id == 2] = 0, 1, 0
    throw = np.where(fault_id == 7, 3.0, -4.0).astype(np.float32)
    sheets = sheets_from_voxels(fault_id, normal, throw)
    assert sorted(sheets) == [2, 7]
    for key, sheet in sheets.items():
        assert sheet.points.tolist() == np.argwhere(fault_id == key).tolist()
    assert (sheets[7].typical_throw, sheets[2].typical_throw) == (3, -4)
    assert sheets[7].normals.tolist() == [[1, 0, 0]] * len(sheets[7].points)
    assert np.isnan(sheets_from_voxels(fault_id, normal)[7].typical_throw)
    assert sheets_from_voxels(np.zeros((2, 2, 2), int), np.zeros((2, 2, 2, 3))) == {}


def test_a_surface_is_covered_evenly_by_points_of_its_area():
    vertices = np.array([[0, 0, 0], [30, 0, 0], [0, 0, 40], [30, 0, 40.0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2], [2, 2, 0]])
    sheet = sheet_from_surface(vertices, triangles)
    assert sheet.weights.sum() == pytest.approx(1200)
    assert (sheet.points[:, 1] == 0).all()
    grid = np.stack(np.meshgrid(np.arange(31), [0], np.arange(41), indexing="ij"), -1).reshape(-1, 3)
    assert sheet.tree.query(grid)[0].max() < 1
    assert np.average(sheet.points, axis=0, weights=sheet.weights) == pytest.approx([15, 0, 20], abs=1e-3)
    assert sheet.orientation == pytest.approx((0, 90))


def test_points_take_the_throw_of_the_nearest_stick():
    vertices = np.array([[0, 0, 0], [10, 0, 0], [0, 0, 10], [10, 0, 10.0]])
    triangles = np.array([[0, 1, 2], [1, 3, 2]])
    sticks = np.array([[2, 0, 0], [2, 0, 5], [2, 0, 10], [8, 0, 0], [8, 0, 5], [8, 0, 10.0]])
    sheet = sheet_from_surface(vertices, triangles, sticks, np.array([1, 1, 1, 5, 5, 5.0]))
    assert np.array_equal(sheet.throw, np.where(sheet.points[:, 0] < 5, 1, 5))


@given(st.lists(st.tuples(st.floats(-50, 50, width=32), st.integers(1, 4)), min_size=1, max_size=9))
def test_the_typical_throw_is_the_median_over_area(throws):
    """Slow reference: each point as often as its weight says; it lies between that median's neighbours."""
    values, weights = (np.array(each, np.float32) for each in zip(*throws, strict=True))
    zeros = np.zeros((len(values), 3), np.float32)
    typical = Sheet(zeros, zeros, weights, values).typical_throw
    repeated = np.repeat(values, weights.astype(int))
    middle = np.percentile(repeated, 50, method="inverted_cdf")
    below = repeated[repeated < middle].max(initial=repeated.min())
    above = repeated[repeated > middle].min(initial=repeated.max())
    assert below - 1e-3 <= typical <= above + 1e-3
    if (weights == 1).all():
        assert typical == pytest.approx(np.median(values), abs=1e-4)
    assert Sheet(zeros, zeros, 3 * weights, values).typical_throw == pytest.approx(typical, abs=1e-4)


def test_a_large_triangle_counts_more_for_the_throw_than_many_small_ones():
    zeros = np.zeros((4, 3), np.float32)
    sheet = Sheet(zeros, zeros, np.array([9, 1, 1, 1], np.float32), np.array([7, 1, 1, 1], np.float32))
    assert sheet.typical_throw > 5


def test_a_surface_without_triangles_is_empty():
    sheet = sheet_from_surface(np.zeros((0, 3)), np.zeros((0, 3), int))
    assert sheet.points.shape == sheet.normals.shape == (0, 3)


def test_strike_and_dip_of_many_normals_of_any_length_and_sign():
    strikes, dips = np.array([[0.0, 80.0], [200.0, 359.0]]), np.array([[5.0, 45.0], [60.0, 89.0]])
    normals = plane_normals(strikes, dips) * np.array([[[2.0], [-3.0]], [[1.0], [-0.1]]])
    strike, dip = strike_and_dip(normals)
    assert (strike - strikes + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)
    assert dip == pytest.approx(dips, abs=1e-3)
