import numpy as np
import pytest

from faultpick.prediction.gaps import REACH, find_gaps


def whole(shape):
    return slice(0, shape[0]), slice(0, shape[1])


def test_a_survey_without_gaps_and_one_without_traces_have_nothing_to_fill():
    assert find_gaps(np.ones((4, 5), bool)) is None
    assert find_gaps(np.zeros((4, 5), bool)) is None


def test_a_missing_trace_becomes_its_neighbour_and_live_ones_stay():
    live = np.ones((5, 6), bool)
    live[2, 3] = False
    block = np.random.default_rng(0).standard_normal((5, 6, 4)).astype(np.float32)
    block[2, 3] = 0
    gaps = find_gaps(live)
    assert gaps is not None
    filled = gaps.filled(block, whole(live.shape), whole(live.shape))
    neighbours = [block[1, 3], block[3, 3], block[2, 2], block[2, 4]]
    assert any(np.array_equal(filled[2, 3], neighbour) for neighbour in neighbours)
    np.testing.assert_array_equal(filled[live], block[live])


def test_traces_out_of_reach_stay_dead():
    live = np.zeros((1, REACH + 5), bool)
    live[0, 0] = True
    gaps = find_gaps(live)
    assert gaps is not None
    block = np.zeros((1, REACH + 5, 2), np.float32)
    block[0, 0] = 7
    filled = gaps.filled(block, whole(live.shape), whole(live.shape))
    np.testing.assert_array_equal(filled[0, :, 0], [7] * (REACH + 1) + [0] * 4)


@pytest.mark.parametrize("box", [(slice(0, 9), slice(12, 30)), (slice(20, 40), slice(0, 40))])
def test_a_part_is_filled_like_the_whole(box):
    rng = np.random.default_rng(1)
    live = rng.random((40, 40)) < 0.7
    live[25:, 25:] = False
    block = np.where(live[..., None], rng.standard_normal((40, 40, 3)), 0).astype(np.float32)
    gaps = find_gaps(live)
    assert gaps is not None
    read = gaps.wider(box[0], 40), gaps.wider(box[1], 40)
    part = gaps.filled(block[read], read, box)
    np.testing.assert_array_equal(part, gaps.filled(block, whole(live.shape), whole(live.shape))[box])
