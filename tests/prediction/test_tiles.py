import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from faultpick.prediction import tiles

axes = st.tuples(
    st.integers(1, 90),
    st.integers(1, 64),
    st.integers(0, 12),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.integers(1, 8),
)


@given(axes)
def test_weights_are_a_partition_of_unity_within_the_halo(axis):
    count, size, halo, multiple, ramp = axis
    total = np.zeros(count)
    found = tiles.windows(count, size, halo, multiple, ramp)
    sizes = {window.sources.size for window in found}
    assert len(sizes) == 1
    used_size = sizes.pop()
    assert used_size % multiple == 0
    assert used_size <= max(size, tiles.round_up(2 * halo + ramp + multiple, multiple))
    for window in found:
        assert (window.weights >= 0).all()
        total[window.target] += window.weights
        np.testing.assert_array_equal(
            window.sources[window.use], np.arange(window.target.start, window.target.stop)
        )
        if window is not found[0]:
            assert window.use.start >= halo
        if window is not found[-1]:
            assert window.use.stop <= used_size - halo
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


@given(axes)
def test_windows_start_on_the_grid_and_are_no_more_than_needed(axis):
    count, size, halo, multiple, ramp = axis
    total = tiles.round_up(count, multiple)
    before = (total - count) // 2
    grid = tiles.reflected(count, before, total)
    found = tiles.windows(count, size, halo, multiple, ramp)
    start = 0
    for window in found:
        while not np.array_equal(grid[start : start + window.sources.size], window.sources):
            start += multiple
            assert start < total
    if count <= size - size % multiple:
        assert len(found) == 1


def test_rows_of_tiles_complete_the_lines_one_after_the_other():
    rows = tiles.rows((70, 40, 33), size=32, halo=4, multiple=8)
    assert len(rows) > 1
    complete = 0
    for row in rows:
        assert row.first == complete
        assert row.complete <= row.stop
        assert {tile.inline.target.start for tile in row.tiles} == {row.first}
        assert {tile.inline.target.stop for tile in row.tiles} == {row.stop}
        complete = row.complete
    assert complete == 70


def test_reflection_reaches_any_distance():
    np.testing.assert_array_equal(tiles.reflected(3, 4, 12), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1])
    np.testing.assert_array_equal(tiles.reflected(2, 1, 5), [1, 0, 1, 0, 1])
    np.testing.assert_array_equal(tiles.reflected(1, 3, 8), np.zeros(8))


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40)),
    st.integers(20, 36),
    st.integers(3, 6),
    st.sampled_from([1, 2, 4]),
)
def test_a_local_filter_gives_the_same_in_tiles_and_whole(shape, size, halo, multiple):
    volume = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    whole = _filtered(volume, 10_000, 0, multiple)
    np.testing.assert_allclose(_filtered(volume, size, halo, multiple), whole, atol=1e-6)


def _filtered(volume, size, halo, multiple):
    """A box filter of radius 3 that, like a network, sees zeros outside its tile."""
    out = np.zeros_like(volume)
    for row in tiles.rows(volume.shape, size, halo, multiple):
        for tile in row.tiles:
            block = volume[np.ix_(*(window.sources for window in tile.windows))]
            result = ndimage.uniform_filter(block, 7, mode="constant")
            use = tuple(window.use for window in tile.windows)
            target = tuple(window.target for window in tile.windows)
            out[target] += result[use] * tiles.weights(tile)
    return out
