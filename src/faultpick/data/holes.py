"""What may be missing in a survey: traces, boxes, the water layer.

Tensors are `(1, inline, crossline, sample)`.
"""

import numpy as np
import torch
from torch import Tensor


def without_traces(image: Tensor, share: float, rng: np.random.Generator) -> Tensor:
    """Zero a random share of the traces; faults go on behind them, so that labels stay."""
    live = rng.random(tuple(image.shape[1:3])) >= share
    return image * torch.from_numpy(live.astype(np.float32))[None, :, :, None]


def random_box(shape: tuple[int, ...], side: float, rng: np.random.Generator) -> Tensor:
    """1 inside a box whose sides are up to this share of the crop's, 0 outside."""
    inside = torch.ones(1, *[1] * (len(shape) - 1))
    for axis, size in enumerate(shape[1:], start=1):
        length = max(1, round(size * side * rng.uniform(0.2, 1.0)))
        start = int(rng.integers(size - length + 1))
        places = torch.arange(size)
        across = ((places >= start) & (places < start + length)).float()
        inside = inside * across.reshape([-1 if each == axis else 1 for each in range(len(shape))])
    return inside


def random_layer(shape: tuple[int, ...], depth: float, rng: np.random.Generator) -> Tensor:
    """1 above a sloping plane that cuts up to this share of the samples off on average, 0 below."""
    _, inlines, crosslines, samples = shape
    floor = rng.uniform(0.1, 1.0) * depth * samples
    slopes = rng.uniform(-0.25, 0.25, 2)
    floor = (
        floor
        + slopes[0] * (np.arange(inlines)[:, None, None] - inlines / 2)
        + slopes[1] * (np.arange(crosslines)[None, :, None] - crosslines / 2)
    )
    return torch.from_numpy((np.arange(samples) < floor).astype(np.float32))[None]


def emptied(image: Tensor, label: Tensor, inside: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Put nothing, or noise, inside a body that is 1 there and 0 elsewhere, and take its labels away."""
    filling = torch.zeros_like(image)
    if rng.random() < 0.5:
        noise = torch.from_numpy(rng.standard_normal(tuple(image.shape), dtype=np.float32))
        filling = noise * image.std() * float(rng.uniform(0.0, 1.0))
    return torch.where(inside > 0, filling, image), label * (1 - inside)
