"""One synthetic cube: layers, folds, faults, wavelet, noise (after Wu et al. 2019, Geophysics 84(3), IM35).

Every voxel is followed back in time: out of each fault's displacement, youngest first, then out of shear and
folds, to the layer it belongs to. The earth is a formula with no edges, so nothing has to be cropped but the
wavelet's length.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from faultpick.errors import ConfigError
from faultpick.synth import folds, stratigraphy
from faultpick.synth.faults import FAULT, random_faults
from faultpick.synth.noise import white_noise
from faultpick.synth.recipe import Recipe, find_recipe
from faultpick.synth.wavelet import convolve_traces, ricker, ricker_half_length

HALF_THICKNESS = 1.0
"""Voxels between a fault's surface and the farthest voxel labelled as this fault."""


@dataclass(frozen=True)
class Cube:
    """A synthetic seismic image and all that is known of it; arrays are `(inline, crossline, sample)`.

    Attributes:
        seismic: float32 amplitudes, mean 0 and standard deviation 1.
        fault: uint8, 1 within one voxel of a fault surface where its throw exceeds the recipe's minimum.
        fault_id: int32, 1 for the oldest fault and so on, 0 for none.
        normal: float32 `(inline, crossline, sample, 3)`: the fault's unit normal into its hanging wall, 0 off
            faults.
        throw: float32, vertical offset across the fault in samples (negative: reverse), 0 off faults.
        rgt: float32, relative geologic time in samples: constant along a layer.
        faults: The faults, oldest first (`faultpick.synth.faults.FAULT`).
        period: Of the wavelet's peak frequency, in samples.
    """

    seismic: NDArray[np.float32]
    fault: NDArray[np.uint8]
    fault_id: NDArray[np.int32]
    normal: NDArray[np.float32]
    throw: NDArray[np.float32]
    rgt: NDArray[np.float32]
    faults: NDArray[np.void]
    period: float


def synthesize(
    seed: int, recipe: str | Recipe = "wu2019", shape: tuple[int, int, int] = (128, 128, 128)
) -> Cube:
    """A cube of `shape` voxels; the same seed, recipe and shape give the same cube on any machine.

    Raises:
        ConfigError: No recipe has this name, or the seed or the shape makes no sense.
    """
    check_request(seed, shape)
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
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
    throw = np.zeros(shape, np.float32)
    normal = np.zeros((*shape, 3), np.float32)
    _follow_back(
        faults.view(np.float32).reshape(len(faults), FAULT.itemsize // 4),
        fold,
        slope,
        layers,
        np.float32(recipe.minimum_throw),
        pad,
        reflectivity,
        rgt,
        fault_id,
        throw,
        normal,
    )

    reflectivity += white_noise(rng, reflectivity, rng.uniform(*recipe.coherent_noise))
    seismic = convolve_traces(reflectivity, ricker(period))
    seismic += white_noise(rng, seismic, rng.uniform(*recipe.white_noise))
    seismic -= np.float32(seismic.mean(dtype=np.float64))
    seismic /= np.float32(seismic.std(dtype=np.float64))
    return Cube(seismic, (fault_id > 0).astype(np.uint8), fault_id, normal, throw, rgt, faults, period)


def check_request(seed: int, shape: tuple[int, int, int]) -> None:
    """Refuse seeds and shapes that no cube can be made from.

    Raises:
        ConfigError: The seed is negative, or the shape is not an inline, a crossline and two samples or more.
    """
    if seed < 0:
        raise ConfigError(f"The seed {seed} is negative: choose 0 or more.")
    if len(shape) != 3 or min(shape) < 1 or shape[2] < 2:
        sides = " x ".join(map(str, shape))
        raise ConfigError(
            f"There is no cube of shape {sides}: give inlines, crosslines and at least 2 samples."
        )


@njit(inline="always")
def _between(series, position):
    """Linear interpolation, the ends held."""
    position = min(max(position, np.float32(0.0)), np.float32(len(series) - 2))
    below = int(position)
    weight = position - np.float32(below)
    return series[below] + weight * (series[below + 1] - series[below])


@njit(inline="always")
def _at(grid, x, y):
    """Bilinear interpolation, the edges held."""
    x = min(max(x, np.float32(0.0)), np.float32(grid.shape[0] - 2))
    y = min(max(y, np.float32(0.0)), np.float32(grid.shape[1] - 2))
    i, j = int(x), int(y)
    a, b = x - np.float32(i), y - np.float32(j)
    near = grid[i, j] + b * (grid[i, j + 1] - grid[i, j])
    far = grid[i + 1, j] + b * (grid[i + 1, j + 1] - grid[i + 1, j])
    return near + a * (far - near)


@njit(cache=True, error_model="numpy")
def _undo_fault(
    fault: NDArray[np.float32],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    z: NDArray[np.float32],
    distance: NDArray[np.float32],
    slip: NDArray[np.float32],
    slope_along: NDArray[np.float32],
    slope_down: NDArray[np.float32],
) -> None:
    """Move the points of one trace back to before the fault.

    Gives their distance to the surface, and the slip and the surface's slopes along strike and dip beside
    them. Written without branches, so that it runs as vector instructions. `fault` holds the numbers of one
    `FAULT` in their order: centre from 0, the unit vectors from 3, 6 and 9, bend from 12, then the scalars.
    """
    zero, one, two, tail = np.float32(0.0), np.float32(1.0), np.float32(2.0), np.float32(1.0 / 32.0)
    centre0, centre1, centre2 = fault[0], fault[1], fault[2]
    along0, along1 = fault[3], fault[4]
    down0, down1, down2 = fault[6], fault[7], fault[8]
    out0, out1, out2 = fault[9], fault[10], fault[11]
    bend0, bend1, bend2 = fault[12], fault[13], fault[14]
    largest, gradient = fault[15], fault[16]
    per_extent0, per_extent1, per_reach = one / fault[17], one / fault[18], one / fault[19]
    hanging, foot = one - fault[20], -fault[20]
    for k in range(len(x)):
        dx, dy, dz = x[k] - centre0, y[k] - centre1, z[k] - centre2
        u = dx * along0 + dy * along1
        v = dx * down0 + dy * down1 + dz * down2
        height = bend0 * u * u + bend1 * u * v + bend2 * v * v
        d = dx * out0 + dy * out1 + dz * out2 - height
        a, b = u * per_extent0, v * per_extent1
        bump = one - (a * a + b * b) * tail
        bump = bump if bump > zero else zero
        bump *= bump
        bump *= bump
        bump *= bump
        bump *= bump
        ramp = one + gradient * v
        amount = largest * (ramp if ramp > zero else zero) * bump
        ratio = d * per_reach
        back = amount * (hanging if d >= zero else foot) / (one + ratio * ratio)
        w = v - back
        lift = bend0 * u * u + bend1 * u * w + bend2 * w * w - height
        x[k] += lift * out0 - back * down0
        y[k] += lift * out1 - back * down1
        z[k] += lift * out2 - back * down2
        distance[k] = d
        slip[k] = amount
        slope_along[k] = two * bend0 * u + bend1 * v
        slope_down[k] = bend1 * u + two * bend2 * v


@njit(inline="always")
def _unit_normal(fault, slope_along, slope_down, result):
    length = np.sqrt(np.float32(1.0) + slope_along * slope_along + slope_down * slope_down)
    for axis in range(3):
        vector = fault[9 + axis] - slope_along * fault[3 + axis] - slope_down * fault[6 + axis]
        result[axis] = vector / length


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
    throw: NDArray[np.float32],
    normal: NDArray[np.float32],
) -> None:
    """Fill the outputs; `reflectivity` alone has `pad` samples above and below the cube."""
    samples, length = rgt.shape[2], reflectivity.shape[2]
    x, y, z = np.empty(length, np.float32), np.empty(length, np.float32), np.empty(length, np.float32)
    distance, nearest = np.empty(length, np.float32), np.empty(length, np.float32)
    slip = np.empty(length, np.float32)
    slope_along, slope_down = np.empty(length, np.float32), np.empty(length, np.float32)
    half, quarter = np.float32(HALF_THICKNESS), np.float32(0.25)
    per_sample = np.float32(1.0) / np.float32(samples)
    for i in range(reflectivity.shape[0]):
        for j in range(reflectivity.shape[1]):
            x[:], y[:], nearest[:] = np.float32(i), np.float32(j), half
            for k in range(length):
                z[k] = np.float32(k - pad)
            for f in range(len(faults) - 1, -1, -1):
                _undo_fault(faults[f], x, y, z, distance, slip, slope_along, slope_down)
                down2 = faults[f, 8]
                for k in range(pad, pad + samples):
                    if abs(distance[k]) <= nearest[k] and abs(slip[k] * down2) >= minimum_throw:
                        nearest[k] = abs(distance[k])
                        fault_id[i, j, k - pad] = f + 1
                        throw[i, j, k - pad] = slip[k] * down2
                        _unit_normal(faults[f], slope_along[k], slope_down[k], normal[i, j, k - pad])
            for k in range(length):
                time = z[k] - slope[0] * x[k] - slope[1] * y[k]
                time -= _at(fold, x[k] + folds.MARGIN, y[k] + folds.MARGIN) * (quarter + z[k] * per_sample)
                if pad <= k < pad + samples:
                    rgt[i, j, k - pad] = time
                reflectivity[i, j, k] = _between(layers, time + stratigraphy.MARGIN)
