import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from faultpick.blocks import cover
from faultpick.prediction import tiles
from faultpick.prediction.tiles import Axis

axes = st.builds(
    Axis,
    st.integers(1, 90),
    st.integers(0, 20),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.sampled_from([1.0, 1.0, 0.7, 1.5, 3.1]),
)


@given(axes, st.integers(1, 40))
def test_a_tile_holds_its_block_and_a_halo_and_starts_on_the_stride(axis, size):
    whole = tiles.reflected(axis.grid_count, axis.before, axis.total)
    for start in range(0, axis.count, size):
        stop = min(start + size, axis.count)
        window = axis.window(start, stop)
        span, _ = axis.span(start, stop)
        assert span.start % axis.multiple == span.stop % axis.multiple == 0
        np.testing.assert_array_equal(window.sources, whole[span])
        np.testing.assert_array_equal(
            window.sources[window.use], np.arange(window.grid.start, window.grid.stop)
        )
        assert window.use.start >= axis.halo or span.start == 0
        assert window.use.stop <= window.sources.size - axis.halo or span.stop == axis.total


@given(axes, st.integers(1, 40))
def test_the_grid_positions_of_a_block_lie_on_both_sides_of_it(axis, size):
    for start in range(0, axis.count, size):
        stop = min(start + size, axis.count)
        grid = axis.window(start, stop).grid
        assert grid.start <= start * axis.factor + 1e-5
        assert grid.stop - 1 >= (stop - 1) * axis.factor - 1e-5
        assert grid.start >= 0
        assert grid.stop <= axis.grid_count


def test_reflection_reaches_any_distance():
    np.testing.assert_array_equal(tiles.reflected(3, 4, 12), [0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2, 1])
    np.testing.assert_array_equal(tiles.reflected(2, 1, 5), [1, 0, 1, 0, 1])
    np.testing.assert_array_equal(tiles.reflected(1, 3, 8), np.zeros(8))


@settings(max_examples=30, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40)),
    st.integers(8, 30),
    st.integers(3, 6),
    st.sampled_from([1, 2, 4]),
)
def test_a_local_filter_gives_the_same_in_tiles_and_whole(shape, size, halo, multiple):
    volume = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    whole = _filtered(volume, 10_000, 0, multiple)
    np.testing.assert_allclose(_filtered(volume, size, halo, multiple), whole, atol=1e-6)


def _filtered(volume, size, halo, multiple):
    """A box filter of radius 3 that, like a network, sees zeros outside its tile."""
    out = np.full_like(volume, np.nan)
    axes = [Axis(count, halo, multiple) for count in volume.shape]
    for block in cover(volume.shape, (size, size, size)):
        windows = [axis.window(box.start, box.stop) for axis, box in zip(axes, block.box, strict=True)]
        tile = volume[np.ix_(*(window.sources for window in windows))]
        result = ndimage.uniform_filter(tile, 7, mode="constant")
        out[block.box] = result[tuple(window.use for window in windows)]
    return out
