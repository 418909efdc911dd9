"""The mean of trained weights."""

import math
from datetime import UTC, datetime

import pytest
import torch

from faultpick import models
from faultpick.errors import ModelError
from faultpick.zoo import Card, load_model, save_model
from faultpick.zoo.average import average

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def trained(tmp_path):
    """Two trainings of a network, in files."""
    paths = []
    for number in range(2):
        torch.manual_seed(number)
        network = models.build("unet_res2")
        for name, buffer in network.named_buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5)
            assert "running" in name or not buffer.is_floating_point()
        card = Card(
            name=f"part{number}",
            network="unet_res2",
            steps=100 * (number + 1),
            temperature=2.0,
            threshold=0.6,
            created=LONG_AGO,
            metrics={"iou": 0.5},
            period=(7.0 + number, 20.0),
        )
        paths.append(tmp_path / f"part{number}.safetensors")
        save_model(network, card, paths[-1])
    return paths


def test_every_number_is_the_mean_in_the_shares_asked_for(trained):
    one, other = (load_model(path) for path in trained)
    network, card = average([one, other], [1, 3])
    states = one.network.state_dict(), other.network.state_dict()
    for name, mean in network.state_dict().items():
        first, second = (state[name] for state in states)
        if first.is_floating_point():
            torch.testing.assert_close(mean, 0.25 * first + 0.75 * second)
    assert "0.25 of part0, 100 steps" in card.description
    assert "0.75 of part1, 200 steps" in card.description
    assert (card.steps, card.period) == (200, (7.0, 20.0))
    assert (card.metrics, card.temperature) == ({}, 1.0)  # they were those of other weights
    assert card.created > LONG_AGO


def test_the_threshold_stays_where_it_was_among_the_logits(trained):
    one, other = (load_model(path) for path in trained)
    _, card = average([one, other])
    assert math.log(card.threshold / (1 - card.threshold)) == pytest.approx(2 * math.log(0.6 / 0.4))


def test_without_shares_all_count_alike_and_nothing_is_changed(trained):
    loaded = [load_model(path) for path in trained]
    before = [{name: t.clone() for name, t in model.network.state_dict().items()} for model in loaded]
    alike, halves = (average(loaded, shares)[0].state_dict() for shares in (None, [0.5, 0.5]))
    assert average(loaded)[1].steps == 200  # of the last
    assert all(torch.equal(alike[name], halves[name]) for name in alike)
    for model, state in zip(loaded, before, strict=True):
        assert all(torch.equal(state[name], t) for name, t in model.network.state_dict().items())


def test_a_model_with_itself_is_the_same(trained):
    model = load_model(trained[0])
    network, _ = average([model, model])
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, model.network.state_dict()[name])


def test_what_has_no_mean_is_told(trained, tmp_path):
    one, other = (load_model(path) for path in trained)
    save_model(models.build("faultseg3d"), Card(name="f", network="faultseg3d"), tmp_path / "f.safetensors")
    with pytest.raises(ModelError, match="unet_res2 and faultseg3d have no mean"):
        average([one, load_model(tmp_path / "f.safetensors")])
    with pytest.raises(ModelError, match="two models or more"):
        average([one])
    for shares in ([1.0], [1.0, 0.0], [1.0, float("nan")]):
        with pytest.raises(ModelError, match="as many shares"):
            average([one, other], shares)


def test_the_command_writes_a_model_of_its_own_name(trained, tmp_path, command):
    out = tmp_path / "mean.safetensors"
    code, said, _ = command("average", *trained, "--share", 0.3, "--share", 0.7, "-o", out)
    assert code == 0
    assert "calibrate" in said
    assert load_model(out).card.name == "mean"
    code, _, errors = command("average", trained[0], "-o", tmp_path / "no.safetensors")
    assert code == 2
    assert "two models" in errors
    assert not (tmp_path / "no.safetensors").exists()
    before = trained[0].read_bytes()
    code, _, errors = command("average", *trained, "-o", trained[0])
    assert (code, "choose another name" in errors, trained[0].read_bytes() == before) == (2, True, True)
    mean = out.read_bytes()
    code, _, errors = command("average", *trained, "-o", out)
    assert (code, "--overwrite" in errors, out.read_bytes() == mean) == (2, True, True)
    assert command("average", *trained, "-o", out, "--overwrite")[0] == 0
    assert out.read_bytes() != mean
