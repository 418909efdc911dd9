import pytest
import torch
from torch import nn
from torch.nn import functional as F

from faultpick.models.unet_ds import DownBlock, UNetDS


@pytest.fixture
def small():
    torch.manual_seed(0)
    return UNetDS(width=4).eval()


def test_parameters():
    network = UNetDS()
    assert sum(parameter.numel() for parameter in network.parameters()) == 28_495_584
    assert not any(key.endswith("bias") for key, _ in network.named_parameters())


def test_deep_levels_add_their_logits(small):
    x = torch.randn(1, 1, 16, 16, 32)
    heads = (small.head1, small.head2, small.head3)
    weights = [head.weight.detach().clone() for head in heads]
    parts = []
    with torch.no_grad():
        whole = small(x)
        for kept in range(3):
            for index, head in enumerate(heads):
                head.weight.copy_(weights[index] * (index == kept))
            parts.append(small(x))
    torch.testing.assert_close(sum(parts), whole)
    for side, part in ((1, parts[0]), (2, parts[1]), (4, parts[2])):
        coarse = part[:, :, ::side, ::side, ::side]
        assert torch.equal(F.interpolate(coarse, scale_factor=float(side)), part)
        assert bool((part != 0).any())
    assert not torch.equal(F.interpolate(parts[1][:, :, ::4, ::4, ::4], scale_factor=4.0), parts[1])


def test_convolution_is_applied_twice():
    block = DownBlock(2).eval()
    calls = []
    block.conv.register_forward_hook(lambda module, args, output: calls.append(output))
    x = torch.randn(1, 2, 8, 8, 8)
    y = block(x)
    assert len(calls) == 2
    torch.testing.assert_close(y, calls[1] + block.down(x))


def test_dropout(small):
    assert [module.p for module in small.modules() if isinstance(module, nn.Dropout3d)] == [0.6] * 5
