"""What must not move a pick: the amplitudes' unit and polarity, the direction in which lines are counted."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import KDTree

from faultpick.data import splits
from faultpick.metrics import mask_distances, overlap, tolerant_f1
from faultpick.picks.picking import pick
from faultpick.picks.settings import PickSettings
from faultpick.prediction import predict
from faultpick.synth import synthesize
from faultpick.zoo import load_model

SHARED = Path(__file__).parents[3] / "shared" / "data"
SMALL = PickSettings(min_area=150.0)
OTHERS = {
    "polarity": lambda volume: -volume,
    "inlines": lambda volume: volume[::-1],
    "crosslines": lambda volume: volume[:, ::-1],
}


@pytest.fixture(scope="module")
def model():
    return load_model("unet_res2")


@pytest.fixture(scope="module", params=["synthetic", "field"])
def survey(request):
    """A piece of a survey with faults in it: of a synthetic one, and of a field where there is one."""
    if request.param == "synthetic":
        return synthesize(splits.VALIDATION + 1, shape=(48, 48, 64)).seismic
    if not (SHARED / "f3_slab.npy").exists():
        pytest.skip("no real seismic beside the repository")
    return np.ascontiguousarray(np.load(SHARED / "f3_slab.npy")[:, 160:256, 64:])


@pytest.fixture(scope="module", params=["synthetic", "field"])
def wide(request):
    """Enough faults that one at the edge of being found does not decide."""
    if request.param == "synthetic":
        return synthesize(splits.VALIDATION + 1, shape=(48, 128, 128)).seismic
    if not (SHARED / "f3_slab.npy").exists():
        pytest.skip("no real seismic beside the repository")
    return np.load(SHARED / "f3_slab.npy")


@pytest.fixture(scope="module")
def over_all(survey, model):
    """Its probability over all attitudes."""
    return predict(survey, model, tta="full")


def test_a_few_spikes_leave_the_faults(wide, model):
    spiked = wide.copy()
    spiked[np.random.default_rng(0).random(wide.shape) < 1e-4] *= 1000
    before, after = (predict(volume, model) >= 0.5 for volume in (wide, spiked))
    assert overlap(after, before).iou > 0.9


def changed(survey, model, change, tta):
    """The probability of the changed survey, mirrored back where the change is a mirror."""
    said = predict(np.ascontiguousarray(OTHERS[change](survey)), model, tta=tta)
    return said if change == "polarity" else np.ascontiguousarray(OTHERS[change](said))


def surfaces(probability):
    return [fault.vertices for fault in pick(probability, settings=SMALL).faults]


def apart(one, other):
    """Distance within which 95 % of each of two surfaces lie of the other, in voxels."""
    return max(np.percentile(KDTree(b).query(a)[0], 95) for a, b in ((one, other), (other, one)))


def same_faults(found, expected):
    """Each fault is found once, within two voxels."""
    places = [[apart(one, other) <= 2.0 for other in expected] for one in found]
    return len(found) == len(expected) and (np.array(places).any(axis=0)).all()


@pytest.mark.parametrize("change", OTHERS)
def test_polarity_and_direction_move_no_pick_over_all_attitudes(survey, model, over_all, change):
    here = surfaces(over_all)
    assert len(here) > 0
    assert same_faults(surfaces(changed(survey, model, change, "full")), here)


def test_the_unit_of_the_amplitudes_moves_no_pick_at_all(survey, model, over_all):
    here, there = surfaces(over_all), surfaces(predict(1000 * survey, model, tta="full"))
    assert len(here) == len(there) > 0
    for one, other in zip(here, there, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-3)
    np.testing.assert_allclose(predict(1000 * survey, model), predict(survey, model), atol=1e-4)


@pytest.mark.parametrize("change", OTHERS)
def test_in_one_attitude_most_faults_stay_within_two_voxels(wide, model, change):
    here, there = predict(wide, model) >= 0.5, changed(wide, model, change, False) >= 0.5
    assert here.any()
    assert tolerant_f1(mask_distances(there, here), 2) > 0.8


def test_a_decay_with_depth_does_not_matter(model):
    amplitudes = synthesize(splits.VALIDATION, shape=(64, 64, 96)).seismic
    decayed = amplitudes * np.float32(20.0) ** -np.linspace(0, 1, 96, dtype=np.float32)
    here, there = (predict(each, model) >= 0.5 for each in (amplitudes, decayed))
    assert here.mean() > 0.01
    assert overlap(there, here).iou > 0.97
    assert overlap(there, predict(amplitudes, model, gain=False) >= 0.5).iou > 0.93
    assert overlap(predict(decayed, model, gain=False) >= 0.5, here).iou < 0.9


def test_a_weak_half_and_loud_traces_do_not_matter(model):
    amplitudes = synthesize(splits.VALIDATION, shape=(64, 64, 96)).seismic
    uneven = amplitudes - np.median(amplitudes)
    uneven[:, :30] *= 0.1
    uneven[np.random.default_rng(0).random((64, 64)) < 0.02] *= 20.0
    here, there = (predict(each, model) >= 0.5 for each in (amplitudes, uneven))
    assert overlap(there, here).iou > 0.92
    assert overlap(predict(uneven, model, gain=False) >= 0.5, here).iou < 0.7
