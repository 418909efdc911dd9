"""The normalised amplitudes of a survey, tile by tile."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.normalise import Normalisation, live_traces, normalise
from faultpick.prediction.gaps import Gaps, find_gaps
from faultpick.prediction.plan import Axes
from faultpick.prediction.resample import along, reach, to_grid
from faultpick.prediction.tiles import Window
from faultpick.volume import Volume

Windows = tuple[Window, Window, Window]


@dataclass(frozen=True)
class Source:
    """Amplitudes to read by box, and what to know to normalise them.

    Attributes:
        read: Reads a box by positions, `(inline, crossline, sample)`.
        shape: Inlines, crosslines and samples.
        live: Where a trace is live, `(inline, crossline)`.
        normalisation: That of the whole survey.
    """

    read: Callable[[slice, slice, slice], NDArray[np.floating]]
    shape: tuple[int, int, int]
    live: NDArray[np.bool_]
    normalisation: Normalisation

    @cached_property
    def _gaps(self) -> Gaps | None:
        return find_gaps(self.live)

    def tile(self, axes: Axes, windows: Windows) -> NDArray[np.float32]:
        """The normalised amplitudes of a tile on the network's grid, reflected where it leaves the volume."""
        grid = [slice(int(w.sources.min()), int(w.sources.max()) + 1) for w in windows]
        read = [
            box if axis.factor == 1 else reach(box, axis.factor, axis.count)
            for box, axis in zip(grid, axes, strict=True)
        ]
        matrices = tuple(
            None if axis.factor == 1 else to_grid(box, near, axis.factor, axis.count)
            for box, near, axis in zip(grid, read, axes, strict=True)
        )
        block = along(self._filled(read[0], read[1], read[2]), matrices)
        return block[np.ix_(*(w.sources - box.start for w, box in zip(windows, grid, strict=True)))]

    def _filled(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """The normalised amplitudes of a box, gaps filled."""
        wanted = inlines, crosslines
        if self._gaps is not None:
            inlines, crosslines = (
                self._gaps.wider(box, size) for box, size in zip(wanted, self.shape, strict=False)
            )
        amplitudes = self.read(inlines, crosslines, samples)
        block = normalise(amplitudes, self.normalisation, self.live[inlines, crosslines], samples)
        return block if self._gaps is None else self._gaps.filled(block, (inlines, crosslines), wanted)


def source_of(volume: Volume | NDArray[np.floating], gain: bool = False) -> Source:
    """The amplitudes of a volume, with one pass over it for its statistics and two more for a slow gain.

    Raises:
        VolumeError: NaN or infinite samples, a constant volume, or an array that is no volume.
    """
    if isinstance(volume, Volume):
        normalisation = Normalisation.from_statistics(volume.statistics(), str(volume.path))
        source = Source(volume.read, volume.shape, volume.live_traces(), normalisation)
        block = volume.reader.block
    else:
        if volume.ndim != 3 or 0 in volume.shape:
            raise VolumeError(
                f"The array of shape {volume.shape} is no volume: three axes without a zero are."
            )
        normalisation = Normalisation.from_array(volume, "the array")
        source = Source(lambda *box: volume[box], volume.shape, live_traces(volume), normalisation)
        block = (1, 1)
    if not gain:
        return source
    return replace(
        source, normalisation=normalisation.with_gain(source.read, source.shape, source.live, block)
    )
