"""The normalised amplitudes of a survey, tile by tile."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.normalise import Normalisation, live_traces, normalise
from faultpick.prediction.gaps import Gaps, find_gaps
from faultpick.prediction.plan import Axes
from faultpick.prediction.resample import along, reach, to_grid
from faultpick.prediction.smooth import AS_IT_COMES, Smoothing, margins, smoothed
from faultpick.prediction.tiles import Window
from faultpick.volume import Volume
from faultpick.volume.noise import patches
from faultpick.volume.strength import trace_strength
from faultpick.volume.volume import array_geometry

INLINES = 32  # resampled at a time

Windows = tuple[Window, Window, Window]
Matrix = NDArray[np.float32] | None


@dataclass(frozen=True)
class Source:
    """Amplitudes to read by box, and what to know to normalise them.

    Attributes:
        read: Reads a box by positions, `(inline, crossline, sample)`.
        shape: Inlines, crosslines and samples.
        live: Where a trace is live, `(inline, crossline)`.
        normalisation: That of the whole survey.
        smoothing: What the networks see is smoothed so.
        strength: Deviation that is left after smoothing, by which the rest is divided.
    """

    read: Callable[[slice, slice, slice], NDArray[np.floating]]
    shape: tuple[int, int, int]
    live: NDArray[np.bool_]
    normalisation: Normalisation
    smoothing: Smoothing = AS_IT_COMES
    strength: float = 1.0

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
        matrices = [
            None if axis.factor == 1 else to_grid(box, near, axis.factor, axis.count)
            for box, near, axis in zip(grid, read, axes, strict=True)
        ]
        block = self._on_grid((read[0], read[1], read[2]), (matrices[0], matrices[1], matrices[2]))
        return _taken(block, [w.sources - box.start for w, box in zip(windows, grid, strict=True)])

    def smooth(self, smoothing: Smoothing) -> "Source":
        """The same, smoothed for the networks, its strength taken from the places that `patches` are."""
        if not any(smoothing):
            return self
        source = replace(self, smoothing=smoothing)
        parts = []
        for inlines, crosslines in patches(self.shape):
            alive = self.live[inlines, crosslines]
            parts.append(source._smoothed(inlines, crosslines, slice(0, self.shape[2]))[alive].ravel())
        sample = np.concatenate(parts)
        if not sample.size:
            return source
        low, median, high = (float(value) for value in np.percentile(sample, (1, 50, 99)))
        left = Normalisation.from_percentiles(low, median, high, float(sample.std()))
        return replace(source, strength=left.scale) if left.scale > 0 else source

    def _on_grid(
        self, box: tuple[slice, slice, slice], matrices: tuple[Matrix, Matrix, Matrix]
    ) -> NDArray[np.float32]:
        """What `_smoothed` gives of a box, resampled, some inlines at a time.

        A grid that is coarser than the survey's takes many more voxels than it has.
        """
        first, second, third = matrices
        if first is second is third is None:
            return self._smoothed(*box)
        shape = [
            part.stop - part.start if matrix is None else len(matrix)
            for part, matrix in zip(box, matrices, strict=True)
        ]
        out = np.zeros(shape, dtype=np.float32)
        inlines = box[0]
        for start in range(inlines.start, inlines.stop, INLINES):
            stop = min(start + INLINES, inlines.stop)
            block = along(self._smoothed(slice(start, stop), box[1], box[2]), (None, second, third))
            rows = slice(start - inlines.start, stop - inlines.start)
            if first is None:
                out[rows] = block
            else:
                fed = np.flatnonzero(first[:, rows].any(axis=1))
                near = slice(fed.min(initial=len(first)), fed.max(initial=-1) + 1)
                out[near] += np.tensordot(first[near, rows], block, axes=1)
        return out

    def _smoothed(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """The normalised amplitudes of a box, gaps filled, smoothed if they are to be."""
        box = inlines, crosslines, samples
        if not any(self.smoothing):
            return self.filled(*box)
        wide = [
            slice(max(part.start - margin, 0), min(part.stop + margin, size))
            for part, margin, size in zip(box, margins(self.smoothing), self.shape, strict=True)
        ]
        block = smoothed(self.filled(wide[0], wide[1], wide[2]), self.smoothing)
        block /= np.float32(self.strength)
        clip = self.normalisation.clip
        np.clip(block, -clip, clip, out=block)
        return block[
            tuple(
                slice(part.start - read.start, part.stop - read.start)
                for part, read in zip(box, wide, strict=True)
            )
        ]

    def filled(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """The normalised amplitudes of a box, gaps filled."""
        wanted = inlines, crosslines
        if self._gaps is not None:
            inlines, crosslines = (
                self._gaps.wider(box, size) for box, size in zip(wanted, self.shape, strict=False)
            )
        amplitudes = self.read(inlines, crosslines, samples)
        box = inlines, crosslines, samples
        block = normalise(amplitudes, self.normalisation, self.live[inlines, crosslines], box)
        return block if self._gaps is None else self._gaps.filled(block, (inlines, crosslines), wanted)


def _taken(block: NDArray[np.float32], places: list[NDArray[np.intp]]) -> NDArray[np.float32]:
    """`block[np.ix_(*places)]` for places that run up and down along each axis, runs copied at once."""
    out = np.empty([len(each) for each in places], dtype=np.float32)
    for runs in itertools.product(*map(_runs, places)):
        out[tuple(to for to, _ in runs)] = block[tuple(source for _, source in runs)]
    return out


def _runs(places: NDArray[np.intp]) -> Iterator[tuple[slice, slice]]:
    """Stretches of places that go up, or down, by one or stay: where they stand, and what they say."""
    cuts = np.flatnonzero(np.diff(places, n=2)) + 1
    for start, stop in itertools.pairwise([0, *cuts.tolist(), len(places)]):
        first, last = int(places[start]), int(places[stop - 1])
        if first <= last:
            yield slice(start, stop), slice(first, last + 1)
        else:
            yield slice(start, stop), slice(first, last - 1 if last else None, -1)


def source_of(volume: Volume | NDArray[np.floating], gain: bool) -> Source:
    """The amplitudes of a volume, with one pass over it for its statistics, evened out by a gain or not.

    Raises:
        VolumeError: NaN or infinite samples, a value that stands for no data, a constant volume, or an array
            that is no volume.
        TypeError: Neither a volume nor an array.
    """
    if isinstance(volume, Volume):
        normalisation = Normalisation.from_statistics(volume.statistics(), str(volume.path))
        read, live = volume.read, volume.live_traces()
    else:
        array_geometry(volume)
        volume = np.asarray(volume)
        if volume.dtype.kind not in "fiu":
            raise VolumeError(f"An array of {volume.dtype} holds no amplitudes: give one of numbers.")
        normalisation = Normalisation.from_array(volume, "the array")
        read, live = lambda *box: volume[box], live_traces(volume)
    if gain:
        strength = volume.trace_strength() if isinstance(volume, Volume) else trace_strength(volume)
        normalisation = normalisation.with_gain(read, volume.shape, strength)
    return Source(read, volume.shape, live, normalisation)
