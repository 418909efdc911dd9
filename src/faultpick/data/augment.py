"""Augmentation of a crop: what may change in a survey without moving a fault.

Tensors are `(1, inline, crossline, sample)`, amplitudes normalised.
"""

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor


class Augmentation(BaseModel):
    """Which augmentations are applied, each drawn anew for every crop."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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


def augment(
    image: Tensor, label: Tensor, settings: Augmentation, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """One random version of a crop; the same generator state gives the same version."""
    if settings.flips:
        axes = [axis for axis in (1, 2) if rng.random() < 0.5]
        image, label = image.flip(axes), label.flip(axes)
    if settings.quarter_turns:
        turns = int(rng.integers(4))
        if image.shape[1] != image.shape[2]:
            turns -= turns % 2
        image, label = image.rot90(turns, (1, 2)), label.rot90(turns, (1, 2))
    scale = float(np.exp(rng.uniform(-settings.gain, settings.gain)))
    if settings.polarity and rng.random() < 0.5:
        scale = -scale
    image = image * scale
    if settings.noise:
        noise = rng.standard_normal(tuple(image.shape), dtype=np.float32)
        image = image + torch.from_numpy(noise) * float(rng.uniform(0.0, settings.noise))
    return image, label.contiguous()
