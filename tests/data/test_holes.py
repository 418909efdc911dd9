import numpy as np
import pytest
import torch

from faultpick.data import holes

SHAPE = (1, 20, 24, 30)


def ones():
    return torch.ones(SHAPE), torch.ones(SHAPE)


def test_dead_traces_are_whole_traces_of_about_this_share():
    image = holes.without_traces(ones()[0], 0.3, np.random.default_rng(0))
    assert torch.equal(image, image[..., :1].expand_as(image))
    assert image.mean().item() == pytest.approx(0.7, abs=0.06)


def test_a_box_is_a_box_within_its_size():
    rng = np.random.default_rng(0)
    volumes = []
    for _ in range(50):
        inside = holes.random_box(SHAPE, 0.5, rng)
        places = torch.nonzero(inside[0])
        lengths = places.max(dim=0).values - places.min(dim=0).values + 1
        assert inside.sum() == lengths.prod()
        assert all(length <= side / 2 for length, side in zip(lengths.tolist(), SHAPE[1:], strict=True))
        volumes.append(inside.sum().item())
    assert len(set(volumes)) > 20


def test_a_layer_lies_on_top():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(50):
        inside = holes.random_layer(SHAPE, 0.4, rng)
        assert inside.shape == SHAPE
        assert (inside.diff(dim=3) <= 0).all()
        shares.append(inside.mean().item())
    assert max(shares) > 0.3
    assert min(shares) < 0.15


def test_an_emptied_body_has_no_labels_and_nothing_or_noise():
    rng = np.random.default_rng(0)
    fillings = []
    for _ in range(20):
        inside = holes.random_box(SHAPE, 0.5, rng)
        image, label = holes.emptied(*ones(), inside, rng)
        assert torch.equal(label, 1 - inside)
        assert (image[inside == 0] == 1).all()
        assert not (image[inside > 0] == 1).any()
        fillings.append(image[inside > 0].abs().max().item())
    assert 0 in fillings


def test_noise_in_a_body_is_as_strong_as_the_image_at_most():
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.standard_normal(SHAPE, dtype=np.float32)) * 3
    everywhere = torch.ones(SHAPE)
    deviations = [holes.emptied(image, everywhere, everywhere, rng)[0].std().item() for _ in range(40)]
    assert max(deviations) < 3.2
    assert max(deviations) > 1.5
    assert min(deviations) == 0
