"""Semblance among the models of a benchmark: what an attribute without training finds.

Its one setting, the value from which a voxel counts as fault, is chosen on validation cubes of the suite that
it is scored on, as the weights of a model are; no test seed is drawn here.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from faultpick.data import splits
from faultpick.metrics import best_dataset_threshold, threshold_curve
from faultpick.semblance import discontinuity
from faultpick.synth.suites import SuiteCube, find_suite

NAME = "semblance"


def validated_threshold(suite: str, cubes: int | None = None, draw: int = 0) -> float:
    """The threshold of a suite's validation cubes, the first of them if a number is given.

    Args:
        suite: Its name.
        cubes: How many of its cubes.
        draw: Which draw of them: one that is not scored.

    Raises:
        ConfigError: No suite has this name.
    """
    return best_threshold(find_suite(suite, splits.VALIDATION + draw * splits.DRAWS_APART)[:cubes])


def best_threshold(cubes: Iterable[SuiteCube]) -> float:
    """The discontinuity whose F1 over all voxels of the cubes together is best."""
    made = (cube.make() for cube in cubes)
    return best_dataset_threshold(
        [threshold_curve(discontinuity(cube.seismic), cube.fault > 0) for cube in made]
    )


def fault_score(amplitudes: NDArray[np.floating], threshold: float) -> NDArray[np.float32]:
    """Discontinuity stretched so that the threshold becomes 0.5, as picking and scores expect it.

    Args:
        amplitudes: (inline, crossline, sample).
        threshold: Discontinuity from which a voxel counts as fault, between 0 and 1.

    Returns:
        0 to 1, of the same shape; it ranks voxels, but is no probability.
    """
    unlike = discontinuity(amplitudes.astype(np.float32))
    return np.interp(unlike, (0.0, threshold, 1.0), (0.0, 0.5, 1.0)).astype(np.float32)
