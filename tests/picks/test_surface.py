from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.picks.points import Points
from faultpick.picks.surface import frame_of, surface_of

SHAPE = (200, 200, 200)


def points_on(height: NDArray[np.float64], keep: NDArray[np.bool_], noise: float = 0.0) -> Points:
    """Points of a fault that strikes along the inlines, dips 45 degrees and bulges out of its plane."""
    u, v = np.meshgrid(*map(np.arange, height.shape), indexing="ij")
    down, out = np.array([0, 0.6, 0.8]), np.array([0, 0.8, -0.6])
    rough = height + noise * np.random.default_rng(2).normal(size=height.shape)
    place = np.array([40.0, 60.0, 40.0]) + u[..., None] * [1, 0, 0] + v[..., None] * down
    place = (place + rough[..., None] * out)[keep]
    slopes = np.gradient(height)
    normal = out - slopes[0][..., None] * [1, 0, 0] - slopes[1][..., None] * down
    normal = (normal / np.linalg.norm(normal, axis=-1, keepdims=True))[keep]
    ones = np.ones(len(place), np.float32)
    return Points(np.round(place).astype(np.int32), place.astype(np.float32), normal.astype(np.float32), ones)


def edges_of(triangles: NDArray[np.int32]) -> Counter[tuple[int, int]]:
    return Counter((int(a), int(b)) for t in triangles for a, b in zip(t, np.roll(t, -1), strict=True))


@pytest.fixture
def bulge() -> NDArray[np.float64]:
    u, v = np.meshgrid(np.arange(80.0), np.arange(70.0), indexing="ij")
    return 8 * np.exp(-((u - 40) ** 2 + (v - 35) ** 2) / 800)


def test_one_sheet_follows_the_points_and_faces_up(bulge: NDArray[np.float64]) -> None:
    points = points_on(bulge, np.ones_like(bulge, bool), noise=0.3)
    vertices, triangles = surface_of(points, 8.0, 100.0, SHAPE)
    directed = edges_of(triangles)
    assert max(directed.values()) == 1  # never two triangles on one side of an edge: one sheet, one winding
    corners = vertices[triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] < 0).all()
    frame = frame_of(points_on(bulge, np.ones_like(bulge, bool)))
    clean = points_on(bulge, np.ones_like(bulge, bool)).position.reshape(*bulge.shape, 3)
    inner = clean[6:-6, 6:-6].reshape(-1, 3)
    from scipy.interpolate import LinearNDInterpolator

    local, wanted = frame.into(vertices), frame.into(inner)
    error = LinearNDInterpolator(local[:, :2], local[:, 2])(wanted[:, :2]) - wanted[:, 2]
    assert np.abs(error).max() < 0.6
    area = np.linalg.norm(normals, axis=1).sum() / 2
    assert area == pytest.approx(80 * 70, rel=0.08)


def test_large_holes_stay_and_small_ones_close() -> None:
    u, v = np.meshgrid(np.arange(80), np.arange(70), indexing="ij")
    keep = (np.hypot(u - 25, v - 35) > 12) & (np.hypot(u - 60, v - 35) > 3)
    vertices, triangles = surface_of(points_on(np.zeros((80, 70)), keep), 8.0, 100.0, SHAPE)
    centre = vertices[triangles].mean(axis=1)

    def covered(u: float, v: float) -> bool:
        at = np.array([40.0 + u, 60.0 + 0.6 * v, 40.0 + 0.8 * v])
        return bool((np.linalg.norm(vertices[triangles] - at, axis=2).min(axis=1) < 12).any()) and any(
            _inside(at, corner) for corner in vertices[triangles][np.linalg.norm(centre - at, axis=1) < 20]
        )

    assert not covered(25.3, 35.2)
    assert covered(60.3, 35.2)
    assert covered(45.3, 20.2)
    assert not covered(85.0, 35.2)


def _inside(at: NDArray[np.float64], corners: NDArray[np.float32]) -> bool:
    a, b, c = corners.astype(float)
    share = np.linalg.lstsq(np.column_stack([b - a, c - a]), at - a, rcond=None)[0]
    return bool(share.min() >= 0 and share.sum() <= 1)


def test_flat_surfaces_take_few_triangles(bulge: NDArray[np.float64]) -> None:
    everywhere = np.ones_like(bulge, bool)
    flat = surface_of(points_on(0 * bulge, everywhere), 8.0, 100.0, SHAPE)[1]
    bent = surface_of(points_on(bulge, everywhere), 8.0, 100.0, SHAPE)[1]
    assert len(flat) < len(bent) < 600
    assert len(flat) < 150


def test_it_does_not_leave_the_volume(bulge: NDArray[np.float64]) -> None:
    points = points_on(bulge, np.ones_like(bulge, bool))
    last = points.voxel.max(axis=0)
    vertices, _ = surface_of(points, 8.0, 100.0, (int(last[0]) + 1, int(last[1]) + 1, int(last[2]) + 1))
    assert (vertices >= 0).all()
    assert (vertices <= last).all()


def test_small_pieces_are_left_out() -> None:
    keep = np.zeros((80, 70), bool)
    keep[:40] = True
    keep[70:76, 30:36] = True
    vertices, _ = surface_of(points_on(np.zeros((80, 70)), keep), 8.0, 100.0, SHAPE)
    assert vertices[:, 0].max() < 40 + 44
    none, triangles = surface_of(points_on(np.zeros((80, 70)), keep), 8.0, 5000.0, SHAPE)
    assert len(none) == len(triangles) == 0
