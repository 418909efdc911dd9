import numpy as np
import pytest

from faultpick.errors import VolumeError
from faultpick.semblance import _dips, discontinuity
from faultpick.synth import WU2019, synthesize

QUIET = WU2019.model_copy(update={"coherent_noise": (0.0, 0.0), "white_noise": (0.0, 0.0)})


@pytest.mark.parametrize("slope", [(0.0, 0.0), (0.4, 0.0), (0.0, -0.3), (0.5, 0.5)])
def test_plane_layers_are_continuous_whatever_their_dip(slope):
    x, y, z = np.meshgrid(np.arange(24), np.arange(28), np.arange(48), indexing="ij")
    layers = np.sin((z - slope[0] * x - slope[1] * y) * (2 * np.pi / 12.0)).astype(np.float32)
    inside = (slice(6, -6), slice(6, -6), slice(12, -12))
    for found, true in zip(_dips(layers), slope, strict=True):
        np.testing.assert_allclose(found[inside], true, atol=0.05)
    assert discontinuity(layers)[inside].max() < 0.05


def test_a_fault_stands_out():
    cube = synthesize(4, QUIET, (48, 48, 64))
    found = discontinuity(cube.seismic)
    assert cube.fault.any()
    assert found[cube.fault == 1].mean() > 3 * found[cube.distance >= 4].mean()


def test_amplitude_and_polarity_change_nothing():
    cube = synthesize(4, QUIET, (24, 24, 32))
    for times in (-1000, 1e-9, 1e30):
        other = discontinuity((times * cube.seismic).astype(np.float32))
        np.testing.assert_allclose(other, discontinuity(cube.seismic), atol=1e-3)
    assert ((discontinuity(cube.seismic) >= 0) & (discontinuity(cube.seismic) <= 1)).all()


def test_nothing_is_continuous_where_there_is_no_signal():
    assert np.isfinite(discontinuity(np.zeros((8, 8, 16), np.float32))).all()


def test_a_single_time_slice_is_refused_and_two_are_not():
    with pytest.raises(VolumeError, match="two samples"):
        discontinuity(np.ones((8, 8, 1), np.float32))
    assert np.isfinite(discontinuity(np.random.default_rng(0).standard_normal((8, 8, 2), np.float32))).all()
