import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from torch import nn

from faultpick import calibration, models
from faultpick.calibration import calibrate, validation_cubes
from faultpick.data import splits
from faultpick.errors import ConfigError
from faultpick.metrics.curves import calibration_error
from faultpick.models import ModelInfo
from faultpick.prediction import predict
from faultpick.view.reliability import draw_reliability
from faultpick.zoo import Card, LoadedModel, load_model, save_model

SURENESS = 3.0


@pytest.fixture(autouse=True)
def as_it_comes(monkeypatch):
    """Volumes here are nothing but noise, which would be smoothed away."""
    monkeypatch.setattr("faultpick.prediction.survey.noise_share", lambda *_: 0.0)


class Sure(nn.Module):
    """Its logit is the amplitude times a number."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return SURENESS * image


def sure(**card) -> LoadedModel:
    info = ModelInfo("sure", Sure, multiple=1, exact_tiles=True, paper="")
    return LoadedModel(Sure(), Card(name="sure", network="sure", **card), info, torch.device("cpu"))


def cubes(count=4, sureness=1.0):
    """A voxel is fault with the probability whose logit is its amplitude times `sureness`."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        image = rng.standard_normal((24, 24, 24), dtype=np.float32)
        yield image, (rng.random(image.shape) < 1 / (1 + np.exp(-sureness * image))).astype(np.uint8)


def test_the_temperature_takes_back_what_the_model_is_too_sure_of():
    found = calibrate(sure(), cubes())
    assert found.temperature == pytest.approx(SURENESS, rel=0.05)
    assert calibration_error(found.before) > 0.1
    assert calibration_error(found.after) < 0.015
    assert found.before.voxels.sum() == 2 * 24**3  # every other cube


def test_a_model_may_also_be_too_unsure():
    assert calibrate(sure(), cubes(sureness=6.0)).temperature == pytest.approx(0.5, rel=0.08)


def test_a_temperature_found_before_is_left_aside():
    assert calibrate(sure(temperature=5.0), cubes()).temperature == calibrate(sure(), cubes()).temperature


def test_what_was_before_is_what_the_card_says():
    once = calibrate(sure(), cubes())
    again = calibrate(sure(temperature=once.temperature), cubes())
    assert calibration_error(again.before) == pytest.approx(calibration_error(once.after), abs=1e-4)


def test_traces_without_amplitudes_count_for_nothing():
    def with_dead_traces():
        for image, fault in cubes():
            image[:6] = 0.0
            yield image, fault

    found = calibrate(sure(), with_dead_traces())
    assert found.temperature == pytest.approx(SURENESS, rel=0.08)
    assert found.before.voxels.sum() == 2 * 18 * 24**2


def test_the_threshold_moves_so_that_the_same_voxels_pass():
    model = sure(threshold=0.8)
    found = calibrate(model, cubes())
    image, _ = next(iter(cubes(1)))
    calibrated = sure(threshold=found.threshold, temperature=found.temperature)
    passing = [predict(image, each) >= each.card.threshold for each in (model, calibrated)]
    assert np.mean(passing[0] != passing[1]) < 0.002
    assert found.threshold < 0.7
    assert calibrate(sure(), cubes()).threshold == 0.5
    assert calibrate(sure(threshold=0.9995), cubes(sureness=9.0)).threshold == 0.999  # a card takes no 1


def test_prediction_divides_the_logit_by_the_temperature():
    image, _ = next(iter(cubes(1)))
    hot, plain = predict(image, sure(temperature=2.0)), predict(image, sure())
    logit = np.log(plain.astype(np.float64)) - np.log1p(-plain.astype(np.float64))
    np.testing.assert_allclose(hot, 1 / (1 + np.exp(-logit / 2)), atol=1e-4)


def test_a_single_cube_or_cubes_without_faults_are_refused():
    with pytest.raises(ConfigError, match="two cubes"):
        calibrate(sure(), cubes(1))
    with pytest.raises(ConfigError, match="no fault"):
        calibrate(sure(), ((image, np.zeros_like(fault)) for image, fault in cubes(2)))


def test_cubes_to_calibrate_on_are_of_the_trainings_recipe_and_validation_seeds(monkeypatch):
    asked = []

    def synthesize(seed, recipe):
        asked.append((seed, recipe.name))
        return SimpleNamespace(seismic=None, fault=None)

    monkeypatch.setattr(calibration, "synthesize", synthesize)
    card = Card(name="a", network="a", config={"data": {"recipe": "field", "folder": None}})
    assert len(list(validation_cubes(card, 3))) == 3
    assert asked == [(splits.VALIDATION + number, "field") for number in range(3)]
    list(validation_cubes(card, 1, "wu2019-v1"))
    assert asked[-1] == (splits.VALIDATION, "wu2019-v1")
    both = Card(name="a", network="a", config={"data": {"recipe": ["field", "wu2019-v1"], "folder": None}})
    list(validation_cubes(both, 5))
    names = [name for _, name in asked[-5:]]
    assert names == ["field", "field", "wu2019-v1", "wu2019-v1", "field"]  # each is fitted and measured on


@pytest.mark.parametrize("config", [{}, {"data": {"recipe": "wu2019-v1", "folder": "mine"}}])
def test_a_card_that_names_no_recipe_asks_for_one(config):
    with pytest.raises(ConfigError, match="name a recipe"):
        list(validation_cubes(Card(name="a", network="a", config=config), 2))


@pytest.mark.parametrize(
    ("options", "says"),
    [(("--recipe", "field"), "leave out --recipe or --data"), (("--picture", "no/r.png"), "does not exist")],
)
def test_what_cannot_be_done_is_said_before_anything_is_predicted(
    command, tmp_path, monkeypatch, options, says
):
    monkeypatch.setattr("faultpick.calibration.calibrate", lambda *_: pytest.fail("it is predicted"))
    code, _, errors = command("calibrate", "unet_res2", "--data", tmp_path, *options)
    assert (code, says in errors) == (2, True)


def test_the_command_writes_the_temperature_into_the_card_and_draws(command, tmp_path):
    torch.manual_seed(0)
    weights = tmp_path / "m.safetensors"
    save_model(models.build("unet_res2"), Card(name="m", network="unet_res2"), weights)
    for number, (image, fault) in enumerate(cubes(2)):
        np.savez(tmp_path / f"{number}.npz", seismic=image[:16, :16, :16], fault=fault[:16, :16, :16])
    picture = tmp_path / "r.png"
    code, output, errors = command("calibrate", weights, "--data", tmp_path, "--picture", picture)
    assert code == 0, errors
    temperature = json.loads(weights.with_suffix(".json").read_text())["temperature"]
    assert temperature != 1
    assert f"temperature {temperature:g}" in output
    assert load_model(weights).card.temperature == temperature
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_command_keeps_a_card_that_it_cannot_better(command, tmp_path):
    """Fitted on a cube of one kind, measured on one of another: the temperature makes that worse."""
    torch.manual_seed(0)
    weights = tmp_path / "m.safetensors"
    save_model(models.build("unet_res2"), Card(name="m", network="unet_res2"), weights)
    image = np.random.default_rng(0).standard_normal((16, 16, 16), dtype=np.float32)
    found = predict(image, load_model(weights))
    right = (found > np.median(found)).astype(np.uint8)
    np.savez(tmp_path / "0.npz", seismic=image, fault=right)
    np.savez(tmp_path / "1.npz", seismic=image, fault=1 - right)
    card = weights.with_suffix(".json")
    before = card.read_text()
    code, output, _ = command("calibrate", weights, "--data", tmp_path)
    assert (code, "stays as it was" in output, card.read_text() == before) == (0, True, True)


def test_a_diagram_names_its_curves_and_replaces_a_file(tmp_path, monkeypatch):
    found = calibrate(sure(), cubes(2))
    drawn = {}
    plot = Axes.plot

    def noting(self, across, up, *rest, label=None, **options):
        drawn[label] = np.asarray(up)
        return plot(self, across, up, *rest, label=label, **options)

    monkeypatch.setattr(Axes, "plot", noting)
    (tmp_path / "r.png").write_text("old")
    draw_reliability({"before": found.before, "after": found.after}, tmp_path / "r.png")
    shares = drawn[f"before: calibration error {calibration_error(found.before):.4f}"]
    np.testing.assert_allclose(shares, found.before.faults / found.before.voxels)
    assert (tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
