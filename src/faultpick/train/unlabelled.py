"""Crops of volumes that nobody has labelled."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from faultpick.data.augment import Augmentation, altered, mirrored
from faultpick.errors import DataError
from faultpick.normalise import Normalisation
from faultpick.prediction.source import Source, source_of
from faultpick.volume import open_volume


class UnlabelledCrops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """An endless, numbered series of crops: number `index` is the same whenever it is asked for.

    An item is `(augmented, clean, live)`, float32 `(1, inline, crossline, sample)`, all three mirrored and
    turned alike; `live` is 1 where live traces are left in `augmented`. Amplitudes are what a prediction
    sees: normalised by the statistics of the whole volume, evened out, gaps filled. A crop lies around a live
    trace; volumes take turns at random.

    Raises:
        VolumeError: A volume cannot be read, or is constant.
        DataError: A volume is smaller than a crop.
    """

    def __init__(
        self, paths: tuple[Path, ...], crop: tuple[int, int, int], augmentation: Augmentation, seed: int
    ) -> None:
        self.paths, self.crop, self.augmentation, self.seed = paths, crop, augmentation, seed
        self._open: dict[int, Source] = {}
        self._survey: list[tuple[Normalisation, NDArray[np.bool_]]] = []
        for path in paths:
            with open_volume(path) as volume:
                if any(side < size for side, size in zip(volume.shape, crop, strict=True)):
                    raise DataError(
                        f"{path} of shape {volume.shape} is smaller than the crop {crop}: take smaller crops."
                    )
                source = source_of(volume, gain=True)
                self._survey.append((source.normalisation, source.live))

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng((self.seed, 3, index))
        number = int(rng.integers(len(self.paths)))
        source = self._source(number)
        traces = np.argwhere(source.live)
        centre = [*traces[rng.integers(len(traces))], rng.integers(source.shape[2])]
        inlines, crosslines, samples = (
            slice(start := int(np.clip(middle - size // 2, 0, side - size)), start + size)
            for middle, size, side in zip(centre, self.crop, source.shape, strict=True)
        )
        here = source.live[inlines, crosslines].astype(np.float32)
        image = torch.from_numpy(source.filled(inlines, crosslines, samples))[None]
        live = torch.from_numpy(here)[None, :, :, None].expand_as(image)
        clean, live = mirrored(image, live, self.augmentation, rng)
        augmented, live = altered(clean, live, self.augmentation, rng)
        return augmented.contiguous(), clean.contiguous(), live

    def _source(self, number: int) -> Source:
        """The amplitudes of a volume, opened in the process that reads it."""
        if number not in self._open:
            volume = open_volume(self.paths[number])
            normalisation, live = self._survey[number]
            self._open[number] = Source(volume.read, volume.shape, live, normalisation)
        return self._open[number]
