"""What a training reads: crops to learn from, whole cubes to be watched on."""

from collections.abc import Iterator

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from faultpick import models
from faultpick.data import splits
from faultpick.data.cubes import Cubes, FolderCubes, SyntheticCubes
from faultpick.data.dataset import Crops, EpochSampler
from faultpick.errors import DataError
from faultpick.train.config import Data, TrainConfig

AHEAD = 8  # batches that a process prepares before they are asked for


class Loaders(LightningDataModule):
    """Training crops and validation cubes of a config, this process's share of them.

    Raises:
        DataError: A folder is missing or empty, its files do not pair up, or a validation cube is malformed.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config
        self.training, self.validation = training_cubes(config), validation_cubes(config)
        self.whole_cubes = WholeCubes(self.validation, models.info(config.network).multiple)
        if config.data.validation_folder is not None:
            for number in range(len(self.whole_cubes)):
                self.whole_cubes[number]  # what is wrong with one is said now, not after an epoch

    def train_dataloader(self) -> DataLoader | dict[str, DataLoader]:
        """What a step learns from."""
        return self.labelled_crops()

    def labelled_crops(self) -> DataLoader:
        """Crops, without end: each epoch goes on where the one before stopped."""
        return self.crop_loader(self.training_crops, self.config.data.batch)

    @property
    def training_crops(self) -> Crops:
        """The labelled crops, by their numbers."""
        config = self.config
        return Crops(self.training, config.data.crop, config.augmentation, config.seed)

    def crop_loader(self, crops: Dataset, batch: int) -> DataLoader:
        """This process's share of the crops, `batch` a step."""
        workers = self.config.data.workers
        sampler = EpochSampler(self.config.budget.epoch_length, batch, self.rank, self.world)
        if self.trainer:  # resumed: workers prepare crops before Lightning tells the sampler the epoch
            progress = self.trainer.fit_loop.epoch_progress.current
            sampler.set_epoch(progress.processed)  # pyright: ignore[reportAttributeAccessIssue]
        return DataLoader(
            crops,
            batch_size=batch,
            sampler=sampler,
            num_workers=workers,
            persistent_workers=workers > 0,
            prefetch_factor=AHEAD if workers else None,
        )

    def val_dataloader(self) -> DataLoader:
        """Whole validation cubes, one at a time."""
        cubes = self.whole_cubes
        return DataLoader(cubes, batch_size=1, sampler=ShareOfCubes(len(cubes), self.rank, self.world))

    @property
    def rank(self) -> int:
        """Number of this process."""
        return self.trainer.global_rank if self.trainer else 0

    @property
    def world(self) -> int:
        """Number of processes."""
        return self.trainer.world_size if self.trainer else 1


def training_cubes(config: TrainConfig) -> Cubes:
    """The cubes that a training learns from."""
    data = config.data
    if data.folder is not None:
        return FolderCubes(data.folder)
    return _synthetic(data, splits.training_seeds(data.cubes, data.first_cube))


def validation_cubes(config: TrainConfig) -> Cubes:
    """The cubes that a training is watched on."""
    data = config.data
    if data.validation_folder is not None:
        return FolderCubes(data.validation_folder)
    return _synthetic(data, splits.validation_seeds(data.validation_cubes))


def _synthetic(data: Data, seeds: range) -> SyntheticCubes:
    return SyntheticCubes(data.recipes(), seeds, (data.side, data.side, data.side))


class WholeCubes(Dataset[tuple[Tensor, Tensor]]):
    """Whole cubes for validation, `(1, inline, crossline, sample)`, cut to a multiple the network takes."""

    def __init__(self, cubes: Cubes, multiple: int) -> None:
        self.cubes, self.multiple = cubes, multiple

    def __len__(self) -> int:
        return len(self.cubes)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, label = self.cubes[index]
        if min(image.shape) < self.multiple:
            raise DataError(
                f"{self.cubes.name(index)} of shape {image.shape} is smaller than the {self.multiple} voxels "
                "a side that the network needs: take larger cubes to validate on."
            )
        box = tuple(slice(0, side // self.multiple * self.multiple) for side in image.shape)
        return torch.from_numpy(image[box]).float()[None], torch.from_numpy(label[box]).float()[None]


class ShareOfCubes(Sampler[int]):
    """Every `world`-th cube, from number `rank` on.

    All processes get equally many, as their collective calls must match: the last round starts again from the
    first cube. The surplus comes last when the processes' results are put in the order of the cubes.
    """

    def __init__(self, count: int, rank: int, world: int) -> None:
        self.count, self.rank, self.world = count, rank, world

    def __len__(self) -> int:
        return -(-self.count // self.world)

    def __iter__(self) -> Iterator[int]:
        return ((turn * self.world + self.rank) % self.count for turn in range(len(self)))
