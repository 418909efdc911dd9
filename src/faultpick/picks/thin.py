"""Thinning: from a probability to sheets one voxel thick.

A voxel stays where the smoothed probability is largest along the normal of the ridge it lies on, as Hale
(2013, Geophysics 78(2), O33) thins fault likelihoods. Each block is thinned by itself with a halo around it;
what is found does not depend on how the volume is cut.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from faultpick.picks.orientation import ridge_normals
from faultpick.picks.points import Points
from faultpick.shared_loops import shared

BLOCK = 128
HALO = 8
SMOOTHING = 1.25  # standard deviation in voxels

Box = tuple[slice, slice, slice]


def thin(
    read: Callable[[Box], NDArray[np.float32]], shape: tuple[int, int, int], low: float, block: int = BLOCK
) -> Points:
    """Thin a volume block by block.

    Args:
        read: Gives the probability in a box of the volume.
        shape: Of the volume.
        low: Least probability of a point.
        block: Side of a block in voxels, without the halo.
    """
    parts = []
    for core in _blocks(shape, block):
        box = _around(core, shape)
        origin = (box[0].start, box[1].start, box[2].start)
        parts.append(thin_block(read(box), _within(core, origin), origin, low))
    return Points.joined(parts)


def thin_block(
    probability: NDArray[np.float32], core: Box, origin: tuple[int, int, int], low: float
) -> Points:
    """Thin one block.

    Args:
        probability: Of the block with its halo, of `HALO` voxels but at the faces of the volume.
        core: The part of it that points are wanted of.
        origin: Of the block with its halo in the volume.
        low: Least probability of a point.
    """
    corner = np.array([span.start for span in core])
    voxels = (np.argwhere(probability[core] >= low) + corner).astype(np.int32)
    if not len(voxels):
        none = np.empty((0, 3), np.float32)
        return Points(voxels, none, none, np.empty(0, np.float32))
    smooth = np.asarray(gaussian_filter(probability, SMOOTHING, mode="nearest", truncate=3.2), np.float32)
    normals = ridge_normals(smooth, voxels)
    offset = _ridge_offsets(smooth, voxels, normals)
    kept = np.isfinite(offset)
    voxels, normals = voxels[kept], normals[kept]
    found = probability[tuple(voxels.T)]
    voxels = voxels + np.array(origin, np.int32)
    return Points(voxels, (voxels + offset[kept, None] * normals).astype(np.float32), normals, found)


def _blocks(shape: tuple[int, int, int], side: int) -> Iterator[Box]:
    for i, j, k in product(*(range(0, size, side) for size in shape)):
        yield (
            slice(i, min(i + side, shape[0])),
            slice(j, min(j + side, shape[1])),
            slice(k, min(k + side, shape[2])),
        )


def _around(core: Box, shape: tuple[int, int, int]) -> Box:
    """The box with its halo, cut off at the faces of the volume."""
    i, j, k = (
        slice(max(span.start - HALO, 0), min(span.stop + HALO, size))
        for span, size in zip(core, shape, strict=True)
    )
    return i, j, k


def _within(box: Box, origin: tuple[int, int, int]) -> Box:
    i, j, k = (slice(span.start - start, span.stop - start) for span, start in zip(box, origin, strict=True))
    return i, j, k


@njit(cache=True)
def _at(volume, x, y, z):
    """Trilinear interpolation, the faces held."""
    x = min(max(x, 0.0), volume.shape[0] - 1.0)
    y = min(max(y, 0.0), volume.shape[1] - 1.0)
    z = min(max(z, 0.0), volume.shape[2] - 1.0)
    i = min(int(x), max(volume.shape[0] - 2, 0))
    j = min(int(y), max(volume.shape[1] - 2, 0))
    k = min(int(z), max(volume.shape[2] - 2, 0))
    a, b, c = x - i, y - j, z - k
    ii = min(i + 1, volume.shape[0] - 1)
    jj = min(j + 1, volume.shape[1] - 1)
    kk = min(k + 1, volume.shape[2] - 1)
    low = (1 - b) * ((1 - c) * volume[i, j, k] + c * volume[i, j, kk]) + b * (
        (1 - c) * volume[i, jj, k] + c * volume[i, jj, kk]
    )
    high = (1 - b) * ((1 - c) * volume[ii, j, k] + c * volume[ii, j, kk]) + b * (
        (1 - c) * volume[ii, jj, k] + c * volume[ii, jj, kk]
    )
    return (1 - a) * low + a * high


@shared
def _ridge_offsets(
    smooth: NDArray[np.float32], voxels: NDArray[np.int32], normals: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Distance along the normal from each voxel to the ridge, (n,); NaN where another voxel is nearer."""
    offsets = np.full(len(voxels), np.nan, np.float32)
    for n in prange(len(voxels)):
        x, y, z = voxels[n, 0], voxels[n, 1], voxels[n, 2]
        a, b, c = normals[n, 0], normals[n, 1], normals[n, 2]
        if a == 0.0 and b == 0.0 and c == 0.0:
            continue
        here = smooth[x, y, z]
        ahead = _at(smooth, x + a, y + b, z + c)
        behind = _at(smooth, x - a, y - b, z - c)
        if here >= ahead and here > behind:
            offsets[n] = 0.5 * (ahead - behind) / (2.0 * here - ahead - behind)
    return offsets
