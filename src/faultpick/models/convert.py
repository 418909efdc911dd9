"""Reads the checkpoints of "Fault picking with 3D U-Nets" into our networks, without unpickling code."""

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor, nn

from faultpick import models
from faultpick.errors import ModelError


@dataclass(frozen=True)
class Conversion:
    """A network with the weights of an old checkpoint.

    Attributes:
        network: In eval mode.
        skipped: Keys of the checkpoint that its network holds but never uses.
        epoch: When the checkpoint was written, if it says so.
    """

    network: nn.Module
    skipped: list[str]
    epoch: int | None


def convert(path: str | Path, name: str) -> Conversion:
    """Read an old checkpoint.

    Args:
        path: A file of `{"epoch", "model_state", "optimizer_state"}`, or of the weights alone; keys with the
            prefix `module.` of DataParallel or without.
        name: One of `convertible()`.

    Raises:
        ModelError: The file is missing, truncated or holds code, or its weights are not this network's.
    """
    if name not in _MODULES:
        models.info(name)
        raise ModelError(
            f"No old checkpoints of {name!r} are known: those of {', '.join(convertible())} can be converted."
        )
    path = Path(path)
    content = _read(path)
    state = content.get("model_state", content) if isinstance(content, dict) else None
    weights = _weights(state, path)
    if difference := _first_difference(weights, name):
        raise ModelError(
            f"The weights in {path} are not those of {name!r} ({difference}): {_hint(weights, name)}."
        )
    network = models.build(name)
    network.load_state_dict({_our_key(key, name): weights[key] for key in weights if _our_key(key, name)})
    epoch = content.get("epoch")
    skipped = [key for key in weights if not _our_key(key, name)]
    return Conversion(network.eval(), skipped, epoch if isinstance(epoch, int) else None)


def convertible() -> list[str]:
    """Names of the networks whose old checkpoints can be read."""
    return sorted(_MODULES)


def _read(path: Path) -> Any:
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of uncommon pickle protocols
            return _load(file, path)
    except OSError as error:
        raise ModelError(f"Cannot read the checkpoint {path}: {error.strerror or error}.") from error


def _load(file: BinaryIO, path: Path) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch raises whatever its parsing of a damaged file stumbles on
        code = re.search(r"GLOBAL ([\w.]+) (?:was|whose)", str(error))
        if code:
            raise ModelError(
                f"{path} could only be read by running code ({code[1]}), which is refused: "
                "save its state_dict alone, where it was made."
            ) from error
        raise ModelError(
            f"{path} is truncated, damaged or no PyTorch checkpoint: copy or download it again."
        ) from error


def _weights(state: Any, path: Path) -> dict[str, Tensor]:
    if not (
        isinstance(state, dict)
        and state
        and all(isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items())
    ):
        raise ModelError(
            f"{path} holds no weights by name: give a checkpoint with 'model_state' or a state_dict."
        )
    return {key.removeprefix("module."): value for key, value in state.items()}


def _first_difference(weights: dict[str, Tensor], name: str) -> str:
    """What differs first from the network's weights; nothing if they fit."""
    with torch.device("meta"):
        shapes = {key: tuple(tensor.shape) for key, tensor in models.build(name).state_dict().items()}
    old_keys = {_our_key(key, name): key for key in weights}
    modules = {ours: old for old, ours in _MODULES[name].items()}
    for key, shape in shapes.items():
        module, _, kind = key.rpartition(".")
        if key not in old_keys:
            return f"{modules[module]}.{kind} is missing"
        found = tuple(weights[old_keys[key]].shape)
        if found != shape:
            return f"{old_keys[key]} has shape {found}, not {shape}"
    for key in weights:
        if _our_key(key, name) not in shapes and key.rpartition(".")[0] not in _UNUSED[name]:
            return f"{key} is not part of it"
    return ""


def _hint(weights: dict[str, Tensor], name: str) -> str:
    """Which network the keys look like."""
    known = {other: sum(key.rpartition(".")[0] in _MODULES[other] for key in weights) for other in _MODULES}
    alike = max(known, key=lambda other: known[other])
    if known[name] == known[alike] > len(weights) / 2:
        return "it is another version of this network"
    if known[alike] > len(weights) / 2:
        return f"it looks like {alike!r}, convert it as that"
    return f"it looks like none of {', '.join(convertible())}"


def _our_key(key: str, name: str) -> str:
    """The name here of an old key; nothing if it has none."""
    module, _, kind = key.rpartition(".")
    ours = _MODULES[name].get(module)
    return f"{ours}.{kind}" if ours else ""


def _numbered(old: str, ours: str, numbers: Iterable[int]) -> dict[str, str]:
    return {old.format(number): ours.format(number) for number in numbers}


def _up_block(old: str, ours: str) -> dict[str, str]:
    return {
        f"{old}.baseconv.0": f"{ours}.conv.0",
        f"{old}.conv1x1": f"{ours}.narrow.0",
        f"{old}.upconv.3": f"{ours}.up.1",
    }


# Modules of the old networks and their names here.
_MODULES: dict[str, dict[str, str]] = {
    "vnet": {
        "in_tr.conv1": "stem.0",
        "down_tr32.down_conv": "down1.down.0",
        "down_tr64.down_conv": "down2.down.0",
        "down_tr128.down_conv": "down3.down.0",
        "down_tr256.down_conv": "down4.down.0",
        **_numbered("down_tr32.ops.{}.conv1", "down1.convs.{}.0", range(1)),
        **_numbered("down_tr64.ops.{}.conv1", "down2.convs.{}.0", range(2)),
        **_numbered("down_tr128.ops.{}.conv1", "down3.convs.{}.0", range(3)),
        **_numbered("down_tr256.ops.{}.conv1", "down4.convs.{}.0", range(2)),
        "up_tr256.up_conv": "up4.up.0",
        "up_tr128.up_conv": "up3.up.0",
        "up_tr64.up_conv": "up2.up.0",
        "up_tr32.up_conv": "up1.up.0",
        **_numbered("up_tr256.ops.{}.conv1", "up4.convs.{}.0", range(2)),
        **_numbered("up_tr128.ops.{}.conv1", "up3.convs.{}.0", range(2)),
        **_numbered("up_tr64.ops.{}.conv1", "up2.convs.{}.0", range(1)),
        **_numbered("up_tr32.ops.{}.conv1", "up1.convs.{}.0", range(1)),
        "out_tr.conv1": "last.0",
        "out_tr.conv2": "head",
    },
    "vnet_modified": {
        "in_tr.conv1": "stem.conv1",
        "in_tr.conv2": "stem.conv2",
        "in_tr.conv3.2": "stem.conv3",
        "down_tr32.down_conv": "down1.down",
        "down_tr32.down_conv2": "down1.conv",
        "down_tr64.down_conv": "down2.down",
        "down_tr64.down_conv2": "down2.conv",
        "down_tr128.down_conv": "down3.down",
        "down_tr128.down_conv2": "down3.conv",
        "down_tr256.down_conv": "down4.down",
        "down_tr256.down_conv2": "down4.conv",
        "down_tr256.last_layer_op.3": "up4.1",
        **_up_block("up_tr256", "up3"),
        **_up_block("up_tr128", "up2"),
        **_up_block("up_tr64", "up1"),
        "up_tr32.upconv_lastlayer.0": "last.0",
        "final1": "head",
    },
    "unet_res1": {
        **_numbered("conv0_{}", "stem.conv{}", (1, 2)),
        "conv0_3.2": "stem.conv3",
        **_numbered("conv{}.conv1", "down{}.down", (1, 2, 3)),
        **_numbered("conv{}.norm_relu_conv.2", "down{}.conv", (1, 2, 3)),
        "conv3.last_layer_op.3": "up3.1",
        **_up_block("conv_up1", "up2"),
        **_up_block("conv_up2", "up1"),
        "conv_up3.upconv_lastlayer.0": "last.0",
        "final1": "head",
    },
    "unet_ds": {
        **_numbered("conv3d_c1_{}", "down1.conv{}", (1, 2)),
        "lrelu_conv_c1.lrelu_conv.1": "down1.conv3",
        **_numbered("conv3d_c{}", "down{}.down", (2, 3, 4, 5)),
        **_numbered("norm_lrelu_conv_c{0}.norm_lrelu_conv.2", "down{}.conv", (2, 3, 4, 5)),
        "norm_lrelu_upscale_conv_norm_lrelu_l0.norm_lrelu_upscale_conv_norm_lrelu.3": "up5.1",
        "norm_lrelu_upscale_conv_norm_lrelu_l1.norm_lrelu_upscale_conv_norm_lrelu.3": "up4.1.1",
        "norm_lrelu_upscale_conv_norm_lrelu_l2.norm_lrelu_upscale_conv_norm_lrelu.3": "up3.1.1",
        "norm_lrelu_upscale_conv_norm_lrelu_l3.norm_lrelu_upscale_conv_norm_lrelu.3": "up2.1.1",
        "conv_norm_lrelu_l1.conv_norm_lrelu.0": "conv4.0",
        "conv_norm_lrelu_l2.conv_norm_lrelu.0": "conv3.0",
        "conv_norm_lrelu_l3.conv_norm_lrelu.0": "conv2.0",
        "conv_norm_lrelu_l4.conv_norm_lrelu.0": "conv1.0",
        "conv3d_l0": "narrow5.0",
        "conv3d_l1": "narrow4",
        "conv3d_l2": "narrow3",
        "conv3d_l3": "narrow2",
        "conv3d_l4": "head1",
        "ds2_1x1_conv3d": "head3",
        "ds3_1x1_conv3d": "head2",
    },
}

# Modules that the old networks hold but never use.
_UNUSED: dict[str, set[str]] = {
    "vnet": set(),
    "vnet_modified": {
        "down_tr32.last_layer_op.3",
        "down_tr64.last_layer_op.3",
        "down_tr128.last_layer_op.3",
        "up_tr256.upconv_lastlayer.0",
        "up_tr128.upconv_lastlayer.0",
        "up_tr64.upconv_lastlayer.0",
        "up_tr32.baseconv.0",
        "up_tr32.conv1x1",
        "up_tr32.upconv.3",
    },
    "unet_res1": {
        "conv1.last_layer_op.3",
        "conv2.last_layer_op.3",
        "conv_up1.upconv_lastlayer.0",
        "conv_up2.upconv_lastlayer.0",
        "conv_up3.baseconv.0",
        "conv_up3.conv1x1",
        "conv_up3.upconv.3",
    },
    "unet_ds": set(),
}
