"""How well two masks agree: voxel by voxel, within a tolerance, and in distance.

Distances run between voxels of the two masks, not between their outer surfaces: faults are sheets about two
voxels thick, all surface, and a voxel that both masks share is at distance 0.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.spatial import KDTree

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
