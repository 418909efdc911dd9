"""How well a probability ranks voxels, over all thresholds, and whether it means what it says."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

THRESHOLDS = np.arange(1, 100) / 100
"""At which curves are counted."""


class ThresholdCurve(NamedTuple):
    """Voxel counts of one volume at each of `THRESHOLDS`, (thresholds,); several volumes add up.

    Attributes:
        found: Predicted.
        found_right: Predicted and within the radius of a fault voxel.
        real: Fault voxels, the same number at each threshold.
        real_seen: Fault voxels within the radius of a predicted one.
    """

    found: NDArray[np.int64]
    found_right: NDArray[np.int64]
    real: NDArray[np.int64]
    real_seen: NDArray[np.int64]

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 at each threshold; 1 where nothing is predicted and nothing is there."""
        precision = self.found_right / np.maximum(self.found, 1)
        recall = self.real_seen / np.maximum(self.real, 1)
        f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
        return np.where((self.found == 0) & (self.real == 0), 1.0, f1)


class Reliability(NamedTuple):
    """Voxels by predicted probability, in bins of equal width, (bins,); several volumes add up.

    Attributes:
        voxels: How many.
        probability: Sum of their probabilities.
        faults: How many of them are fault.
    """

    voxels: NDArray[np.int64]
    probability: NDArray[np.float64]
    faults: NDArray[np.int64]


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


def threshold_curve(
    probability: NDArray[np.floating],
    truth: NDArray[np.bool_],
    valid: NDArray[np.bool_] | None = None,
    radius: float = 0.0,
) -> ThresholdCurve:
    """Counts for F1 at each of `THRESHOLDS`.

    Args:
        probability: In [0, 1], of any shape.
        truth: Fault voxels, of the same shape.
        valid: Voxels that count.
        radius: Voxels that are forgiven (Euclidean), as in `tolerant_f1`; 0 is strict.
    """
    shown = probability if valid is None else np.where(valid, probability, 0)
    truth = truth if valid is None else truth & valid
    near = truth if radius < 1 or not truth.any() else np.asarray(distance_transform_edt(~truth)) <= radius
    seen = _largest_within(shown, truth, radius)
    real = np.full(len(THRESHOLDS), np.count_nonzero(truth), np.int64)
    return ThresholdCurve(_reaching(shown), _reaching(shown[near]), real, _reaching(seen))


def best_dataset_f1(curves: Sequence[ThresholdCurve]) -> float:
    """ODS: the best F1 that one threshold for all volumes gives, their counts added up.

    "Optimal dataset scale" of Arbelaez et al. 2011 (IEEE PAMI 33(5)), with counts as in `tolerant_f1` instead
    of a one-to-one matching.
    """
    return float(_added(curves).f1.max())


def best_dataset_threshold(curves: Sequence[ThresholdCurve]) -> float:
    """The threshold that gives ODS; of equally good ones, the lowest."""
    return float(THRESHOLDS[_added(curves).f1.argmax()])


def best_image_f1(curves: Sequence[ThresholdCurve]) -> float:
    """OIS: F1 of the counts added up over the volumes, each at the threshold that is best for it.

    "Optimal image scale" of the same source; of equally good thresholds, the lowest is taken.
    """
    own = [ThresholdCurve(*(count[[curve.f1.argmax()]] for count in curve)) for curve in curves]
    return float(_added(own).f1[0])


def reliability(
    probability: NDArray[np.floating],
    truth: NDArray[np.bool_],
    valid: NDArray[np.bool_] | None = None,
    bins: int = 15,
) -> Reliability:
    """Predicted probabilities against the share of voxels that are fault: a reliability diagram."""
    shown, real = (
        (probability.ravel(), truth.ravel()) if valid is None else (probability[valid], truth[valid])
    )
    place = np.minimum((shown * bins).astype(np.int64), bins - 1)
    return Reliability(
        voxels=np.bincount(place, minlength=bins),
        probability=np.bincount(place, shown, minlength=bins).astype(np.float64),
        faults=np.bincount(place[real], minlength=bins),
    )


def calibration_error(table: Reliability) -> float:
    """Expected calibration error: mean over voxels of |mean probability - share of faults| of their bin.

    Naeini et al. 2015 (AAAI), Guo et al. 2017 (ICML), for the probability of the one class.
    """
    return float(np.abs(table.probability - table.faults).sum() / max(table.voxels.sum(), 1))


def _reaching(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """How many values reach each of `THRESHOLDS`, compared at the precision of the values."""
    values = np.sort(values, axis=None)
    return len(values) - np.searchsorted(values, THRESHOLDS.astype(np.result_type(values, np.float32)))


def _largest_within(
    probability: NDArray[np.floating], at: NDArray[np.bool_], radius: float
) -> NDArray[np.floating]:
    """The largest probability within `radius` of each voxel of `at`."""
    reach = int(radius)
    padded = np.pad(probability, reach)
    places = np.argwhere(at)
    largest = np.zeros(len(places), probability.dtype)
    for offset in np.ndindex((2 * reach + 1,) * probability.ndim):
        if sum((each - reach) ** 2 for each in offset) <= radius**2:
            np.maximum(largest, padded[tuple((places + offset).T)], out=largest)
    return largest


def _added(curves: Sequence[ThresholdCurve]) -> ThresholdCurve:
    return ThresholdCurve(*(np.sum(counts, axis=0) for counts in zip(*curves, strict=True)))
