"""The recipe `field`, voxel by voxel: each is followed back in time to the layer it belongs to."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from faultpick.synth.field_layers import PER_SAMPLE
from faultpick.synth.folds import MARGIN as FOLD_MARGIN
from faultpick.synth.kernels import at, undo_fault
from faultpick.synth.stratigraphy import MARGIN

Floats = NDArray[np.float32]


@njit(inline="always")
def _inside(lattice, x, y, z):
    """Trilinear interpolation in a lattice, its edges held."""
    x = min(max(x, np.float32(0.0)), np.float32(lattice.shape[0] - 2))
    y = min(max(y, np.float32(0.0)), np.float32(lattice.shape[1] - 2))
    z = min(max(z, np.float32(0.0)), np.float32(lattice.shape[2] - 2))
    i, j, k = int(x), int(y), int(z)
    a, b, c = x - np.float32(i), y - np.float32(j), z - np.float32(k)
    one = np.float32(1.0)
    low = (one - a) * ((one - b) * lattice[i, j, k] + b * lattice[i, j + 1, k])
    low += a * ((one - b) * lattice[i + 1, j, k] + b * lattice[i + 1, j + 1, k])
    high = (one - a) * ((one - b) * lattice[i, j, k + 1] + b * lattice[i, j + 1, k + 1])
    high += a * ((one - b) * lattice[i + 1, j, k + 1] + b * lattice[i + 1, j + 1, k + 1])
    return (one - c) * low + c * high


@njit(inline="always")
def _smooth_step(t):
    t = min(max(t, np.float32(0.0)), np.float32(1.0))
    return t * t * (np.float32(3.0) - np.float32(2.0) * t)


@njit(cache=True, error_model="numpy")
def follow_back(
    faults: Floats,
    bins: Floats,
    samples: int,
    pad: int,
    folds: Floats,
    slopes: Floats,
    erosion: Floats,
    tables: Floats,
    facies: Floats,
    shift: Floats,
    channels: Floats,
    chaos: Floats,
    band: Floats,
    least_throw: np.float32,
    flattest: np.float32,
    image: Floats,
    rgt: Floats,
    fault_id: NDArray[np.int32],
    nearest: Floats,
    throw: Floats,
    normal: Floats,
) -> None:
    """Fill the outputs.

    Args:
        faults: The numbers of each `FAULT`, oldest first, the buried ones before the others.
        bins: What lies between neighbouring inlines, crosslines and samples, in the earth's own units.
        samples: Of the cube; `image` alone has `pad` more above and below.
        pad: See `samples`.
        folds: Height of the folds under and over the unconformity, `(2, x, y)` with `folds.MARGIN` around.
        slopes: Planar dip under and over it, `(2, 2)`.
        erosion: Depth of the unconformity, `(x, y)` as the folds; above the cube where there is none.
        tables: Amplitude by geologic time, `(under or over, facies, wavelet, entry)`.
        facies: Map that decides between the two facies, `(x, y)` as the folds.
        shift: By how much that map is shifted at each sample of geologic time.
        channels: Each: time of the top, depth, half-width, then the three numbers of a sinuous course and the
            azimuth's cosine and sine.
        chaos: Lattice of shifts in samples; `band` says where.
        band: Time of the crumpled interval's middle, its half-thickness, strength, and cells for each voxel.
        least_throw: Slip along the dip below which a fault is not followed.
        flattest: Cosine of the dip below which it is not.
        image: Amplitudes.
        rgt: Geologic time.
        fault_id: 0 where no fault is within a voxel.
        nearest: Distance to the nearest fault in voxels of the cube, negative in its footwall; comes filled
            with the farthest one.
        throw: Vertical offset within one voxel of a fault, that beyond its drag.
        normal: Unit normals, as far as `nearest` goes.
    """
    length = image.shape[2]
    x, y, z = np.empty(length, np.float32), np.empty(length, np.float32), np.empty(length, np.float32)
    xa, ya, za = np.empty(length, np.float32), np.empty(length, np.float32), np.empty(length, np.float32)
    distance, slip = np.empty(length, np.float32), np.empty(length, np.float32)
    slope_along, slope_down = np.empty(length, np.float32), np.empty(length, np.float32)
    over = np.zeros(length, np.bool_)
    one, half, quarter = np.float32(1.0), np.float32(0.5), np.float32(0.25)
    per_sample = one / np.float32(samples)
    height = np.float32(samples) * bins[2]
    wavelets = tables.shape[2]
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            x[:], y[:] = np.float32(i) * bins[0], np.float32(j) * bins[1]
            for k in range(length):
                z[k] = np.float32(k - pad) * bins[2]
            over[:] = False
            passed = False
            for f in range(len(faults) - 1, -1, -1):
                if faults[f, 26] > half and not passed:
                    passed = True
                    for k in range(length):
                        xa[k], ya[k], za[k] = x[k], y[k], z[k]
                        over[k] = z[k] < at(erosion, x[k] + FOLD_MARGIN, y[k] + FOLD_MARGIN)
                undo_fault(faults[f], x, y, z, distance, slip, slope_along, slope_down)
                down2 = faults[f, 8]
                sideways = abs(faults[f, 23])
                for k in range(pad, pad + samples):
                    if abs(distance[k]) > np.float32(9.0) or over[k]:
                        continue
                    if abs(slip[k]) * max(down2, sideways) < least_throw:
                        continue
                    g0 = (faults[f, 9] - slope_along[k] * faults[f, 3] - slope_down[k] * faults[f, 6]) * bins[
                        0
                    ]
                    g1 = (
                        faults[f, 10] - slope_along[k] * faults[f, 4] - slope_down[k] * faults[f, 7]
                    ) * bins[1]
                    g2 = (
                        faults[f, 11] - slope_along[k] * faults[f, 5] - slope_down[k] * faults[f, 8]
                    ) * bins[2]
                    steep = np.sqrt(g0 * g0 + g1 * g1 + g2 * g2)
                    if abs(g2) > flattest * steep:
                        continue
                    apart = abs(distance[k]) / steep
                    s = k - pad
                    if apart > abs(nearest[i, j, s]):
                        continue
                    nearest[i, j, s] = distance[k] / steep
                    normal[i, j, s, 0], normal[i, j, s, 1], normal[i, j, s, 2] = (
                        g0 / steep,
                        g1 / steep,
                        g2 / steep,
                    )
                    inside = apart <= one
                    fault_id[i, j, s] = f + 1 if inside else 0
                    throw[i, j, s] = slip[k] * down2 / bins[2] if inside else np.float32(0.0)
            if not passed:
                for k in range(length):
                    xa[k], ya[k], za[k] = x[k], y[k], z[k]
                    over[k] = z[k] < at(erosion, x[k] + FOLD_MARGIN, y[k] + FOLD_MARGIN)
            for k in range(length):
                part = 1 if over[k] else 0
                px, py, pz = (xa[k], ya[k], za[k]) if over[k] else (x[k], y[k], z[k])
                mx, my = px + FOLD_MARGIN, py + FOLD_MARGIN
                time = pz - slopes[part, 0] * px - slopes[part, 1] * py
                time -= at(folds[part], mx, my) * (quarter + pz / height)
                if band[2] > np.float32(0.0):
                    inside_band = one - abs(time - band[0]) / band[1]
                    if inside_band > np.float32(0.0):
                        cells = band[3]
                        bump = _inside(
                            chaos, px * cells + one, py * cells + one, (pz + np.float32(64.0)) * cells * 2
                        )
                        time += band[2] * _smooth_step(np.float32(2.0) * inside_band) * bump
                if pad <= k < pad + samples:
                    rgt[i, j, k - pad] = time / bins[2]
                entry = (time + np.float32(MARGIN)) * np.float32(PER_SAMPLE)
                entry = min(max(entry, np.float32(0.0)), np.float32(tables.shape[3] - 2))
                below = int(entry)
                share = entry - np.float32(below)
                level = min(max(np.float32(k - pad) * per_sample, np.float32(0.0)), one) * np.float32(
                    wavelets - 1
                )
                first = min(int(level), max(wavelets - 2, 0))
                second = min(first + 1, wavelets - 1)
                mix = level - np.float32(first)
                near = tables[part, 0, first, below] + share * (
                    tables[part, 0, first, below + 1] - tables[part, 0, first, below]
                )
                if wavelets > 1:
                    far = tables[part, 0, second, below] + share * (
                        tables[part, 0, second, below + 1] - tables[part, 0, second, below]
                    )
                    near += mix * (far - near)
                weight = np.float32(0.0)
                if tables.shape[1] > 1:
                    hill = at(facies, mx, my) + shift[below]
                    weight = _smooth_step(half + hill)
                for c in range(len(channels)):
                    depth = time - channels[c, 0]
                    if depth < np.float32(0.0) or depth > channels[c, 1]:
                        continue
                    u = px * channels[c, 6] + py * channels[c, 7]
                    v = py * channels[c, 6] - px * channels[c, 7]
                    aside = (v - channels[c, 3] - channels[c, 4] * np.sin(u * channels[c, 5])) / channels[
                        c, 2
                    ]
                    if depth < channels[c, 1] * (one - aside * aside):
                        weight = one - weight
                        break
                if weight > np.float32(0.0) and tables.shape[1] > 1:
                    other = tables[part, 1, first, below] + share * (
                        tables[part, 1, first, below + 1] - tables[part, 1, first, below]
                    )
                    if wavelets > 1:
                        far = tables[part, 1, second, below] + share * (
                            tables[part, 1, second, below + 1] - tables[part, 1, second, below]
                        )
                        other += mix * (far - other)
                    near += weight * (other - near)
                image[i, j, k] = near


@njit(cache=True, error_model="numpy")
def hide_unseen(
    rgt: Floats, nearest: Floats, normal: Floats, least: np.float32, farthest: np.float32
) -> None:
    """Set `nearest` to `farthest` where a fault offsets the layers by less than `least`.

    The geologic time on each side is continued to the fault from two places 2 and 4 voxels away from it.
    """
    inlines, crosslines, samples = rgt.shape
    for i in range(inlines):
        for j in range(crosslines):
            for k in range(samples):
                distance = nearest[i, j, k]
                if abs(distance) >= farthest:
                    continue
                offset = np.float32(0.0)
                for way in (np.float32(-1.0), np.float32(1.0)):
                    near = _beside(rgt, normal, i, j, k, way * np.float32(2.0) - distance)
                    far = _beside(rgt, normal, i, j, k, way * np.float32(4.0) - distance)
                    offset += way * (np.float32(2.0) * near - far)
                if abs(offset) < least:
                    nearest[i, j, k] = farthest


@njit(inline="always")
def _beside(rgt, normal, i, j, k, step):
    return _inside(
        rgt,
        np.float32(i) + step * normal[i, j, k, 0],
        np.float32(j) + step * normal[i, j, k, 1],
        np.float32(k) + step * normal[i, j, k, 2],
    )
