"""How well a probability ranks and means what it says, over all thresholds."""

import math

import numpy as np
from numpy.typing import NDArray


def average_precision(
    probability: NDArray[np.floating], truth: NDArray[np.bool_], valid: NDArray[np.bool_] | None = None
) -> float:
    """Area under the stepwise curve of precision over recall, exact, ties included.

    It is the mean over all fault voxels of the precision found by thresholding at that voxel's own
    probability, so two sorts are enough. NaN if there is no fault voxel.
    """
    everywhere = np.sort((probability if valid is None else probability[valid]).ravel())
    at_faults = np.sort((probability[truth] if valid is None else probability[truth & valid]).ravel())
    if at_faults.size == 0:
        return math.nan
    found = everywhere.size - np.searchsorted(everywhere, at_faults, side="left")
    hit = at_faults.size - np.searchsorted(at_faults, at_faults, side="left")
    return float(np.mean(hit / found))
