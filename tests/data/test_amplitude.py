import numpy as np
import pytest
import torch

from faultpick.data import amplitude


def trace(frequency, samples=128, phase=0.0):
    wave = np.cos(2 * np.pi * frequency * np.arange(samples) + np.radians(phase))
    return torch.from_numpy(np.broadcast_to(wave, (1, 3, 4, samples)).astype(np.float32).copy())


@pytest.mark.parametrize("degrees", [-90, 30, 90, 180])
def test_the_phase_is_turned_by_these_degrees(degrees):
    turned = amplitude.filtered(trace(0.1), degrees, 0.0, np.inf)
    middle = slice(32, 96)
    assert torch.allclose(turned[..., middle], trace(0.1, phase=degrees)[..., middle], atol=0.08)


def test_without_phase_or_cut_nothing_changes():
    image = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 3, 4, 50), dtype=np.float32))
    assert torch.allclose(amplitude.filtered(image, 0.0, 0.0, np.inf), image, atol=1e-4)


def test_a_band_is_kept_and_what_is_outside_fades():
    low, inside, high = trace(0.01), trace(0.1), trace(0.3)
    kept = amplitude.filtered(low + inside + high, 0.0, 0.04, 0.2)[..., 32:96]
    kept = kept / kept.std()
    expected = inside[..., 32:96] / inside[..., 32:96].std()
    assert (kept - expected).abs().max() < 0.2


def test_a_blur_widens_a_step_over_the_traces_by_its_deviation_and_leaves_the_samples():
    sides = torch.ones(1, 41, 33, 16)
    sides[:, :20] = -1
    for width in (1.0, 2.0):
        smeared = amplitude.blurred(sides, width)
        assert torch.allclose(smeared, smeared[:, :, :1, :1].expand_as(smeared), atol=1e-5)
        assert smeared.std().item() == pytest.approx(sides.std().item(), rel=1e-4)
        slope = smeared[0, :, 0, 0].diff()
        places = torch.arange(40) + 0.5
        middle = (slope * places).sum() / slope.sum()
        spread = (slope * (places - middle).square()).sum() / slope.sum()
        assert middle.item() == pytest.approx(19.5, abs=0.01)
        assert spread.sqrt().item() == pytest.approx(width, rel=0.02)


def test_gain_curves_are_smooth_and_positive_and_vary_along_their_axes():
    image = torch.ones(1, 24, 20, 64)
    for vertical, lateral in ((0.5, 0.0), (0.0, 0.5)):
        logs = []
        for seed in range(60):
            curve = amplitude.gain_curve(image, vertical, lateral, np.random.default_rng(seed))[0]
            assert (curve > 0).all()
            along, over = curve.log().std(dim=2).max(), curve.log().std(dim=(0, 1)).max()
            assert (along > 1e-3) == (vertical > 0)
            assert (over > 1e-3) == (lateral > 0)
            assert curve.log().diff(dim=2).abs().max() < 0.3
            logs.append(curve.log()[0, 0, 0].item())
        assert 0.35 < np.std(logs) < 0.65


def test_a_part_is_weaker_by_as_much_as_asked_and_the_rest_as_it_was():
    shares = []
    for seed in range(40):
        factor = amplitude.weaker_part(torch.ones(1, 48, 40, 64), 5.0, np.random.default_rng(seed))[0]
        assert 0.2 - 1e-6 <= factor.min() <= factor.max() <= 1 + 1e-6
        assert factor.log().diff(dim=2).abs().max() <= np.log(5) / 2
        shares.append([(factor < 0.25).float().mean().item(), (factor > 0.8).float().mean().item()])
    weak, strong = np.mean(shares, axis=0)
    assert weak > 0.15
    assert strong > 0.35


def test_automatic_gain_evens_loud_and_quiet():
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.standard_normal((1, 6, 6, 128), dtype=np.float32))
    image[..., 64:] *= 0.2
    even = amplitude.automatic_gain(image, 16)
    assert even.std() == pytest.approx(image.std().item(), rel=1e-3)
    assert even[..., 80:].std() / even[..., :48].std() == pytest.approx(1, abs=0.1)
    assert torch.equal(even.sign(), image.sign())


def test_automatic_gain_of_nothing_is_nothing():
    assert not amplitude.automatic_gain(torch.zeros(1, 4, 4, 20), 8).any()


def test_coherent_noise_has_unit_deviation_a_band_and_coherence():
    rng = np.random.default_rng(0)
    noises = [amplitude.coherent_noise((1, 24, 24, 64), rng)[0] for _ in range(30)]
    assert np.mean([noise.var().item() for noise in noises]) == pytest.approx(1, abs=0.1)
    power = sum(torch.fft.rfft(noise, dim=2).abs().square().mean(dim=(0, 1)) for noise in noises)
    assert isinstance(power, torch.Tensor)
    frequency = np.fft.rfftfreq(64)
    band = (frequency > 0.04) & (frequency < 0.25)
    assert power[torch.from_numpy(band)].sum() > 0.8 * power.sum()
    neighbours = np.array([(noise[1:] * noise[:-1]).mean().item() for noise in noises])
    assert neighbours.max() > 0.8
    assert neighbours.min() < 0.5
