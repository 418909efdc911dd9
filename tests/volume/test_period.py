import numpy as np
import pytest

from faultpick.volume import open_volume
from faultpick.volume.period import dominant_period, period_of_traces


def earth(peak, traces=64, samples=256, noise=0.0, seed=0):
    """Sparse random reflectivity under a Ricker wavelet of a peak frequency in cycles per sample."""
    rng = np.random.default_rng(seed)
    time = np.arange(-64, 65)
    square = (np.pi * peak * time) ** 2
    wavelet = (1 - 2 * square) * np.exp(-square)
    reflectivity = rng.standard_normal((traces, samples)) * (rng.random((traces, samples)) < 0.3)
    made = np.array([np.convolve(trace, wavelet, mode="same") for trace in reflectivity])
    return (made + noise * made.std() * rng.standard_normal(made.shape)).astype(np.float32)


@pytest.mark.parametrize("peak", [0.03, 0.05, 0.08, 0.12, 0.2])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_ricker_earths(peak, noise):
    period = period_of_traces(earth(peak, noise=noise))
    assert period == pytest.approx(1 / (1.05 * peak), rel=0.1)


@pytest.mark.parametrize("samples", [40, 100, 130, 600])
def test_any_length_of_trace(samples):
    assert period_of_traces(earth(0.1, samples=samples)) == pytest.approx(9.5, rel=0.12)


def test_trends_and_strong_events_do_not_decide():
    traces = earth(0.1)
    drift = np.linspace(0, 100 * traces.std(), 256, dtype=np.float32)
    assert period_of_traces(traces + drift) == pytest.approx(9.5, rel=0.1)
    traces[0] += 1000 * traces.std() * np.sin(2 * np.pi * 0.3 * np.arange(256), dtype=np.float32)
    assert period_of_traces(traces) == pytest.approx(9.5, rel=0.1)


def test_a_sine():
    wave = np.sin(2 * np.pi * np.arange(256) / 16, dtype=np.float32)
    assert period_of_traces(wave[None]) == pytest.approx(16, rel=0.02)


def test_nothing_to_find():
    assert period_of_traces(np.zeros((4, 256), dtype=np.float32)) is None
    assert period_of_traces(np.ones((4, 5), dtype=np.float32)) is None
    assert period_of_traces(np.ones((0, 256), dtype=np.float32)) is None


def test_a_survey_with_dead_traces_and_bad_samples(tmp_path):
    cube = earth(0.1, traces=30 * 20).reshape(30, 20, 256)
    cube[:10] = 0
    cube[12, :, 5] = np.nan
    assert dominant_period(lambda i, x, t: cube[i, x, t], cube.shape) == pytest.approx(9.5, rel=0.1)
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 50)))
    with open_volume(tmp_path / "a.npy") as volume:
        assert volume.dominant_period() is None
