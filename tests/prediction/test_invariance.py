"""What must not move a pick: the amplitudes' unit and polarity, the direction in which lines are counted."""

import numpy as np
import pytest

from faultpick.data import splits
from faultpick.metrics import overlap
from faultpick.normalise import normalise_array
from faultpick.prediction import predict
from faultpick.prediction.engine import probabilities
from faultpick.prediction.tta import ALL_ATTITUDES
from faultpick.synth import synthesize
from faultpick.zoo import load_model


@pytest.fixture
def slab(shared):
    """A piece of a field survey, with faults in it."""
    return np.ascontiguousarray(np.load(shared / "f3_slab.npy")[:, 80:176, 64:])


def test_the_unit_of_the_amplitudes_does_not_matter(slab):
    model = load_model("unet_res2")
    picks = predict(slab, model)
    assert (picks > 0.5).mean() > 0.01
    np.testing.assert_allclose(predict(slab * 1000, model), picks, atol=1e-3)


def test_polarity_and_direction_do_not_matter_over_all_attitudes(slab):
    members = [load_model("unet_res2")]
    slab = slab[:, :48, :32]

    def picks(amplitudes):
        return probabilities(members, normalise_array(amplitudes), ALL_ATTITUDES)[0]

    here = picks(slab)
    assert here.max() > 0.3
    np.testing.assert_allclose(picks(-slab), here, atol=2e-3)
    np.testing.assert_allclose(picks(slab[::-1].copy())[::-1], here, atol=2e-3)
    np.testing.assert_allclose(picks(slab[:, ::-1].copy())[:, ::-1], here, atol=2e-3)


def test_with_a_slow_gain_a_decay_with_depth_does_not_matter():
    model = load_model("unet_res2")
    amplitudes = synthesize(splits.VALIDATION, shape=(64, 64, 96)).seismic
    decayed = amplitudes * np.float32(20.0) ** -np.linspace(0, 1, 96, dtype=np.float32)
    here, there = (predict(each, model, gain=True) >= 0.5 for each in (amplitudes, decayed))
    assert here.mean() > 0.01
    assert overlap(there, here).iou > 0.98
    assert overlap(there, predict(amplitudes, model) >= 0.5).iou > 0.93
    assert overlap(predict(decayed, model) >= 0.5, here).iou < 0.9
