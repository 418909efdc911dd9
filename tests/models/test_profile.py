import json

import pytest
import torch
from torch import nn

from faultpick import models
from faultpick.errors import ModelError
from faultpick.models.profile import count_multiplications, profile, receptive_field


def test_faultseg3d_is_as_published():
    measures = profile("faultseg3d")
    assert measures.parameters == 1_459_585
    assert measures.gmac == pytest.approx(135.9, abs=0.05)


def test_flagship_is_light():
    measures = profile("unet_res2")
    assert measures.parameters < 1.25e6
    assert measures.gmac <= 20


def test_unknown_network():
    with pytest.raises(ModelError, match="No network is called"):
        profile("unet")


@pytest.mark.parametrize(
    ("network", "multiplications"),
    [
        (nn.Conv3d(1, 4, 3, padding=1), 27 * 4 * 16**3),
        (nn.Conv3d(1, 4, 3, stride=2, padding=1), 27 * 4 * 8**3),
        (
            nn.Sequential(nn.Conv3d(1, 6, 1), nn.Conv3d(6, 4, 3, padding=1, groups=2)),
            (6 + 27 * 3 * 4) * 16**3,
        ),
        (nn.ConvTranspose3d(1, 4, 2, stride=2), 8 * 4 * 16**3),
        (nn.Sequential(*[nn.Conv3d(1, 1, 3, padding=1)] * 2), 2 * 27 * 16**3),
    ],
)
def test_multiplications(network, multiplications):
    assert count_multiplications(network.to("meta"), 16) == multiplications


@pytest.mark.parametrize(
    ("layers", "multiple", "field"),
    [
        ([nn.Conv3d(1, 2, 1)], 1, 1),
        ([nn.Conv3d(1, 2, 3, padding=1), nn.BatchNorm3d(2), nn.ReLU(), nn.Conv3d(2, 1, 5, padding=2)], 1, 7),
        ([nn.MaxPool3d(2), nn.Upsample(scale_factor=2)], 2, 2),
        ([nn.MaxPool3d(4), nn.Conv3d(1, 1, 3, padding=1), nn.Upsample(scale_factor=4)], 4, 12),
        ([nn.Conv3d(1, 1, 3, stride=2, padding=1), nn.ConvTranspose3d(1, 1, 2, stride=2)], 2, 3),
        ([nn.Conv3d(1, 8, 2, stride=2), nn.Upsample(scale_factor=2, mode="trilinear")], 2, 4),
    ],
)
def test_receptive_field_by_hand(layers, multiple, field):
    assert receptive_field(nn.Sequential(*layers), multiple) == field


@pytest.mark.parametrize("name", ["attention_unet", "faultseg3d", "unet_res2"])
def test_nothing_beyond_the_receptive_field_matters(name):
    """An impulse in a long rod changes results in its reach only, and those nearby."""
    torch.manual_seed(0)
    network = models.build(name).eval()
    info, field = models.info(name), profile(name).receptive_field
    x = torch.randn(1, 1, 320, info.multiple, info.multiple)
    struck = x.clone()
    struck[0, 0, 0] += 100
    with torch.no_grad():
        change = (network(struck) - network(x)).abs().amax(dim=(0, 1, 3, 4))
    assert float(change[field:].max()) == 0
    assert float(change[: field // 8].min()) > 0


def test_profile_leaves_the_network_alone():
    network = models.build("unet_res2")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    receptive_field(network, 16)
    assert isinstance(network.get_submodule("head"), nn.Conv3d)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_command_lists_every_network(command):
    code, output, _ = command("models", "--json")
    assert code == 0
    found = json.loads(output)
    assert {"name": "unet_res2_wu2019", "network": "unet_res2_merged"} in found["models"]
    rows = {row["name"]: row for row in found["networks"]}
    assert sorted(rows) == models.names()
    assert rows["vnet"] == {
        "name": "vnet",
        "parameters": 45_595_000,
        "gmac": pytest.approx(731.5, abs=0.1),
        "receptive_field": 396,
        "multiple": 16,
        "exact_tiles": False,
        "licence": "Apache-2.0",
        "paper": models.info("vnet").paper,
    }


def test_command_prints_a_table(command):
    code, output, _ = command("models")
    assert code == 0
    for name in models.names():
        assert name in output
    assert "45.59 M" in output
