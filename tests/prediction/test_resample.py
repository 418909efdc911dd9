import numpy as np
import pytest

from faultpick.prediction.resample import along, from_grid, reach, to_grid
from faultpick.prediction.tiles import Axis

FACTORS = (0.35, 0.7, 1.5, 2.0, 3.3)


def grid_of(count, factor):
    return slice(0, Axis(count, 0, 1, factor).grid_count)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("count", [1, 2, 5, 60])
def test_a_constant_stays_what_it_is_there_and_back(factor, count):
    grid = grid_of(count, factor)
    there = to_grid(grid, reach(grid, factor, count), factor, count)
    back = from_grid(slice(0, count), grid, factor)
    np.testing.assert_allclose(there.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(back.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("factor", FACTORS)
def test_a_slow_wave_is_where_it_was(factor):
    count = 80
    grid = grid_of(count, factor)
    there = to_grid(grid, reach(grid, factor, count), factor, count)
    expected = np.cos(np.arange(grid.stop) / factor / 6)
    inner = slice(int(10 * factor), int((count - 10) * factor))
    np.testing.assert_allclose((there @ np.cos(np.arange(count) / 6))[inner], expected[inner], atol=0.03)


def test_what_a_coarser_grid_cannot_show_is_held_back():
    grid = grid_of(90, 0.5)
    there = to_grid(grid, reach(grid, 0.5, 90), 0.5, 90)
    fast = np.cos(np.pi * 0.8 * np.arange(90))
    assert np.abs((there @ fast)[5:-5]).max() < 0.05
    assert np.abs(fast[::2][5:-5]).max() > 0.9


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("count", [7, 60])
def test_parts_agree_with_the_whole(factor, count):
    samples = np.random.default_rng(0).normal(size=count).astype(np.float32)
    grid = grid_of(count, factor)
    whole = to_grid(grid, reach(grid, factor, count), factor, count) @ samples
    for start in range(0, grid.stop, 3):
        part = slice(start, min(start + 3, grid.stop))
        near = reach(part, factor, count)
        found = to_grid(part, near, factor, count) @ samples[near]
        np.testing.assert_allclose(found, whole[part], atol=1e-5)


def test_each_axis_has_its_matrix():
    block = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype(np.float32)
    matrix = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float32)
    found = along(block, (None, matrix, None))
    assert found.shape == (2, 3, 6, 5)
    np.testing.assert_allclose(found, np.einsum("nixs,kx->niks", block, matrix), rtol=1e-5)
