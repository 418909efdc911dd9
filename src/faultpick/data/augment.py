"""Augmentation of a crop: what may change in a survey without moving a fault.

Tensors are `(1, inline, crossline, sample)`, amplitudes normalised.
"""

from typing import Annotated

import numpy as np
import torch
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import Tensor

from faultpick.data import amplitude, holes


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] > ends[1]:
        raise ValueError(f"the first of {ends} is the larger one: give the smaller first")
    return ends


Zoom = Annotated[
    tuple[Annotated[float, Field(ge=0.25)], Annotated[float, Field(le=4)]], AfterValidator(_ascending)
]
Frequencies = Annotated[
    tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(le=0.5)]], AfterValidator(_ascending)
]
FrequenciesAboveZero = Annotated[
    tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(le=0.5)]], AfterValidator(_ascending)
]
Widths = Annotated[tuple[Annotated[float, Field(gt=0)], float], AfterValidator(_ascending)]
Lengths = Annotated[tuple[Annotated[int, Field(ge=3)], int], AfterValidator(_ascending)]
Lines = Annotated[tuple[Annotated[int, Field(ge=1)], int], AfterValidator(_ascending)]


class Augmentation(BaseModel):
    """Which augmentations are applied, each drawn anew for every crop."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    flips: bool = Field(
        default=True, description="Mirror along inlines and along crosslines, each half of the time."
    )
    quarter_turns: bool = Field(
        default=True,
        description="Turn about the vertical by 0, 90, 180 or 270 degrees; a crop not square by 0 or 180.",
    )
    polarity: bool = Field(default=True, description="Negate the amplitudes half of the time.")
    gain: float = Field(default=0.3, ge=0, description="Multiply by exp(g), g uniform in -gain..gain.")
    noise: float = Field(default=0.2, ge=0, description="Add white noise, its deviation uniform in 0..noise.")
    resampled: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of labelled crops that are zoomed and turned; their labels stay two voxels thick. "
        "Takes 4 MB more of each cube.",
    )
    zoom_vertical: Zoom = Field(
        default=(0.5, 3.0),
        description="How much longer things become along the samples, log-uniform. Where the cube is too "
        "small for a crop at this scale, it is zoomed in further.",
    )
    zoom_lateral: Zoom = Field(
        default=(0.5, 3.0), description="The same along inlines and crosslines, both alike."
    )
    turn: float = Field(
        default=15.0, ge=0, le=45, description="Turn about the vertical by up to these degrees, either way."
    )
    phase: float = Field(
        default=0.0, ge=0, le=180, description="Turn the wavelet's phase by up to these degrees, either way."
    )
    band_pass: float = Field(
        default=0.0, ge=0, le=1, description="Share of crops whose vertical frequencies are cut."
    )
    low_cut: Frequencies = Field(
        default=(0.0, 0.03), description="Below this many cycles per sample, uniform."
    )
    high_cut: FrequenciesAboveZero = Field(
        default=(0.12, 0.5), description="Above this many cycles per sample, log-uniform."
    )
    blur: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of crops smeared over the traces, as migration and wide bins smear faults.",
    )
    blur_width: Widths = Field(
        default=(0.5, 2.0), description="By a bell of this deviation in traces, log-uniform."
    )
    gain_vertical: float = Field(
        default=0.0,
        ge=0,
        description="Multiply by a smooth curve along the samples; deviation of its logarithm.",
    )
    gain_lateral: float = Field(
        default=0.0, ge=0, description="Multiply by a smooth map over the traces; deviation of its logarithm."
    )
    weaker: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of crops with a part, beyond one plane or two, that is weaker than the rest.",
    )
    weaker_times: float = Field(default=8.0, ge=1, description="Up to so many times, log-uniform.")
    agc: float = Field(
        default=0.0, ge=0, le=1, description="Share of crops with automatic gain control along the samples."
    )
    agc_window: Lengths = Field(default=(16, 96), description="Its window in samples, log-uniform.")
    coherent_noise: float = Field(
        default=0.0,
        ge=0,
        description="Add noise within a band of vertical frequencies that is smeared over the traces, its "
        "deviation uniform in 0..coherent_noise.",
    )
    dead_traces: float = Field(
        default=0.0, ge=0, le=1, description="Share of crops with dead traces; labels stay."
    )
    dead_share: float = Field(
        default=0.1, ge=0, lt=1, description="Dead are up to this share of their traces, uniform."
    )
    cut_out: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of crops with a box of nothing or noise and no labels inside.",
    )
    cut_out_side: float = Field(
        default=0.5, gt=0, le=1, description="Its sides are up to this share of the crop's."
    )
    mute: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of crops whose top is nothing or noise without labels, as water is.",
    )
    mute_depth: float = Field(
        default=0.4, gt=0, le=1, description="Up to this share of the samples, on average over the traces."
    )
    slabs: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Share of steps whose crops are cut into slabs of few lines, as thin surveys and single "
        "lines are.",
    )
    slab_lines: Lines = Field(default=(1, 32), description="Lines of these slabs, log-uniform.")


def augment(
    image: Tensor, label: Tensor, settings: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """One random version of a crop; the same generator state gives the same version.

    Zooms and small turns are not applied here: they need more of the cube than a crop (see
    `faultpick.data.dataset.Crops`).
    """
    return altered(*mirrored(image, label, settings, rng), settings, rng)


def altered(
    image: Tensor, label: Tensor, settings: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """What `augment` does to amplitudes, and to labels where these are gone."""
    image = _rerecorded(image, settings, rng)
    image = _reprocessed(image, settings, rng)
    image, label = _incomplete(image, label, settings, rng)
    return image, label.contiguous()


def mirrored(
    image: Tensor, label: Tensor, settings: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """How `augment` mirrors and turns both."""
    if settings.flips:
        axes = [axis for axis in (1, 2) if rng.random() < 0.5]
        image, label = image.flip(axes), label.flip(axes)
    if settings.quarter_turns:
        turns = int(rng.integers(4))
        if image.shape[1] != image.shape[2]:
            turns -= turns % 2
        image, label = image.rot90(turns, (1, 2)), label.rot90(turns, (1, 2))
    return image, label


def _rerecorded(image: Tensor, settings: Augmentation, rng: np.random.Generator) -> Tensor:
    """Another wavelet, less sharp, other noise."""
    cut = _happens(settings.band_pass, rng)
    if settings.phase or cut:
        low, high = 0.0, np.inf
        if cut:
            low, high = rng.uniform(*settings.low_cut), _log_uniform(settings.high_cut, rng)
        image = amplitude.filtered(image, rng.uniform(-settings.phase, settings.phase), low, high)
    if _happens(settings.blur, rng):
        image = amplitude.blurred(image, _log_uniform(settings.blur_width, rng))
    scale = float(np.exp(rng.uniform(-settings.gain, settings.gain)))
    if settings.polarity and rng.random() < 0.5:
        scale = -scale
    image = image * scale
    if settings.noise:
        noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
        image = image + torch.from_numpy(noise) * float(rng.uniform(0.0, settings.noise))
    if settings.coherent_noise:
        noise = amplitude.coherent_noise(tuple(image.shape), rng)
        image = image + noise * float(rng.uniform(0.0, settings.coherent_noise))
    return image


def _reprocessed(image: Tensor, settings: Augmentation, rng: np.random.Generator) -> Tensor:
    """Other gain curves."""
    image = amplitude.gain_curve(image, settings.gain_vertical, settings.gain_lateral, rng)
    if _happens(settings.weaker, rng):
        image = amplitude.weaker_part(image, _log_uniform((1.0, settings.weaker_times), rng), rng)
    if _happens(settings.agc, rng):
        image = amplitude.automatic_gain(image, round(_log_uniform(settings.agc_window, rng)))
    return image


def _incomplete(
    image: Tensor, label: Tensor, settings: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    shape = tuple(image.shape)
    if _happens(settings.mute, rng):
        image, label = holes.emptied(image, label, holes.random_layer(shape, settings.mute_depth, rng), rng)
    if _happens(settings.cut_out, rng):
        image, label = holes.emptied(image, label, holes.random_box(shape, settings.cut_out_side, rng), rng)
    if _happens(settings.dead_traces, rng):
        image = holes.without_traces(image, rng.uniform(0.0, settings.dead_share), rng)
    return image, label


def _happens(share: float, rng: np.random.Generator) -> bool:
    """True for this share of crops; what is off draws nothing, so that it leaves all else as it was."""
    return share > 0 and rng.random() < share


def _log_uniform(ends: tuple[float, float], rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(ends))))
