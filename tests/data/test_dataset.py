from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from faultpick.data.augment import Augmentation
from faultpick.data.cubes import SyntheticCubes
from faultpick.data.dataset import Crops, EpochSampler, random_window
from faultpick.data.surfaces import find_surfaces
from faultpick.errors import DataError
from faultpick.synth import find_recipe

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

    def surfaces(self, index):
        return find_surfaces(self[index][1])

    def name(self, index):
        return str(index)


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


RESAMPLED = PLAIN.model_copy(update={"resampled": 1.0})


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(8, 40), st.integers(8, 40), st.integers(8, 40)),
    st.floats(0.25, 4),
    st.floats(0.25, 4),
    st.integers(0, 1000),
)
def test_a_window_lies_within_its_cube(shape, lateral, vertical, seed):
    wanted = RESAMPLED.model_copy(
        update={"zoom_lateral": (lateral, lateral), "zoom_vertical": (vertical, vertical), "turn": 20.0}
    )
    window = random_window(shape, (8, 8, 8), wanted, np.random.default_rng(seed))
    for positions, side in zip((*window.traces, window.samples), shape, strict=True):
        assert positions.min() > -1e-6
        assert positions.max() < side - 1 + 1e-6
    assert abs(window.turn) <= 20
    assert window.lateral > lateral - 1e-6
    assert window.vertical > vertical - 1e-6
    roomy = min(shape) - 1 > 7 * (np.cos(np.radians(20)) + np.sin(np.radians(20))) / min(lateral, vertical)
    if roomy:
        assert (window.lateral, window.vertical) == pytest.approx((lateral, vertical))


def test_zoomed_crops_show_the_same_earth_with_labels_as_thick():
    cubes = SyntheticCubes([find_recipe("wu2019")], range(2), (48, 48, 48))
    once, zoomed = (
        PLAIN,
        RESAMPLED.model_copy(update={"zoom_vertical": (2.0, 2.0), "zoom_lateral": (2.0, 2.0), "turn": 0.0}),
    )
    share = {}
    for name, augmentation in (("once", once), ("zoomed", zoomed)):
        series = Crops(cubes, (32, 32, 32), augmentation, 0)
        items = [series[number] for number in range(30)]
        assert all(image.shape == label.shape == (1, 32, 32, 32) for image, label in items)
        assert all(set(label.unique().tolist()) <= {0.0, 1.0} for _, label in items)
        share[name] = np.mean([label.mean().item() for _, label in items])
        change = np.mean([image.diff(dim=3).abs().mean().item() for image, _ in items])
        share[f"{name} change"] = change
    # Twice as large: half as many faults in a crop, each as thick as before; amplitudes change half as fast.
    assert share["zoomed"] / share["once"] == pytest.approx(0.5, abs=0.15)
    assert share["zoomed change"] / share["once change"] == pytest.approx(0.5, abs=0.1)


def test_a_share_of_the_crops_is_resampled_and_the_same_ones_each_time():
    half = PLAIN.model_copy(update={"resampled": 0.5, "zoom_vertical": (1.5, 3.0)})
    one, other = crops(augmentation=half), crops(augmentation=half)
    whole = 0
    for number in range(60):
        image, label = one[number]
        assert all(torch.equal(a, b) for a, b in zip((image, label), other[number], strict=True))
        whole += bool((image == image.round()).all())
    assert 15 < whole < 45


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_each_cube_is_made_once_whether_its_crops_are_resampled_or_cut(monkeypatch, share):
    made = []
    from faultpick.data import cubes as module

    def counting(seed, *arguments):
        made.append(seed)
        return synthesize(seed, *arguments)

    synthesize = module.synthesize
    monkeypatch.setattr(module, "synthesize", counting)
    cubes = SyntheticCubes([find_recipe("wu2019")], range(3), (24, 24, 24))
    series = Crops(cubes, (16, 16, 16), PLAIN.model_copy(update={"resampled": share}), 0)
    for number in range(9):
        series[number]
    assert sorted(made) == [0, 1, 2]
    assert cubes.surfaces(0) is cubes.surfaces(0)
