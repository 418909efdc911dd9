import numpy as np
import pytest

from faultpick.volume.noise import noise_share


def earth(noise=0.0, shape=(48, 40, 128), dip=(0.3, -0.8), vertical=0.0, seed=0):
    """Dipping layers of unit variance, a fault across them, and noise of single traces."""
    rng = np.random.default_rng(seed)
    inline, crossline, sample = np.indices(shape).astype(float)
    depth = sample + dip[0] * inline + dip[1] * crossline + 5 * (inline + 0.5 * crossline > 40)
    layers = np.convolve(rng.standard_normal(400), np.hanning(9), mode="same")
    image = np.interp(depth + 100, np.arange(400), layers)
    grain = rng.standard_normal(shape)
    if vertical:
        grain += vertical * (np.roll(grain, 1, axis=2) + np.roll(grain, -1, axis=2))
    return (image / image.std() + noise * grain / grain.std()).astype(np.float32)


def share(cube):
    found = noise_share(lambda *box: cube[box], cube.shape)
    assert found is not None
    return found


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("vertical", [0.0, 0.8])
def test_planted_noise_is_measured(noise, vertical):
    planted = noise**2 / (1 + noise**2)
    assert share(earth(noise, vertical=vertical)) == pytest.approx(planted, abs=0.06)


def test_noise_that_neighbours_have_in_common_does_not_count():
    cube = earth()
    common = np.random.default_rng(1).standard_normal((1, 1, 128)).astype(np.float32)
    assert share(cube + 2 * common) < 0.1


def test_steep_layers_are_no_noise():
    assert share(earth(dip=(2.0, 2.0))) < 0.1


def test_factor_offset_and_sign_do_not_matter():
    cube = earth(1.0)
    for other in (1e5 * cube, cube + 1000, -cube):
        assert share(other) == pytest.approx(share(cube), abs=1e-3)


def test_faint_water_full_of_noise_counts_little():
    cube = earth(0.3)
    cube[..., :60] = 1e-3 * np.random.default_rng(0).standard_normal((48, 40, 60))
    assert share(cube) < 0.2


@pytest.mark.parametrize("loud", [30.0, 1000.0, 1e30])
def test_spikes_are_no_noise_of_the_survey(loud):
    cube = earth(0.5)
    spiked = cube.copy()
    where = np.random.default_rng(2).random(cube.shape) < 3e-4
    spiked[where] *= loud
    assert share(spiked) == pytest.approx(share(cube), abs=0.02)


def test_dead_traces_and_bad_samples_are_passed_over():
    cube = earth(1.0)
    whole = share(cube)
    cube[:20, ::7] = 0
    cube[30, 5:9, 3] = np.nan
    assert share(cube) == pytest.approx(whole, abs=0.06)


@pytest.mark.filterwarnings("error")
def test_signalling_nans_are_passed_over():
    cube = earth(1.0)
    whole = share(cube)
    cube.view(np.uint32)[30, 5:9, 3] = 0x7F800001
    assert share(cube) == pytest.approx(whole, abs=0.06)


@pytest.mark.parametrize("shape", [(1, 40, 60), (40, 1, 60), (5, 4, 3), (3, 3, 1000)])
def test_lines_and_scraps(shape):
    assert 0 <= share(earth(1.0, shape)) <= 1


@pytest.mark.parametrize(
    "cube",
    [np.zeros((20, 20, 30), np.float32), earth(shape=(2, 2, 40)), np.full((4, 4, 9), np.nan, np.float32)],
)
def test_nothing_to_measure(cube):
    assert noise_share(lambda *box: cube[box], cube.shape) is None
