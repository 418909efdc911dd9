"""Crops cut into slabs of few lines, as a network sees a thin survey or a single line."""

import numpy as np
import torch
from torch import Tensor

from faultpick.data.augment import Augmentation
from faultpick.prediction.tiles import reflected, round_up


def slab_lines(settings: Augmentation, rng: np.random.Generator) -> int | None:
    """How many lines the slabs of a step have, log-uniform; None for a step that keeps its crops."""
    if rng.random() >= settings.slabs:
        return None
    fewest, most = settings.slab_lines
    return int(np.exp(rng.uniform(np.log(fewest), np.log(most + 1))))


def slabs(batch: Tensor, lines: int, multiple: int) -> Tensor:
    """Cut crops into slabs of so many inlines, each reflected as prediction reflects a thin survey.

    Args:
        batch: `(N, 1, inline, crossline, sample)`.
        lines: Of each slab, at most those of the crop.
        multiple: Of lines, which the network needs.

    Returns:
        `(K * N, 1, padded, crossline, sample)`, about as many voxels as before.
    """
    size = batch.shape[2]
    lines = min(lines, size)
    padded = round_up(lines, multiple)
    first = np.arange(0, size - lines + 1, padded)
    rows = first[:, None] + reflected(lines, (padded - lines) // 2, padded)
    cut = batch[:, :, torch.from_numpy(rows).to(batch.device)]
    return cut.movedim(2, 0).flatten(0, 1)
