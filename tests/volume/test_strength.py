import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.volume.strength import trace_strength


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


@pytest.mark.filterwarnings("error")
def test_amplitudes_whose_sums_float32_does_not_hold(block):
    loud = np.float32(3e37) * block
    np.testing.assert_allclose(trace_strength(loud), 3e37 * trace_strength(block).astype(float), rtol=1e-5)
