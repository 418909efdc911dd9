import pytest
import torch
from safetensors.torch import load_file

from faultpick import models
from faultpick.errors import ModelError
from faultpick.train.run import train
from faultpick.zoo import Card, load_model, save_model


def test_a_training_starts_from_the_weights_it_is_given(tiny, tmp_path):
    torch.manual_seed(3)
    network = models.build("tiny")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(0).add_(0.25)
    start = Card(name="start", network="tiny", period=(2.0, 300.0))
    save_model(network, start, tmp_path / "start.safetensors")
    config = tiny(weights=str(tmp_path / "start.safetensors"), optimiser={"rate": 1e-12, "average": 0.0})
    trained = train(config, tmp_path / "run")

    weights = load_file(trained.weights)
    for name, _ in network.named_parameters():
        assert torch.allclose(weights[name].float(), torch.tensor(0.25), atol=1e-3), name
    assert load_model(trained.weights).card.period == (2.0, 300.0), "what it knew it still knows"


def test_a_training_that_goes_on_needs_its_first_weights_no_longer(tiny, tmp_path, runs):
    start = tmp_path / "start.safetensors"
    save_model(models.build("tiny"), Card(name="start", network="tiny", period=(2.0, 300.0)), start)
    config = tiny(weights=str(start))
    runs.power_cut(6)
    with pytest.raises(runs.PowerCut):
        train(config, tmp_path / "run")
    runs.power_cut(None)
    start.unlink()
    trained = train(config, tmp_path / "run", resume=True)
    assert load_model(trained.weights).card.period == (2.0, 300.0)


def test_weights_of_another_network_are_refused(tiny, tmp_path):
    config = tiny(weights="unet_res2")
    with pytest.raises(ModelError, match=r"unet_res2 belong to the network 'unet_res2'.* 'tiny'"):
        train(config, tmp_path / "run")
