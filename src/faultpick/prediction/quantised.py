"""Networks that compute in whole numbers of 8 bits.

What goes into a convolution, and its weights, are rounded to 256 steps (Jacob et al. 2018, arXiv 1712.05877);
processors multiply such numbers several times as fast. Each output channel's weights have a scale of their
own; the steps of the rest span what the convolution sees of a few synthetic cubes.
"""

import copy
from functools import cache, partial
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from faultpick.normalise import normalise_array

RECIPES = ("wu2019-v1", "field")
CUBES = 2  # of each recipe
SIDE = 64
DIGITS = 3  # of a range, so that every process finds the same


class QuantisedConv(nn.Module):
    """A convolution of input and weights rounded to 8 bits; OpenVINO computes it in whole numbers."""

    def __init__(self, convolution: nn.Conv3d, low: float, high: float) -> None:
        super().__init__()
        self.convolution = convolution
        self.lowest, self.highest = (-128, 127) if low < 0 else (0, 255)
        self.step = max(high / self.highest, low / (self.lowest or 1)) or 1.0
        largest = convolution.weight.detach().abs().amax(dim=(1, 2, 3, 4))
        self.steps = nn.Buffer(largest.clamp(min=1e-12) / 127)
        self.zeros = nn.Buffer(torch.zeros(len(largest), dtype=torch.int32))

    def forward(self, x: Tensor) -> Tensor:
        """What the convolution gives, nearly."""
        conv = self.convolution
        x = torch.fake_quantize_per_tensor_affine(x, self.step, 0, self.lowest, self.highest)
        weight = torch.fake_quantize_per_channel_affine(conv.weight, self.steps, self.zeros, 0, -127, 127)
        return F.conv3d(x, weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)


@torch.no_grad()
def quantised(network: nn.Module) -> nn.Module:
    """A copy of a network with its convolutions in 8 bits.

    Args:
        network: A network on the CPU after `folded`; it is not changed.
    """
    network = copy.deepcopy(network)
    convolutions = {name: module for name, module in network.named_modules() if type(module) is nn.Conv3d}
    seen = dict.fromkeys(convolutions, (0.0, 0.0))

    def note(name: str, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        low, high = seen[name]
        seen[name] = min(low, inputs[0].min().item()), max(high, inputs[0].max().item())

    hooks = [module.register_forward_pre_hook(partial(note, name)) for name, module in convolutions.items()]
    for cube in _cubes():
        network(torch.from_numpy(cube)[None, None])
    for hook in hooks:
        hook.remove()
    for name, module in convolutions.items():
        low, high = (float(f"{value:.{DIGITS}g}") for value in seen[name])
        network.set_submodule(name, QuantisedConv(module, low, high))
    return network


@cache
def _cubes() -> list[NDArray[np.float32]]:
    """Normalised amplitudes of the cubes that the ranges are taken from."""
    from faultpick.data import splits  # what makes cubes takes a second to load
    from faultpick.synth import synthesize

    shape = (SIDE, SIDE, SIDE)
    return [
        normalise_array(synthesize(seed, recipe, shape).seismic)
        for recipe, seed in product(RECIPES, splits.training_seeds(CUBES))
    ]
