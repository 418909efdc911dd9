"""Random crops of labelled cubes, as torch sees them."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from faultpick.data.augment import Augmentation, augment
from faultpick.data.cubes import Cubes
from faultpick.data.surfaces import Surfaces, mask_in
from faultpick.data.window import Window
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
        rng = np.random.default_rng((self.seed, 1, index))
        number = self._cube_number(index)
        share = self.augmentation.resampled
        surfaces = self.cubes.surfaces(number) if share else None
        if surfaces is not None and rng.random() < share:
            image, label = self._resampled(number, surfaces, rng)
        else:
            image, label = self._cut(number, rng)
        return augment(torch.from_numpy(image)[None], torch.from_numpy(label)[None], self.augmentation, rng)

    def _cut(self, number: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        image, label = self.cubes[number]
        self._check(number, image.shape)
        corner = [
            int(rng.integers(side - crop + 1)) for side, crop in zip(image.shape, self.crop, strict=True)
        ]
        box = tuple(slice(start, start + crop) for start, crop in zip(corner, self.crop, strict=True))
        return image[box].astype(np.float32), label[box].astype(np.float32)

    def _resampled(
        self, number: int, surfaces: Surfaces, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        image, _ = self.cubes[number]
        self._check(number, image.shape)
        window = random_window(image.shape, self.crop, self.augmentation, rng)
        return window.cubic(image[window.box].astype(np.float32)), mask_in(surfaces, window)

    def _check(self, number: int, shape: tuple[int, ...]) -> None:
        if any(side < crop for side, crop in zip(shape, self.crop, strict=True)):
            raise DataError(
                f"{self.cubes.name(number)} of shape {shape} is smaller than the crop {self.crop}: ask for "
                "smaller crops."
            )

    def _cube_number(self, index: int) -> int:
        visit, place = divmod(index, len(self.cubes))
        if self._order[0] != visit:
            self._order = visit, np.random.default_rng((self.seed, 0, visit)).permutation(len(self.cubes))
        return int(self._order[1][place])


def random_window(
    shape: tuple[int, int, int], crop: tuple[int, int, int], settings: Augmentation, rng: np.random.Generator
) -> Window:
    """A window that lies within a cube of this shape, at a scale and turn within the settings.

    Where the cube is too small for the scale, the window is zoomed in until it fits.
    """
    vertical, lateral = (
        float(np.exp(rng.uniform(*np.log(ends)))) for ends in (settings.zoom_vertical, settings.zoom_lateral)
    )
    turn = float(rng.uniform(-settings.turn, settings.turn))
    cos, sin = np.cos(np.radians(turn)), abs(np.sin(np.radians(turn)))
    inlines, crosslines, samples = (side - 1 for side in crop)
    reach = np.array((cos * inlines + sin * crosslines, sin * inlines + cos * crosslines, samples))
    room = np.array(shape) - 1
    lateral = max(lateral, *(reach[:2] / room[:2]))
    vertical = max(vertical, reach[2] / room[2])
    half = reach / (lateral, lateral, vertical) / 2
    first, second, third = rng.uniform(half, np.maximum(half, room - half))
    return Window(shape, crop, (first, second, third), lateral, vertical, turn)


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
