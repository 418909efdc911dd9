import pytest
import torch
from torch import nn

from faultpick.errors import ConfigError
from faultpick.prediction.tta import (
    ALL_ATTITUDES,
    AS_IT_IS,
    MIRRORED,
    MODES,
    TURNED,
    Attitude,
    attitudes_of,
    over_attitudes,
)


@pytest.fixture
def tile():
    return torch.randn(1, 1, 6, 8, 5, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("attitude", ALL_ATTITUDES)
def test_where_a_voxel_lies_is_undone_and_what_is_said_of_it_keeps_its_sign(attitude, tile):
    sign = -1 if attitude.negated else 1
    assert torch.equal(attitude.undo(attitude.apply(tile)), sign * tile)


def test_modes_have_1_4_8_and_16_different_attitudes_each_with_those_of_the_one_before(tile):
    square = tile[:, :, :, :6]
    seen = [{tuple(a.apply(square).flatten().tolist()) for a in attitudes} for attitudes in MODES.values()]
    assert [len(each) for each in seen] == [1, 4, 8, 16]
    assert seen[0] < seen[1] < seen[2] < seen[3]


def test_the_vertical_axis_stays(tile):
    for attitude in TURNED:
        torch.testing.assert_close(attitude.apply(tile).sum(dim=(2, 3)), tile.sum(dim=(2, 3)))


def lopsided(x):
    """A network without any symmetry."""
    z = torch.arange(x.shape[2], dtype=x.dtype)[:, None, None]
    y = torch.arange(x.shape[3], dtype=x.dtype)[:, None]
    return torch.sigmoid(x + 0.3 * z - 0.1 * y * x + x.roll(1, 2) - 2 * x.roll(1, 3))


def turned_only(move, result):
    """What becomes of a network's result when its input is moved: it is turned alike, not negated."""
    return Attitude(move.quarter_turns, move.mirrored).apply(result)


@pytest.mark.parametrize("reduce", ["mean", "max"])
@pytest.mark.parametrize(
    ("attitudes", "move"),
    [(attitudes, move) for attitudes in (MIRRORED, TURNED, ALL_ATTITUDES) for move in attitudes],
)
def test_a_moved_input_gives_the_moved_result(attitudes, move, reduce, tile):
    straight = over_attitudes(lopsided, tile, attitudes, reduce)
    moved = over_attitudes(lopsided, move.apply(tile), attitudes, reduce)
    torch.testing.assert_close(moved, turned_only(move, straight), atol=1e-6, rtol=0)
    if move != Attitude():
        assert (lopsided(move.apply(tile)) - turned_only(move, lopsided(tile))).abs().max() > 0.01


@pytest.mark.parametrize("reduce", ["mean", "max"])
@pytest.mark.parametrize("mode", MODES)
def test_a_network_with_all_the_symmetries_is_unchanged(mode, reduce, tile):
    kernel = nn.Conv3d(1, 1, 3, padding=1, bias=False)
    one = torch.randn(1, 1, 3, 3, 3)
    with torch.no_grad():
        kernel.weight.copy_(torch.stack([a.apply(one) for a in TURNED]).mean(0))

    def symmetric(x):
        return torch.sigmoid(kernel(x).abs())

    with torch.no_grad():
        result = over_attitudes(symmetric, tile, MODES[mode], reduce)
        torch.testing.assert_close(result, symmetric(tile), atol=1e-6, rtol=0)


def test_the_maximum_is_nowhere_below_the_mean_and_somewhere_above(tile):
    mean = over_attitudes(lopsided, tile, ALL_ATTITUDES, "mean")
    largest = over_attitudes(lopsided, tile, ALL_ATTITUDES, "max")
    assert (largest >= mean - 1e-6).all()
    assert (largest > mean + 0.1).any()
    assert torch.equal(over_attitudes(lopsided, tile, AS_IT_IS, "max"), lopsided(tile))


def test_true_is_the_four_mirrorings_and_unknown_words_are_refused(tile):
    assert attitudes_of(True) == attitudes_of("mirror") == MIRRORED
    assert attitudes_of(False) == attitudes_of("none") == AS_IT_IS
    with pytest.raises(ConfigError, match="did you mean 'mirror'"):
        attitudes_of("mirrors")
    with pytest.raises(ConfigError, match="choose mean or max"):
        over_attitudes(lopsided, tile, MIRRORED, "median")  # pyright: ignore[reportArgumentType]
