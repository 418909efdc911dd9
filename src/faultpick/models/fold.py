"""BatchNorm folded into the convolution before it, for prediction.

At prediction BatchNorm is a scale and a shift of each channel, which the convolution's weights and bias can
take over (Ioffe and Szegedy 2015, arXiv 1502.03167).
"""

import copy
import threading
from collections import defaultdict

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

TRACING = threading.Lock()
"""Held by whoever traces a network, which changes what all threads share."""

_found: dict[tuple, list[tuple[str, str]]] = {}


def folded(network: nn.Module) -> nn.Module:
    """A copy of a network for prediction, with as few BatchNorms as can be.

    A BatchNorm stays where something else comes between it and its convolution, or where one of the two is
    used more than once.

    Args:
        network: A network of the registry, in float32; it is not changed.
    """
    network = copy.deepcopy(network).eval()
    if not any(isinstance(module, nn.BatchNorm3d) for module in network.modules()):
        return network
    device = next(network.parameters()).device
    network.cpu()  # not every device has float64
    for convolution, norm in _pairs(network):
        before, after = network.get_submodule(convolution), network.get_submodule(norm)
        assert isinstance(before, nn.Conv3d | nn.ConvTranspose3d)
        assert isinstance(after, nn.BatchNorm3d)
        fused = fuse_conv_bn_eval(before.double(), after.double(), isinstance(before, nn.ConvTranspose3d))
        network.set_submodule(convolution, fused.float())
        network.set_submodule(norm, nn.Identity())
    return network.to(device, memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]


def _pairs(network: nn.Module) -> list[tuple[str, str]]:
    """Names of each convolution and the BatchNorm that takes its result, alone and always.

    Found once for networks that are built alike: whoever calls any module of PyTorch meanwhile, in another
    thread, is traced as well, and fails.
    """
    built = type(network), *((name, type(module)) for name, module in network.named_modules())
    with TRACING:
        if built not in _found:
            _found[built] = _traced_pairs(network)
        return _found[built]


def _traced_pairs(network: nn.Module) -> list[tuple[str, str]]:
    modules = dict(network.named_modules())
    calls = defaultdict(list)
    for node in fx.Tracer().trace(network).nodes:
        if node.op == "call_module":
            calls[node.target].append(node)
    pairs = []
    for name, norms in calls.items():
        source = norms[0].args[0]
        if (
            isinstance(modules[name], nn.BatchNorm3d)
            and len(norms) == 1
            and source.op == "call_module"
            and isinstance(modules[source.target], nn.Conv3d | nn.ConvTranspose3d)
            and len(calls[source.target]) == 1
            and len(source.users) == 1
        ):
            pairs.append((source.target, name))
    return pairs
