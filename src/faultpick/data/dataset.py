"""Random crops of labelled cubes, as torch sees them."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from faultpick.data.augment import Augmentation, augment
from faultpick.data.cubes import Cubes
from faultpick.errors import DataError


class Crops(Dataset[tuple[Tensor, Tensor]]):
    """An endless, numbered series of augmented crops: number `index` is the same whenever it is asked for.

    Every cube is visited once before any is visited again, in a new order each time round. An item is
    `(image, label)`, both float32 `(1, inline, crossline, sample)`.
    """

    def __init__(
        self, cubes: Cubes, crop: tuple[int, int, int], augmentation: Augmentation, seed: int
    ) -> None:
        self.cubes, self.crop, self.augmentation, self.seed = cubes, crop, augmentation, seed
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, int))

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, label = self.cubes[self._cube_number(index)]
        rng = np.random.default_rng((self.seed, 1, index))
        if any(side < crop for side, crop in zip(image.shape, self.crop, strict=True)):
            raise DataError(
                f"A cube of shape {image.shape} is smaller than the crop {self.crop}: ask for smaller crops."
            )
        corner = [
            int(rng.integers(side - crop + 1)) for side, crop in zip(image.shape, self.crop, strict=True)
        ]
        box = tuple(slice(start, start + crop) for start, crop in zip(corner, self.crop, strict=True))
        return augment(
            torch.from_numpy(image[box].astype(np.float32))[None],
            torch.from_numpy(label[box].astype(np.float32))[None],
            self.augmentation,
            rng,
        )

    def _cube_number(self, index: int) -> int:
        visit, place = divmod(index, len(self.cubes))
        if self._order[0] != visit:
            self._order = visit, np.random.default_rng((self.seed, 0, visit)).permutation(len(self.cubes))
        return int(self._order[1][place])


class EpochSampler(Sampler[int]):
    """The numbers of the crops of one epoch, epoch after epoch without a repeat.

    Of each global batch, process `rank` of `world` takes its own share, so that any number of processes sees
    the same batches in the same order.
    """

    def __init__(self, steps: int, batch: int, rank: int = 0, world: int = 1) -> None:
        self.steps, self.batch, self.rank, self.world = steps, batch, rank, world
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps * self.batch

    def __iter__(self) -> Iterator[int]:
        for step in range(self.steps):
            first = ((self.epoch * self.steps + step) * self.world + self.rank) * self.batch
            yield from range(first, first + self.batch)
