"""The networks, by name.

Every network maps ``(N, 1, Z, Y, X)`` amplitudes, sides a multiple of ``ModelInfo.multiple``, to logits
``(N, C, Z, Y, X)``: C is 1 (fault) or 2 (background, fault). :func:`fault_logit` makes them alike.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from faultpick.errors import ModelError, suggestion
from faultpick.models.attention_unet import AttentionUNet
from faultpick.models.faultseg3d import FaultSeg3D
from faultpick.models.r2_unet import R2UNet
from faultpick.models.unet_ds import UNetDS
from faultpick.models.unet_res1 import UNetRes1
from faultpick.models.unet_res2 import UNetRes2
from faultpick.models.vnet import VNet
from faultpick.models.vnet_modified import VNetModified

if hasattr(os, "register_at_fork"):
    # the threads of a process do not outlive a fork, and PyTorch would wait for them
    os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))


@dataclass(frozen=True)
class ModelInfo:
    """What is known of a network before any weight is loaded.

    Attributes:
        name: Name in the registry, the configs and the cards.
        make: Builds the network with fresh weights.
        multiple: Sides of the input must be multiples of this many voxels.
        exact_tiles: Whether a voxel's result depends on its surroundings alone, not on the size of the tile.
        paper: Where the network was published, or what it is made from.
        licence: Licence of the code here.
    """

    name: str
    make: Callable[[], nn.Module]
    multiple: int
    exact_tiles: bool
    paper: str
    licence: str = "Apache-2.0"


def _unet_res2_merged() -> nn.Module:
    return UNetRes2((16, 32, 48, 64), merged=True)


_MODELS = {
    entry.name: entry
    for entry in (
        ModelInfo("attention_unet", AttentionUNet, 8, True, "Oktay et al. 2018, arXiv 1804.03999"),
        ModelInfo("faultseg3d", FaultSeg3D, 8, True, "Wu et al. 2019, Geophysics 84(3), IM35"),
        ModelInfo("r2_unet", R2UNet, 8, True, "Alom et al. 2018, arXiv 1802.06955"),
        ModelInfo("unet_ds", UNetDS, 16, False, "Fault picking with 3D U-Nets; arXiv 1903.09097"),
        ModelInfo("unet_res1", UNetRes1, 8, False, "Fault picking with 3D U-Nets"),
        ModelInfo("unet_res2", UNetRes2, 16, True, "faultpick"),
        ModelInfo("unet_res2_merged", _unet_res2_merged, 16, True, "faultpick"),
        ModelInfo("vnet", VNet, 16, False, "Milletari et al. 2016, arXiv 1606.04797"),
        ModelInfo("vnet_modified", VNetModified, 16, False, "Fault picking with 3D U-Nets"),
    )
}


def names() -> list[str]:
    """Names of all networks, in alphabetical order."""
    return sorted(_MODELS)


def info(name: str) -> ModelInfo:
    """What is known of the network called `name`.

    Raises:
        ModelError: No network has this name.
    """
    if name not in _MODELS:
        hint = suggestion(name, names())
        raise ModelError(f"No network is called {name!r}: {hint}Choose one of {', '.join(names())}.")
    return _MODELS[name]


def build(name: str) -> nn.Module:
    """A network with fresh weights.

    Raises:
        ModelError: No network has this name.
    """
    return info(name).make()


def fault_logit(output: Tensor, temperature: float = 1.0) -> Tensor:
    """The logit of the fault's probability, `(N, 1, Z, Y, X)`, from a network's one or two channels.

    Args:
        output: What the network gives.
        temperature: That of the model's card, which makes the probability mean what it says.
    """
    logit = output[:, 1:] - output[:, :1] if output.shape[1] == 2 else output
    return logit if temperature == 1 else logit.float() / temperature
