import torch
from torch import nn

from faultpick.models.vnet import DownBlock, UpBlock, VNet


def test_parameters():
    assert sum(parameter.numel() for parameter in VNet().parameters()) == 45_595_000


def test_convolutions_in_each_block():
    network = VNet()
    assert [len(block.convs) for block in (network.down1, network.down2, network.down3, network.down4)] == [
        1,
        2,
        3,
        2,
    ]
    assert [len(block.convs) for block in (network.up4, network.up3, network.up2, network.up1)] == [
        2,
        2,
        1,
        1,
    ]


def test_dropout():
    network = VNet()
    downs = (network.down1, network.down2, network.down3, network.down4)
    ups = (network.up4, network.up3, network.up2, network.up1)
    assert [block.dropout.p for block in downs] == [0, 0, 0.5, 0.5]
    assert [block.dropout.p for block in ups] == [0.5, 0.5, 0, 0]
    assert [block.skip_dropout.p for block in ups] == [0.5] * 4


def silence(convs):
    """Make the last convolution's normalised output zero: a constant has no spread."""
    nn.init.zeros_(convs[-1][0].weight)


def test_down_block_adds_its_input():
    block = DownBlock(2, count=2).eval()
    silence(block.convs)
    x = torch.randn(1, 2, 8, 8, 8)
    torch.testing.assert_close(block(x), block.elu(block.down(x)))


def test_up_block_adds_deeper_features_and_skip():
    block = UpBlock(8, 4, count=1).eval()
    silence(block.convs)
    deeper, skip = torch.randn(1, 8, 4, 4, 4), torch.randn(1, 2, 8, 8, 8)
    torch.testing.assert_close(block(deeper, skip), block.elu(torch.cat((block.up(deeper), skip), dim=1)))
