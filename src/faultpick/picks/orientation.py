"""Which way a sheet faces."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from faultpick.picks.points import Cells, Points, near
from faultpick.shared_loops import shared

REACH = 6.0
"""Radius in voxels of the neighbourhood that a normal is fitted to."""

CHUNK = 256


@njit(cache=True)
def eigenvectors(matrix: NDArray[np.float64], vectors: NDArray[np.float64]) -> None:
    """Diagonalise a symmetric 3 x 3 matrix in place, by Jacobi; columns of `vectors` belong to it."""
    vectors[:] = 0.0
    for axis in range(3):
        vectors[axis, axis] = 1.0
    for _ in range(8):
        rest = matrix[0, 1] ** 2 + matrix[0, 2] ** 2 + matrix[1, 2] ** 2
        if rest <= 1e-18 * (matrix[0, 0] ** 2 + matrix[1, 1] ** 2 + matrix[2, 2] ** 2):
            return
        for p in range(2):
            for q in range(p + 1, 3):
                if matrix[p, q] == 0.0:
                    continue
                theta = (matrix[q, q] - matrix[p, p]) / (2.0 * matrix[p, q])
                sign = 1.0 if theta >= 0.0 else -1.0
                tangent = sign / (abs(theta) + np.sqrt(theta * theta + 1.0))
                cosine = 1.0 / np.sqrt(tangent * tangent + 1.0)
                sine = tangent * cosine
                for k in range(3):
                    a, b = matrix[k, p], matrix[k, q]
                    matrix[k, p], matrix[k, q] = cosine * a - sine * b, sine * a + cosine * b
                for k in range(3):
                    a, b = matrix[p, k], matrix[q, k]
                    matrix[p, k], matrix[q, k] = cosine * a - sine * b, sine * a + cosine * b
                for k in range(3):
                    a, b = vectors[k, p], vectors[k, q]
                    vectors[k, p], vectors[k, q] = cosine * a - sine * b, sine * a + cosine * b


@shared
def ridge_normals(smooth: NDArray[np.float32], voxels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Unit normals of ridges at some voxels: the direction in which the probability bends down most.

    It is the eigenvector of the Hessian's lowest eigenvalue (as in the sheet filters of Sato et al. 1998 and
    Descoteaux et al. 2006). On a sheet two voxels thick the gradient vanishes, the Hessian does not.

    Args:
        smooth: The smoothed probability.
        voxels: Indices, (n, 3).

    Returns:
        Normals, (n, 3), parallel ones of the same sign; zero where the probability bends down nowhere.
    """
    normals = np.zeros((len(voxels), 3), np.float32)
    size = smooth.shape
    for chunk in prange((len(voxels) + CHUNK - 1) // CHUNK):
        hessian, vectors = np.empty((3, 3)), np.empty((3, 3))
        low, high, at = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3, np.int64)
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(voxels))):
            for axis in range(3):
                at[axis] = voxels[n, axis]
                low[axis] = max(at[axis] - 1, 0)
                high[axis] = min(at[axis] + 1, size[axis] - 1)
            i, j, k = at
            a, b, c = low
            d, e, f = high
            middle = 2.0 * smooth[i, j, k]
            hessian[0, 0] = smooth[a, j, k] + smooth[d, j, k] - middle
            hessian[1, 1] = smooth[i, b, k] + smooth[i, e, k] - middle
            hessian[2, 2] = smooth[i, j, c] + smooth[i, j, f] - middle
            mixed = smooth[d, e, k] + smooth[a, b, k] - smooth[d, b, k] - smooth[a, e, k]
            hessian[0, 1] = hessian[1, 0] = 0.25 * mixed
            mixed = smooth[d, j, f] + smooth[a, j, c] - smooth[d, j, c] - smooth[a, j, f]
            hessian[0, 2] = hessian[2, 0] = 0.25 * mixed
            mixed = smooth[i, e, f] + smooth[i, b, c] - smooth[i, e, c] - smooth[i, b, f]
            hessian[1, 2] = hessian[2, 1] = 0.25 * mixed
            eigenvectors(hessian, vectors)
            lowest = 0
            for axis in range(1, 3):
                if hessian[axis, axis] < hessian[lowest, lowest]:
                    lowest = axis
            if hessian[lowest, lowest] < 0.0:
                along = vectors[0, lowest] + 0.62 * vectors[1, lowest] + 0.38 * vectors[2, lowest]
                sign = 1.0 if along >= 0.0 else -1.0
                for axis in range(3):
                    normals[n, axis] = sign * vectors[axis, lowest]
    return normals


def fitted_normals(points: Points, cells: Cells) -> tuple[Points, NDArray[np.float32]]:
    """Normals of planes fitted to the points around each point, and how ambiguous they are.

    Only neighbours that lie within a wedge about the plane of the normal so far are fitted, twice, so that
    another fault that passes nearby does not turn the normal.

    Returns:
        The points with their new normals, and for each the share of its neighbours within 4 voxels that lie
        off its plane or face another way, (points,): near 0 on a fault, up to 1 where faults meet.
    """
    known = points.position, points.probability, cells.order, cells.start, cells.shape
    normal, _ = _fit(points.normal, *known)
    normal, ambiguity = _fit(normal, *known)
    return Points(points.voxel, points.position, normal, points.probability), ambiguity


@shared
def _fit(
    normal: NDArray[np.float32],
    position: NDArray[np.float32],
    probability: NDArray[np.float32],
    order: NDArray[np.int32],
    start: NDArray[np.int64],
    shape: NDArray[np.int64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    fitted = normal.copy()
    ambiguity = np.zeros(len(normal), np.float32)
    for chunk in prange((len(normal) + CHUNK - 1) // CHUNK):
        found = np.empty(4096, np.int32)
        spread, vectors = np.empty((3, 3)), np.empty((3, 3))
        mean, away = np.empty(3), np.empty(3)
        for n in range(chunk * CHUNK, min((chunk + 1) * CHUNK, len(normal))):
            count = near(position[n], REACH, position, order, start, shape, found)
            total, close, odd, members = 0.0, 0, 0, 0
            mean[:] = 0.0
            spread[:] = 0.0
            for place in range(count):
                other = found[place]
                square, offset, facing = 0.0, 0.0, 0.0
                for axis in range(3):
                    away[axis] = position[other, axis] - position[n, axis]
                    square += away[axis] ** 2
                    offset += away[axis] * normal[n, axis]
                    facing += normal[other, axis] * normal[n, axis]
                distance = np.sqrt(square)
                fits = abs(offset) <= 1.0 + 0.25 * distance and abs(facing) >= 0.82
                if distance <= 4.0:
                    close += 1
                    odd += not fits
                if not fits:
                    continue
                members += 1
                weight = probability[other] * np.exp(-square / 18.0)
                total += weight
                for a in range(3):
                    mean[a] += weight * away[a]
                    for b in range(3):
                        spread[a, b] += weight * away[a] * away[b]
            ambiguity[n] = odd / max(close, 1)
            if members < 6:
                ambiguity[n] = 1.0
                continue
            for a in range(3):
                for b in range(3):
                    spread[a, b] = spread[a, b] / total - mean[a] * mean[b] / total**2
            eigenvectors(spread, vectors)
            lowest = 0
            for axis in range(1, 3):
                if spread[axis, axis] < spread[lowest, lowest]:
                    lowest = axis
            for axis in range(3):
                fitted[n, axis] = vectors[axis, lowest]
    return fitted, ambiguity
