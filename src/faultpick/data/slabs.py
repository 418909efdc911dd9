"""Crops cut into slabs of few lines, as a network sees a thin survey or a single line."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from faultpick.data.augment import Augmentation
from faultpick.prediction.tiles import reflected, round_up


@dataclass(frozen=True)
class Slab:
    """What the crops of a step are cut into.

    Attributes:
        lines: Of each slab.
        crosslines: Whether they are crosslines, not inlines.
    """

    lines: int
    crosslines: bool


def random_slab(settings: Augmentation, rng: np.random.Generator) -> Slab | None:
    """The slabs of a step, as many lines log-uniform; None for a step that keeps its crops."""
    if rng.random() >= settings.slabs:
        return None
    fewest, most = settings.slab_lines
    lines = int(np.exp(rng.uniform(np.log(fewest), np.log(most + 1))))
    return Slab(lines, bool(rng.random() < 0.5))


def slabs(batch: Tensor, slab: Slab, multiple: int) -> Tensor:
    """Cut crops into slabs, each reflected across its lines as prediction reflects a thin survey.

    Args:
        batch: `(N, 1, inline, crossline, sample)`.
        slab: The lines of each; all of the crop if it has fewer.
        multiple: Of lines, which the network needs.

    Returns:
        K slabs of each crop, `(K * N, 1, ...)`, about as many voxels as before.
    """
    across = 3 if slab.crosslines else 2
    lines = min(slab.lines, batch.shape[across])
    padded = round_up(lines, multiple)
    first = np.arange(0, batch.shape[across] - lines + 1, padded)
    rows = first[:, None] + reflected(lines, (padded - lines) // 2, padded)
    cut = batch.movedim(across, 2)[:, :, torch.from_numpy(rows).to(batch.device)]
    return cut.movedim(2, 0).flatten(0, 1).movedim(2, across)
