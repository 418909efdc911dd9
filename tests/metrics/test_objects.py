import math
from dataclasses import replace

import numpy as np
import pytest

from faultpick.errors import DataError
from faultpick.metrics import (
    Matching,
    Orientation,
    pool_objects,
    score_objects,
    sheets_from_voxels,
    strike_dip_difference,
)
from faultpick.synth import synthesize


def counts(scores):
    return len(scores.matches), len(scores.false), len(scores.split), len(scores.merged)


def test_the_same_fault_is_found_without_error(plane):
    scores = score_objects({4: plane()}, {9: plane()})
    assert counts(scores) == (1, 0, 0, 0)
    match = scores.matches[0]
    assert (match.true_id, match.picked_id, match.share) == (4, 9, 1)
    assert (match.strike_error, match.dip_error, match.throw_error) == pytest.approx((0, 0, 0), abs=0.01)


@pytest.mark.parametrize(("offset", "found"), [(2.9, True), (3.1, False)])
def test_a_fault_farther_than_the_distance_is_missed_and_false(plane, offset, found):
    true, picked = plane(strike=0, dip=90), plane(strike=0, dip=90, at=(32, 32 + offset, 32))
    assert counts(score_objects({1: true}, {1: picked})) == ((1, 0, 0, 0) if found else (0, 1, 0, 0))
    assert counts(score_objects({1: true}, {1: picked}, Matching(distance=3.5))) == (1, 0, 0, 0)


@pytest.mark.parametrize(("turn", "found"), [(28, True), (32, False)])
def test_a_fault_at_a_wider_angle_is_missed_and_false(plane, turn, found):
    """Everything is within the distance: the angle alone decides."""
    matching = Matching(distance=30)
    true, picked = plane(strike=10, dip=90), plane(strike=10 + turn, dip=90)
    scores = score_objects({1: true}, {1: picked}, matching)
    assert counts(scores) == ((1, 0, 0, 0) if found else (0, 1, 0, 0))
    if found:
        assert scores.matches[0].strike_error == pytest.approx(turn, abs=0.1)


@pytest.mark.parametrize(("end", "found"), [(-3, False), (3, True)])
def test_half_of_a_true_fault_has_to_be_seen(plane, end, found):
    """The pick covers 17 or 23 (and 3 within the distance) of 40 voxels along the strike, none is false."""
    scores = score_objects({1: plane()}, {1: plane(along=(-20, end - 3))})
    assert counts(scores) == (int(found), 0, 0, 0)


@pytest.mark.parametrize(("start", "false"), [(-3, 0), (3, 1)])
def test_a_pick_of_which_most_lies_nowhere_is_false(plane, start, false):
    """Of 40 voxels along the strike, 23 or 17 lie on the true fault."""
    true, picked = plane(along=(start + 3, 60)), plane(down=(-5, 5))
    assert len(score_objects({1: true}, {1: picked}).false) == false


def test_a_fault_picked_in_two_is_split(plane):
    halves = {1: plane(along=(-20, 4)), 2: plane(along=(8, 20))}
    scores = score_objects({5: plane()}, halves)
    assert counts(scores) == (1, 0, 1, 0)
    assert scores.split == (5,)
    assert scores.matches[0].picked_id == 1


def test_two_faults_picked_as_one_are_merged(plane):
    faults = {1: plane(along=(-20, -3)), 2: plane(along=(3, 20))}
    scores = score_objects(faults, {7: plane()})
    assert counts(scores) == (2, 0, 0, 1)
    assert scores.merged == (7,)


def test_crossing_faults_are_two(plane):
    faults = {1: plane(strike=0), 2: plane(strike=60)}
    assert counts(score_objects(faults, faults)) == (2, 0, 0, 0)
    assert counts(score_objects(faults, {1: plane(strike=0)})) == (1, 0, 0, 0)


def test_small_throw_and_scraps_are_neither_missed_nor_false(plane):
    aside = {
        1: plane(),
        2: plane(at=(32, 80, 32), throw=-3.0),
        3: plane(at=(32, 120, 32), along=(-5, 5), down=(-5, 5)),
    }
    picked = {number: sheet for number, sheet in aside.items() if number > 1}
    scores = score_objects(aside, picked, Matching(minimum_throw=5))
    assert (scores.faults, counts(scores)) == (1, (0, 0, 0, 0))
    scores = score_objects(aside, picked, Matching(minimum_size=0))
    assert (scores.faults, counts(scores)) == (3, (2, 0, 0, 0))


def test_a_throw_that_is_not_known_does_not_exclude(plane):
    unknown = plane(throw=math.nan)
    scores = score_objects({1: unknown}, {1: plane()}, Matching(minimum_throw=5))
    assert scores.faults == 1
    assert math.isnan(scores.matches[0].throw_error)
    assert math.isnan(scores.row()["throw_error"])


def test_errors_are_those_of_the_parts_that_lie_on_each_other(plane):
    """The true throw is 8 where the pick is and 2 elsewhere."""
    true = plane(strike=40, dip=60)
    true.throw[: len(true.throw) * 4 // 10] = 2.0
    picked = plane(strike=43, dip=62, along=(-3, 20), throw=7.0)
    match = score_objects({1: true}, {1: picked}).matches[0]
    assert (match.strike_error, match.dip_error) == pytest.approx((3, 2), abs=0.1)
    assert match.throw_error == 1


def test_a_reverse_fault_taken_for_normal_is_wrong_by_both_throws(plane):
    assert score_objects({1: plane(throw=-4)}, {1: plane(throw=4)}).matches[0].throw_error == 8


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((10, 60), (350, 70), (20, 10)),
        ((10, 85), (190, 85), (0, 10)),
        ((10, 85), (185, 80), (5, 15)),
        ((0, 20), (180, 20), (0, 40)),
        ((0, 60), (90, 60), (90, 0)),
    ],
)
def test_strike_and_dip_differ_as_planes_do(first, second, expected):
    for pair in ((first, second), (second, first)):
        assert strike_dip_difference(*(Orientation(*each) for each in pair)) == pytest.approx(expected)


def test_nothing_picked_nothing_true(plane):
    assert counts(score_objects({}, {})) == (0, 0, 0, 0)
    assert counts(score_objects({}, {1: plane()})) == (0, 1, 0, 0)
    scores = score_objects({1: plane()}, {})
    assert (scores.faults, counts(scores)) == (1, (0, 0, 0, 0))
    assert scores.row()["found_share"] == 0
    assert math.isnan(score_objects({}, {}).row()["found_share"])


def test_pooled_counts_add_up_and_errors_are_medians_over_all(plane):
    first = score_objects({1: plane(throw=8)}, {1: plane(throw=9), 2: plane(at=(32, 90, 32))})
    second = score_objects(
        {1: plane(), 2: plane(at=(32, 90, 32))}, {1: plane(throw=13), 2: plane(at=(32, 90, 32))}
    )
    row = pool_objects([first, second]).row()
    assert (row["faults"], row["picked"], row["found"], row["found_share"]) == (3, 4, 3, 1)
    assert row["false_per_cube"] == 0.5
    assert row["throw_error"] == np.median([1, 5, 0])
    with pytest.raises(DataError, match="no scores"):
        pool_objects([])


def test_a_synthetic_earth_against_itself_and_against_its_faults_moved_away():
    cube = synthesize(5, "wu2019", (48, 48, 48))
    true = sheets_from_voxels(cube.fault_id, cube.normal, cube.throw)
    scores = score_objects(true, true)
    assert scores.faults > 0
    assert (len(scores.matches), scores.false, scores.merged) == (scores.faults, (), ())
    assert scores.row()["throw_error"] == 0
    moved = {
        key: replace(sheet, points=sheet.points + np.array([100, 0, 0], np.float32))
        for key, sheet in true.items()
    }
    scores = score_objects(true, moved)
    assert (scores.matches, len(scores.false)) == ((), len(true))
