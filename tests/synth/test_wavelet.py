import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.synth import synthesize
from faultpick.synth.wavelet import convolve_traces, ricker


@settings(deadline=None)
@given(st.floats(6.0, 60.0))
def test_the_wavelet_is_symmetric_whole_and_without_mean(period):
    wavelet = ricker(period)
    assert wavelet.dtype == np.float32
    assert len(wavelet) % 2 == 1
    np.testing.assert_array_equal(wavelet, wavelet[::-1])
    assert wavelet[len(wavelet) // 2] == wavelet.max() == 1
    assert abs(wavelet[0]) < 1e-4
    assert abs(wavelet.sum()) < 2e-3


@pytest.mark.parametrize("period", [7.0, 12.5, 22.0])
def test_its_spectrum_peaks_at_the_period(period):
    spectrum = np.abs(np.fft.rfft(ricker(period), 4096))
    assert 4096 / np.argmax(spectrum) == pytest.approx(period, rel=0.01)


@pytest.mark.parametrize("period", [7.0, 13.0, 22.0])
def test_a_cube_s_spectrum_peaks_at_its_period(flat, period):
    noisy = flat.model_copy(update={"period": (period, period), "coherent_noise": (30.0, 30.0)})
    cube = synthesize(0, noisy, (32, 32, 256))
    assert cube.period == pytest.approx(period)
    power = (np.abs(np.fft.rfft(cube.seismic * np.hanning(256), axis=2)) ** 2).mean(axis=(0, 1))
    frequency = np.fft.rfftfreq(256)
    assert 1 / frequency[np.argmax(power)] == pytest.approx(period, rel=0.12)
    mean_square = (power * frequency**2).sum() / power.sum()
    assert np.sqrt(1.25 / mean_square) == pytest.approx(period, rel=0.02)  # a Ricker spectrum's second moment


def test_convolution_is_numpy_s():
    rng = np.random.default_rng(0)
    traces = rng.standard_normal((2, 3, 40), dtype=np.float32)
    wavelet = ricker(7.0)
    out = convolve_traces(traces, wavelet)
    assert out.shape == (2, 3, 40 - len(wavelet) + 1)
    for i in range(2):
        for j in range(3):
            np.testing.assert_allclose(out[i, j], np.convolve(traces[i, j], wavelet, "valid"), atol=1e-5)
