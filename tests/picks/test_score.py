from dataclasses import replace

import numpy as np
import pytest

from faultpick.errors import VolumeError
from faultpick.picks import Fault, Picks, Throw
from faultpick.picks.score import score_picks, score_probability, sheet_of, thinned_scores
from faultpick.synth import synthesize
from faultpick.synth.faults import fault_axes
from faultpick.volume.volume import plain_geometry

NAMES = ("thin_tol_f1_1", "thin_tol_f1_2", "thin_tol_f1_3", "thin_tol_iou_2")


def plane_fault(number, fault, shape, throw):
    """The tangent plane of a fault of the earth as a picked fault, cut to the cube."""
    along, down, _ = fault_axes(float(fault["strike"]), float(fault["dip"]))
    steps = np.arange(-2 * max(shape), 2 * max(shape), 2.0)
    points = fault["centre"] + steps[:, None, None] * along + steps[None, :, None] * down
    inside = ((points >= 0) & (points <= np.array(shape) - 1)).all(axis=-1)
    index = np.arange(inside.size).reshape(inside.shape)
    cells = inside[:-1, :-1] & inside[1:, :-1] & inside[:-1, 1:] & inside[1:, 1:]
    a, b, c, d = (each[cells] for each in (index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)]).astype(np.int32)
    sticks = [row[keep].astype(np.float32) for row, keep in zip(points, inside, strict=True) if keep.any()]
    measured = np.full(len(sticks), throw, np.float32)
    measured[::3] = np.nan
    return Fault(
        id=number,
        vertices=points.reshape(-1, 3).astype(np.float32),
        triangles=triangles,
        sticks=sticks,
        strike=float(fault["strike"]),
        dip=float(fault["dip"]),
        area=1.0,
        length=1.0,
        height=1.0,
        mean_probability=0.9,
        minimum_probability=0.5,
        throw=Throw(measured, np.ones_like(measured)),
    )


@pytest.fixture(scope="module")
def cube():
    return synthesize(2, "wu2019", (48, 48, 48))


def test_planes_through_the_faults_of_an_earth_find_them(cube):
    shape = cube.fault.shape
    faults = [
        plane_fault(10 + number, fault, shape, 3.0) for number, fault in enumerate(cube.faults, start=1)
    ]
    picks = Picks(faults, plain_geometry(shape), "voxels")
    scores = score_picks(picks, cube)
    assert scores.faults >= 1
    assert len(scores.matches) == scores.faults
    assert all(match.picked_id == match.true_id + 10 for match in scores.matches)
    assert scores.row()["strike_error"] < 8
    for match in scores.matches:
        true = np.median(cube.throw[cube.fault_id == match.true_id])
        assert match.throw_error == pytest.approx(abs(true - 3), abs=1)


def test_a_stick_without_a_throw_takes_that_of_its_neighbour(cube):
    fault = plane_fault(1, cube.faults[0], cube.fault.shape, 3.0)
    assert (sheet_of(fault).throw == 3.0).all()


def test_without_a_throw_there_is_none_on_the_points(cube):
    fault = plane_fault(1, cube.faults[0], cube.fault.shape, 3.0)
    nowhere = Throw(np.full(len(fault.sticks), np.nan, np.float32), np.zeros(len(fault.sticks), np.float32))
    for throw in (None, nowhere):
        sheet = sheet_of(replace(fault, throw=throw))
        assert len(sheet.points) > 0
        assert np.isnan(sheet.throw).all()


def test_the_label_of_an_earth_is_a_probability_that_finds_its_faults(cube):
    scores = score_probability(cube.fault.astype(np.float32), cube)
    assert len(scores.matches) == scores.faults >= 1
    assert scores.false == ()
    assert scores.row()["strike_error"] < 2
    assert np.isfinite(scores.row()["throw_error"])


def test_a_probability_without_a_fault_misses_all(cube):
    scores = score_probability(np.full(cube.fault.shape, 0.1, np.float32), cube)
    assert scores.faults >= 1
    assert (scores.picked, scores.matches) == (0, ())


def test_bad_probabilities_are_refused_not_scored_as_nothing(cube):
    with pytest.raises(VolumeError, match="NaN"):
        score_probability(np.full(cube.fault.shape, np.nan, np.float32), cube)
    with pytest.raises(VolumeError, match="shape"):
        score_probability(np.ones((16, 16, 16), np.float32), cube)


def test_a_thick_prediction_scores_as_a_thin_one_once_both_are_thinned():
    label = np.zeros((24, 24, 24), np.uint8)
    label[11:13] = 1
    thick = np.zeros(label.shape, np.float32)
    thick[9:15] = np.array([0.5, 0.7, 0.9, 0.9, 0.7, 0.5])[:, None, None]
    assert thinned_scores(label.astype(np.float32), label) == dict.fromkeys(NAMES, 1.0)
    assert thinned_scores(thick, label)["thin_tol_f1_1"] == 1
    aside = np.roll(thick, 3, axis=0)
    scores = thinned_scores(aside, label)
    assert scores["thin_tol_f1_1"] < 0.1
    assert scores["thin_tol_f1_3"] == 1
    assert thinned_scores(0 * thick, label) == dict.fromkeys(NAMES, 0.0)
    assert thinned_scores(0 * thick, 0 * label) == dict.fromkeys(NAMES, 1.0)
