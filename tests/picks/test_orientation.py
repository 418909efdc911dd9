import numpy as np
import pytest

from faultpick.picks.orientation import eigenvectors, fitted_normals
from faultpick.picks.points import Points, sorted_into_cells
from faultpick.picks.thin import thin
from faultpick.synth.faults import fault_axes

from .shapes import SHAPE, plane, sheet


def fitted(probability: np.ndarray) -> tuple[Points, np.ndarray]:
    points = thin(lambda box: probability[box], SHAPE, 0.3)
    return fitted_normals(points, sorted_into_cells(points, SHAPE))


def degrees_off(normals: np.ndarray, normal: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.minimum(np.abs(normals @ normal), 1.0)))


def test_eigenvectors_agree_with_numpy() -> None:
    rng = np.random.default_rng(1)
    for scale in (1e-3, 1.0, 1e4):
        matrix = rng.normal(size=(3, 3)) * scale
        matrix = matrix + matrix.T
        values, vectors = matrix.copy(), np.empty((3, 3))
        eigenvectors(values, vectors)
        np.testing.assert_allclose(vectors @ np.diag(np.diag(values)) @ vectors.T, matrix, atol=1e-9 * scale)
        np.testing.assert_allclose(np.sort(np.diag(values)), np.linalg.eigvalsh(matrix), rtol=1e-9)


@pytest.mark.parametrize(("strike", "dip"), [(0, 90), (137, 63), (311, 30)])
def test_normals_of_a_sheet_two_voxels_thick(strike: float, dip: float) -> None:
    points, ambiguity = fitted(sheet(plane(strike, dip)))
    off = degrees_off(points.normal, fault_axes(strike, dip)[2])
    assert np.median(off) < 0.5
    assert np.percentile(off, 95) < 4
    assert np.percentile(ambiguity, 98) < 0.2


def test_a_fault_nearby_does_not_turn_the_normal_and_crossings_are_ambiguous() -> None:
    first, second = plane(20, 85), plane(80, 85)
    points, ambiguity = fitted(np.maximum(sheet(first), sheet(second)))
    at = tuple(points.voxel.T)
    away = np.abs(second[at])
    off = degrees_off(points.normal, fault_axes(20, 85)[2])
    near = (np.abs(first[at]) < 1.2) & (away > 4) & (away < 9)
    assert near.sum() > 200
    assert np.percentile(off[near], 90) < 3
    crossing = (np.abs(first[at]) < 1.2) & (away < 1.2)
    assert np.median(ambiguity[crossing]) > 0.3
    assert np.median(ambiguity[near]) < 0.05
