"""What evens out the strength of a survey, over depth and from trace to trace."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, median_filter

DEGREE = 3  # at most, of the polynomial through the logarithm of the strength along the samples
SAMPLES = 32  # for each degree, so that the polynomial follows no single layer; and of a stretch of a trace
FAINT = 0.05  # of the strongest sample or stretch, or the median trace: water and mutes, which are let be
SPIKED = 4.0  # times the next: what the strongest stretch of a trace counts for at most
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


def trace_strength(block: NDArray[np.floating]) -> NDArray[np.float32]:
    """How strong traces are: the mean distance of amplitudes from their mean, over 32 samples at a time.

    Of these stretches of a trace the geometric mean is taken, so that weak depths count as strong ones do.
    The strongest, which a spike may be in, counts for no more than `SPIKED` times the next. The fainter they
    are beside the strongest the less they weigh, down to nothing for water and mutes.

    Args:
        block: (inline, crossline, sample), all finite.

    Returns:
        (inline, crossline); 0 for a trace without two different amplitudes.
    """
    out = np.zeros(block.shape[:2], dtype=np.float32)
    length = min(SAMPLES, block.shape[2])
    count = block.shape[2] // length
    for row, inline in zip(out, block, strict=True):
        stretches = inline[:, : count * length].reshape(-1, count, length)
        distance = stretches - stretches.mean(axis=2, keepdims=True)
        strength = np.sort(np.abs(distance, out=distance).mean(axis=2), axis=1).astype(np.float64)
        if count > 1:
            strength[:, -1] = np.minimum(strength[:, -1], SPIKED * strength[:, -2])
        varies = strength[:, -1] > 0
        strength = np.maximum(strength[varies], np.finfo(np.float32).tiny)
        weights = strength / (strength + FAINT * strength[:, -1:])
        row[varies] = np.exp(np.average(np.log(strength), axis=1, weights=weights))
    return out
