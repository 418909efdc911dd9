"""The earth of Wu et al. 2019 (Geophysics 84(3), IM35): layers, folds, faults, wavelet, noise.

Every voxel is followed back in time: out of each fault's displacement, youngest first, then out of shear and
folds, to the layer it belongs to. The earth is a formula with no edges, so nothing has to be cropped but the
wavelet's length.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from faultpick.synth import folds, stratigraphy
from faultpick.synth.cube import FARTHEST, HALF_THICKNESS, Cube
from faultpick.synth.faults import as_numbers, random_faults
from faultpick.synth.kernels import at, between, undo_fault, unit_normal
from faultpick.synth.noise import white_noise
from faultpick.synth.wavelet import convolve_traces, ricker, ricker_half_length
from faultpick.synth.wu2019_recipe import WuRecipe


def make_cube(seed: int, recipe: WuRecipe, shape: tuple[int, int, int]) -> Cube:
    """The cube of a seed."""
    rng = np.random.default_rng(seed)
    inlines, crosslines, samples = shape
    side = max(inlines, crosslines)

    period = float(np.exp(rng.uniform(*np.log(recipe.period))))
    layers = stratigraphy.random_reflectivity(rng, samples, rng.uniform(*recipe.sparsity))
    fold = folds.random_folds(
        rng,
        (inlines, crosslines),
        int(rng.integers(*recipe.fold_count, endpoint=True)),
        rng.uniform(*recipe.fold_height) * samples,
        (recipe.fold_width[0] * side, recipe.fold_width[1] * side),
    )
    slope = rng.uniform(*recipe.shear, 2).astype(np.float32)
    faults = random_faults(rng, shape, recipe)

    pad = ricker_half_length(period)
    reflectivity = np.empty((inlines, crosslines, samples + 2 * pad), np.float32)
    rgt = np.empty(shape, np.float32)
    fault_id = np.zeros(shape, np.int32)
    distance = np.full(shape, FARTHEST, np.float32)
    throw = np.zeros(shape, np.float32)
    normal = np.zeros((*shape, 3), np.float32)
    _follow_back(
        as_numbers(faults),
        fold,
        slope,
        layers,
        np.float32(recipe.minimum_throw),
        pad,
        reflectivity,
        rgt,
        fault_id,
        distance,
        throw,
        normal,
    )

    reflectivity += white_noise(rng, reflectivity, rng.uniform(*recipe.coherent_noise))
    seismic = convolve_traces(reflectivity, ricker(period))
    seismic += white_noise(rng, seismic, rng.uniform(*recipe.white_noise))
    seismic -= np.float32(seismic.mean(dtype=np.float64))
    seismic /= np.float32(seismic.std(dtype=np.float64))
    fault = (fault_id > 0).astype(np.uint8)
    return Cube(seismic, fault, fault_id, distance, normal, throw, rgt, faults, period)


@njit(cache=True, error_model="numpy")
def _follow_back(
    faults: NDArray[np.float32],
    fold: NDArray[np.float32],
    slope: NDArray[np.float32],
    layers: NDArray[np.float32],
    minimum_throw: np.float32,
    pad: int,
    reflectivity: NDArray[np.float32],
    rgt: NDArray[np.float32],
    fault_id: NDArray[np.int32],
    nearest: NDArray[np.float32],
    throw: NDArray[np.float32],
    normal: NDArray[np.float32],
) -> None:
    """Fill the outputs; `reflectivity` alone has `pad` samples above and below the cube.

    `nearest` is the distance to the nearest fault; it comes filled with the farthest that is followed.
    """
    samples, length = rgt.shape[2], reflectivity.shape[2]
    x, y, z = np.empty(length, np.float32), np.empty(length, np.float32), np.empty(length, np.float32)
    distance, slip = np.empty(length, np.float32), np.empty(length, np.float32)
    slope_along, slope_down = np.empty(length, np.float32), np.empty(length, np.float32)
    half, quarter = np.float32(HALF_THICKNESS), np.float32(0.25)
    per_sample = np.float32(1.0) / np.float32(samples)
    for i in range(reflectivity.shape[0]):
        for j in range(reflectivity.shape[1]):
            x[:], y[:] = np.float32(i), np.float32(j)
            for k in range(length):
                z[k] = np.float32(k - pad)
            for f in range(len(faults) - 1, -1, -1):
                undo_fault(faults[f], x, y, z, distance, slip, slope_along, slope_down)
                down2 = faults[f, 8]
                for k in range(pad, pad + samples):
                    apart = abs(distance[k])
                    if apart > nearest[i, j, k - pad] or abs(slip[k] * down2) < minimum_throw:
                        continue
                    nearest[i, j, k - pad] = apart
                    if apart <= half:
                        fault_id[i, j, k - pad] = f + 1
                        throw[i, j, k - pad] = slip[k] * down2
                        unit_normal(faults[f], slope_along[k], slope_down[k], normal[i, j, k - pad])
            for k in range(length):
                time = z[k] - slope[0] * x[k] - slope[1] * y[k]
                time -= at(fold, x[k] + folds.MARGIN, y[k] + folds.MARGIN) * (quarter + z[k] * per_sample)
                if pad <= k < pad + samples:
                    rgt[i, j, k - pad] = time
                reflectivity[i, j, k] = between(layers, time + stratigraphy.MARGIN)
