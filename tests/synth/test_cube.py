"""What every cube has in common, whatever the seed, the recipe and the shape."""

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from faultpick.errors import ConfigError
from faultpick.synth import WU2019, synthesize

ARRAYS = ("seismic", "fault", "fault_id", "normal", "throw", "rgt", "faults")


def fingerprint(cube):
    """Hash of labels and coarsely rounded amplitudes, deaf to the last bits of mathematical functions."""
    digest = hashlib.sha256()
    for array in (
        cube.fault_id.astype("<i4"),
        np.rint(8 * cube.seismic).astype("<i2"),
        np.rint(8 * cube.rgt).astype("<i2"),
    ):
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def near_faults(cube):
    """The labels and two voxels around them."""
    return np.asarray(ndimage.binary_dilation(cube.fault, np.ones((3, 3, 3)), iterations=2), dtype=bool)


def test_the_same_seed_gives_the_same_cube():
    once, again = synthesize(5, shape=(32, 32, 32)), synthesize(5, "wu2019-v1", (32, 32, 32))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(once, name), getattr(again, name))
    assert once.period == again.period


def test_another_seed_gives_another_cube():
    prints = {fingerprint(synthesize(seed, shape=(32, 32, 32))) for seed in range(20)}
    assert len(prints) == 20


@pytest.mark.parametrize(
    ("seed", "shape", "expected"),
    [
        (0, (32, 32, 32), "cdb606568147d0c7"),
        (1, (32, 32, 32), "1194d004860fe7a3"),
        (2_000_000, (32, 32, 32), "e2ccb652350146c1"),
        (3, (16, 24, 40), "88e018b92416d3b5"),
        (7, (48, 20, 33), "a3984fc07982120f"),
    ],
)
def test_the_cubes_are_those_that_models_were_trained_on(seed, shape, expected):
    assert fingerprint(synthesize(seed, "wu2019-v1", shape)) == expected


@pytest.mark.parametrize(
    "shape", [(16, 24, 40), (40, 24, 16), (33, 47, 29), (1, 40, 50), (40, 1, 50), (5, 7, 200), (3, 3, 2)]
)
def test_any_shape(shape):
    cube = synthesize(1, shape=shape)
    kinds = {
        "seismic": np.float32,
        "fault": np.uint8,
        "fault_id": np.int32,
        "throw": np.float32,
        "rgt": np.float32,
    }
    for name, kind in kinds.items():
        array = getattr(cube, name)
        assert array.shape == shape
        assert array.dtype == kind
        assert array.flags.c_contiguous
        assert np.isfinite(array).all()
    assert cube.normal.shape == (*shape, 3)
    assert cube.normal.dtype == np.float32


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 40), st.tuples(*[st.integers(2, 24)] * 3))
def test_the_parts_of_a_cube_agree(seed, shape):
    cube = synthesize(seed, shape=shape)
    labelled = cube.fault == 1
    assert set(np.unique(cube.fault)) <= {0, 1}
    np.testing.assert_array_equal(labelled, cube.fault_id > 0)
    assert cube.fault_id.max() <= len(cube.faults)
    length = np.linalg.norm(cube.normal, axis=-1)
    np.testing.assert_allclose(length[labelled], 1, atol=1e-5)
    assert not length[~labelled].any()
    assert not cube.throw[~labelled].any()
    if labelled.any():
        assert np.abs(cube.throw[labelled]).min() >= WU2019.minimum_throw * 0.9999
        slip = cube.faults["slip"][cube.fault_id[labelled] - 1]
        np.testing.assert_array_equal(np.sign(cube.throw[labelled]), np.sign(slip))
    assert cube.seismic.mean(dtype=float) == pytest.approx(0, abs=1e-4)
    assert cube.seismic.std(dtype=float) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_mean_and_deviation(seed):
    seismic = synthesize(seed, shape=(48, 40, 56)).seismic
    assert abs(seismic.mean(dtype=float)) < 1e-5
    assert abs(seismic.std(dtype=float) - 1) < 1e-5


def test_amplitudes_are_as_strong_at_the_faces_as_inside():
    recipe = WU2019.model_copy(update={"period": (7.0, 7.0)})
    cubes = [synthesize(seed, recipe, (16, 16, 96)).seismic for seed in range(120)]
    power = np.mean(np.square(cubes, dtype=float), axis=0)
    inside = power[4:-4, 4:-4, 8:-8].mean()
    for axis, tolerance in ((0, 0.1), (1, 0.1), (2, 0.25)):
        for face in ([0, 1], [-2, -1]):
            assert np.take(power, face, axis).mean() / inside == pytest.approx(1.0, abs=tolerance)


def test_top_and_bottom_look_as_they_would_inside(planted, fault):
    cube = planted(fault(0.0, 80.0, 9.0), shape=(64, 64, 96))
    footwall, hanging_wall = cube.seismic[32, 0], cube.seismic[32, 63]
    assert (cube.rgt[32, 0] == np.arange(96)).all()
    np.testing.assert_allclose(hanging_wall[9:], footwall[:-9], atol=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_geologic_time_grows_downwards_where_folds_are_highest(seed, flat):
    recipe = flat.model_copy(update={"fold_count": (4, 16), "fold_height": (0.3, 0.3), "shear": (0.25, 0.25)})
    cube = synthesize(seed, recipe, (40, 40, 64))
    assert np.diff(cube.rgt, axis=2).min() > 0.5
    assert np.ptp(cube.rgt[:, :, 0]) > 5


@pytest.mark.parametrize("seed", range(6))
def test_geologic_time_grows_downwards_away_from_faults(seed):
    cube = synthesize(seed, shape=(64, 64, 64))
    near = near_faults(cube)
    away = ~(near[:, :, 1:] | near[:, :, :-1])
    assert away.sum() > 50_000
    assert np.mean(np.diff(cube.rgt, axis=2)[away] <= 0) < 1e-3


@pytest.mark.parametrize("seed", range(6))
def test_layers_break_nowhere_but_at_labels(seed):
    cube = synthesize(seed, shape=(64, 64, 64))
    near = near_faults(cube)
    for axis in (0, 1):
        step = np.moveaxis(np.diff(cube.rgt, axis=axis), axis, 0)
        jump = np.abs(step[1:-1] - (step[:-2] + step[2:]) / 2) > 2
        assert jump.sum() > 20
        labelled = np.moveaxis(near, axis, 0)[1:-2]
        assert (jump & ~labelled).sum() < 0.002 * jump.sum()


def test_layers_break_at_labels(flat):
    recipe = flat.model_copy(update={"fault_count": (4, 4), "throw": (6.0, 6.0), "minimum_throw": 5.0})
    breaks, labels = 0, 0
    for seed in range(6):
        cube = synthesize(seed, recipe, (64, 64, 64))
        went_down = np.arange(64) - cube.rgt
        spread = ndimage.maximum_filter(went_down, 5) - ndimage.minimum_filter(went_down, 5)
        labelled = cube.fault == 1
        breaks, labels = breaks + (spread[labelled] > 3.0).sum(), labels + labelled.sum()
    assert labels > 10_000
    assert breaks / labels > 0.98


def test_layers_follow_geologic_time(flat):
    recipe = flat.model_copy(update={"fold_count": (6, 6), "fold_height": (0.2, 0.2), "period": (16.0, 16.0)})
    cube = synthesize(3, recipe, (32, 32, 96))
    trace, time = cube.seismic[0, 0], cube.rgt[0, 0]
    other, other_time = cube.seismic[31, 31], cube.rgt[31, 31]
    assert np.abs(time - other_time).max() > 3
    shared = (other_time > time[0]) & (other_time < time[-1])
    aligned = np.interp(other_time[shared], time, trace)
    assert np.corrcoef(aligned, other[shared])[0, 1] > 0.93
    assert np.corrcoef(trace[shared], other[shared])[0, 1] < 0.9


def test_a_seed_or_shape_that_makes_no_sense_is_refused():
    with pytest.raises(ConfigError, match="negative"):
        synthesize(-1)
    for shape in [(0, 8, 8), (8, 8, 1), (8, 8, -8), (8, 8), (8, 8, 8, 8)]:
        with pytest.raises(ConfigError, match="There is no cube of shape"):
            synthesize(0, shape=shape)
    with pytest.raises(ConfigError, match="did you mean 'wu2019-v1'"):
        synthesize(0, "wu2018", (8, 8, 8))


@pytest.mark.slow
def test_speed():
    synthesize(0)
    seconds = []
    for seed in range(9):
        start = time.process_time()
        synthesize(seed)
        seconds.append(time.process_time() - start)
    assert np.median(seconds) < 0.6
