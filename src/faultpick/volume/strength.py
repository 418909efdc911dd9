"""How strong the traces of a survey are."""

import numpy as np
from numpy.typing import NDArray

STRETCH = 32  # samples
SPIKED = 4.0  # times the next: what the strongest stretch of a trace counts for at most
AT_ONCE = 512  # traces
FAINT = 0.05  # of the strongest: water and mutes, which are let be


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
    traces = block.reshape(-1, block.shape[2])
    out = np.zeros(len(traces), dtype=np.float32)
    length = min(STRETCH, block.shape[2])
    count = block.shape[2] // length
    for first in range(0, len(traces), AT_ONCE):
        row = out[first : first + AT_ONCE]
        stretches = traces[first : first + AT_ONCE, : count * length].reshape(-1, count, length)
        strength = np.sort(_mean_distance(stretches), axis=1).astype(np.float64)
        if count > 1:
            strength[:, -1] = np.minimum(strength[:, -1], SPIKED * strength[:, -2])
        varies = strength[:, -1] > 0
        strength = np.maximum(strength[varies], np.finfo(np.float32).tiny)
        weights = strength / (strength + FAINT * strength[:, -1:])
        row[varies] = np.exp(np.average(np.log(strength), axis=1, weights=weights))
    return out.reshape(block.shape[:2])


def _mean_distance(stretches: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mean distance from the mean along the last axis, in float64 where float32 does not hold the sums."""
    with np.errstate(over="ignore", invalid="ignore"):
        distance = stretches - stretches.mean(axis=2, keepdims=True)
        found = np.abs(distance, out=distance).mean(axis=2)
    if np.isfinite(found).all() or stretches.dtype == np.float64:
        return found
    return _mean_distance(stretches.astype(np.float64))
