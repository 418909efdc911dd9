"""Crops of volumes that nobody has labelled."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from faultpick.data.augment import Augmentation, augment
from faultpick.errors import DataError
from faultpick.normalise import Normalisation, normalise
from faultpick.volume import Volume, open_volume


class UnlabelledCrops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """An endless, numbered series of crops: number `index` is the same whenever it is asked for.

    An item is `(augmented, clean, live)`, float32 `(1, inline, crossline, sample)`, all three mirrored and
    turned alike; `live` is 1 on live traces. Amplitudes are normalised by the statistics of the whole volume.
    A crop lies around a live trace; volumes take turns at random.

    Raises:
        VolumeError: A volume cannot be read, or is constant.
        DataError: A volume is smaller than a crop.
    """

    def __init__(
        self, paths: tuple[Path, ...], crop: tuple[int, int, int], augmentation: Augmentation, seed: int
    ) -> None:
        self.paths, self.crop, self.augmentation, self.seed = paths, crop, augmentation, seed
        self._open: dict[Path, Volume] = {}
        self._survey = []
        for path in paths:
            with open_volume(path) as volume:
                if any(side < size for side, size in zip(volume.shape, crop, strict=True)):
                    raise DataError(
                        f"{path} of shape {volume.shape} is smaller than the crop {crop}: take smaller crops."
                    )
                normalisation = Normalisation.from_statistics(volume.statistics(), str(path))
                self._survey.append((normalisation, volume.live_traces()))

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, 3, index))
        number = int(rng.integers(len(self.paths)))
        normalisation, live = self._survey[number]
        volume = self._volume(self.paths[number])
        traces = np.argwhere(live)
        centre = [*traces[rng.integers(len(traces))], rng.integers(volume.shape[2])]
        inlines, crosslines, samples = (
            slice(start := int(np.clip(middle - size // 2, 0, side - size)), start + size)
            for middle, size, side in zip(centre, self.crop, volume.shape, strict=True)
        )
        here = live[inlines, crosslines]
        image = normalise(volume.read(inlines, crosslines, samples), normalisation, here)
        clean = torch.from_numpy(image)[None]
        both = torch.cat(
            (clean, torch.from_numpy(here.astype(np.float32))[None, :, :, None].expand_as(clean))
        )
        augmented, both = augment(clean, both, self.augmentation, rng)
        return augmented.contiguous(), both[:1], both[1:]

    def _volume(self, path: Path) -> Volume:
        """The volume, opened in the process that reads it."""
        if path not in self._open:
            self._open[path] = open_volume(path)
        return self._open[path]
