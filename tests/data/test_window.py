import numpy as np
import pytest

from faultpick.data.window import Window

SHAPE = (40, 44, 48)


def wave(places, period=16.0):
    return np.sin(2 * np.pi * (places[0] + 0.5 * places[1] + 2 * places[2]) / period).astype(np.float32)


def cube(shape=SHAPE, **options):
    return wave(np.meshgrid(*map(np.arange, shape), indexing="ij"), **options)


def test_a_window_at_the_cubes_own_scale_is_a_crop():
    array = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    window = Window(SHAPE, (8, 9, 10), (11.5, 20.0, 30.5))
    for crop in (window.cubic(array[window.box]), window.linear(array[window.box])):
        np.testing.assert_allclose(crop, array[8:16, 16:25, 26:36], atol=1e-6)


def test_a_quarter_turn_is_that_of_numpy():
    array = np.random.default_rng(0).standard_normal((9, 9, 5)).astype(np.float32)
    window = Window((9, 9, 5), (9, 9, 5), (4.0, 4.0, 2.0), turn=90.0)
    np.testing.assert_allclose(window.linear(array[window.box]), np.rot90(array, -1, (0, 1)), atol=1e-5)


@pytest.mark.parametrize(
    ("lateral", "vertical", "turn"), [(2.0, 1.0, 0.0), (1.0, 3.0, 10.0), (1.3, 0.8, -25.0)]
)
def test_amplitudes_are_those_of_the_place(lateral, vertical, turn):
    window = Window(SHAPE, (16, 14, 18), (19.0, 22.5, 24.0), lateral, vertical, turn)
    u, v, w = np.meshgrid(*(np.arange(side) - (side - 1) / 2 for side in window.crop), indexing="ij")
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    places = ((cos * u - sin * v) / lateral + 19, (sin * u + cos * v) / lateral + 22.5, w / vertical + 24)
    array = cube(period=32.0)
    np.testing.assert_allclose(window.cubic(array[window.box]), wave(places, 32.0), atol=0.02)
    np.testing.assert_allclose(window.linear(array[window.box]), wave(places, 32.0), atol=0.06)


def test_what_the_crop_cannot_show_is_not_aliased_along_the_samples():
    samples = np.broadcast_to(np.sin(2 * np.pi * np.arange(64) / 2.7), (4, 4, 64)).astype(np.float32)
    window = Window((4, 4, 64), (4, 4, 32), (1.5, 1.5, 31.5), vertical=0.5)
    assert window.cubic(samples)[..., 4:-4].std() < 0.15 * samples.std()


def test_the_box_holds_all_that_is_looked_at():
    window = Window(SHAPE, (12, 12, 12), (20.0, 20.0, 20.0), 0.9, 1.1, 20.0)
    array = np.full(SHAPE, np.nan, np.float32)
    array[window.box] = 1.0
    np.testing.assert_allclose(window.cubic(array[window.box]), 1.0, atol=1e-5)
    lengths = [side.stop - side.start for side in window.box]
    assert lengths[2] <= 11 / 1.1 + 2 * 2 + 2


@pytest.mark.parametrize("vertical", [0.25, 0.5, 1.0])
def test_the_ends_of_a_crop_are_what_they_are_within_a_longer_one(vertical):
    cube = np.random.default_rng(0).standard_normal((8, 8, 128)).astype(np.float32)
    short, long = (Window(cube.shape, (4, 4, count), (3.5, 3.5, 63.5), 1.0, vertical) for count in (12, 20))
    np.testing.assert_allclose(
        short.cubic(cube[short.box]), long.cubic(cube[long.box])[..., 4:-4], rtol=1e-5, atol=1e-6
    )
