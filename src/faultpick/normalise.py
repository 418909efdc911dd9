"""One amplitude normalisation for training and prediction.

A network sees amplitudes in robust standard deviations: the median of the whole survey becomes 0, the range
between its 1st and 99th percentile is scaled as if the amplitudes were Gaussian, and what lies beyond `CLIP`
deviations is cut off. Spikes on fewer than one sample in a hundred move nothing, quiet zones (water, mutes)
little. The result does not change when a survey is multiplied by a positive number or shifted by a constant,
and negating the survey negates it.

A gain evens out at prediction what a survey loses or gains with depth and from trace to trace, as networks
find less where reflectors are several times weaker than what they were trained on.

Statistics belong to the survey or to the training cube, never to a tile: two tiles of one survey must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.gain import Gain, gain_of_samples, gain_of_traces
from faultpick.volume.noise import patches
from faultpick.volume.statistics import PERCENTILES, Read
from faultpick.volume.strength import trace_strength

if TYPE_CHECKING:
    from faultpick.volume import AmplitudeStatistics

NAME = "median-p01-p99"
CLIP = 4.0
GAUSSIAN_SPREAD = 4.652696  # the 99th less the 1st percentile of a Gaussian, in standard deviations
FAR = 10.0  # times the range of the other percentiles away from them: no reflector is as strong
ALIKE = 0.01  # of a value: as much as percentiles may be off it
WHOLE = (slice(None), slice(None), slice(None))
LARGEST_SAMPLE = 1 << 19  # an array's percentiles come from at most about this many of its samples


@dataclass(frozen=True, eq=False)
class Normalisation:
    """What to subtract from amplitudes, what to divide by and where to clip, in amplitudes and deviations.

    `gain` is what to multiply by before clipping, None for nothing.
    """

    centre: float
    scale: float
    clip: float = CLIP
    gain: Gain | None = None

    @classmethod
    def from_statistics(cls, statistics: AmplitudeStatistics, source: str = "the volume") -> Normalisation:
        """Take it from a survey's statistics; `source` names the survey in messages.

        Raises:
            VolumeError: NaN or infinite samples, no trace varies, or a value stands for no data.
        """
        _check(statistics.nonfinite, statistics.minimum < statistics.maximum, source)
        percentiles = statistics.percentiles
        _check_fill(percentiles, (statistics.minimum, statistics.maximum), source)
        return cls.from_percentiles(percentiles[1], percentiles[50], percentiles[99], statistics.std)

    @classmethod
    def from_array(cls, array: NDArray[np.floating], source: str = "the volume") -> Normalisation:
        """Take it from a whole volume in memory, (inline, crossline, sample); dead traces do not count.

        Raises:
            VolumeError: NaN or infinite samples, no trace varies, or a value stands for no data.
        """
        live = live_traces(array)
        _check(array.size - int(np.count_nonzero(np.isfinite(array))), bool(live.any()), source)
        samples = array.ravel() if live.all() else array[live].ravel()
        stride = -(-samples.size // LARGEST_SAMPLE)
        while gcd(stride, array.shape[1] * array.shape[2]) > 1:  # all depths and crosslines have their turn
            stride += 1
        values = np.percentile(samples[::stride], PERCENTILES).tolist()
        percentiles = dict(zip(PERCENTILES, values, strict=True))
        _check_fill(percentiles, (float(samples.min()), float(samples.max())), source)
        sparse = percentiles[1] == percentiles[99]
        std = float(samples.std(dtype=np.float64)) if sparse else np.nan  # costs a copy of the whole
        return cls.from_percentiles(percentiles[1], percentiles[50], percentiles[99], std)

    @classmethod
    def from_percentiles(cls, low: float, median: float, high: float, std: float) -> Normalisation:
        """From the 1st, 50th and 99th percentile; from `std` where the outer two are equal (sparse image)."""
        spread = (high - low) / GAUSSIAN_SPREAD
        return cls(median, spread if spread > 0 else std)

    def with_gain(
        self, read: Read, shape: tuple[int, int, int], strength: NDArray[np.floating]
    ) -> Normalisation:
        """The same with a gain: one factor for each trace, and one for each sample.

        That of the samples comes from the live traces of up to 16 places all over the survey, evened out
        among each other. Their strength at a depth is their RMS, clipped so that spikes weigh little.

        Args:
            read: Reads a box of the survey by positions.
            shape: Inlines, crosslines and samples.
            strength: Of each trace, 0 where it is dead, (inline, crossline).
        """
        gain = Gain(np.ones(shape[2], dtype=np.float32), gain_of_traces(strength))
        boxes = [(*box, slice(0, shape[2])) for box in patches(shape)]
        amplitudes = [(read(*box), box, strength[box[:2]] > 0) for box in boxes]

        def seen(normalisation: Normalisation) -> NDArray[np.float32]:
            parts = [normalise(block, normalisation, box=box)[live] for block, box, live in amplitudes]
            return np.concatenate(parts)

        unclipped = replace(self, clip=np.inf)
        before = seen(unclipped)
        if not before.size:
            return self
        clipped = seen(replace(self, gain=gain))
        gain = replace(
            gain, samples=gain_of_samples(np.sqrt(np.square(clipped, dtype=np.float64).mean(axis=0)))
        )
        after = seen(replace(unclipped, gain=gain))
        return replace(self, scale=self.scale * _spread(after) / _spread(before), gain=gain)


def _spread(amplitudes: NDArray[np.float32]) -> float:
    """What divides amplitudes, as of a survey; spikes do not count."""
    low, high = (float(value) for value in np.percentile(amplitudes, (1, 99)))
    return Normalisation.from_percentiles(low, 0.0, high, float(amplitudes.std(dtype=np.float64))).scale


def normalise(
    block: NDArray[np.floating],
    normalisation: Normalisation,
    live: NDArray[np.bool_] | None = None,
    box: tuple[slice, slice, slice] = WHOLE,
) -> NDArray[np.float32]:
    """Amplitudes to clipped deviations, as a new array.

    Args:
        block: Any part of the survey, (inline, crossline, sample).
        normalisation: That of the whole survey.
        live: (inline, crossline) of the block: where a trace is live; the others come out as 0.
        box: Which inlines, crosslines and samples of the survey these are.
    """
    out = np.subtract(block, np.float32(normalisation.centre), dtype=np.float32)
    out /= np.float32(normalisation.scale)
    if normalisation.gain is not None:
        normalisation.gain.apply(out, box)
    np.clip(out, -normalisation.clip, normalisation.clip, out=out)
    if live is not None and not live.all():
        out[~live] = 0.0
    return out


def normalise_array(array: NDArray[np.floating], gain: bool = False) -> NDArray[np.float32]:
    """Normalise a whole volume in memory by its own statistics; dead traces come out as 0.

    Args:
        array: Amplitudes, (inline, crossline, sample).
        gain: Even out what they lose with depth and from trace to trace.

    Raises:
        VolumeError: NaN or infinite samples, no trace varies, or a value stands for no data.
    """
    live = live_traces(array)
    normalisation = Normalisation.from_array(array)
    if gain:
        normalisation = normalisation.with_gain(lambda *box: array[box], array.shape, trace_strength(array))
    return normalise(array, normalisation, live)


def live_traces(array: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Where a trace is not constant, such as all zero, (inline, crossline)."""
    return array.min(axis=2) < array.max(axis=2)


def _check(nonfinite: int, varies: bool, source: str) -> None:
    if nonfinite:
        raise VolumeError(
            f"{source} holds {nonfinite} NaN or infinite samples: "
            "replace them (by 0 where there is no data) and try again."
        )
    if not varies:
        raise VolumeError(
            f"{source} is constant, no trace of it varies: there is no image in it, "
            "check that this is the right file and that its sample format is understood."
        )


def _check_fill(percentiles: dict[float, float], extremes: tuple[float, float], source: str) -> None:
    """Refuse a survey whose least or largest value is that of a hundredth of it, far from all the rest."""
    values = np.array(list(percentiles.values()))
    for extreme, outer in zip(extremes, (percentiles[1], percentiles[99]), strict=True):
        alike = ALIKE * abs(extreme)
        rest = values[np.abs(values - extreme) > alike]
        if extreme == 0 or abs(outer - extreme) > alike or not rest.size:
            continue
        if np.abs(rest - extreme).min() > FAR * np.ptp(rest) > 0:
            raise VolumeError(
                f"{source} holds {extreme:g} in a hundredth of its samples or more, far from all others: it "
                "seems to stand for no data, replace it by 0 and try again."
            )
