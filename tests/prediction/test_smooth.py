import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultpick import load_model, synthesize
from faultpick.data import splits
from faultpick.errors import ConfigError, OutputError
from faultpick.metrics import mask_distances, tolerant_f1
from faultpick.prediction import predict, predict_to_file
from faultpick.prediction.smooth import (
    AS_IT_COMES,
    NOISY,
    chosen_smoothing,
    margins,
    parse_smoothing,
    smoothed,
)
from faultpick.prediction.source import source_of
from faultpick.prediction.tiles import Axis
from faultpick.volume import open_volume


@pytest.mark.parametrize("noise", [None, 0.0, NOISY - 0.01])
def test_a_quiet_survey_stays_as_it_comes(noise):
    assert chosen_smoothing("auto", noise) == (AS_IT_COMES, None)


@given(st.floats(NOISY, 1), st.floats(NOISY, 1))
def test_more_noise_is_smoothed_more(one, other):
    (one, other) = sorted((one, other))
    (less, why), (more, _) = chosen_smoothing("auto", one), chosen_smoothing("auto", other)
    assert why is not None
    assert f"{100 * one:.0f} %" in why
    assert 0.5 <= less[0] <= more[0] <= 1.3
    assert less[0] == less[1] > less[2] > 0


def test_what_is_asked_for_is_done():
    assert chosen_smoothing("none", 0.9) == (AS_IT_COMES, None)
    assert chosen_smoothing((1.0, 0.0, 2.0), 0.9) == ((1.0, 0.0, 2.0), None)


def test_smoothing_as_text():
    assert parse_smoothing("auto") == "auto"
    assert parse_smoothing("none") == "none"
    assert parse_smoothing("1, 0.5,0") == (1.0, 0.5, 0.0)
    for text in ("1", "1,2", "a,b,c", ""):
        with pytest.raises(ConfigError, match="no smoothing: write three numbers"):
            parse_smoothing(text)


@pytest.mark.parametrize("wanted", [(-1.0, 0.0, 0.0), (0.0, 0.0, 9.0), (float("nan"), 0.0, 0.0)])
def test_a_smoothing_that_makes_no_sense_is_refused(wanted):
    with pytest.raises(ConfigError, match="choose three numbers from 0 to 8"):
        chosen_smoothing(wanted, None)


def test_a_constant_stays_and_a_spike_spreads_evenly():
    block = np.ones((6, 1, 9), np.float32)
    np.testing.assert_allclose(smoothed(block, (1.0, 1.0, 0.5)), block, rtol=1e-6)
    block = np.zeros((21, 21, 21), np.float32)
    block[10, 10, 10] = 1
    spread = smoothed(block, (1.0, 0.5, 0.0))
    assert spread.sum() == pytest.approx(1)
    np.testing.assert_allclose(spread, spread[::-1, ::-1, ::-1])
    deviations = [np.sqrt((spread * (np.indices(spread.shape)[axis] - 10.0) ** 2).sum()) for axis in range(3)]
    assert deviations == pytest.approx([1.0, 0.5, 0.0], abs=0.05)
    assert margins((1.0, 0.5, 0.0)) == (3, 2, 0)


@pytest.fixture
def noisy():
    cube = synthesize(splits.validation_seeds(3)[2], shape=(64, 64, 64))
    grain = np.random.default_rng(0).standard_normal(cube.seismic.shape)
    seismic = cube.seismic / cube.seismic.std() + 2.5 * grain
    return seismic.astype(np.float32), np.asarray(cube.fault) > 0


def test_parts_of_a_smoothed_source_are_those_of_the_whole(noisy):
    seismic, _ = noisy
    seismic[20:24, 30:50] = 0
    source = source_of(seismic, gain=False).smooth((1.0, 0.8, 0.6))
    axes = Axis(64, 8, 16), Axis(64, 8, 16), Axis(64, 8, 16)
    whole = source.tile(axes, (axes[0].window(0, 64), axes[1].window(0, 64), axes[2].window(0, 64)))
    part = source.tile(axes, (axes[0].window(16, 32), axes[1].window(0, 64), axes[2].window(30, 40)))
    windows = axes[0].window(16, 32), axes[2].window(30, 40)
    np.testing.assert_array_equal(part, whole[windows[0].sources][:, :, windows[1].sources])
    low, high = np.percentile(whole, (1, 99))
    assert (high - low) / 4.65 == pytest.approx(1.0, rel=0.05)
    assert np.abs(whole).max() <= 4


def agreement(one, other):
    return tolerant_f1(mask_distances(one, other), 2)


def test_faults_under_noise_are_found(noisy):
    seismic, fault = noisy
    model = load_model("unet_res2")
    ways = {way: predict(seismic, model, smooth=way) >= 0.5 for way in ("auto", "none")}
    assert agreement(ways["auto"], fault) > agreement(ways["none"], fault) + 0.1
    turned = predict(-1e4 * seismic[::-1] + 5, model, tta="full")[::-1] >= 0.5
    assert agreement(turned, predict(seismic, model, tta="full") >= 0.5) > 0.99


def test_a_file_is_smoothed_as_an_array_is_and_says_so(noisy, tmp_path):
    seismic, _ = noisy
    np.save(tmp_path / "in.npy", seismic)
    said = []
    with open_volume(tmp_path / "in.npy") as volume:
        predict_to_file(volume, "unet_res2", tmp_path / "p.npy", tile=48, exact=True, say=said.append)
        with pytest.raises(KeyboardInterrupt):
            predict_to_file(volume, "unet_res2", tmp_path / "q.npy", tile=48, halo=8, progress=stop)
        with pytest.raises(OutputError, match="smoothing"):
            predict_to_file(
                volume, "unet_res2", tmp_path / "q.npy", tile=48, halo=8, smooth="none", say=said.append
            )
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), predict(seismic, "unet_res2"), atol=2e-3)
    assert [sentence for sentence in said if "noise of single traces" in sentence] == said[:1]


def stop(done, _):
    if done:
        raise KeyboardInterrupt
