import csv
import os
import pickle
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from faultpick import models
from faultpick.errors import ModelError
from faultpick.models.convert import convert, convertible
from faultpick.zoo import load_model

REFERENCE = Path(__file__).parents[3] / "shared" / "seed"

# Logits of the released networks for `known_input` and `known_weights`, two channels at four voxels.
KNOWN_LOGITS = {
    "unet_ds": [[1.55283, 0.18349, 1.48637, -0.57234], [-0.93268, 1.20012, -0.65291, -2.09732]],
    "unet_res1": [[-1.40058, -0.79379, -0.49891, -1.68549], [-1.61263, -3.19009, -4.34871, -2.17139]],
    "vnet": [[0.5946, 1.62797, 1.71559, 1.57514], [-0.94103, -2.06235, -2.90699, -2.48997]],
    "vnet_modified": [[-0.03799, -2.35573, -0.68599, -0.25189], [-2.91187, -3.1141, -2.47404, -2.86138]],
}

UNUSED = {
    "unet_ds": 0,
    "unet_res1": 7 * 2,
    "vnet": 0,
    "vnet_modified": 9,
}


def known_input():
    cube = np.random.default_rng(7).standard_normal((1, 1, 32, 32, 32))
    return torch.from_numpy(cube.astype(np.float32))


def checkpoint(weights, epoch=12):
    prefixed = {f"module.{key}": value for key, value in weights.items()}
    optimizer = {"state": {140: {"step": 3, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 1e-4}]}
    return {"epoch": epoch, "model_state": prefixed, "optimizer_state": optimizer}


@pytest.fixture(scope="module", params=sorted(KNOWN_LOGITS))
def released(request, tmp_path_factory, known_weights):
    """One released network, converted from a file as old PyTorch wrote it, and its logits."""
    path = tmp_path_factory.mktemp("old") / "old.pkl"
    torch.save(checkpoint(known_weights(request.param)), path, _use_new_zipfile_serialization=False)
    converted = convert(path, request.param)
    path.unlink()
    with torch.no_grad():
        logits = converted.network(known_input())
    return SimpleNamespace(name=request.param, converted=converted, logits=logits)


@pytest.mark.slow
def test_logits_are_those_of_the_released_network(released):
    path = REFERENCE / f"{released.name}.npz"
    if not path.is_file():
        pytest.skip("no reference logits beside the repository")
    with np.load(path) as file:
        reference = torch.from_numpy(file["logits"])
    error = (released.logits - reference).abs().max() / reference.abs().max()
    assert float(error) < 1e-4


@pytest.mark.slow
def test_known_logits(released):
    places = ([0, 9, 20, 31], [31, 22, 11, 0], [0, 27, 28, 29])
    logits = released.logits[0][:, *places]
    torch.testing.assert_close(logits, torch.tensor(KNOWN_LOGITS[released.name]), rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_epoch_and_mode(released):
    assert released.converted.epoch == 12
    assert not released.converted.network.training


@pytest.fixture
def save(tmp_path):
    def write(content, name="old.pkl", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", sorted(KNOWN_LOGITS))
def test_every_key_finds_its_place(name, save, hollow_weights):
    weights = hollow_weights(name)
    converted = convert(save(checkpoint(weights)), name)
    assert len(converted.skipped) == UNUSED[name]
    assert len(converted.network.state_dict()) == len(weights) - UNUSED[name]
    for tensor in converted.network.state_dict().values():
        assert bool((tensor == 0.5).all())


def test_skipped_keys_are_named(save, hollow_weights):
    converted = convert(save(checkpoint(hollow_weights("unet_res1"))), "unet_res1")
    assert "conv1.last_layer_op.3.weight" in converted.skipped
    assert "conv_up3.baseconv.0.bias" in converted.skipped
    assert "conv3.last_layer_op.3.weight" not in converted.skipped


def test_checkpoint_without_what_is_not_used(save, hollow_weights):
    weights = {key: value for key, value in hollow_weights("vnet_modified").items() if "lastlayer" not in key}
    weights["up_tr32.upconv_lastlayer.0.weight"] = torch.ones(16, 48, 3, 3, 3)
    assert len(convert(save(weights), "vnet_modified").skipped) == UNUSED["vnet_modified"] - 3


def test_bare_state_dict(save, hollow_weights):
    converted = convert(save(hollow_weights("unet_ds")), "unet_ds")
    assert converted.epoch is None
    assert len(converted.network.state_dict()) == 26


@pytest.mark.parametrize("name", sorted(KNOWN_LOGITS))
@pytest.mark.parametrize("held", sorted(KNOWN_LOGITS))
def test_another_network(name, held, save, hollow_weights):
    path = save(checkpoint(hollow_weights(held)))
    if name == held:
        assert convert(path, name)
        return
    with pytest.raises(
        ModelError, match=rf"not those of '{name}' \(\w.*(missing|shape).*looks like '{held}'"
    ):
        convert(path, name)


def test_another_width_names_key_and_shapes(save, hollow_weights):
    weights = hollow_weights("unet_ds") | {"conv3d_c2.weight": torch.zeros(32, 16, 3, 3, 3)}
    message = (
        r"conv3d_c2.weight has shape \(32, 16, 3, 3, 3\), not \(64, 32, 3, 3, 3\)\): it is another version"
    )
    with pytest.raises(ModelError, match=message):
        convert(save(weights), "unet_ds")


@pytest.mark.parametrize("key", ["attention.weight", "final1.running_mean"])
def test_unknown_key(key, save, hollow_weights):
    weights = hollow_weights("unet_res1") | {key: torch.zeros(1)}
    with pytest.raises(ModelError, match=f"{key} is not part of it"):
        convert(save(weights), "unet_res1")


def test_weights_of_no_known_network(save):
    with pytest.raises(ModelError, match=r"conv0_1.weight is missing.*looks like none of unet_ds, unet_res1"):
        convert(save({"fc.weight": torch.zeros(3)}), "unet_res1")


@pytest.mark.parametrize(
    "content", [[1, 2], {}, {"model_state": {}}, {"epoch": 3}, {"model_state": {"a": 1}}]
)
def test_no_weights(content, save):
    with pytest.raises(ModelError, match="holds no weights by name"):
        convert(save(content), "vnet")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9, 0.999])
def test_truncated(kept, zipped, save):
    weights = {"conv0_1.weight": torch.randn(16, 1, 3, 3, 3), "conv0_2.weight": torch.randn(16, 16, 3, 3, 3)}
    path = save(checkpoint(weights), _use_new_zipfile_serialization=zipped)
    os.truncate(path, int(path.stat().st_size * kept))
    with pytest.raises(ModelError, match=r"old.pkl is truncated, damaged or no PyTorch checkpoint"):
        convert(path, "unet_res1")


def test_not_a_checkpoint(tmp_path):
    path = tmp_path / "notes.pkl"
    path.write_text("conv0_1 is the first\n")
    with pytest.raises(ModelError, match=r"notes.pkl is truncated, damaged or no PyTorch checkpoint"):
        convert(path, "unet_res1")


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_code_is_not_run(protocol, tmp_path):
    path = tmp_path / "bomb.pkl"
    path.write_bytes(pickle.dumps({"model_state": Bomb(tmp_path / "ran")}, protocol))
    refusal = (
        r"running code \(posix.mkdir\), which is refused" if 1 <= protocol <= 3 else "truncated, damaged"
    )
    with pytest.raises(ModelError, match=refusal):
        convert(path, "unet_res1")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_pickled_network_is_refused(zipped, save):
    path = save(torch.nn.Conv3d(1, 1, 1), _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelError, match=r"running code \(torch.nn.modules.conv.Conv3d\), which is refused"):
        convert(path, "unet_res1")


def test_missing_file(tmp_path):
    with pytest.raises(ModelError, match=r"Cannot read the checkpoint .*none.pkl: No such file"):
        convert(tmp_path / "none.pkl", "unet_res1")
    with pytest.raises(ModelError, match=r"Cannot read the checkpoint .*directory"):
        convert(tmp_path, "unet_res1")


def test_networks_without_old_checkpoints(tmp_path):
    with pytest.raises(ModelError, match="No old checkpoints of 'faultseg3d' are known: those of unet_ds"):
        convert(tmp_path / "old.pkl", "faultseg3d")
    with pytest.raises(ModelError, match="No network is called 'unet_res9'"):
        convert(tmp_path / "old.pkl", "unet_res9")


def test_convertible_networks_are_those_with_a_table():
    assert convertible() == sorted(path.stem for path in (Path(__file__).parent / "seed_keys").glob("*.csv"))
    assert set(convertible()) <= set(models.names())


def test_command_writes_weights_and_card(command, save, known_weights, tmp_path):
    weights = known_weights("unet_res1")
    path, out = save(checkpoint(weights, epoch=77)), tmp_path / "converted.safetensors"
    code, output, errors = command("convert", path, "--network", "unet_res1", "-o", out)
    assert (code, errors) == (0, "")
    assert "epoch 77" in output
    assert "skipped" in output
    assert "conv_up3.conv1x1.weight" in output
    model = load_model(out)
    assert model.card.network == "unet_res1"
    assert "old.pkl, epoch 77" in model.card.description
    torch.testing.assert_close(
        model.network.state_dict()["down2.down.weight"], weights["conv2.conv1.weight"], rtol=1e-3, atol=1e-6
    )


def test_command_refuses_in_one_sentence(command, save, hollow_weights, tmp_path):
    path, out = save(checkpoint(hollow_weights("vnet"))), tmp_path / "converted.safetensors"
    code, output, errors = command("convert", path, "--network", "unet_res1", "-o", out)
    assert (code, output) == (2, "")
    assert errors.startswith("error: The weights in")
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_command_output_cannot_be_written(command, save, hollow_weights, tmp_path):
    path = save(checkpoint(hollow_weights("unet_res1")))
    code, _, errors = command(
        "convert", path, "--network", "unet_res1", "-o", tmp_path / "none" / "w.safetensors"
    )
    assert code == 2
    assert "does not exist" in errors


def test_tables_hold_the_published_number_of_parameters():
    total = {}
    for path in (Path(__file__).parent / "seed_keys").glob("*.csv"):
        with path.open() as file:
            shapes = [[int(side) for side in row["shape"].split("x")] for row in csv.DictReader(file)]
        total[path.stem] = round(sum(int(np.prod(shape)) for shape in shapes) / 1e6, 1)
    assert total == {"vnet": 45.6, "unet_res1": 8.2, "vnet_modified": 13.6, "unet_ds": 28.5}
