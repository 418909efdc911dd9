import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from faultpick import losses, models
from faultpick.errors import ConfigError, ModelError
from faultpick.prediction.tta import MODES
from faultpick.train.config import read
from faultpick.train.distill import (
    Distillation,
    DistillConfig,
    distill,
    load_teacher,
    teacher_logit,
    verify_distillation,
    with_generations,
)
from faultpick.train.run import train
from faultpick.train.schema import describe
from faultpick.zoo import load_model, update_card

Runs = Any


@pytest.fixture
def student(tiny) -> Callable[..., DistillConfig]:
    return partial(tiny, DistillConfig)


@pytest.fixture
def teacher(tiny, tmp_path: Path) -> str:
    """A trained network, the path of its weights."""
    config = tiny(name="teacher", budget={"steps": 1}, data={"cubes": 1}, seed=9)
    return str(train(config, tmp_path / "teacher").weights)


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    image = np.random.default_rng(0).standard_normal((30, 26, 28), np.float32)
    image[:4] = 0
    np.save(tmp_path / "survey.npy", image)
    return tmp_path / "survey.npy"


class Constant(nn.Module):
    def __init__(self, logit: float) -> None:
        super().__init__()
        self.value = logit

    def forward(self, x: Tensor) -> Tensor:
        return torch.full_like(x, self.value)


def test_an_ensemble_teaches_its_mean_probability():
    image = torch.zeros(1, 1, 2, 2, 2)
    logits = (2.0, -30.0, 0.5)

    together = teacher_logit([(Constant(logit), 1.0) for logit in logits])(image)

    mean = sum(1 / (1 + math.exp(-logit)) for logit in logits) / 3
    assert torch.allclose(together.sigmoid(), torch.full_like(image, mean), atol=1e-6)
    assert torch.equal(teacher_logit([(Constant(2.0), 1.0)])(image), torch.full_like(image, 2.0))
    far = teacher_logit([(Constant(-200.0), 1.0)] * 2)(image)
    assert torch.allclose(far, torch.full_like(image, -200.0))


class Slope(nn.Module):
    """A network that marks what lies further along the inlines, whatever it sees."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.linspace(-2, 2, x.shape[2])[:, None, None].expand(x.shape).clone()


def test_a_teacher_in_several_attitudes_teaches_their_mean_probability():
    image = torch.randn(2, 1, 4, 6, 5)
    plain = Slope()(image).sigmoid()
    mirrored = teacher_logit([(Slope(), 1.0)], MODES["mirror"])(image).sigmoid()
    assert torch.allclose(mirrored, (plain + plain.flip(2)) / 2, atol=1e-6)
    turned = teacher_logit([(Slope(), 1.0)], MODES["turns"])(image).sigmoid()
    assert torch.allclose(turned, torch.full_like(image, 0.5), atol=1e-6)


def test_the_attitudes_of_a_teacher_are_a_setting(student, teacher: str):
    image = torch.randn(1, 1, 24, 24, 24)
    network = load_model(teacher).network
    plain = load_teacher(student(teacher={"models": (teacher,)}))[0]
    turned = load_teacher(student(teacher={"models": (teacher,), "tta": "turns"}))[0]
    assert not torch.allclose(plain(image), turned(image))
    assert torch.allclose(turned(image), teacher_logit([(network, 1.0)], MODES["turns"])(image), atol=1e-5)
    assert torch.allclose(turned(image).flip(2), turned(image.flip(2)), atol=1e-4)


def test_a_teacher_is_frozen_and_in_the_mode_asked_for(student, teacher: str):
    image = torch.randn(1, 1, 24, 24, 24)
    network = load_model(teacher).network
    with torch.no_grad():
        expected = models.fault_logit(network(image))

    still = load_teacher(student(teacher={"models": (teacher,)}))[0]
    moving = load_teacher(student(teacher={"models": (teacher,), "train_mode": True}))[0]

    assert torch.allclose(still(image), expected)
    assert torch.equal(still(image), still(image))
    assert not still(image).requires_grad
    assert not torch.equal(moving(image), moving(image))


def test_a_slab_has_room_for_student_and_teacher(student, tmp_path: Path):
    made = student(
        teacher={"models": ("unet_res2",)},
        data={"crop": (32, 32, 32)},
        augmentation={"slabs": 1.0, "slab_lines": (1, 8)},
        budget={"steps": 1, "epoch_steps": 1},
    )
    assert models.info(made.network).multiple < models.info("unet_res2").multiple
    (trained,) = distill(made, tmp_path)
    assert trained.steps == 1


def test_a_teacher_says_what_it_would_predict(student, teacher: str):
    image = torch.randn(1, 1, 24, 24, 24)
    uncalibrated = load_teacher(student(teacher={"models": (teacher,)}))[0](image)
    update_card(teacher, temperature=4.0)
    calibrated = load_teacher(student(teacher={"models": (teacher,)}))[0](image)
    assert torch.allclose(calibrated, uncalibrated / 4)


def test_a_student_learns_the_weighted_sum_of_the_terms(student, teacher: str, tmp_path: Path, runs: Runs):
    terms = {"hard": 0.5, "log_probability": 2.0, "temperature_kl": 0.1, "temperature": 4.0}

    (result,) = distill(student(teacher={"models": (teacher,)}, terms=terms), tmp_path / "run")

    for row in runs.rows(tmp_path / "run"):
        parts = (row["hard"], row["log_probability"], row["temperature_kl"])
        assert row["loss"] == pytest.approx(0.5 * parts[0] + 2.0 * parts[1] + 0.1 * parts[2], abs=1e-4)
    assert load_model(result.weights).card.config["teacher"]["models"] == [teacher]
    state = runs.checkpoint(tmp_path / "run")["state_dict"]
    assert {name.split(".")[0] for name in state} == {"network"}


def test_without_a_teacher_s_terms_a_student_is_trained(student, tiny, tmp_path: Path, runs: Runs):
    distill(student(terms={"log_probability": 0}), tmp_path / "student")
    train(tiny(), tmp_path / "plain")

    one, other = (runs.checkpoint(tmp_path / name)["state_dict"] for name in ("student", "plain"))
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_a_student_comes_closer_to_its_teacher(student, teacher: str, tmp_path: Path, runs: Runs):
    config = student(
        budget={"steps": 40, "epoch_steps": 10},
        optimiser={"rate": 0.02},
        teacher={"models": (teacher,)},
        terms={"hard": 0.0},
    )

    distill(config, tmp_path / "run")

    distances = [row["log_probability"] for row in runs.rows(tmp_path / "run")]
    assert distances[-1] < 0.7 * distances[0]


@pytest.fixture
def everything(student, teacher: str, survey: Path) -> DistillConfig:
    return student(
        budget={"steps": 6, "epoch_steps": 2},
        loss={"name": "ce_plus_stochastic_dice"},
        teacher={"models": (teacher,), "train_mode": True},
        terms={"temperature_kl": 0.1, "pseudo_label": 0.3, "consistency": 5.0, "ramp": 0.5},
        unlabelled={"volumes": (survey,), "batch": 1, "confidence": 0.51},
    )


def test_unlabelled_volumes_add_their_terms(everything: DistillConfig, tmp_path: Path, runs: Runs):
    distill(everything, tmp_path / "run")

    for row in runs.rows(tmp_path / "run"):
        assert row["pseudo_label"] > 0
        assert row["consistency"] > 0
    last = runs.rows(tmp_path / "run")[-1]  # the ramp is over there
    weights = everything.terms
    names = ("hard", "log_probability", "temperature_kl", "pseudo_label", "consistency")
    assert last["loss"] == pytest.approx(sum(getattr(weights, name) * last[name] for name in names), abs=1e-4)


def test_a_resumed_distillation_ends_as_if_it_had_never_stopped(
    everything: DistillConfig, tmp_path: Path, runs: Runs
):
    distill(everything, tmp_path / "straight")

    runs.power_cut(7)
    with pytest.raises(runs.PowerCut):
        distill(everything, tmp_path / "cut")
    runs.power_cut(None)
    distill(everything, tmp_path / "cut", resume=True)

    runs.assert_same(tmp_path / "straight", tmp_path / "cut")


def test_only_what_a_teacher_is_sure_of_counts(student, monkeypatch: pytest.MonkeyPatch):
    config = student(
        teacher={"models": ("anything",)},
        terms={"log_probability": 0},
        loss={"name": "cross_entropy"},
        unlabelled={"volumes": ("x",), "confidence": 0.8},
    )
    probability = torch.tensor([0.9, 0.7, 0.3, 0.1, 0.95, 0.5, 0.5, 0.5]).reshape(1, 1, 2, 2, 2)
    live = torch.tensor([1, 1, 1, 1, 0, 1, 1, 1.0]).reshape(1, 1, 2, 2, 2)
    module = Distillation(config, lambda image: torch.logit(probability))
    student_logit = torch.randn(1, 1, 2, 2, 2)
    monkeypatch.setattr(module, "logit", lambda image: student_logit)
    monkeypatch.setattr(module, "of_all", lambda tensor: tensor)

    parts = module._on_unlabelled(probability, probability, live)

    flat = student_logit.flatten()
    expected = losses.cross_entropy(flat[[0, 3]], torch.tensor([1.0, 0.0]))
    assert parts.keys() == {"pseudo_label"}
    assert parts["pseudo_label"] == pytest.approx(expected.item())


def test_generations_teach_each_other(student, teacher: str, tmp_path: Path, runs: Runs):
    config = with_generations(student(teacher={"models": (teacher,)}, budget={"steps": 2}), 2)

    first, second = distill(config, tmp_path / "run")

    assert first.weights == tmp_path / "run" / "generation-1" / "model-g1.safetensors"
    assert second.weights == tmp_path / "run" / "generation-2" / "model-g2.safetensors"
    cards = [load_model(each.weights).card for each in (first, second)]
    assert [card.config["teacher"]["models"] for card in cards] == [[teacher], [str(first.weights)]]
    assert [card.seed for card in cards] == [0, 1]


def test_generations_resume_where_they_stopped(student, teacher: str, tmp_path: Path, runs: Runs):
    config = with_generations(student(teacher={"models": (teacher,)}), 2)
    distill(config, tmp_path / "straight")

    runs.power_cut(5)
    with pytest.raises(runs.PowerCut):
        distill(config, tmp_path / "cut")
    runs.power_cut(None)
    distill(config, tmp_path / "cut", resume=True)

    for name in ("generation-1", "generation-2"):
        runs.assert_same(tmp_path / "straight" / name, tmp_path / "cut" / name)


def test_more_generations_follow_those_that_are_there(student, teacher: str, tmp_path: Path):
    config = student(teacher={"models": (teacher,)}, budget={"steps": 2})
    first, second = distill(with_generations(config, 2), tmp_path)
    before = [each.weights.read_bytes() for each in (first, second)]

    *again, third = distill(with_generations(config, 3), tmp_path, resume=True)

    assert [each.weights.read_bytes() for each in again] == before
    assert load_model(third.weights).card.config["teacher"]["models"] == [str(second.weights)]

    moved = tmp_path.with_name("moved")
    tmp_path.rename(moved)
    tmp_path.mkdir()
    (moved / "teacher").rename(tmp_path / "teacher")  # where the settings name it
    distill(with_generations(config, 3), moved, resume=True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "setting 'teacher.models' is empty: name a model, or set terms.log_probability"),
        (
            {"terms": {"log_probability": 0}, "unlabelled": {"volumes": ("x",)}},
            "setting 'teacher.models' is empty",
        ),
        (
            {"terms": {"log_probability": 0}, "teacher": {"generations": 2}},
            "'teacher.generations': without a",
        ),
        (
            {"teacher": {"models": ("a",)}, "terms": {"consistency": 1}},
            "'terms.consistency' needs unlabelled",
        ),
        (
            {"terms": {"log_probability": 0, "pseudo_label": 0}, "unlabelled": {"volumes": ("x",)}},
            "'unlabelled.volumes' has no use",
        ),
        ({"terms": {"hard": 0, "log_probability": 0}}, "nothing to learn from"),
        ({"teacher": {"models": ("a",)}, "loss": {"name": "dices"}}, "There is no loss 'dices'"),
    ],
)
def test_settings_that_make_no_sense(student, changes: dict[str, Any], says: str):
    with pytest.raises(ConfigError, match=says):
        verify_distillation(student(**changes))


def test_teachers_that_do_not_do(student, teacher: str, tmp_path: Path):
    with pytest.raises(ModelError, match=r"nobody\.safetensors"):
        distill(student(teacher={"models": ("nobody.safetensors",)}), tmp_path / "run")
    with pytest.raises(ModelError, match="takes sides that are multiples of 8, crops have"):
        load_teacher(student(teacher={"models": (teacher,)}, data={"crop": (28, 28, 24)}))
    Path(teacher).write_bytes(Path(teacher).read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        distill(student(teacher={"models": (teacher,)}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_settings_come_from_a_file(tmp_path: Path):
    path = tmp_path / "config.toml"
    text = 'name = "a"\nnetwork = "unet_res2"\n[budget]\nsteps = 3\n[teacher]\nmodels = ["b"]\n[unlabelled]\n'
    path.write_text(text + 'volumes = ["s.sgy"]')

    config = read(path, DistillConfig, verify_distillation)

    assert (config.teacher.models, config.unlabelled.volumes) == (("b",), (Path("s.sgy"),))
    path.write_text(text + "confidance = 0.8")
    with pytest.raises(
        ConfigError, match=r"no setting 'unlabelled\.confidance': did you mean 'confidence'\?"
    ):
        read(path, DistillConfig, verify_distillation)
    path.write_text(text + "confidence = 0.5")
    with pytest.raises(
        ConfigError, match=r"setting 'unlabelled\.confidence' must be greater than 0\.5, not 0\.5\."
    ):
        read(path, DistillConfig, verify_distillation)


def test_the_schema_lists_what_distillation_adds():
    text = describe(DistillConfig)

    assert "models = []  # list of texts\n" in text
    assert "log_probability = 1.0  # number, at least 0\n" in text
    assert "[optimiser]" in text
