from dataclasses import replace

import numpy as np
import pytest

import other_earth
from other_earth import EARTHS, Earth


def test_a_seed_gives_the_same_cube_and_another_seed_another():
    image, label = other_earth.make(Earth(side=32), 5)
    again, other = other_earth.make(Earth(side=32), 5), other_earth.make(Earth(side=32), 6)
    np.testing.assert_array_equal(image, again[0])
    np.testing.assert_array_equal(label, again[1])
    assert not np.array_equal(image, other[0])


def test_layers_are_offset_by_the_throw_across_the_label_and_nowhere_else():
    earth = Earth(side=48, faults=1, throw=(6.0, 6.0), dip=(90.0, 90.0), fold=0.0, slope=0.0)
    image, label = other_earth.make(earth, 1)
    assert (label == label[..., :1]).all()  # the plane is upright
    traces = {trace.tobytes() for trace in image.reshape(-1, 48)}
    one, two = (np.frombuffer(trace, dtype=np.float32) for trace in traces)
    shifted = [np.abs(one[6:] - two[:-6]).max(), np.abs(two[6:] - one[:-6]).max()]
    assert min(shifted) < 1e-4 < max(shifted)
    jumps = (image[1:] != image[:-1]).any(axis=2)
    beside = (label[1:, :, 0] > 0) | (label[:-1, :, 0] > 0)
    assert jumps.any()
    assert not (jumps & ~beside).any()


@pytest.mark.parametrize("name", EARTHS)
def test_every_earth_is_labelled_and_of_unit_strength_before_noise(name):
    image, label = other_earth.make(replace(EARTHS[name], side=48), 2)
    assert image.dtype == np.float32
    assert 0.005 < label.mean() < 0.5
    assert image.std() == pytest.approx(np.hypot(1.0, EARTHS[name].noise), rel=0.1)
