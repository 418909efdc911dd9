"""How well a fault probability agrees with a fault label.

A voxel is predicted where the probability reaches the threshold. Scores from 0 to 1 are better when larger,
distances (in voxels) when smaller.

Empty masks: if neither prediction nor label holds a fault, the scores are 1 and the distances 0. If only one
of them does, the scores are 0 and the distances infinite. Average precision is NaN without a fault in the
label, whatever the prediction.

Distances run between voxels of the two masks, not between their outer surfaces: faults are sheets about two
voxels thick, all surface, and a voxel that both masks share is at distance 0. A `valid` mask takes voxels
out of both masks before anything is counted or measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

from faultpick.errors import DataError, VolumeError

if TYPE_CHECKING:
    from faultpick.volume import Geometry, Volume

# A search tree asked for one voxel takes as long as a distance transform takes for about this many, and
# needs memory for the masks' voxels alone, where the transform needs some 36 bytes for every voxel.
_FEW = 50


class Overlap(NamedTuple):
    """Voxel-by-voxel agreement of two masks: TP/(TP+FP+FN), TP/(TP+FP), TP/(TP+FN), 2TP/(2TP+FP+FN)."""

    iou: float
    precision: float
    recall: float
    dice: float


class Distances(NamedTuple):
    """Euclidean distance in voxels from each voxel of a mask to the nearest voxel of the other mask."""

    to_label: NDArray[np.float64]
    to_prediction: NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """All scores of one prediction against one label, or their means over several.

    `iou`, `precision`, `recall` and `dice` are strict, voxel by voxel. `tol_f1_R` and `tol_iou_R` forgive R
    voxels. `asd` is the average symmetric surface distance and `hd95` the 95 % Hausdorff distance, in voxels.
    """

    iou: float
    precision: float
    recall: float
    dice: float
    average_precision: float
    tol_f1_1: float
    tol_f1_2: float
    tol_f1_3: float
    tol_iou_1: float
    tol_iou_2: float
    tol_iou_3: float
    asd: float
    hd95: float


MEANING = {
    "iou": "voxels shared / voxels of either",
    "precision": "share of predicted voxels that are fault",
    "recall": "share of fault voxels that are predicted",
    "dice": "harmonic mean of precision and recall",
    "average_precision": "area under precision over recall, all thresholds",
    "tol_f1_1": "dice that forgives 1 voxel",
    "tol_f1_2": "dice that forgives 2 voxels",
    "tol_f1_3": "dice that forgives 3 voxels",
    "tol_iou_1": "iou that forgives 1 voxel",
    "tol_iou_2": "iou that forgives 2 voxels",
    "tol_iou_3": "iou that forgives 3 voxels",
    "asd": "mean distance between the masks, voxels",
    "hd95": "95 % of distances are at most this, voxels",
}


def evaluate(
    probability: ArrayLike, label: ArrayLike, threshold: float = 0.5, valid: ArrayLike | None = None
) -> Scores:
    """Score a fault probability, or a mask, against a fault label.

    Args:
        probability: In [0, 1]; any shape, such as (inline, crossline, sample).
        label: 0 or 1 of any type, of the same shape.
        threshold: A voxel is predicted where the probability is at least this.
        valid: True where a voxel counts; what the other arrays hold elsewhere does not matter.

    Raises:
        VolumeError: The shapes differ, a probability is not finite or outside [0, 1], the label holds other
            values than 0 and 1, or no voxel is valid.
    """
    probability, label, valid = _checked(np.asarray(probability), np.asarray(label), valid)
    predicted, truth = (probability >= threshold) & valid, (label == 1) & valid
    distances = mask_distances(predicted, truth)
    tolerant = [tolerant_f1(distances, radius) for radius in (1, 2, 3)]
    return Scores(
        **overlap(predicted, truth)._asdict(),
        average_precision=average_precision(probability, truth, valid),
        tol_f1_1=tolerant[0],
        tol_f1_2=tolerant[1],
        tol_f1_3=tolerant[2],
        tol_iou_1=tolerant_iou(tolerant[0]),
        tol_iou_2=tolerant_iou(tolerant[1]),
        tol_iou_3=tolerant_iou(tolerant[2]),
        asd=average_distance(distances),
        hd95=hausdorff_95(distances),
    )


def evaluate_volumes(prediction: "Volume", label: "Volume", threshold: float = 0.5) -> Scores:
    """Score an opened fault probability against an opened label, where both have traces; reads both whole.

    Args:
        prediction: Fault probability, or a mask.
        label: 0 or 1, on the same grid.
        threshold: A voxel is predicted where the probability is at least this.

    Raises:
        VolumeError: As in `evaluate`, or the two cover different lines.
    """
    try:
        _check_lines(prediction.geometry, label.geometry)
        whole = (slice(None),) * 3
        valid = np.ones(label.shape, bool)
        for volume in (prediction, label):
            if volume.geometry.live is not None and volume.shape == label.shape:
                valid &= volume.geometry.live[..., None]
        return evaluate(prediction.read(*whole), label.read(*whole), threshold, valid)
    except VolumeError as error:
        raise VolumeError(f"{prediction.path} cannot be scored against {label.path}. {error}") from error


def summarise(scores: Sequence[Scores]) -> Scores:
    """Mean of each score; an undefined average precision (NaN) is left out of its mean.

    Raises:
        DataError: There is nothing to average.
    """
    if not scores:
        raise DataError("There are no scores to average.")
    means = {}
    for field in fields(Scores):
        values = [getattr(score, field.name) for score in scores]
        defined = [value for value in values if not math.isnan(value)]
        means[field.name] = sum(defined) / len(defined) if defined else math.nan
    return Scores(**means)


def overlap(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Overlap:
    """Strict scores of one mask against another."""
    hit = int(np.count_nonzero(predicted & truth))
    found, real = int(np.count_nonzero(predicted)), int(np.count_nonzero(truth))
    if found == 0 and real == 0:
        return Overlap(1.0, 1.0, 1.0, 1.0)
    return Overlap(
        iou=hit / (found + real - hit),
        precision=hit / max(found, 1),
        recall=hit / max(real, 1),
        dice=2 * hit / (found + real),
    )


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


def mask_distances(predicted: NDArray[np.bool_], truth: NDArray[np.bool_]) -> Distances:
    """Distances between the voxels of two masks, infinite where the other mask is empty."""
    return Distances(_nearest(predicted, truth), _nearest(truth, predicted))


def tolerant_f1(distances: Distances, radius: float) -> float:
    """F1 that forgives `radius` voxels, as boundaries are scored (Martin et al. 2004).

    Precision is the share of predicted voxels within the radius of a fault, recall the share of fault voxels
    within the radius of a prediction.
    """
    near_label, near_prediction = (each <= radius for each in distances)
    if near_label.size == 0 and near_prediction.size == 0:
        return 1.0
    if not near_label.any() or not near_prediction.any():
        return 0.0
    precision, recall = float(near_label.mean()), float(near_prediction.mean())
    return 2 * precision * recall / (precision + recall)


def tolerant_iou(f1: float) -> float:
    """The IoU that belongs to an F1: F1 / (2 - F1)."""
    return f1 / (2 - f1)


def average_distance(distances: Distances) -> float:
    """Average symmetric surface distance: the mean of all distances of both directions, taken together."""
    both = np.concatenate(distances)
    return float(both.mean()) if both.size else 0.0


def hausdorff_95(distances: Distances) -> float:
    """The larger of the two directions' 95th percentiles of distance (linear interpolation)."""
    if np.isinf(np.concatenate(distances)).any():
        return math.inf
    return max((float(np.percentile(each, 95)) for each in distances if each.size), default=0.0)


def _nearest(mask: NDArray[np.bool_], other: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Distance from each voxel of `mask` to the nearest voxel of `other`."""
    if not other.any():
        return np.full(np.count_nonzero(mask), math.inf)
    alone = mask & ~other
    if _FEW * np.count_nonzero(alone) > mask.size:
        return np.asarray(distance_transform_edt(~other))[mask]
    distance = np.zeros(np.count_nonzero(mask))
    distance[alone[mask]] = KDTree(np.argwhere(other)).query(np.argwhere(alone))[0]
    return distance


def _check_lines(first: "Geometry", second: "Geometry") -> None:
    """Refuse volumes that both have line numbers, but not the same ones."""
    for name in ("inlines", "crosslines"):
        lines = getattr(first, name), getattr(second, name)
        numbered = all(not np.array_equal(each, np.arange(len(each))) for each in lines)
        if numbered and not np.array_equal(*lines):
            ranges = " and ".join(f"{len(each)} from {each[0]} to {each[-1]}" for each in lines)
            raise VolumeError(f"Their {name} differ ({ranges}): they must cover the same lines.")


def _checked(
    probability: NDArray, label: NDArray, valid: ArrayLike | None
) -> tuple[NDArray, NDArray, NDArray[np.bool_]]:
    if probability.shape != label.shape:
        raise VolumeError(
            f"The prediction has shape {probability.shape} and the label {label.shape}: "
            "they must be the same volume."
        )
    valid = np.ones(label.shape, bool) if valid is None else np.asarray(valid, bool)
    if valid.shape != label.shape:
        raise VolumeError(f"The mask of valid voxels has shape {valid.shape} and the label {label.shape}.")
    if not valid.any():
        raise VolumeError("There is no valid voxel to score.")
    counted = probability[valid]
    if not np.isfinite(counted).all():
        raise VolumeError("The prediction holds values that are not finite: mask them or predict again.")
    if counted.min() < 0 or counted.max() > 1:
        raise VolumeError(
            f"The prediction ranges from {counted.min():g} to {counted.max():g}: "
            "a fault probability lies between 0 and 1."
        )
    if not ((label == 0) | (label == 1) | ~valid).all():
        raise VolumeError("The label holds other values than 0 and 1: the fault label goes second.")
    return probability, label, valid
