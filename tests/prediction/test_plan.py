import math

import pytest

from faultpick.blocks import cover
from faultpick.errors import ConfigError
from faultpick.prediction import plan
from faultpick.prediction.tiles import Axis


def axes_of(shape, halo=40, multiple=16, factor=1.0):
    inline, crossline, sample = (Axis(count, halo, multiple, factor) for count in shape)
    return inline, crossline, sample


def within(axes, most):
    return lambda size: plan.largest_tile(axes, size) <= most


def work(axes, size):
    shape = tuple(axis.count for axis in axes)
    return sum(plan.tile_voxels(axes, block.starts, block.stops) for block in cover(shape, size))


@pytest.mark.parametrize("shape", [(300, 200, 150), (1024, 1024, 512), (70, 900, 1501), (5000, 3000, 1000)])
@pytest.mark.parametrize("most", [5e6, 25e6, 80e6])
def test_no_tile_is_larger_than_what_fits_and_more_room_means_less_work(shape, most):
    axes = axes_of(shape)
    size = plan.blocks_that_fit(axes, within(axes, most))
    assert size is not None
    blocks = cover(shape, size) if math.prod(shape) < 1e9 else cover(shape, size)[:200]
    assert max(plan.tile_voxels(axes, block.starts, block.stops) for block in blocks) <= most
    assert plan.largest_tile(axes, size) <= most
    larger = plan.blocks_that_fit(axes, within(axes, 2 * most))
    assert larger is not None
    if math.prod(shape) < 1e9:
        assert work(axes, larger) <= work(axes, size)


def test_the_whole_goes_through_at_once_where_it_fits():
    axes = axes_of((200, 150, 100))
    assert plan.blocks_that_fit(axes, within(axes, 4e6)) == (200, 150, 100)


def test_no_blocks_where_not_even_the_smallest_fit():
    axes = axes_of((500, 500, 500))
    smallest = plan.largest_tile(axes, plan.smallest_blocks(axes))
    assert plan.blocks_that_fit(axes, within(axes, smallest - 1)) is None
    assert plan.blocks_that_fit(axes, within(axes, smallest)) == (16, 16, 16)


def test_workers_do_not_wait_for_one_of_them():
    shape = (256, 256, 256)
    axes = axes_of(shape)
    size = plan.blocks_that_fit(axes, within(axes, 3e7), workers=2)
    assert size is not None
    assert len(cover(shape, size)) % 2 == 0


def test_blocks_of_a_scaled_survey_keep_within_the_tile():
    axes = axes_of((300, 300, 300), factor=2.0)
    size = plan.blocks_that_fit(axes, within(axes, 25e6))
    assert size is not None
    assert plan.largest_tile(axes, size) <= 25e6


def test_blocks_for_a_given_side_of_tiles():
    assert plan.blocks_in_tiles_of(axes_of((300, 100, 500)), 208) == (160, 100, 128)
    assert plan.blocks_in_tiles_of(axes_of((300, 300, 300)), 1) == (16, 16, 16)
    with pytest.raises(ConfigError, match="0 voxels"):
        plan.blocks_in_tiles_of(axes_of((300, 300, 300)), 0)
