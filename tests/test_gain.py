import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.gain import Gain, gain_of_traces
from faultpick.volume.strength import FAINT, trace_strength


@pytest.fixture
def block():
    return np.random.default_rng(0).normal(3.0, 2.0, (5, 6, 400)).astype(np.float32)


def test_the_strength_of_a_trace_is_the_mean_distance_of_its_amplitudes_from_their_mean(block):
    np.testing.assert_allclose(trace_strength(block), 2.0 * np.sqrt(2 / np.pi), rtol=0.2)
    short = block[..., :20]
    expected = np.abs(short - short.mean(axis=2, keepdims=True)).mean(axis=2)
    np.testing.assert_allclose(trace_strength(short), expected, rtol=1e-5)


@settings(deadline=None)
@given(scale=st.floats(1e-10, 1e10), seed=st.integers(0, 9))
def test_it_grows_with_the_amplitudes(scale, seed):
    block = np.random.default_rng(seed).standard_normal((2, 3, 40)).astype(np.float32)
    np.testing.assert_allclose(
        trace_strength(block * np.float32(scale)), trace_strength(block) * scale, rtol=1e-4
    )


def test_mutes_and_spikes_change_the_strength_little(block):
    muted = block.copy()
    muted[..., :224] = 0.0
    np.testing.assert_allclose(trace_strength(muted), trace_strength(block), rtol=0.3)
    muted[..., :224] = 1e-6 * block[..., :224]
    np.testing.assert_allclose(trace_strength(muted), trace_strength(block), rtol=0.3)
    block[0, 0, 7] = 1e30
    np.testing.assert_allclose(trace_strength(block)[0, 0], 1.6, rtol=0.2)


def test_a_trace_that_does_not_vary_has_no_strength(block):
    block[0, 0] = 0.0
    block[0, 1] = 7.0
    block[0, 2] = 0.0
    block[0, 2, 30] = 5.0  # nothing but a spike
    np.testing.assert_array_equal(trace_strength(block)[0, :4] > 0, [False, False, False, True])


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
