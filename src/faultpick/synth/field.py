"""The earth of the recipe `field`: what surveys look like, good and bad, with the faults known.

As in the earth of Wu et al. 2019 every voxel is followed back in time, here through faults younger than an
unconformity, the unconformity itself, older faults, folds, slumps and channels, to beds of uneven thickness.
"""

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from faultpick.synth import field_layers, imaging
from faultpick.synth.cube import FARTHEST, HALF_THICKNESS, Cube
from faultpick.synth.faults import as_numbers
from faultpick.synth.field_faults import random_field_faults
from faultpick.synth.field_kernel import follow_back, hide_unseen
from faultpick.synth.field_recipe import STYLES, FieldRecipe, Imaging, Layers
from faultpick.synth.field_recipe import Shape as Folding
from faultpick.synth.folds import MARGIN as FOLD_MARGIN
from faultpick.synth.folds import random_folds
from faultpick.synth.recipe_base import log_uniform
from faultpick.synth.textures import lattice, smooth_map, smooth_series, smoothed
from faultpick.synth.wavelet import convolve_traces

Floats = NDArray[np.float32]
EDGE = 0.08
"""Deviation of the vertical smoothing, in periods, of an image cut by faults, channels and an unconformity
after the wavelet was laid across the layers: no survey holds sharper edges."""
SURELY_UNSEEN = 0.6
"""Share of the visible offset. A fault is followed as far as its own slip is visible; its label breaks off
where less than this share is left between the layers, as where slip is along them."""
THICKEST = 2.5
"""Mean thickness of the thickest beds, in periods of the wavelet."""


def make_cube(seed: int, recipe: FieldRecipe, shape: tuple[int, int, int]) -> Cube:
    """The cube of a seed."""
    rng = np.random.default_rng(seed)
    recipe = _in_style(rng, recipe)
    limits = (recipe.shape.bins, recipe.shape.bins, recipe.shape.sampling)
    bins = [log_uniform(rng, each) for each in limits]
    size = shape[0] * bins[0], shape[1] * bins[1], shape[2] * bins[2]
    wavelets = _random_wavelets(rng, recipe.imaging, bins[2])
    unconformity = rng.random() < recipe.layers.unconformity
    faults = random_field_faults(rng, size, recipe.faulting, unconformity=unconformity)
    earth = _random_earth(rng, size, recipe, wavelets, unconformity)
    pad = 0 if wavelets.tilted else len(wavelets.each_sample[0]) // 2

    image = np.empty((shape[0], shape[1], shape[2] + 2 * pad), np.float32)
    rgt, throw = np.empty(shape, np.float32), np.zeros(shape, np.float32)
    fault_id = np.zeros(shape, np.int32)
    distance = np.full(shape, FARTHEST, np.float32)
    normal = np.zeros((*shape, 3), np.float32)
    visible = max(recipe.faulting.visible, recipe.faulting.visible_periods * wavelets.period)
    follow_back(
        as_numbers(faults),
        np.array(bins, np.float32),
        shape[2],
        pad,
        earth.folds,
        earth.slopes,
        earth.erosion,
        earth.tables,
        earth.facies,
        earth.shift,
        earth.channels,
        earth.chaos,
        earth.band,
        np.float32(visible),
        np.float32(math.cos(math.radians(recipe.faulting.flattest))),
        image,
        rgt,
        fault_id,
        distance,
        throw,
        normal,
    )
    hide_unseen(rgt, distance, normal, np.float32(SURELY_UNSEEN * visible), np.float32(FARTHEST))
    np.abs(distance, out=distance)

    if not wavelets.tilted:
        top, bottom = (convolve_traces(image, wavelet) for wavelet in wavelets.each_sample)
        depth = np.linspace(0.0, 1.0, shape[2], dtype=np.float32)
        image = np.asarray(top + depth * (bottom - top), dtype=np.float32)
    else:
        image = smoothed(image, EDGE * wavelets.period, 2)
    ground = imaging.random_ground(rng, shape, recipe.imaging)
    image /= np.float32(image.std(dtype=np.float64) or 1.0)
    if rng.random() < recipe.faulting.scatter:
        imaging.dimmed(image, distance, rng.uniform(0.2, 0.9), rng.uniform(0.8, 2.5))
    image = imaging.blurred(image, rng.uniform(*recipe.imaging.blur))
    imaging.fill_ground(rng, image, ground, wavelets.each_sample[0])
    image, drowned = _observed(rng, image, recipe, wavelets)

    for hidden in (ground.salt, ground.water, drowned):
        if hidden is not None:
            distance[hidden] = FARTHEST
    distance[_small_pieces(distance <= HALF_THICKNESS, recipe.faulting.smallest)] = FARTHEST
    labelled = distance <= HALF_THICKNESS
    fault_id[~labelled], throw[~labelled], normal[~labelled] = 0, 0.0, 0.0
    image -= np.float32(image.mean(dtype=np.float64))
    image /= np.float32(image.std(dtype=np.float64) or 1.0)
    if rng.random() < recipe.imaging.dead:
        image[imaging.dead_traces(rng, shape[:2])] = 0.0
    return Cube(
        image, labelled.astype(np.uint8), fault_id, distance, normal, throw, rgt, faults, wavelets.period
    )


def _in_style(rng: np.random.Generator, recipe: FieldRecipe) -> FieldRecipe:
    draw, reached = rng.random(), 0.0
    for name, groups in STYLES.items():
        reached += getattr(recipe.styles, name)
        if draw < reached:
            return recipe.with_parts(groups)
    return recipe


@dataclass(frozen=True)
class _Wavelets:
    """The wavelets from top to bottom, for layers and for samples, and the mean period in samples."""

    tilted: bool
    period: float
    period_of_layers: float
    of_layers: list[Floats]
    each_sample: list[Floats]


def _random_wavelets(rng: np.random.Generator, recipe: Imaging, sampling: float) -> _Wavelets:
    period = log_uniform(rng, recipe.period)
    growth = rng.uniform(*recipe.growth)
    periods = period * growth ** np.array((-0.5, 0.0, 0.5))
    width = log_uniform(rng, (0.5, 1.6))
    phase = rng.uniform(-math.pi, math.pi) if rng.random() < recipe.phase else 0.0
    lean, echo = 0.0, 0.0
    if rng.random() < recipe.asymmetric:
        lean, echo = rng.uniform(-0.8, 0.8), rng.uniform(-0.4, 0.4)

    def make(period: float, per_sample: int) -> Floats:
        return field_layers.field_wavelet(period, per_sample, width=width, phase=phase, lean=lean, echo=echo)

    of_layers = [make(each, field_layers.PER_SAMPLE) for each in periods]
    short, longest = (make(periods[end] / sampling, 1) for end in (0, 2))
    margin = (len(longest) - len(short)) // 2
    each_sample = [np.pad(short, margin), longest]
    return _Wavelets(rng.random() < recipe.tilted, period / sampling, period, of_layers, each_sample)


@dataclass(frozen=True)
class _Earth:
    """What the kernel takes; see there."""

    folds: Floats
    slopes: Floats
    erosion: Floats
    tables: Floats
    facies: Floats
    shift: Floats
    channels: Floats
    chaos: Floats
    band: Floats


def _random_earth(
    rng: np.random.Generator,
    size: tuple[float, float, float],
    recipe: FieldRecipe,
    wavelets: _Wavelets,
    unconformity: bool,
) -> _Earth:
    samples = round(size[2])
    traces = round(size[0]) + 1, round(size[1]) + 1
    wide = traces[0] + 2 * FOLD_MARGIN, traces[1] + 2 * FOLD_MARGIN
    layers = recipe.layers
    folds, slopes = zip(
        *(_random_folding(rng, traces, wide, samples, recipe.shape) for _ in range(2)), strict=True
    )
    erosion = np.full(wide, -1e6, np.float32)
    if unconformity:
        tilt = rng.uniform(-0.25, 0.25, 2)
        plane = np.add.outer(tilt[0] * np.arange(wide[0]), tilt[1] * np.arange(wide[1]))
        relief = rng.uniform(0.0, 8.0) * smooth_map(rng, wide, rng.uniform(12.0, 50.0))
        erosion = (rng.uniform(0.1, 0.7) * samples + plane - plane.mean() + relief).astype(np.float32)
    two = rng.random() < layers.facies
    channels = _random_channels(rng, size, layers)
    count = 2 if two or len(channels) else 1
    tables = np.stack(
        [np.stack([_table(rng, samples, layers, wavelets) for _ in range(count)]) for _ in range(2)]
    )
    entries = tables.shape[-1]
    facies = smooth_map(rng, wide, rng.uniform(15.0, 60.0)) if two else np.full(wide, -9.0, np.float32)
    shift = smooth_series(rng, entries, 40.0 * field_layers.PER_SAMPLE)
    band = np.zeros(4, np.float32)
    cell = rng.uniform(3.0, 10.0)
    if rng.random() < layers.chaos:
        half = rng.uniform(0.06, 0.3) * samples
        band[:] = rng.uniform(-0.2, 1.2) * samples, half, rng.uniform(0.7, 0.35 * cell + 0.7), 1.0 / cell
    chaos = lattice(rng, (int(size[0]), int(size[1]), 2 * samples + 400), cell)
    return _Earth(np.stack(folds), np.stack(slopes), erosion, tables, facies, shift, channels, chaos, band)


def _random_folding(
    rng: np.random.Generator, traces: tuple[int, int], wide: tuple[int, int], samples: int, recipe: Folding
) -> tuple[Floats, Floats]:
    side = max(traces)
    folds = random_folds(
        rng,
        traces,
        int(rng.integers(*recipe.fold_count, endpoint=True)),
        log_uniform(rng, recipe.fold_height) * samples,
        (recipe.fold_width[0] * side, recipe.fold_width[1] * side),
    )
    ripple = rng.uniform(*recipe.ripple)
    folds = folds + np.float32(ripple) * smooth_map(rng, wide, rng.uniform(4.0, 16.0))
    low, high = recipe.slope
    slope = rng.triangular(low, 0.5 * (low + high), high, 2) if low < high else np.full(2, low)
    return folds.astype(np.float32), slope.astype(np.float32)


def _table(rng: np.random.Generator, samples: int, recipe: Layers, wavelets: _Wavelets) -> Floats:
    thickest = THICKEST * wavelets.period_of_layers
    series = field_layers.bedded_reflectivity(rng, samples, recipe, thickest)
    if wavelets.tilted:
        return field_layers.filtered(series, wavelets.of_layers)
    return field_layers.sampled_safely(series)


def _random_channels(rng: np.random.Generator, size: tuple[float, float, float], recipe: Layers) -> Floats:
    if rng.random() >= recipe.channels:
        return np.empty((0, 8), np.float32)
    rows = []
    for _ in range(int(rng.integers(1, 5))):
        azimuth = rng.uniform(0.0, 2.0 * math.pi)
        middle = rng.uniform(0.0, 1.0, 2) * size[:2]
        across = middle[1] * math.cos(azimuth) - middle[0] * math.sin(azimuth)
        rows.append(
            (
                rng.uniform(-0.1, 1.1) * size[2],
                rng.uniform(3.0, 14.0),
                rng.uniform(3.0, 18.0),
                across,
                rng.uniform(0.0, 20.0),
                2.0 * math.pi / rng.uniform(40.0, 150.0),
                math.cos(azimuth),
                math.sin(azimuth),
            )
        )
    return np.array(rows, np.float32)


def _observed(
    rng: np.random.Generator, image: Floats, recipe: FieldRecipe, wavelets: _Wavelets
) -> tuple[Floats, NDArray[np.bool_]]:
    """The image with noise, footprint and gain, and where the noise hides all there is of it."""
    level = log_uniform(rng, recipe.noise.level)
    signal = np.float32(image.std(dtype=np.float64))
    shape = image.shape[0], image.shape[1], image.shape[2]
    noise = signal * np.float32(level) * imaging.noise(rng, shape, wavelets.each_sample[0], recipe.noise)
    drowned = imaging.drowned(image, noise, wavelets.period, recipe.faulting.audible)
    image += noise
    if rng.random() < recipe.noise.footprint:
        imaging.with_footprint(rng, image)
    return imaging.with_gain(rng, image, recipe.imaging), drowned


def _small_pieces(labelled: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    pieces, _ = cast("tuple[NDArray[np.int32], int]", ndimage.label(labelled))
    small = np.bincount(pieces.ravel()) < smallest
    small[0] = False
    return small[pieces]
