import hashlib
import json
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch
from pydantic import ValidationError

from faultpick import models, zoo
from faultpick.errors import ModelError, OutputError
from faultpick.zoo import Card, load_model, save_model, update_card


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.build("unet_res2")


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "mine.safetensors"
    save_model(network, Card(name="mine", network="unet_res2", seed=7, metrics={"iou": 0.5}), path)
    return path


def test_a_saved_model_comes_back_in_half_precision(network, saved):
    loaded = load_model(saved)
    assert loaded.card.seed == 7
    assert loaded.card.metrics == {"iou": 0.5}
    assert loaded.card.code_version
    assert loaded.info.name == "unet_res2"
    assert not loaded.network.training
    for (name, before), after in zip(
        network.state_dict().items(), loaded.network.state_dict().values(), strict=True
    ):
        expected = before if name.endswith(("running_mean", "running_var", "tracked")) else before.half()
        assert torch.equal(expected.to(before.dtype), after)
    network.eval()
    x = torch.randn(1, 1, 32, 32, 32)
    with torch.inference_mode():
        np.testing.assert_allclose(network(x), loaded.network(x), atol=0.02)


def test_saving_leaves_two_files_and_the_network_as_it_was(network, tmp_path):
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    save_model(network, Card(name="a", network="unet_res2"), tmp_path / "a.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.safetensors"]
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_weights_that_diverged_are_not_saved(network, tmp_path):
    with torch.no_grad():
        next(network.parameters())[0] = float("nan")
    with pytest.raises(ModelError, match="not finite"):
        save_model(network, Card(name="a", network="unet_res2"), tmp_path / "a.safetensors")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_refused(network, tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        save_model(network, Card(name="a", network="unet_res2"), tmp_path / "no" / "a.safetensors")


def test_released_models_load_by_name(saved, tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    assert zoo.available() == ["mine"]
    assert load_model("mine").card.name == "mine"
    with pytest.raises(ModelError, match=r"No model is called 'minne': did you mean 'mine'\?.*\(mine\)"):
        load_model("minne")


def test_every_released_model_loads_and_is_free():
    for name in zoo.available():
        card = load_model(name).card
        assert card.name == name
        assert card.licence == "Apache-2.0"


def test_a_changed_byte_is_noticed(saved):
    data = bytearray(saved.read_bytes())
    data[-100] ^= 1
    saved.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        load_model(saved)


def test_truncated_weights_are_refused_even_if_the_card_agrees(saved):
    _replace(saved, saved.read_bytes()[:-1000])
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_model(saved)


def test_nothing_is_unpickled(saved):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    _replace(saved, pickle.dumps(Trap()))
    with pytest.raises(ModelError, match="not a readable safetensors file"):
        load_model(saved)


def test_weights_of_another_network_are_refused(saved):
    card = saved.with_suffix(".json")
    card.write_text(card.read_text().replace('"network": "unet_res2"', '"network": "faultseg3d"'))
    with pytest.raises(ModelError, match="do not fit the network 'faultseg3d'"):
        load_model(saved)


def test_a_wrong_shape_is_named(saved):
    weights = safetensors.torch.load(saved.read_bytes())
    weights["head.weight"] = torch.zeros(3, 16, 1, 1, 1)
    _replace(saved, safetensors.torch.save(weights))
    with pytest.raises(ModelError, match=r"head.weight is \(3, 16, 1, 1, 1\), not \(8, 16, 1, 1, 1\)"):
        load_model(saved)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        ('{"name": "a"}', "network"),
        ('{"name": "a", "network": "unet_res2", "normalisation": "minmax"}', "normalised as 'minmax'"),
        ('{"name": "a", "network": "unet_res9"}', "unet_res9"),
    ],
)
def test_a_bad_card_is_told(saved, text, message):
    if "unet_res9" in text:
        sha256 = hashlib.sha256(saved.read_bytes()).hexdigest()
        text = json.dumps(json.loads(text) | {"sha256": sha256})
    saved.with_suffix(".json").write_text(text)
    with pytest.raises(ModelError, match=message):
        load_model(saved)


def test_a_missing_card_or_file_is_told(saved, tmp_path):
    saved.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"card .*mine.json .* is missing"):
        load_model(saved)
    with pytest.raises(ModelError, match="no weights file"):
        load_model(tmp_path / "other.safetensors")
    (tmp_path / "old.pkl").write_bytes(b"")
    with pytest.raises(ModelError, match=r"is not a \.safetensors file"):
        load_model(tmp_path / "old.pkl")


def _replace(path, data):
    """Put other weights under a card that vouches for them."""
    path.write_bytes(data)
    file = path.with_suffix(".json")
    card = Card.model_validate_json(file.read_bytes())
    file.write_text(card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()}).model_dump_json())


def test_a_card_changes_and_its_weights_do_not(saved):
    weights = saved.read_bytes()
    update_card(saved, temperature=2.5, period=(6.0, 30.0))
    assert saved.read_bytes() == weights
    card = load_model(saved).card
    assert (card.temperature, card.period, card.seed) == (2.5, (6.0, 30.0), 7)
    before = saved.with_suffix(".json").read_text()
    with pytest.raises(ValidationError):
        update_card(saved, temperature=-1)
    assert saved.with_suffix(".json").read_text() == before


def test_a_network_without_weights_is_told_from_a_slip():
    with pytest.raises(ModelError, match="vnet is a network without weights in the box: train it"):
        load_model("vnet")
