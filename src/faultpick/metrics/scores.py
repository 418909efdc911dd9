"""How well a fault probability agrees with a fault label.

A voxel is predicted where the probability reaches the threshold. Scores from 0 to 1 are better when larger,
distances (in voxels) and the calibration error when smaller.

Empty masks: if neither prediction nor label holds a fault, the scores are 1 and the distances 0. If only one
of them does, the scores are 0 and the distances infinite. Average precision is NaN without a fault in the
label, whatever the prediction.

Distances run between voxels of the two masks, not between their outer surfaces: faults are sheets about two
voxels thick, all surface, and a voxel that both masks share is at distance 0. A `valid` mask takes voxels
out of both masks before anything is counted or measured.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faultpick.errors import VolumeError
from faultpick.metrics.curves import (
    average_precision,
    best_image_f1,
    calibration_error,
    reliability,
    threshold_curve,
)
from faultpick.metrics.masks import (
    average_distance,
    hausdorff_95,
    mask_distances,
    overlap,
    tolerant_f1,
    tolerant_iou,
)
from faultpick.volume.alike import ROUNDING, differing_lines, differing_samples

if TYPE_CHECKING:
    from faultpick.volume import Volume


@dataclass(frozen=True)
class Scores:
    """All scores of one prediction against one label, or their means over several.

    `iou`, `precision`, `recall` and `dice` are strict, voxel by voxel. `tol_f1_R` and `tol_iou_R` forgive R
    voxels. `best_dice` is at the best threshold for this volume (see `curves`), `calibration_error` the mean
    difference between the probability and the share of faults, in [0, 1]. `asd` is the average symmetric
    surface distance and `hd95` the 95 % Hausdorff distance, in voxels.
    """

    iou: float
    precision: float
    recall: float
    dice: float
    average_precision: float
    best_dice: float
    calibration_error: float
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
    "best_dice": "dice at the best of 99 thresholds",
    "calibration_error": "distance of probabilities from the share of faults",
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
        best_dice=best_image_f1([threshold_curve(probability, truth, valid)]),
        calibration_error=calibration_error(reliability(probability, truth, valid)),
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
        VolumeError: As in `evaluate`, or the two cover different lines, times or depths.
    """
    try:
        for name, *lines in differing_lines(prediction.geometry, label.geometry):
            ranges = " and ".join(f"{len(each)} from {each[0]} to {each[-1]}" for each in lines)
            raise VolumeError(f"Their {name} differ ({ranges}): they must cover the same lines.")
        whole = (slice(None),) * 3
        if (axes := differing_samples(prediction.geometry, label.geometry)) is not None:
            raise VolumeError(f"Their samples differ ({' and '.join(axes)}): they must cover the same.")
        valid = np.ones(label.shape, bool)
        for volume in (prediction, label):
            if volume.geometry.live is not None and volume.shape == label.shape:
                valid &= volume.geometry.live[..., None]
        return evaluate(prediction.read(*whole), label.read(*whole), threshold, valid)
    except VolumeError as error:
        raise VolumeError(f"{prediction.path} cannot be scored against {label.path}. {error}") from error


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
    if counted.min() < -ROUNDING or counted.max() > 1 + ROUNDING:
        raise VolumeError(
            f"The prediction ranges from {counted.min():.8g} to {counted.max():.8g}: "
            "a fault probability lies between 0 and 1."
        )
    if not ((label == 0) | (label == 1) | ~valid).all():
        raise VolumeError("The label holds other values than 0 and 1: the fault label goes second.")
    return probability, label, valid
