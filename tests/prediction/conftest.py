import pytest
import torch

from faultpick import models
from faultpick.zoo import Card, save_model


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """An untrained model of the default network."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_model(models.build("unet_res2"), Card(name="tiny", network="unet_res2"), path)
    return path
