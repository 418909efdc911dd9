import numpy as np
import pytest

from faultpick.synth import folds, stratigraphy


@pytest.mark.parametrize("sparsity", [0.0, 0.4, 0.8])
def test_reflectivity_is_uniform_but_for_the_share_that_is_zero(sparsity):
    coefficients = stratigraphy.random_reflectivity(np.random.default_rng(0), 20_000, sparsity)
    assert coefficients.shape == (20_000 + 2 * stratigraphy.MARGIN,)
    assert coefficients.dtype == np.float32
    assert np.mean(coefficients == 0) == pytest.approx(sparsity, abs=0.02)
    assert np.abs(coefficients).max() <= 1
    rest = coefficients[coefficients != 0]
    assert rest.std() == pytest.approx(1 / np.sqrt(3), rel=0.03)
    assert abs(np.corrcoef(rest[:-1], rest[1:])[0, 1]) < 0.03


@pytest.mark.parametrize("traces", [(40, 60), (1, 50), (128, 30)])
def test_folds_have_the_height_asked_for(traces):
    field = folds.random_folds(np.random.default_rng(0), traces, 8, 17.0, (10.0, 30.0))
    assert field.shape == (traces[0] + 2 * folds.MARGIN, traces[1] + 2 * folds.MARGIN)
    inside = field[folds.MARGIN : -folds.MARGIN, folds.MARGIN : -folds.MARGIN]
    assert np.ptp(inside) == pytest.approx(17.0, rel=1e-4)
    assert inside.mean() == pytest.approx(0.0, abs=1e-4)


def test_folds_are_smooth():
    field = folds.random_folds(np.random.default_rng(1), (64, 64), 16, 20.0, (10.0, 12.0))
    assert np.abs(np.diff(field, 2, axis=0)).max() < 2.0
    assert np.abs(np.diff(field, axis=0)).max() > 0.1


def test_no_folds_are_flat():
    assert not folds.random_folds(np.random.default_rng(0), (20, 20), 0, 17.0, (10.0, 30.0)).any()
