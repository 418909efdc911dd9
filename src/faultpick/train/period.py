"""The vertical periods that a training shows its network."""

import numpy as np

from faultpick.data.dataset import Crops
from faultpick.volume.period import period_of_traces

CROPS = 48
TRACES = 64
PERCENTILES = (10, 90)


def trained_periods(crops: Crops) -> tuple[float, float] | None:
    """The range that four in five crops lie in, as they are zoomed and filtered.

    It is measured on the first 48 crops as a survey's is (`faultpick.volume.period`), in windows of a crop's
    height at most.

    Returns:
        Dominant periods in samples, from and to; None if no crop shows any.
    """
    periods = []
    for number in range(CROPS):
        image, _ = crops[number]
        traces = image[0].reshape(-1, image.shape[-1]).numpy()
        period = period_of_traces(traces[:: max(len(traces) // TRACES, 1)])
        if period is not None:
            periods.append(period)
    if not periods:
        return None
    low, high = np.percentile(periods, PERCENTILES)
    return round(float(low), 1), round(float(high), 1)
