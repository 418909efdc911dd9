"""What must not move a pick: the amplitudes' unit and polarity, the direction in which lines are counted."""

import numpy as np
import pytest

from faultpick.normalise import normalise_array
from faultpick.prediction import predict
from faultpick.prediction.engine import probabilities
from faultpick.prediction.tta import ALL_ATTITUDES
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
