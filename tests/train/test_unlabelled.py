from pathlib import Path

import numpy as np
import pytest
import torch

from faultpick.data.augment import Augmentation
from faultpick.errors import DataError, VolumeError
from faultpick.prediction.source import source_of
from faultpick.train.unlabelled import UnlabelledCrops
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume

STILL = Augmentation(flips=False, quarter_turns=False, polarity=False, gain=0, noise=0)
CROP = (8, 8, 16)


def write_volume(
    path: Path, shape: tuple[int, int, int] = (12, 20, 24), live: np.ndarray | None = None
) -> np.ndarray:
    image = np.random.default_rng(0).standard_normal(shape, np.float32)
    if live is not None:
        image[~live] = 0
    inlines, crosslines = (np.arange(100, 100 + side, dtype=np.int32) for side in shape[:2])
    geometry = Geometry(inlines, crosslines, SampleAxis(0, 4, shape[2], "ms"), live=live)
    with create_volume(path, geometry) as writer:
        writer.write(0, image)
    return image


@pytest.mark.parametrize("suffix", [".npy", ".sgy"])
def test_crops_are_parts_of_what_a_prediction_sees_around_live_traces(tmp_path: Path, suffix: str):
    live = np.ones((12, 20), bool)
    live[:, 10:] = False
    path = tmp_path / f"survey{suffix}"
    write_volume(path, live=live)
    with open_volume(path) as volume:
        whole = torch.from_numpy(
            source_of(volume, gain=True).filled(slice(0, 12), slice(0, 20), slice(0, 24))
        )
    assert (whole != 0).any(2).all()

    crops = UnlabelledCrops((path,), CROP, STILL, seed=1)

    places = set()
    windows = whole.unfold(0, 8, 1).unfold(1, 8, 1).unfold(2, 16, 1)
    for index in range(6):
        augmented, clean, alive = crops[index]
        assert augmented.shape == clean.shape == alive.shape == (1, *CROP)
        assert torch.equal(augmented, clean)
        near = ((windows - clean[0]).abs().amax((3, 4, 5)) < 0.1).nonzero()
        assert len(near) == 1
        inline, crossline, sample = near[0].tolist()
        places.add((inline, crossline, sample))
        expected = torch.from_numpy(live[inline : inline + 8, crossline : crossline + 8])
        assert torch.equal(alive[0].bool(), expected[:, :, None].expand(CROP))
        assert alive.any()
    assert len(places) > 1


def test_a_crop_is_the_same_whenever_it_is_asked_for(tmp_path: Path):
    for name in ("a.npy", "b.npy"):
        write_volume(tmp_path / name)
    paths = (tmp_path / "a.npy", tmp_path / "b.npy")
    augmentation = Augmentation.model_validate({})

    first, second = (UnlabelledCrops(paths, CROP, augmentation, seed=1) for _ in range(2))

    second[3]
    assert all(torch.equal(one, other) for one, other in zip(first[7], second[7], strict=True))
    assert not torch.equal(first[7][0], first[7][1])
    other = UnlabelledCrops(paths, CROP, augmentation, seed=2)
    assert not torch.equal(first[7][0], other[7][0])


def test_crops_and_the_slabs_of_a_step_are_drawn_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_volume(tmp_path / "a.npy")
    crops = UnlabelledCrops((tmp_path / "a.npy",), CROP, STILL, seed=1)
    draw, seeds = np.random.default_rng, []
    monkeypatch.setattr(np.random, "default_rng", lambda seed: seeds.append(seed) or draw(seed))
    crops[5]
    random_slab_of_step_5 = (1, 2, 5)
    assert seeds
    assert random_slab_of_step_5 not in seeds


def test_clean_and_augmented_are_turned_alike(tmp_path: Path):
    write_volume(tmp_path / "a.npy")
    turns = Augmentation(flips=True, quarter_turns=True, polarity=False, gain=0, noise=0)
    crops = UnlabelledCrops((tmp_path / "a.npy",), CROP, turns, seed=1)
    still = UnlabelledCrops((tmp_path / "a.npy",), CROP, STILL, seed=1)

    pairs = [(crops[index], still[index]) for index in range(8)]

    assert all(torch.equal(augmented, clean) for (augmented, clean, _), _ in pairs)
    assert any(not torch.equal(turned[1], plain[1]) for turned, plain in pairs)


def test_what_is_cut_out_of_a_crop_is_left_to_the_teacher(tmp_path: Path):
    write_volume(tmp_path / "a.npy")
    holes = STILL.model_copy(update={"cut_out": 1.0})
    cut = UnlabelledCrops((tmp_path / "a.npy",), CROP, holes, seed=1)
    whole = UnlabelledCrops((tmp_path / "a.npy",), CROP, STILL, seed=1)
    for index in range(4):
        (augmented, clean, live), (_, expected, _) = cut[index], whole[index]
        assert torch.equal(clean, expected)
        assert 0 < live.mean() < 1
        assert torch.equal(augmented[live > 0], clean[live > 0])


def test_volumes_that_do_not_do(tmp_path: Path):
    augmentation = Augmentation.model_validate({})
    write_volume(tmp_path / "small.npy", (12, 20, 10))
    with pytest.raises(DataError, match=r"small\.npy of shape \(12, 20, 10\) is smaller than the crop"):
        UnlabelledCrops((tmp_path / "small.npy",), CROP, augmentation, seed=1)
    np.save(tmp_path / "flat.npy", np.ones((12, 20, 24), np.float32))
    with pytest.raises(VolumeError, match=r"flat\.npy is constant"):
        UnlabelledCrops((tmp_path / "flat.npy",), CROP, augmentation, seed=1)
    with pytest.raises(VolumeError, match=r"none\.npy"):
        UnlabelledCrops((tmp_path / "none.npy",), CROP, augmentation, seed=1)
