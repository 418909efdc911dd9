import torch
from torch import nn

from faultpick.models.vnet_modified import DownBlock, VNetModified


def test_parameters():
    """2.4 M fewer than the released file holds: those that it never uses."""
    assert sum(parameter.numel() for parameter in VNetModified().parameters()) == 11_200_226


def test_biases():
    biases = {key for key, _ in VNetModified().named_parameters() if key.endswith("bias")}
    assert biases == {"stem.conv3.bias", "head.bias"}


def test_second_convolution_is_applied_three_times():
    block = DownBlock(2).eval()
    inputs = []
    block.conv.register_forward_hook(lambda module, args, output: inputs.append((args[0], output)))
    block(torch.randn(1, 2, 8, 8, 8))
    assert len(inputs) == 3
    assert torch.equal(inputs[1][0], inputs[0][1])  # nothing between the first two
    torch.testing.assert_close(inputs[2][0], block.norm(inputs[1][1]))


def test_down_block_adds_the_strided_convolution_before_its_norm():
    block = DownBlock(2).eval()
    nn.init.zeros_(block.conv.weight)
    x = torch.randn(1, 2, 8, 8, 8)
    torch.testing.assert_close(block(x), block.norm(block.down(x)))
