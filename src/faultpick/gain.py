"""What evens out the strength of a survey, over depth and from trace to trace."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, median_filter

from faultpick.volume.strength import FAINT

DEGREE = 3  # at most, of the polynomial through the logarithm of the strength along the samples
SAMPLES = 32  # for each degree, so that the polynomial follows no single layer
NEIGHBOURS = 9  # traces along both lines whose median strength stands for one of them
OWN = 1.5  # times this median, or less than one over it: a trace that stands for itself


@dataclass(frozen=True, eq=False)
class Gain:
    """Factors to multiply amplitudes by.

    Attributes:
        samples: One for each sample, float32.
        traces: One for each trace, float32, (inline, crossline).
    """

    samples: NDArray[np.float32]
    traces: NDArray[np.float32]

    def apply(self, block: NDArray[np.float32], box: tuple[slice, slice, slice]) -> None:
        """Multiply amplitudes in place; `box` says which inlines, crosslines and samples they are."""
        block *= self.traces[box[:2]][..., None]
        block *= self.samples[box[2]]


def gain_of_samples(strength: NDArray[np.floating]) -> NDArray[np.float32]:
    """The slow gain that evens out a strength along the samples, (samples,), 1 in the middle of its range.

    A cubic through its logarithm, of fewer than 96 samples a parabola or less: it follows spreading and
    absorption, no single layer. Samples that are faint beside the strongest do not bend it; beyond the
    outermost of the others it stays.
    """
    place = np.arange(len(strength))
    used = place[strength > FAINT * strength.max()]
    degree = min(DEGREE, len(used) // SAMPLES)
    curve = np.polynomial.Polynomial.fit(used, np.log(strength[used]), degree)
    logarithm = curve(np.clip(place, used[0], used[-1]))
    return np.exp((logarithm.max() + logarithm.min()) / 2 - logarithm).astype(np.float32)


def gain_of_traces(strength: NDArray[np.floating]) -> NDArray[np.float32]:
    """The gain that evens out the strengths of traces, (inline, crossline), 1 for the median trace.

    It is one over the median strength of the traces around, which follows shadows, merged surveys and their
    edges but no single trace; a trace far stronger or weaker than these is divided by its own strength. Where
    a fault zone is somewhat dimmer than what is around, it stays so. Traces that are next to nothing are not
    made much of.

    Args:
        strength: Of each trace, 0 where it is dead.
    """
    live = strength > 0
    if not live.any():
        return np.ones(strength.shape, dtype=np.float32)
    if not live.all():
        _, nearest = distance_transform_edt(~live, return_indices=True)  # pyright: ignore[reportGeneralTypeIssues]
        strength = strength[tuple(nearest)]
    own = np.log(strength)
    around = median_filter(own, NEIGHBOURS, mode="nearest")
    logarithm = np.where(np.abs(own - around) > np.log(OWN), own, around)
    logarithm -= np.median(logarithm[live])
    return np.exp(-np.maximum(logarithm, np.log(FAINT))).astype(np.float32)
