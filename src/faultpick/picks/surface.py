"""The surface of a fault: one sheet of triangles through its points.

In coordinates along the mean strike, down the mean dip and along the mean normal, a fault is a height over a
plane. The height is fitted on a grid, as smooth as the noise of the points asks for; where there are points
the grid is cut into triangles, few where the surface is flat (greedy insertion, Garland & Heckbert 1995).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import LinearNDInterpolator
from scipy.ndimage import binary_closing, binary_fill_holes, gaussian_filter, map_coordinates
from scipy.sparse import coo_array, csr_array, diags_array, eye_array, kron, vstack
from scipy.sparse.linalg import spsolve
from scipy.spatial import Delaunay
from skimage.measure import approximate_polygon, find_contours, label

from faultpick.metrics import mean_axis
from faultpick.picks.points import Points

STEP = 4.0  # voxels between nodes of the fitted height
FINE = 2.0  # voxels between cells of the map of where there is evidence
STIFFNESS = 60.0  # of the height against the points
TOLERANCE = 0.25  # voxels that the triangles may leave the height
LONGEST = 16.0  # voxels between vertices, about


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates of one fault.

    Attributes:
        centre: Their origin, (3,).
        axes: Unit vectors along the strike, down the dip and along the normal into the hanging wall, (3, 3).
    """

    centre: NDArray[np.float64]
    axes: NDArray[np.float64]

    def into(self, position: NDArray[np.floating]) -> NDArray[np.float64]:
        """From voxels to the frame, (n, 3)."""
        return (position - self.centre) @ self.axes.T

    def out_of(self, position: NDArray[np.floating]) -> NDArray[np.float64]:
        """From the frame to voxels, (n, 3)."""
        return position @ self.axes + self.centre


def frame_of(points: Points) -> Frame:
    """The frame of the axis closest to all normals; the normal points up, which is into the hanging wall."""
    normal = mean_axis(points.normal)
    level = np.hypot(normal[0], normal[1])
    across = normal[:2] / level if level > 1e-6 else np.array([1.0, 0.0])
    axes = np.array(
        [
            [across[1], -across[0], 0.0],
            [across[0] * -normal[2], across[1] * -normal[2], level],
            [across[0] * level, across[1] * level, normal[2]],
        ]
    )
    return Frame(points.position.mean(axis=0, dtype=np.float64), axes)


def surface_of(
    points: Points, gap: float, min_area: float, shape: tuple[int, int, int]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Triangles through the points of one fault.

    Args:
        points: Of the fault.
        gap: Width in voxels of holes in the evidence that are closed.
        min_area: Square voxels; smaller pieces are left out.
        shape: Of the volume, which the surface does not leave.

    Returns:
        Vertices in voxels, (n, 3), and triangles, (m, 3), whose normals point into the hanging wall; none if
        no piece is large enough.
    """
    frame = frame_of(points)
    local = frame.into(points.position)
    low = local[:, :2].min(axis=0) - 2 * STEP
    extent = local[:, :2].max(axis=0) + 2 * STEP - low
    height = _fitted_height((local[:, :2] - low) / STEP, local[:, 2], points.probability, extent / STEP)
    evidence = _evidence((local[:, :2] - low) / FINE, extent / FINE, gap / FINE, min_area / FINE**2)
    flat, triangles = _triangulated(evidence, height)
    if not len(triangles):
        return np.empty((0, 3), np.float32), np.empty((0, 3), np.int32)
    up = _height_at(height, flat)
    vertices = frame.out_of(np.column_stack([flat * FINE + low, up]))
    vertices = _slid_inside(vertices, frame.axes[2], shape)
    return vertices.astype(np.float32), triangles.astype(np.int32)


def _slid_inside(
    vertices: NDArray[np.float64], normal: NDArray[np.float64], shape: tuple[int, int, int]
) -> NDArray[np.float64]:
    """Vertices outside the volume moved to its faces, along the plane if it is not nearly a face itself."""
    last = np.array(shape) - 1.0
    for axis in range(3):
        along = np.eye(3)[axis] - normal * normal[axis]
        if along[axis] > 0.1:
            outside = vertices[:, axis] - np.clip(vertices[:, axis], 0, last[axis])
            vertices = vertices - (outside / along[axis])[:, None] * along
    return np.clip(vertices, 0, last)


def _fitted_height(
    place: NDArray[np.float64],
    height: NDArray[np.float64],
    weight: NDArray[np.float32],
    extent: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Heights at the nodes of a grid: least squares with second differences kept small, outliers let go."""
    rows, columns = (int(np.ceil(side)) + 2 for side in extent)
    i, j = np.floor(place).astype(int).T
    a, b = (place - np.floor(place)).T
    points = np.arange(len(place))
    design = csr_array(
        coo_array(
            (
                np.concatenate([(1 - a) * (1 - b), (1 - a) * b, a * (1 - b), a * b]),
                (
                    np.tile(points, 4),
                    np.concatenate(
                        [
                            i * columns + j,
                            i * columns + j + 1,
                            (i + 1) * columns + j,
                            (i + 1) * columns + j + 1,
                        ]
                    ),
                ),
            ),
            shape=(len(place), rows * columns),
        )
    )
    bending = _second_differences(rows, columns)
    stiffness = STIFFNESS * (bending.T @ bending) + 1e-6 * eye_array(rows * columns)
    trust = weight.astype(np.float64)
    nodes = np.zeros(rows * columns)
    for _ in range(3):
        weighted = design.T @ diags_array(trust)
        nodes = np.asarray(spsolve((weighted @ design + stiffness).tocsc(), weighted @ height))
        trust = weight / (1.0 + np.square(design @ nodes - height))
    return nodes.reshape(rows, columns)


def _second_differences(rows: int, columns: int) -> csr_array:
    def chain(n: int) -> coo_array:
        return coo_array(eye_array(n - 2, n) - 2.0 * eye_array(n - 2, n, k=1) + eye_array(n - 2, n, k=2))

    def slope(n: int) -> coo_array:
        return coo_array(eye_array(n - 1, n, k=1) - eye_array(n - 1, n))

    return csr_array(
        vstack(
            [
                kron(chain(rows), eye_array(columns)),
                kron(eye_array(rows), chain(columns)),
                np.sqrt(2.0) * kron(slope(rows), slope(columns)),
            ]
        )
    )


def _evidence(
    place: NDArray[np.float64], extent: NDArray[np.float64], gap: float, min_area: float
) -> NDArray[np.float64]:
    """Where there are points, holes up to the gap closed, from 0 to 1 with 0.5 at the edge; by fine cells."""
    sides = [int(np.ceil(side)) + 1 for side in extent]
    seen = np.zeros(sides, bool)
    seen[tuple(np.round(place).astype(int).T)] = True
    reach = max(int(np.ceil(gap / 2)), 1)
    i, j = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = i * i + j * j <= reach * reach + 1
    seen = np.asarray(binary_closing(np.pad(seen, reach), disc), bool)[reach:-reach, reach:-reach]
    piece = np.asarray(label(seen, connectivity=2))
    seen = np.logical_and(seen, np.bincount(piece.ravel())[piece] >= min_area)
    holes = np.asarray(label(binary_fill_holes(seen) & ~seen, connectivity=1))
    narrow = (holes > 0) & (np.bincount(holes.ravel())[holes] <= np.pi * reach**2)
    return np.asarray(gaussian_filter((seen | narrow).astype(np.float64), 0.8))


def _triangulated(
    evidence: NDArray[np.float64], height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices in fine cells and triangles over the evidence, as few as the tolerance allows."""
    inside = np.argwhere(evidence > 0.75).astype(np.float64)
    edge = _outline(evidence)
    if len(edge) < 3:
        return np.empty((0, 2)), np.empty((0, 3), np.int64)
    step = round(LONGEST / FINE)
    coarse = inside[(inside % step == step // 2).all(axis=1)]
    flat = np.concatenate([edge, coarse])
    wanted = _height_at(height, inside)
    for _ in range(8):
        error = np.abs(LinearNDInterpolator(flat, _height_at(height, flat))(inside) - wanted)
        error = np.nan_to_num(error)
        worst = _worst_of_each_square(inside, error, step // 2)
        worst = worst[error[worst] > TOLERANCE]
        if not len(worst):
            break
        flat = np.concatenate([flat, inside[worst]])
    triangles = Delaunay(flat).simplices
    centre = flat[triangles].mean(axis=1)
    triangles = triangles[map_coordinates(evidence, centre.T, order=1) >= 0.5]
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    turn = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    triangles[turn > 0] = triangles[turn > 0][:, ::-1]
    triangles = triangles[np.abs(turn) > 1e-6]
    used, renumbered = np.unique(triangles, return_inverse=True)
    return flat[used], renumbered.reshape(-1, 3).astype(np.int64)


def _outline(evidence: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points on the edges of the evidence, no farther apart than half the longest distance of vertices."""
    points = [np.empty((0, 2))]
    for contour in find_contours(np.pad(evidence, 1), 0.5):
        corners = approximate_polygon(contour - 1, 0.3)
        for start, stop in pairwise(corners):
            cuts = max(int(np.ceil(np.linalg.norm(stop - start) * FINE / (LONGEST / 2))), 1)
            points.append(start + np.arange(cuts)[:, None] / cuts * (stop - start))
    return np.concatenate(points)


def _worst_of_each_square(
    place: NDArray[np.float64], error: NDArray[np.float64], side: int
) -> NDArray[np.int64]:
    square = (place // side).astype(np.int64)
    key = square[:, 0] * (square[:, 1].max(initial=0) + 1) + square[:, 1]
    order = np.lexsort((-error, key))
    return order[np.unique(key[order], return_index=True)[1]]


def _height_at(height: NDArray[np.float64], flat: NDArray) -> NDArray[np.float64]:
    """The height at places given in fine cells."""
    return map_coordinates(height, np.asarray(flat, float).T * (FINE / STEP), order=3, mode="nearest")
