"""Crops cut into slabs: each is what prediction shows a network of so few lines."""

import numpy as np
import pytest
import torch

from faultpick.data.augment import Augmentation
from faultpick.data.slabs import Slab, random_slab, slabs
from faultpick.prediction.tiles import Axis


def batch(count=2, lines=96):
    """Values that tell the crop and the line."""
    line = torch.arange(float(lines))[None, None, :, None, None]
    return (line + 1000 * torch.arange(float(count)).view(count, 1, 1, 1, 1)).expand(-1, -1, -1, 4, 8)


@pytest.mark.parametrize(
    ("lines", "padded", "pieces"),
    [(1, 16, 6), (5, 16, 6), (16, 16, 6), (20, 32, 3), (48, 48, 2), (96, 96, 1)],
)
def test_slabs_fill_the_crop_and_are_padded_to_the_multiple(lines, padded, pieces):
    cut = slabs(batch(), Slab(lines, False), 16)
    assert cut.shape == (2 * pieces, 1, padded, 4, 8)
    for slab in cut[:, 0, :, 0, 0]:
        assert len(slab.unique()) == lines
        assert slab.max() - slab.min() == lines - 1  # neighbours of one crop
        assert slab.diff().abs().max() == (1 if lines > 1 else 0)  # reflected, not repeated


def test_no_more_lines_than_the_crop_has():
    assert slabs(batch(lines=32), Slab(50, False), 16).shape == (2, 1, 32, 4, 8)


@pytest.mark.parametrize("crosslines", [False, True])
def test_image_and_label_are_cut_alike(crosslines):
    image, slab = torch.rand(2, 1, 32, 48, 8), Slab(3, crosslines)
    torch.testing.assert_close(slabs(image > 0.5, slab, 16), slabs(image, slab, 16) > 0.5)


def test_crosslines_are_cut_as_inlines_are():
    image = torch.rand(2, 1, 32, 48, 8)
    across = slabs(image.transpose(2, 3), Slab(5, False), 16).transpose(2, 3)
    torch.testing.assert_close(slabs(image, Slab(5, True), 16), across)


@pytest.mark.parametrize("lines", [1, 2, 7, 16, 19, 32])
def test_a_slab_is_what_prediction_makes_of_so_many_lines(lines):
    seen = Axis(lines, 88, 16, 1.0).window(0, lines).sources
    np.testing.assert_array_equal(slabs(batch(), Slab(lines, False), 16)[0, 0, :, 0, 0], seen)


def test_the_share_and_the_lines_are_those_asked_for():
    rng = np.random.default_rng(0)
    settings = Augmentation(slabs=0.3, slab_lines=(2, 8))
    drawn = [random_slab(settings, rng) for _ in range(4000)]
    some = [slab.lines for slab in drawn if slab is not None]
    assert abs(len(some) / len(drawn) - 0.3) < 0.03
    assert set(some) == set(range(2, 9))
    assert np.mean([lines < 4 for lines in some]) == pytest.approx(np.log(2) / np.log(4.5), abs=0.05)
    assert np.mean([slab.crosslines for slab in drawn if slab is not None]) == pytest.approx(0.5, abs=0.05)
    assert all(random_slab(Augmentation(), rng) is None for _ in range(50))
