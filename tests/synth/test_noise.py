import numpy as np
import pytest

from faultpick.synth import synthesize
from faultpick.synth.noise import white_noise


@pytest.mark.parametrize("ratio", [0.0, 0.3, 2.0])
def test_noise_has_the_ratio_to_the_signal_that_was_asked_for(ratio):
    signal = np.random.default_rng(0).standard_normal((40, 40, 40)).astype(np.float32) * 7 + 3
    noise = white_noise(np.random.default_rng(1), signal, ratio)
    assert noise.dtype == np.float32
    assert noise.std() == pytest.approx(7 * ratio, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.15 * ratio)


@pytest.mark.parametrize("ratio", [0.2, 0.8])
def test_white_noise_in_a_cube(flat, ratio):
    clean = synthesize(2, flat, (40, 40, 40)).seismic
    noisy = synthesize(2, flat.model_copy(update={"white_noise": (ratio, ratio)}), (40, 40, 40)).seismic
    assert np.corrcoef(clean.ravel(), noisy.ravel())[0, 1] == pytest.approx(1 / np.hypot(1, ratio), abs=0.01)
    noise = noisy * np.hypot(1, ratio) - clean
    neighbours = [
        np.corrcoef(noise.ravel()[:-1], noise.ravel()[1:])[0, 1]
        for noise in (noise, noise.transpose(2, 1, 0))
    ]
    assert np.abs(neighbours).max() < 0.1


def test_coherent_noise_is_in_the_wavelet_s_band(flat):
    recipe = flat.model_copy(update={"period": (12.0, 12.0), "coherent_noise": (0.5, 0.5)})
    clean = synthesize(2, flat.model_copy(update={"period": (12.0, 12.0)}), (40, 40, 128)).seismic
    noisy = synthesize(2, recipe, (40, 40, 128)).seismic
    assert 0.7 < np.corrcoef(clean.ravel(), noisy.ravel())[0, 1] < 0.97
    power = (np.abs(np.fft.rfft(noisy * np.hanning(128), axis=2)) ** 2).mean(axis=(0, 1))
    assert power[np.fft.rfftfreq(128) > 3 / 12].sum() < 1e-3 * power.sum()
