"""From one normalised tile to fault probabilities, with PyTorch."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faultpick.errors import ConfigError
from faultpick.models import fault_logit
from faultpick.prediction.tta import Attitude, average
from faultpick.zoo import LoadedModel


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
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(f"There is no device {name!r} that PyTorch can use here: try 'cpu'.") from error
    return device


@torch.inference_mode()
def probabilities(
    members: Sequence[LoadedModel], block: NDArray[np.float32], attitudes: tuple[Attitude, ...]
) -> NDArray[np.float32]:
    """Fault probabilities that each model gives for a tile; on a CUDA device in mixed precision.

    Args:
        members: The models, each on its device.
        block: Normalised amplitudes, (inline, crossline, sample), sides multiples of what the networks need.
        attitudes: The attitudes to average over.

    Returns:
        Probabilities, (member, inline, crossline, sample).
    """
    tile = torch.from_numpy(block)[None, None]
    return np.stack([_probability(member, tile, attitudes)[0, 0].cpu().numpy() for member in members])


def _probability(member: LoadedModel, tile: Tensor, attitudes: tuple[Attitude, ...]) -> Tensor:
    def probability(attitude: Tensor) -> Tensor:
        logits = member.network(attitude.contiguous(memory_format=torch.channels_last_3d))
        return torch.sigmoid(fault_logit(logits).float())

    with torch.autocast("cuda", dtype=torch.float16, enabled=member.device.type == "cuda"):
        return average(probability, tile.to(member.device), attitudes)
