"""Layers of the recipe `field`: reflectivity in beds and packages, on half samples, and its wavelets."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from faultpick.synth.field_recipe import Layers
from faultpick.synth.recipe_base import log_uniform
from faultpick.synth.stratigraphy import MARGIN

PER_SAMPLE = 2
"""Entries of a series for each sample, so that interpolation between them costs no high frequencies."""


def bedded_reflectivity(
    rng: np.random.Generator, samples: int, recipe: Layers, thickest: float
) -> NDArray[np.float32]:
    """Reflection coefficients of beds, `PER_SAMPLE` a sample, with `MARGIN` samples beyond either end.

    Packages of beds follow one another, each with its own mean thickness and contrast. Beds have exponential
    thickness; the strength of their boundaries is log-normal, so that a few stand out. Fine lamination lies
    under all of it. A blocky earth has neither: its beds are thick, up to a mean of `thickest` samples, and
    its boundaries about equally strong.
    """
    length = samples + 2 * MARGIN
    blocky = rng.random() < recipe.blocky
    typical = log_uniform(rng, recipe.thickness)
    if blocky:
        typical = min(4.0 * typical, thickest)
    fine = 0.0 if blocky else rng.uniform(0.05, 0.4)
    series = fine * rng.standard_normal(length * PER_SAMPLE + 1)
    top = 0.0
    while top < length:
        bottom = top + log_uniform(rng, recipe.packages) * (2.0 if blocky else 1.0)
        mean = max(typical * math.exp(rng.normal(0.0, 0.4)), 0.8)
        contrast = rng.uniform(0.15, 0.5) if rng.random() < recipe.quiet else rng.uniform(0.6, 1.3)
        contrast = max(contrast, 0.4) if blocky else contrast
        count = max(1, rng.poisson((bottom - top) / mean))
        places = np.append(rng.uniform(top, bottom, count), bottom)
        if blocky:
            strengths = rng.uniform(0.5, 1.5, count + 1) * rng.choice((-1.0, 1.0), count + 1)
        else:
            strengths = rng.standard_normal(count + 1) * np.exp(rng.normal(0.0, 0.5, count + 1))
        inside = places < length
        _add(series, places[inside] * PER_SAMPLE, contrast * math.sqrt(mean) * strengths[inside])
        top = bottom
    return series[:-1].astype(np.float32)


def _add(series: NDArray[np.float64], places: NDArray[np.float64], strengths: NDArray[np.float64]) -> None:
    below = places.astype(int)
    share = places - below
    np.add.at(series, below, strengths * (1.0 - share))
    np.add.at(series, below + 1, strengths * share)


def field_wavelet(
    period: float, per_sample: int, *, width: float, phase: float, lean: float, echo: float
) -> NDArray[np.float32]:
    """A wavelet of unit energy, odd length, its time zero in the middle.

    Args:
        period: Period of its peak frequency in samples.
        per_sample: Points for each sample.
        width: Power that a Ricker wavelet's spectrum is raised to; below 1 the band is broader.
        phase: Rotation in radians.
        lean: -1 to 1: how much stronger it is after time zero than before.
        echo: Strength of a repetition 1.3 periods on one side.
    """
    half = math.ceil(2.2 * period * per_sample)
    count = 8 * half
    frequency = np.fft.rfftfreq(count, 1.0 / per_sample) * period
    spectrum = (frequency**2 * np.exp(1.0 - frequency**2)) ** width * np.exp(1j * phase)
    shape = np.fft.fftshift(np.fft.irfft(spectrum, count))
    shape = shape + echo * np.roll(shape, round(1.3 * period * per_sample))
    middle = shape[count // 2 - half : count // 2 + half + 1]
    time = np.arange(-half, half + 1) / (period * per_sample)
    middle = middle * (1.0 + lean * np.tanh(2.0 * time)) * np.cos(0.5 * np.pi * time / 2.3) ** 2
    return (middle / np.sqrt(np.square(middle).sum())).astype(np.float32)


def filtered(series: NDArray[np.float32], wavelets: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """A series convolved with each wavelet, `(wavelet, entry)`, together of deviation 1."""
    rows = np.stack([fftconvolve(series, wavelet, mode="same") for wavelet in wavelets])
    return _unit(rows)


def sampled_safely(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """A series that loses no reflector when it is looked up once a sample, `(1, entry)`, of deviation 1."""
    return _unit(np.convolve(series, (0.5, 1.0, 0.5), mode="same")[None])


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    spread = rows.std(axis=1, keepdims=True)
    return (rows / np.where(spread > 0, spread, 1.0)).astype(np.float32)
