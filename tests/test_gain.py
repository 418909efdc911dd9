import numpy as np
import pytest

from faultpick.gain import Gain, gain_of_traces
from faultpick.volume.strength import FAINT


@pytest.fixture
def block():
    return np.random.default_rng(0).normal(3.0, 2.0, (5, 6, 400)).astype(np.float32)


def test_what_is_merged_is_evened_out_up_to_its_edge():
    strength = np.ones((40, 50))
    strength[:, 21:] = 6.0
    np.testing.assert_allclose(
        gain_of_traces(strength) * strength, strength.max() * np.ones((40, 50)), rtol=1e-5
    )


def test_a_loud_trace_is_brought_down_alone():
    strength = np.ones((20, 30))
    strength[4, 5] = 50.0
    expected = np.ones((20, 30))
    expected[4, 5] = 1 / 50
    np.testing.assert_allclose(gain_of_traces(strength), expected, rtol=1e-5)


def test_a_zone_somewhat_dimmer_than_what_is_around_stays_so():
    strength = np.ones((30, 40))
    strength[:, 20:22] = 0.7
    np.testing.assert_allclose(gain_of_traces(strength), np.ones((30, 40)), rtol=1e-5)


def test_next_to_nothing_is_not_made_much_of():
    strength = np.ones((30, 40))
    strength[:10] = 1e-9
    gain = gain_of_traces(strength)
    np.testing.assert_allclose(gain[:10], 1 / FAINT, rtol=1e-5)
    np.testing.assert_allclose(gain[10:], 1.0, rtol=1e-5)


def test_dead_traces_do_not_count():
    strength = np.random.default_rng(1).uniform(0.9, 1.1, (24, 24))
    strength[:, 12:] *= 5.0
    gaps = np.random.default_rng(2).random((24, 24)) < 0.3
    gaps[3:9, 3:9] = True
    with_gaps = gain_of_traces(np.where(gaps, 0.0, strength))
    ratio = with_gaps * strength
    assert ratio[~gaps].std() / ratio[~gaps].mean() < 0.1
    np.testing.assert_array_equal(gain_of_traces(np.zeros((3, 4))), np.ones((3, 4)))


@pytest.mark.parametrize("shape", [(1, 60), (60, 1), (1, 1), (3, 2)])
def test_a_line_and_few_traces_are_evened_out_as_well(shape):
    strength = np.ones(shape)
    strength.flat[strength.size // 2] = 9.0
    np.testing.assert_allclose(
        gain_of_traces(strength) * strength, np.ones(shape) * np.median(strength), rtol=1e-5
    )


def test_a_part_of_a_survey_is_multiplied_by_its_own_factors(block):
    rng = np.random.default_rng(3)
    gain = Gain(rng.random(400).astype(np.float32), rng.random((5, 6)).astype(np.float32))
    box = slice(1, 4), slice(2, 6), slice(50, 90)
    part = block[box].copy()
    gain.apply(part, box)
    np.testing.assert_allclose(part, (block * gain.traces[..., None] * gain.samples)[box], rtol=1e-6)
