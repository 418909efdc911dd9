from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from faultpick.data.augment import Augmentation
from faultpick.data.dataset import Crops, EpochSampler
from faultpick.errors import DataError

PLAIN = Augmentation(flips=False, quarter_turns=False, polarity=False, gain=0.0, noise=0.0)
SHAPE = (10, 12, 14)


class Numbered:
    """Cubes whose amplitudes say which cube and where: exact in float16 below 2048."""

    def __init__(self, count, shape=SHAPE):
        self.count, self.shape = count, shape
        self.asked = []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.asked.append(index)
        places = np.arange(np.prod(self.shape)).reshape(self.shape)
        return places.astype(np.float16), (places % 3 == 0).astype(np.uint8)


def crops(count=5, crop=(4, 5, 6), augmentation=PLAIN, seed=1, **options):
    return Crops(Numbered(count, **options), crop, augmentation, seed)


def test_an_item_is_a_crop_of_image_and_label():
    for number in range(30):
        image, label = crops()[number]
        assert image.shape == label.shape == (1, 4, 5, 6)
        assert image.dtype == label.dtype == torch.float32
        first = image[0, 0, 0, 0].item()
        corner = np.unravel_index(int(first), SHAPE)
        assert all(start + side <= whole for start, side, whole in zip(corner, (4, 5, 6), SHAPE, strict=True))
        box = tuple(slice(start, start + side) for start, side in zip(corner, (4, 5, 6), strict=True))
        places = np.arange(np.prod(SHAPE)).reshape(SHAPE)
        np.testing.assert_array_equal(image[0], places[box])
        np.testing.assert_array_equal(label[0], places[box] % 3 == 0)


def test_crops_reach_every_corner_of_the_cube():
    series = crops()
    corners = {np.unravel_index(int(series[n][0][0, 0, 0, 0]), SHAPE) for n in range(3000)}
    for axis in range(3):
        assert {corner[axis] for corner in corners} == set(range(SHAPE[axis] - (4, 5, 6)[axis] + 1))


@pytest.mark.parametrize("augmentation", [PLAIN, Augmentation()])
def test_an_item_depends_on_its_number_alone(augmentation):
    straight, shuffled = crops(augmentation=augmentation), crops(augmentation=augmentation)
    items = [straight[number] for number in range(12)]
    for number in np.random.default_rng(0).permutation(12):
        for one, other in zip(items[number], shuffled[int(number)], strict=True):
            assert torch.equal(one, other)
    assert len({item[0].sum().item() for item in items}) > 6


def test_another_seed_gives_another_series():
    one, other = crops(seed=1), crops(seed=2)
    assert [one[n][0].sum().item() for n in range(10)] != [other[n][0].sum().item() for n in range(10)]


def test_every_cube_is_visited_once_a_round_in_a_new_order():
    series = crops(count=7)
    for number in range(7 * 4):
        series[number]
    assert isinstance(series.cubes, Numbered)
    rounds = [tuple(series.cubes.asked[start : start + 7]) for start in range(0, 28, 7)]
    assert all(sorted(visited) == list(range(7)) for visited in rounds)
    assert len(set(rounds)) > 1


def test_a_crop_as_large_as_the_cube_is_the_cube():
    image, _ = crops(crop=SHAPE)[0]
    np.testing.assert_array_equal(image[0], np.arange(np.prod(SHAPE)).reshape(SHAPE))


@pytest.mark.parametrize("crop", [(11, 5, 5), (5, 13, 5), (5, 5, 15)])
def test_a_crop_larger_than_the_cube_is_refused(crop):
    with pytest.raises(DataError, match="smaller than the crop"):
        crops(crop=crop)[0]


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 5), st.integers(0, 3))
def test_processes_share_the_batches_of_one(steps, batch, world, epoch):
    shares = [EpochSampler(steps, batch, rank, world) for rank in range(world)]
    alone = EpochSampler(steps, batch * world)
    for sampler in (*shares, alone):
        sampler.set_epoch(epoch)
    whole, parts = list(alone), [list(share) for share in shares]
    assert all(len(part) == len(share) for part, share in zip(parts, shares, strict=True))
    for step in range(steps):
        together = [number for part in parts for number in part[step * batch : (step + 1) * batch]]
        assert together == whole[step * batch * world : (step + 1) * batch * world]


@pytest.mark.parametrize("world", [1, 3])
def test_epochs_follow_each_other_without_gap_or_repeat(world):
    numbers = Counter()
    for rank in range(world):
        sampler = EpochSampler(4, 2, rank, world)
        for epoch in range(3):
            sampler.set_epoch(epoch)
            numbers.update(sampler)
    assert numbers == Counter(range(4 * 2 * world * 3))


def test_worker_processes_change_nothing():
    series = crops(augmentation=Augmentation())
    sampler = EpochSampler(3, 2)
    alone, helped = (
        list(DataLoader(series, batch_size=2, sampler=sampler, num_workers=workers)) for workers in (0, 1)
    )
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])
