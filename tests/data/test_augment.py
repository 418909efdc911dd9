import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from faultpick.data.augment import Augmentation, augment

NOTHING = Augmentation(flips=False, quarter_turns=False, polarity=False, gain=0.0, noise=0.0)
GEOMETRY = NOTHING.model_copy(update={"flips": True, "quarter_turns": True})
EVERYTHING = Augmentation()


def crop(shape=(9, 9, 7)):
    """Different numbers everywhere, and a label that marks one voxel off every axis of symmetry."""
    image = torch.arange(1, 1 + int(np.prod(shape)), dtype=torch.float32).reshape(1, *shape)
    label = torch.zeros_like(image)
    label[0, 2, 3, 5] = 1
    return image, label


def versions(settings, count=200, shape=(9, 9, 7)):
    return [augment(*crop(shape), settings, np.random.default_rng(seed)) for seed in range(count)]


def test_nothing_is_nothing():
    image, label = crop()
    for out_image, out_label in versions(NOTHING, 5):
        assert torch.equal(out_image, image)
        assert torch.equal(out_label, label)


@pytest.mark.parametrize("settings", [GEOMETRY, EVERYTHING.model_copy(update={"noise": 0.0})])
def test_image_and_label_move_together(settings):
    image, label = crop()
    value = image[label == 1].item()
    seen = set()
    for out_image, out_label in versions(settings):
        assert out_label.sum() == 1
        scale = out_image.abs().max() / image.abs().max()
        assert out_image[out_label == 1].abs().item() / scale == pytest.approx(value)
        seen.add(tuple(torch.nonzero(out_label)[0].tolist()))
    assert len(seen) == 8  # the symmetries of a square
    assert {place[3] for place in seen} == {5}  # the vertical axis stays


def test_a_crop_keeps_its_shape():
    out = versions(GEOMETRY, shape=(6, 9, 7))
    assert {image.shape for image, _ in out} == {label.shape for _, label in out} == {(1, 6, 9, 7)}
    assert len({tuple(torch.nonzero(label)[0].tolist()) for _, label in out}) == 4


def test_polarity_changes_the_sign_and_nothing_else():
    image, label = crop()
    signs = []
    for out_image, out_label in versions(NOTHING.model_copy(update={"polarity": True})):
        assert torch.equal(out_label, label)
        assert torch.equal(out_image.abs(), image)
        signs.append(torch.sign(out_image[0, 0, 0, 0]).item())
    assert 0.35 < np.mean(np.array(signs) > 0) < 0.65


def test_gain_multiplies_within_its_range():
    image, label = crop()
    gains = []
    for out_image, out_label in versions(NOTHING.model_copy(update={"gain": 0.5})):
        assert torch.equal(out_label, label)
        ratio = out_image / image
        assert (ratio.max() - ratio.min()).item() < 1e-5
        gains.append(np.log(ratio.mean().item()))
    assert -0.5001 < min(gains) < -0.4
    assert 0.4 < max(gains) < 0.5001


def test_noise_is_added_to_the_image_alone():
    image, label = crop((20, 20, 20))
    deviations = []
    for out_image, out_label in versions(NOTHING.model_copy(update={"noise": 0.4}), shape=(20, 20, 20)):
        assert torch.equal(out_label, label)
        deviations.append((out_image - image).std().item())
    assert 0 < min(deviations) < 0.05
    assert 0.35 < max(deviations) < 0.42


def test_the_same_generator_gives_the_same_version():
    for seed in range(10):
        one, other = (augment(*crop(), EVERYTHING, np.random.default_rng(seed)) for _ in range(2))
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])
    different = {version[0].sum().item() for version in versions(EVERYTHING, 20)}
    assert len(different) == 20


def test_the_crop_handed_in_is_left_alone():
    image, label = crop()
    for seed in range(10):
        augment(image, label, EVERYTHING, np.random.default_rng(seed))
    assert torch.equal(image, crop()[0])
    assert torch.equal(label, crop()[1])


def test_each_part_is_off_unless_asked_for_and_then_draws_nothing():
    """The crops of trainings described before these parts existed stay what they were."""
    image, label = crop()
    rng, before = np.random.default_rng(3), np.random.default_rng(3)
    out, out_label = augment(image, label, EVERYTHING, rng)
    axes = [axis for axis in (1, 2) if before.random() < 0.5]
    turns = int(before.integers(4))
    scale = float(np.exp(before.uniform(-0.3, 0.3))) * (-1 if before.random() < 0.5 else 1)
    noise = torch.from_numpy(before.standard_normal((1, 9, 9, 7), dtype=np.float32))
    expected = image.flip(axes).rot90(turns, (1, 2)) * scale + noise * float(before.uniform(0.0, 0.2))
    assert torch.equal(out, expected)
    assert torch.equal(out_label, label.flip(axes).rot90(turns, (1, 2)))
    assert rng.bit_generator.state == before.bit_generator.state


@pytest.mark.parametrize(
    "part",
    [
        {"phase": 90},
        {"band_pass": 1, "high_cut": (0.12, 0.2)},
        {"blur": 1},
        {"gain_vertical": 0.5},
        {"gain_lateral": 0.5},
        {"weaker": 1},
        {"agc": 1},
        {"coherent_noise": 0.5},
        {"dead_traces": 1, "dead_share": 0.5},
    ],
)
def test_what_changes_amplitudes_leaves_labels(part):
    image, label = crop((12, 12, 32))
    image = (image % 17 - 8) / 5
    settings = NOTHING.model_copy(update=part)
    changed = 0
    for seed in range(5):
        out, out_label = augment(image, label, settings, np.random.default_rng(seed))
        assert torch.equal(out_label, label)
        assert out.shape == image.shape
        assert torch.isfinite(out).all()
        changed += not torch.equal(out, image)
    assert changed == 5


@pytest.mark.parametrize("part", [{"cut_out": 1}, {"mute": 1}])
def test_what_is_taken_out_takes_its_labels(part):
    image = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 12, 12, 20), dtype=np.float32))
    settings = NOTHING.model_copy(update=part)
    for seed in range(5):
        out, label = augment(image, torch.ones_like(image), settings, np.random.default_rng(seed))
        assert 0 < label.mean() < 1
        assert torch.equal(out[label == 1], image[label == 1])
        assert not (out == image)[label == 0].any()


def test_a_share_of_crops_is_a_share():
    settings = NOTHING.model_copy(update={"mute": 0.3})
    label = torch.ones(1, 4, 4, 20)
    hit = [augment(label, label, settings, np.random.default_rng(n))[1].min() == 0 for n in range(300)]
    assert np.mean(hit) == pytest.approx(0.3, abs=0.08)


@pytest.mark.parametrize(
    "wrong",
    [
        {"zoom_vertical": (2.0, 1.0)},
        {"zoom_lateral": (0.1, 1.0)},
        {"high_cut": (0.2, 0.6)},
        {"low_cut": (0.1, 0.0)},
        {"blur_width": (2.0, 1.0)},
        {"blur_width": (0.0, 1.0)},
        {"agc_window": (1, 9)},
        {"agc": 1.5},
        {"turn": 60},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        Augmentation.model_validate(wrong)


def test_the_documented_settings_for_field_data_are_valid():
    text = (Path(__file__).parents[2] / "docs/how-to/train.md").read_text(encoding="utf-8")
    start = text.index("[augmentation]")
    table = tomllib.loads(text[start : text.index("```", start)])["augmentation"]
    settings = Augmentation.model_validate_json(json.dumps(table), strict=True)
    assert settings.resampled > 0
    off = {name for name in ("phase", "band_pass", "agc", "cut_out", "mute") if not getattr(settings, name)}
    assert not off
