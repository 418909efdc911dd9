import pytest
import torch

from faultpick.prediction.tta import ALL_ATTITUDES, MIRRORED, average


@pytest.fixture
def tile():
    return torch.randn(1, 1, 6, 8, 5, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("attitude", ALL_ATTITUDES)
def test_an_attitude_is_undone(attitude, tile):
    assert torch.equal(attitude.undo(attitude.apply(tile)), tile)


def test_the_attitudes_are_all_different_and_keep_the_vertical_axis(tile):
    square = tile[:, :, :, :6]
    seen = {tuple(attitude.apply(square).flatten().tolist()) for attitude in ALL_ATTITUDES}
    assert len(seen) == 8
    for attitude in ALL_ATTITUDES:
        torch.testing.assert_close(attitude.apply(square).sum(dim=(2, 3)), square.sum(dim=(2, 3)))


def lopsided(x):
    """A network without any symmetry."""
    z = torch.arange(x.shape[2], dtype=x.dtype)[:, None, None]
    y = torch.arange(x.shape[3], dtype=x.dtype)[:, None]
    return torch.sigmoid(x + 0.3 * z - 0.1 * y * x + x.roll(1, 2) - 2 * x.roll(1, 3))


@pytest.mark.parametrize("move", MIRRORED)
def test_four_mirrorings_are_enough_for_a_mirrored_input(move, tile):
    expected = move.apply(average(lopsided, tile, MIRRORED))
    torch.testing.assert_close(average(lopsided, move.apply(tile), MIRRORED), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("move", ALL_ATTITUDES)
def test_a_moved_input_gives_the_moved_result(move, tile):
    expected = move.apply(average(lopsided, tile, ALL_ATTITUDES))
    torch.testing.assert_close(
        average(lopsided, move.apply(tile), ALL_ATTITUDES), expected, atol=1e-6, rtol=0
    )
    if move != ALL_ATTITUDES[0]:
        assert (lopsided(move.apply(tile)) - move.apply(lopsided(tile))).abs().max() > 0.01
