import torch
from torch import nn

from faultpick.models.unet_res1 import DownBlock, UNetRes1


def test_parameters():
    """0.8 M fewer than the released file holds: those that it never uses."""
    assert sum(parameter.numel() for parameter in UNetRes1().parameters()) == 7_400_754


def test_down_block_adds_the_strided_convolution_before_its_norm():
    block = DownBlock(2, 4).eval()
    nn.init.zeros_(block.conv.weight)
    x = torch.randn(1, 2, 8, 8, 8)
    torch.testing.assert_close(block(x), block.norm2(block.down(x)))
    assert block(x).shape == (1, 4, 4, 4, 4)


def test_dropout():
    network = UNetRes1()
    dropouts = [module.p for module in network.modules() if isinstance(module, nn.Dropout3d)]
    assert dropouts == [0.6] * 4
