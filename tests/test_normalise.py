import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultpick.errors import VolumeError
from faultpick.normalise import CLIP, GAUSSIAN_SPREAD, Normalisation, normalise, normalise_array
from faultpick.volume import open_volume


@pytest.fixture
def cube():
    return np.random.default_rng(3).normal(2.0, 5.0, (12, 14, 40)).astype(np.float32)


def test_gaussian_amplitudes_become_deviations(cube):
    result = normalise_array(cube)
    assert abs(result.mean()) < 0.05
    assert abs(result.std() - 1) < 0.05
    assert result.dtype == np.float32


@given(st.floats(1e-4, 1e6), st.floats(-3.0, 3.0))
def test_scale_and_offset_of_the_amplitudes_do_not_matter(scale, offset):
    cube = np.random.default_rng(3).normal(0.0, 5.0, (6, 7, 40)).astype(np.float32)
    moved = ((cube.astype(np.float64) + offset) * scale).astype(np.float32)
    np.testing.assert_allclose(normalise_array(moved), normalise_array(cube), atol=1e-4)


def test_negated_amplitudes_give_the_negated_result(cube):
    np.testing.assert_allclose(normalise_array(-cube), -normalise_array(cube), atol=1e-6)


def test_spikes_are_clipped_and_move_nothing_else(cube):
    spiked = cube.copy()
    spiked[3, 4, 5] = 1e30
    result = normalise_array(spiked)
    assert result[3, 4, 5] == CLIP
    rest = np.ones(cube.shape, dtype=bool)
    rest[3, 4, 5] = False
    np.testing.assert_allclose(result[rest], normalise_array(cube)[rest], atol=0.02)


def test_dead_traces_come_out_as_zero_and_do_not_count(cube):
    with_dead = np.concatenate([cube, np.zeros_like(cube), np.full_like(cube, -999.25)])
    result = normalise_array(with_dead)
    np.testing.assert_allclose(result[: len(cube)], normalise_array(cube), atol=0.02)
    assert not result[len(cube) :].any()


@pytest.mark.parametrize("shape", [(16, 128, 250), (16, 128, 750), (64, 64, 501)])
def test_the_percentiles_are_those_of_all_depths(shape, monkeypatch):
    """Every n-th sample of a survey whose traces hold a multiple of n would be of few depths."""
    monkeypatch.setattr("faultpick.normalise.LARGEST_SAMPLE", 1 << 12)  # n of 125, 375 and 501
    cube = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    cube[..., : shape[2] // 2 + 5] *= 0.02
    expected = np.diff(np.percentile(cube, (1, 99)))[0]
    assert Normalisation.from_array(cube).scale * GAUSSIAN_SPREAD == pytest.approx(expected, rel=0.1)


def test_a_part_of_a_volume_is_normalised_as_the_whole_is(cube, tmp_path):
    np.save(tmp_path / "cube.npy", cube)
    with open_volume(tmp_path / "cube.npy") as volume:
        normalisation = Normalisation.from_statistics(volume.statistics())
        part = normalise(volume[2:5, 3:9, 10:20], normalisation)
    np.testing.assert_allclose(part, normalise_array(cube)[2:5, 3:9, 10:20], atol=0.02)


def test_a_sparse_image_still_has_a_scale():
    cube = np.zeros((10, 10, 200), dtype=np.float32)
    cube[:, :, 7] = 3.0
    assert normalise_array(cube)[0, 0, 7] == CLIP


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_counted_and_refused(cube, bad):
    cube[1, 2, 3:6] = bad
    with pytest.raises(VolumeError, match="array holds 3 NaN or infinite samples"):
        Normalisation.from_array(cube, "the array")


@pytest.mark.parametrize("value", [0.0, 4.5])
def test_a_constant_volume_is_refused(value):
    with pytest.raises(VolumeError, match="constant"):
        normalise_array(np.full((4, 5, 6), value, dtype=np.float32))


@pytest.mark.parametrize("value", [-999.25, 1e30, -32768.0])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.8])
def test_a_value_that_stands_for_no_data_is_refused(cube, value, share, tmp_path):
    cube[..., : round(share * cube.shape[2]) + 1] = value
    with pytest.raises(VolumeError, match=re.escape(f"the array holds {value:g} in a")):
        Normalisation.from_array(cube, "the array")
    np.save(tmp_path / "in.npy", cube)
    with (
        open_volume(tmp_path / "in.npy") as volume,
        pytest.raises(VolumeError, match="stand for no data"),
    ):
        Normalisation.from_statistics(volume.statistics(), "in.npy")


def test_what_is_cut_off_or_muted_is_no_such_value(cube):
    cube -= cube.mean()
    muted = cube.copy()
    muted[..., : cube.shape[2] * 2 // 3] = 0.0
    limit = 0.3 * cube.std()
    for each in (np.clip(cube, -limit, limit), muted, np.abs(muted)):
        assert normalise_array(each).std() > 0.3


DECAY = np.float32(20.0) ** -np.linspace(0, 1, 160, dtype=np.float32)  # to a twentieth at the bottom


@pytest.fixture
def deep():
    return np.random.default_rng(4).normal(0.0, 5.0, (12, 14, 160)).astype(np.float32)


def test_a_slow_gain_brings_back_what_decays_with_depth(deep):
    evened = normalise_array(deep * DECAY + 7.0, gain=True)
    np.testing.assert_allclose(evened, normalise_array(deep), atol=0.4)
    top, bottom = evened[..., :40].std(), evened[..., -40:].std()
    assert 0.95 < bottom / top < 1.05
    assert normalise_array(deep * DECAY)[..., -40:].std() < 0.3


def test_a_slow_gain_follows_no_single_layer(deep):
    deep[..., 70:90] *= 3
    evened = normalise_array(deep, gain=True)
    assert evened[..., 72:88].std() / evened[..., 30:60].std() > 2


def test_water_and_spikes_do_not_bend_a_slow_gain(deep):
    disturbed = deep * DECAY
    expected = normalise_array(disturbed[..., 40:], gain=True)
    disturbed[..., :40] *= 1e-4
    disturbed[3, 4, 100] = 1e30
    evened = normalise_array(disturbed, gain=True)[..., 40:]
    evened[3, 4, 60] = expected[3, 4, 60] = 0.0
    assert evened[3, 4].std() / expected[3, 4].std() > 0.4
    evened[3, 4] *= expected[3, 4].std() / evened[3, 4].std()
    np.testing.assert_allclose(evened / evened.std(), expected / expected.std(), atol=0.3)


def test_dead_traces_stay_zero_under_a_slow_gain(deep):
    with_dead = np.concatenate([deep * DECAY + 7.0, np.zeros_like(deep)])
    evened = normalise_array(with_dead, gain=True)
    assert not evened[len(deep) :].any()
    np.testing.assert_allclose(evened[: len(deep)], normalise_array(deep * DECAY + 7.0, gain=True), atol=0.2)


@pytest.mark.parametrize("samples", [1, 2, 5])
def test_a_slow_gain_of_few_samples_is_finite(samples):
    cube = np.zeros((3, 4, 5), dtype=np.float32)
    cube[:, :, -samples:] = np.random.default_rng(0).normal(size=(3, 4, samples))
    assert np.isfinite(normalise_array(cube, gain=True)).all()
