"""How many faults are found, and how many are made up: faults as an interpreter counts them.

A point of one fault lies on another where the nearest point of the other is at most `distance` away and the
two normals there differ by at most `angle`. A true fault is

- found when at least `share` of it lies on one picked fault (the best of them is its match),
- split when at least two picked faults each lie with at least `share` of themselves on it.

A picked fault is

- false when less than `share` of it lies on true faults, all of them together,
- merged when at least two true faults are found by it.

True faults with little throw, and scraps inside the cube, are neither counted nor missed; what is picked on
them is not false. Strike, dip and throw of a match are compared where the two lie on each other, so that
they say how well a fault was measured, not how much of it was seen.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import DataError
from faultpick.metrics.sheets import Orientation, Sheet


@dataclass(frozen=True)
class Matching:
    """What counts as the same fault.

    Attributes:
        distance: Voxels, at most, between points of the same fault.
        angle: Degrees, at most, between their normals.
        share: Of a fault that has to lie on another, in (0, 1].
        minimum_throw: Samples; true faults whose median throw is less do not count.
        minimum_size: Of a true fault that counts, in its weights: labelled voxels.
    """

    distance: float = 3.0
    angle: float = 30.0
    share: float = 0.5
    minimum_throw: float = 0.0
    minimum_size: float = 200.0


@dataclass(frozen=True)
class Match:
    """A true fault and the picked fault that it was found by.

    Attributes:
        true_id: Of the true fault.
        picked_id: Of the picked fault.
        share: Of the true fault that lies on the picked one.
        strike_error: Degrees in [0, 90].
        dip_error: Degrees in [0, 90].
        throw_error: Samples; NaN where a throw is not known.
    """

    true_id: int
    picked_id: int
    share: float
    strike_error: float
    dip_error: float
    throw_error: float


@dataclass(frozen=True)
class ObjectScores:
    """Faults found and made up.

    Attributes:
        faults: True faults that count.
        picked: Picked faults.
        matches: One for each true fault found.
        false: Ids of picked faults that lie on no true fault.
        split: Ids of true faults that several picked faults lie on.
        merged: Ids of picked faults that found several true faults.
        cubes: How many volumes these are summed over.
    """

    faults: int
    picked: int
    matches: tuple[Match, ...]
    false: tuple[int, ...]
    split: tuple[int, ...]
    merged: tuple[int, ...]
    cubes: int = 1

    def row(self) -> dict[str, float]:
        """The numbers of a table, by name.

        Counts of faults are whole numbers; `found_share` is NaN without a fault, the errors (medians over
        the matches whose error is known; degrees, throw in samples) without a match; `false_per_cube` is a
        mean.
        """
        return {
            "faults": self.faults,
            "picked": self.picked,
            "found": len(self.matches),
            "found_share": len(self.matches) / self.faults if self.faults else math.nan,
            "false_per_cube": len(self.false) / self.cubes,
            "split": len(self.split),
            "merged": len(self.merged),
            "strike_error": _median([match.strike_error for match in self.matches]),
            "dip_error": _median([match.dip_error for match in self.matches]),
            "throw_error": _median([match.throw_error for match in self.matches]),
        }


def score_objects(
    true: Mapping[int, Sheet], picked: Mapping[int, Sheet], matching: Matching | None = None
) -> ObjectScores:
    """Compare picked faults with true ones, both by their ids.

    Args:
        true: See `sheets_from_voxels`.
        picked: See `sheets_from_surface` and `sheets_from_voxels`.
        matching: What counts as the same fault.
    """
    matching = matching or Matching()
    counted = [key for key, sheet in true.items() if _counts(sheet, matching)]
    on_picked = {key: _lies_on(true[key], picked, matching) for key in counted}
    on_true = {key: _lies_on(sheet, true, matching) for key, sheet in picked.items()}
    pairs, split = [], []
    found_by = Counter[int]()
    for key in counted:
        shares = {other: _share(true[key], where) for other, where in on_picked[key].items()}
        finders = [other for other, share in shares.items() if share >= matching.share]
        found_by.update(finders)
        if finders:
            best = max(finders, key=lambda other: shares[other])
            pairs.append((key, best, shares[best]))
        pieces = [other for other in picked if _share(picked[other], on_true[other][key]) >= matching.share]
        if len(pieces) > 1:
            split.append(key)
    false = []
    for key, sheet in picked.items():
        anywhere = np.any([np.zeros(len(sheet.points), bool), *on_true[key].values()], axis=0)
        if _share(sheet, anywhere) < matching.share:
            false.append(key)
    return ObjectScores(
        faults=len(counted),
        picked=len(picked),
        matches=tuple(
            _match(t, p, share, true[t].part(on_picked[t][p]), picked[p].part(on_true[p][t]))
            for t, p, share in pairs
        ),
        false=tuple(false),
        split=tuple(split),
        merged=tuple(key for key, count in found_by.items() if count > 1),
    )


def pool_objects(scores: Sequence[ObjectScores]) -> ObjectScores:
    """Several volumes as one: counts add up, errors are medians over the matches of all.

    Raises:
        DataError: There is nothing to pool.
    """
    if not scores:
        raise DataError("There are no scores to pool.")
    totals = {field.name: getattr(scores[0], field.name) for field in fields(ObjectScores)}
    for each in scores[1:]:
        totals = {name: total + getattr(each, name) for name, total in totals.items()}
    return ObjectScores(**totals)


def strike_dip_difference(first: Orientation, second: Orientation) -> tuple[float, float]:
    """Differences of strike and dip in degrees, each in [0, 90].

    Strikes are compared as lines. Where the two planes dip to opposite sides, their dips add up to the
    difference over the vertical: 85 degrees to the east and 85 to the west are 10 apart.
    """
    turn = abs((first.strike - second.strike + 180.0) % 360.0 - 180.0)
    if turn <= 90.0:
        return turn, abs(first.dip - second.dip)
    apart = 180.0 - first.dip - second.dip
    return 180.0 - turn, min(apart, 180.0 - apart)


def _counts(sheet: Sheet, matching: Matching) -> bool:
    throw = _median(np.abs(sheet.throw).tolist())
    return float(sheet.weights.sum()) >= matching.minimum_size and not throw < matching.minimum_throw


def _lies_on(sheet: Sheet, others: Mapping[int, Sheet], matching: Matching) -> dict[int, NDArray[np.bool_]]:
    """For each other sheet, which points of this one lie on it, bool, (points,)."""
    cosine = math.cos(math.radians(matching.angle))
    answer = {}
    for key, other in others.items():
        near = np.zeros(len(sheet.points), bool)
        if len(other.points):
            low, high = other.points.min(axis=0), other.points.max(axis=0)
            margin = matching.distance
            inside = ((sheet.points >= low - margin) & (sheet.points <= high + margin)).all(axis=1)
            candidates = np.flatnonzero(inside)
            distance, nearest = other.tree.query(
                sheet.points[candidates], distance_upper_bound=matching.distance * (1 + 1e-6)
            )
            reached = np.isfinite(distance)
            candidates, nearest = candidates[reached], np.asarray(nearest)[reached]
            aligned = np.abs((sheet.normals[candidates] * other.normals[nearest]).sum(axis=1))
            near[candidates] = aligned >= cosine
        answer[key] = near
    return answer


def _share(sheet: Sheet, where: NDArray[np.bool_]) -> float:
    total = float(sheet.weights.sum())
    return float(sheet.weights[where].sum()) / total if total else 0.0


def _match(true_id: int, picked_id: int, share: float, true: Sheet, picked: Sheet) -> Match:
    strike, dip = math.nan, math.nan
    if len(picked.points):
        strike, dip = strike_dip_difference(true.orientation, picked.orientation)
    return Match(true_id, picked_id, share, strike, dip, abs(true.typical_throw - picked.typical_throw))


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if math.isfinite(value)]
    return float(np.median(known)) if known else math.nan
