"""What imaging does to the amplitudes of the recipe `field`, and the noise that lies over them."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from faultpick.synth.field_recipe import Imaging, Noise
from faultpick.synth.recipe_base import log_uniform
from faultpick.synth.textures import smooth_map, smooth_series, smoothed
from faultpick.synth.wavelet import convolve_traces

Floats = NDArray[np.float32]
TRIFLE = 0.15
"""Noise that no eye and no display tells from none, over the image's deviation."""


@dataclass(frozen=True)
class Ground:
    """Where there is no earth to see, both bool `(inline, crossline, sample)` or None."""

    salt: NDArray[np.bool_] | None
    water: NDArray[np.bool_] | None


def dimmed(image: Floats, distance: Floats, strength: float, width: float) -> None:
    """Weaken amplitudes beside faults, in place, by `strength` on them, over about `width` voxels."""
    image *= 1.0 - np.float32(strength) * np.exp(-np.square(distance / np.float32(width)))


def blurred(image: Floats, deviation: float) -> Floats:
    """Smoothed along inlines and crosslines."""
    if deviation < 0.25:
        return image
    return smoothed(smoothed(image, deviation, 0), deviation, 1)


def random_ground(rng: np.random.Generator, shape: tuple[int, int, int], recipe: Imaging) -> Ground:
    """Bodies without layers and water, drawn at random."""
    salt = _body(rng, shape) if rng.random() < recipe.salt else None
    water = None
    if rng.random() < recipe.water:
        bottom = rng.uniform(0.06, 0.3) * shape[2] + 4.0 * smooth_map(rng, shape[:2], 24.0)
        water = np.arange(shape[2])[None, None] < bottom[..., None]
    return Ground(salt, water)


def _body(rng: np.random.Generator, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """A dome from below, or a lens, with an uneven top."""
    x, y = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in shape[:2]), indexing="ij")
    centre, radius = rng.uniform(0.0, 1.0, 2) * shape[:2], rng.uniform(0.18, 0.5) * max(shape[:2])
    stretch = rng.uniform(0.6, 1.6)
    apart = np.sqrt(((x - centre[0]) * stretch) ** 2 + ((y - centre[1]) / stretch) ** 2) / radius
    rough = smooth_map(rng, shape[:2], rng.uniform(5.0, 20.0)) * rng.uniform(1.0, 5.0)
    height = rng.uniform(0.2, 0.8) * shape[2] * (1.0 - apart**2) + rough
    depth = np.arange(shape[2], dtype=np.float32)[None, None]
    bottom = shape[2] if rng.random() < 0.6 else rng.uniform(0.3, 0.9) * shape[2]
    return (depth > bottom - height[..., None]) & (depth < bottom + 0.3 * height[..., None])


def fill_ground(rng: np.random.Generator, image: Floats, ground: Ground, wavelet: Floats) -> None:
    """Put what salt and water look like into an image of deviation 1, in place."""
    if ground.salt is not None and ground.salt.any():
        chaos = _in_band(rng, image.shape, wavelet)
        chaos = smoothed(smoothed(chaos, rng.uniform(0.6, 2.0), 0), rng.uniform(0.6, 2.0), 1)
        level = log_uniform(rng, (0.08, 1.0)) / float(chaos.std())
        image[ground.salt] = chaos[ground.salt] * np.float32(level)
    if ground.water is not None:
        image[ground.water] *= np.float32(rng.uniform(0.0, 0.03))


def noise(rng: np.random.Generator, shape: tuple[int, int, int], wavelet: Floats, recipe: Noise) -> Floats:
    """Everything random and additive together, of deviation 1."""
    total = rng.standard_normal(shape, dtype=np.float32)
    if rng.random() < recipe.coloured:
        total *= np.float32(rng.uniform(0.0, 0.6))
        total += _unit(_in_band(rng, shape, wavelet))
    if rng.random() < recipe.streaks:
        for axis in range(2):
            if rng.random() < 0.6:
                total = smoothed(total, rng.uniform(0.4, 2.5), axis)
        total = _unit(total)
    if rng.random() < recipe.waves:
        total += np.float32(rng.uniform(0.2, 1.0)) * _waves(rng, shape, wavelet)
    if rng.random() < recipe.smiles:
        total += np.float32(rng.uniform(0.3, 1.2)) * _smiles(rng, shape, wavelet)
    envelope = np.exp(rng.uniform(0.0, 0.7) * smooth_series(rng, shape[2], 20.0))
    return _unit(np.asarray(total * envelope, dtype=np.float32))


def _unit(values: Floats) -> Floats:
    return values / np.float32(values.std(dtype=np.float64) or 1.0)


def _in_band(rng: np.random.Generator, shape: tuple[int, int, int], wavelet: Floats) -> Floats:
    longer = (*shape[:2], shape[2] + len(wavelet) - 1)
    return convolve_traces(rng.standard_normal(longer, dtype=np.float32), wavelet)


def _waves(rng: np.random.Generator, shape: tuple[int, int, int], wavelet: Floats) -> Floats:
    """A few trains of plane waves that dip across the cube."""
    total = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        slopes = (rng.uniform(0.3, 2.0, 2) * rng.choice((-1.0, 1.0), 2)).astype(np.float32)
        if rng.random() < 0.5:
            slopes[rng.integers(2)] *= np.float32(0.1)
        reach = int(abs(slopes[0]) * shape[0] + abs(slopes[1]) * shape[1]) + 4
        raw = rng.standard_normal(shape[2] + 2 * reach) * (rng.random(shape[2] + 2 * reach) < 0.2)
        series = np.convolve(raw, wavelet, mode="same").astype(np.float32)
        strength = np.maximum(smooth_map(rng, shape[:2], 30.0), 0.0)
        _add_wave(total, series, slopes, np.float32(reach), strength)
    return _unit(total)


@njit(cache=True)
def _add_wave(total: Floats, series: Floats, slopes: Floats, reach: np.float32, strength: Floats) -> None:
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            start = reach + slopes[0] * np.float32(i) + slopes[1] * np.float32(j)
            below = min(max(int(start), 0), len(series) - total.shape[2] - 2)
            share = start - np.float32(below)
            for k in range(total.shape[2]):
                value = series[below + k] + share * (series[below + k + 1] - series[below + k])
                total[i, j, k] += strength[i, j] * value


def _smiles(rng: np.random.Generator, shape: tuple[int, int, int], wavelet: Floats) -> Floats:
    """Upward-bending arcs around places that migration spread out."""
    total = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(2, 9))):
        x, y = rng.uniform(0.0, 1.0, 2) * shape[:2]
        radius, stretch = rng.uniform(0.1, 0.6) * shape[2], rng.uniform(0.6, 2.0)
        z = rng.uniform(-0.3, 0.9) * shape[2]
        _add_smile(total, wavelet, x, y, z, radius, stretch, rng.choice((-1.0, 1.0)) * rng.uniform(0.3, 1.0))
    return _unit(total)


@njit(cache=True)
def _add_smile(
    total: Floats,
    wavelet: Floats,
    x: float,
    y: float,
    z: float,
    radius: float,
    stretch: float,
    strength: float,
) -> None:
    half = len(wavelet) // 2
    for i in range(total.shape[0]):
        for j in range(total.shape[1]):
            apart = ((i - x) ** 2 + (j - y) ** 2) * stretch * stretch / (radius * radius)
            if apart >= 0.9:
                continue
            place = int(z + radius * np.sqrt(1.0 - apart))
            taper = (1.0 - apart / 0.9) * strength
            for t in range(len(wavelet)):
                k = place + t - half
                if 0 <= k < total.shape[2]:
                    total[i, j, k] += np.float32(taper) * wavelet[t]


def drowned(image: Floats, noise: Floats, period: float, least: float) -> NDArray[np.bool_]:
    """Where nothing is seen of an image of deviation 1 around a voxel, one and a half periods up and down.

    Its deviation there is under `least` times that of the noise, or of a trifle where there is little noise.
    """
    reach = 2 * round(max(1.5 * period, 12.0) / 4) + 1
    powers = []
    for each in (image, noise):
        power = np.square(each[::2, ::2, ::4])
        for axis, size in enumerate((5, 5, reach)):
            power = uniform_filter1d(power, size, axis)
        powers.append(power)
    hidden = powers[0] < least**2 * (powers[1] + np.float32(TRIFLE**2))
    whole = hidden.repeat(2, 0).repeat(2, 1).repeat(4, 2)
    return whole[: image.shape[0], : image.shape[1], : image.shape[2]]


def with_footprint(rng: np.random.Generator, image: Floats) -> None:
    """Stripes along a line direction that fade with depth, in place: stronger and weaker traces."""
    axis = int(rng.integers(2))
    line = np.arange(image.shape[axis]) * (2.0 * math.pi / rng.uniform(3.0, 12.0)) + rng.uniform(0.0, 6.0)
    depth = np.exp(-np.arange(image.shape[2]) / (rng.uniform(0.2, 1.0) * image.shape[2]))
    stripes = (rng.uniform(0.1, 0.5) * np.outer(np.sin(line), depth)).astype(np.float32)
    image *= 1.0 + np.expand_dims(stripes, 1 - axis)


def with_gain(rng: np.random.Generator, image: Floats, recipe: Imaging) -> Floats:
    """Amplitudes that change slowly downwards and sideways, or that are evened out in a window."""
    strength = rng.uniform(*recipe.gain)
    image *= np.exp(0.5 * strength * smooth_series(rng, image.shape[2], image.shape[2] / 5.0))
    image *= np.exp(0.3 * strength * smooth_map(rng, image.shape[:2], 30.0))[..., None]
    if rng.random() < recipe.agc:
        window = int(rng.uniform(0.2, 0.8) * image.shape[2])
        level = np.sqrt(uniform_filter1d(np.square(image), window, axis=2, mode="nearest"))
        image /= level + np.float32(0.1) * np.float32(level.mean())
    return image


def dead_traces(rng: np.random.Generator, traces: tuple[int, int]) -> NDArray[np.bool_]:
    """A few single traces and now and then a whole line."""
    dead = rng.random(traces) < rng.uniform(0.0, 0.02)
    if rng.random() < 0.3:
        dead[int(rng.integers(traces[0]))] = True
    return dead
