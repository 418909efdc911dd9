"""What a network costs and how far it sees, found from its structure alone."""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from faultpick import models

GMAC_SIDE = 128
LONGEST_FIELD = 512  # voxels; no network here sees as far


@dataclass(frozen=True)
class Profile:
    """A network's measures.

    Attributes:
        parameters: Learnt numbers.
        gmac: Thousand millions of multiplications of its convolutions for one cube of 128 voxels a side.
        receptive_field: Side in voxels of the cube that a result depends on through convolutions and
            resampling. Instance normalisation, which depends on the whole input, does not count.
    """

    parameters: int
    gmac: float
    receptive_field: int


def profile(name: str) -> Profile:
    """The measures of the network called `name`.

    Raises:
        ModelError: No network has this name.
    """
    with torch.device("meta"):
        network = models.build(name).eval()
    return Profile(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        gmac=count_multiplications(network, GMAC_SIDE) / 1e9,
        receptive_field=receptive_field(network, models.info(name).multiple),
    )


def count_multiplications(network: nn.Module, side: int) -> int:
    """Multiplications of all convolutions for one cube of `side` voxels; nothing is computed.

    Args:
        network: A network on the meta device. A convolution that is applied twice counts twice.
        side: A multiple of what the network needs.
    """
    total = 0

    def add(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv3d):
            total += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.ConvTranspose3d):
            total += inputs[0].numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(add) for module in network.modules()]
    with torch.no_grad():
        network(torch.empty(1, 1, side, side, side, device="meta"))
    for hook in hooks:
        hook.remove()
    return total


def receptive_field(network: nn.Module, multiple: int) -> int:
    """Side in voxels of the cube of input that one voxel of the output can depend on, at most.

    Found along the first axis, all networks here treat the three alike: convolutions and poolings become
    means over the same voxels, norms and activations nothing; the gradient of a result is then positive on
    its field and zero elsewhere. The widest field of `multiple` neighbouring results counts: they share their
    coarsest features.

    Args:
        network: A network on any device; it is not changed.
        multiple: Sides of the input must be multiples of this many voxels.
    """
    linear = _linearised(network)
    shape = (1, 1, LONGEST_FIELD, multiple, multiple)
    amplitudes = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    output = linear(amplitudes).sum(dim=(1, 3, 4))[0]
    widest = 0
    for place in range(LONGEST_FIELD // 2, LONGEST_FIELD // 2 + multiple):
        (gradient,) = torch.autograd.grad(output[place], amplitudes, retain_graph=True)
        seen = gradient.sum(dim=(0, 1, 3, 4)).nonzero()
        widest = max(widest, int(seen.max() - seen.min()) + 1)
    return widest


def context(network: nn.Module, multiple: int) -> int:
    """Voxels around a result, to any side, that it can depend on at most.

    Args:
        network: A network on any device; it is not changed.
        multiple: Sides of the input must be multiples of this many voxels.
    """
    return -(-(receptive_field(network, multiple) + multiple) // 2)


def _linearised(module: nn.Module) -> nn.Module:
    """A copy that takes means instead of weighted sums and maxima, along the first axis, and nothing else."""
    match module:
        case nn.Conv3d() | nn.ConvTranspose3d() | nn.MaxPool3d():
            return _Mean(module)
        case nn.Upsample():
            return module
    if not list(module.children()):
        return nn.Identity()
    linear = copy.copy(module)
    linear._modules = {name: _linearised(child) for name, child in module.named_children()}
    return linear


class _Mean(nn.Module):
    """The mean over the window of a convolution or a pooling, over all channels, along the first axis."""

    def __init__(self, module: nn.Conv3d | nn.ConvTranspose3d | nn.MaxPool3d) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        """Sides as of the module it stands for; one channel for all, but 8 stay 8 for depth-to-space."""
        module = self.module
        if isinstance(module, nn.MaxPool3d):
            return F.avg_pool3d(x, module.kernel_size, module.stride)
        kernel, stride, padding = module.kernel_size[0], module.stride[0], int(module.padding[0])
        mean = x.mean(dim=1, keepdim=True)
        if isinstance(module, nn.ConvTranspose3d):
            weight = torch.ones(1, 1, kernel, stride, stride, dtype=x.dtype)
            y = F.conv_transpose3d(mean, weight, stride=stride, padding=(padding, 0, 0))
        else:
            weight = torch.full((1, 1, kernel, 1, 1), 1 / kernel, dtype=x.dtype)
            y = F.conv3d(mean, weight, stride=stride, padding=(padding, 0, 0))
        return y.expand(-1, 8, -1, -1, -1) if module.out_channels == 8 else y
