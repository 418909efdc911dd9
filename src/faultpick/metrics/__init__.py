"""How well faults are found: voxel by voxel, within a tolerance, over all thresholds, and fault by fault."""

from faultpick.metrics.curves import average_precision
from faultpick.metrics.masks import (
    Distances,
    Overlap,
    average_distance,
    hausdorff_95,
    mask_distances,
    overlap,
    tolerant_f1,
    tolerant_iou,
)
from faultpick.metrics.objects import (
    OBJECT_MEANING,
    Match,
    Matching,
    ObjectScores,
    pool_objects,
    score_objects,
    strike_dip_difference,
)
from faultpick.metrics.scores import MEANING, Scores, evaluate, evaluate_volumes, summarise
from faultpick.metrics.sheets import (
    Orientation,
    Sheet,
    orientation_of,
    plane_normals,
    sheet_from_surface,
    sheets_from_voxels,
)

__all__ = [
    "MEANING",
    "OBJECT_MEANING",
    "Distances",
    "Match",
    "Matching",
    "ObjectScores",
    "Orientation",
    "Overlap",
    "Scores",
    "Sheet",
    "average_distance",
    "average_precision",
    "evaluate",
    "evaluate_volumes",
    "hausdorff_95",
    "mask_distances",
    "orientation_of",
    "overlap",
    "plane_normals",
    "pool_objects",
    "score_objects",
    "sheet_from_surface",
    "sheets_from_voxels",
    "strike_dip_difference",
    "summarise",
    "tolerant_f1",
    "tolerant_iou",
]
