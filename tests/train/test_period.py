import numpy as np
import pytest
from scipy.signal import lfilter

from faultpick.data.augment import Augmentation
from faultpick.data.dataset import Crops
from faultpick.data.surfaces import find_surfaces
from faultpick.train.period import trained_periods

PLAIN = Augmentation(flips=False, quarter_turns=False, polarity=False, gain=0.0, noise=0.0)


class Resonant:
    """Cubes whose traces ring at one period each."""

    def __init__(self, *periods):
        self.periods = periods

    def __len__(self):
        return len(self.periods)

    def __getitem__(self, index):
        if not self.periods[index]:
            return np.zeros((24, 24, 160), np.float16), np.zeros((24, 24, 160), np.uint8)
        pole = 0.93 * np.exp(2j * np.pi / self.periods[index])
        noise = np.random.default_rng(index).standard_normal((24, 24, 200))
        traces = np.asarray(lfilter([1, 0, -1], [1, -2 * pole.real, abs(pole) ** 2], noise))[..., 40:]
        return traces.astype(np.float16), np.zeros(traces.shape, np.uint8)

    def surfaces(self, index):
        return find_surfaces(self[index][1])

    def name(self, index):
        return str(index)


def crops(cubes, **augmentation):
    return Crops(cubes, (16, 16, 64), PLAIN.model_copy(update=augmentation), 0)


def periods(cubes, **augmentation):
    found = trained_periods(crops(cubes, **augmentation))
    assert found is not None
    return found


def test_one_period_is_a_narrow_range_around_it():
    low, high = periods(Resonant(12))
    assert 10 < low <= high < 14


def test_the_range_spans_the_cubes():
    low, high = periods(Resonant(6, 12, 24))
    assert low == pytest.approx(6, rel=0.2)
    assert high == pytest.approx(24, rel=0.25)


def test_zoomed_crops_widen_it():
    zoom = {"resampled": 1.0, "zoom_vertical": (0.5, 2.0), "zoom_lateral": (1.0, 1.0), "turn": 0.0}
    low, high = periods(Resonant(12), **zoom)
    assert low < 8.5
    assert high > 17


def test_crops_without_a_signal_have_no_period():
    assert trained_periods(crops(Resonant(0))) is None
