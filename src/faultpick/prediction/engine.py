"""From one normalised tile to fault probabilities, with PyTorch or OpenVINO."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faultpick.errors import ConfigError, ModelError
from faultpick.models import fault_logit
from faultpick.models.fold import folded
from faultpick.prediction.compiled import Compiled, engine_of, openvino, plain
from faultpick.prediction.quantised import quantised
from faultpick.prediction.tta import Attitude, Reduce, over_attitudes
from faultpick.zoo import LoadedModel

Engine = Literal["auto", "torch", "openvino", "int8"]
"""What computes a network: "auto" is OpenVINO on a CPU where it is installed, PyTorch otherwise; "int8" is
OpenVINO with convolutions in 8 bits, much faster and not quite the same."""


def choose_device(name: str | None = None) -> torch.device:
    """The device called `name` ("cpu", "cuda", "cuda:1", "mps"); without a name, a GPU where CUDA has one.

    Raises:
        ConfigError: There is no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError, ImportError) as error:
        raise ConfigError(f"There is no device {name!r} that PyTorch can use here: try 'cpu'.") from error
    return device


def prepared(member: LoadedModel, engine: Engine = "auto") -> LoadedModel:
    """A model made fast for prediction: BatchNorm folded, the network compiled where OpenVINO computes it.

    The result can be sent to another process. OpenVINO uses as many threads as `torch.get_num_threads()` says
    when it first meets a tile's shape.

    Args:
        member: A model, which is not changed; one that OpenVINO computes so already is given back as it is.
        engine: What is to compute it.

    Raises:
        ConfigError: OpenVINO is asked for and not installed, or the model is on a GPU.
        ModelError: OpenVINO is asked for and cannot convert the network.
    """
    if engine not in get_args(Engine):
        raise ConfigError(f"There is no engine {engine!r}: choose one of {', '.join(get_args(Engine))}.")
    asked = engine in ("openvino", "int8")
    if asked and member.device.type != "cpu":
        raise ConfigError(
            f"OpenVINO computes on the CPU, not on {member.device}: choose the engine auto or the device cpu."
        )
    if asked and openvino() is None:
        raise ConfigError(
            "OpenVINO is not installed: pip install 'faultpick[openvino]', or choose the engine torch."
        )
    if engine == "torch" or member.device.type != "cpu" or openvino() is None:
        computes = "torch"
    else:
        computes = "int8" if engine == "int8" else "openvino"
    is_compiled = isinstance(member.network, Compiled)
    if is_compiled and engine_of(member.network) == computes:
        return member
    network = plain(member.network) if is_compiled else folded(member.network)
    if computes == "torch":
        return replace(member, network=network)
    try:
        if computes == "int8":
            compiled = Compiled(quantised(network), member.info.multiple, original=network)
        else:
            compiled = Compiled(network, member.info.multiple)
        compiled.convert()
    except ModelError as error:
        if asked:
            raise
        warnings.warn(f"PyTorch is used instead of OpenVINO. {error}", RuntimeWarning, stacklevel=2)
        return replace(member, network=network)
    return replace(member, network=compiled)


@torch.inference_mode()
def probabilities(
    members: Sequence[LoadedModel],
    block: NDArray[np.float32],
    attitudes: tuple[Attitude, ...],
    reduce: Reduce = "mean",
) -> NDArray[np.float32]:
    """Fault probabilities that each model gives for a tile; on a CUDA device in mixed precision.

    Args:
        members: The models, each on its device; fastest after `prepared`.
        block: Normalised amplitudes, (inline, crossline, sample), sides multiples of what the networks need.
        attitudes: The attitudes to show it in.
        reduce: Whether the mean or the maximum over the attitudes is taken.

    Returns:
        Probabilities, (member, inline, crossline, sample).
    """
    tile = torch.from_numpy(block)[None, None]
    found = [_probability(member, tile, attitudes, reduce) for member in members]
    arrays = [each[0].cpu().numpy() for each in found]
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _probability(
    member: LoadedModel, tile: Tensor, attitudes: tuple[Attitude, ...], reduce: Reduce
) -> Tensor:
    def probability(attitude: Tensor) -> Tensor:
        logits = member.network(attitude.contiguous(memory_format=torch.channels_last_3d))
        return torch.sigmoid(fault_logit(logits, member.card.temperature).float())

    with torch.autocast("cuda", dtype=torch.float16, enabled=member.device.type == "cuda"):
        return over_attitudes(probability, tile.to(member.device), attitudes, reduce)
