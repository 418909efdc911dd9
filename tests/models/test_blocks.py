import torch
from torch import nn
from torch.nn import functional as F

from faultpick.models.blocks import InstanceNorm, ResidualStem, UpBlock


def test_norm_is_that_of_torch():
    x = torch.randn(2, 3, 4, 4, 4)
    assert torch.equal(InstanceNorm(3)(x), nn.InstanceNorm3d(3)(x))


def test_norm_of_a_single_voxel_is_zero():
    assert torch.equal(InstanceNorm(3)(torch.randn(2, 3, 1, 1, 1)), torch.zeros(2, 3, 1, 1, 1))


def test_residual_of_the_stem_is_activated():
    stem = ResidualStem(4, bias=True).eval()
    for parameter in stem.conv3.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(1, 1, 8, 8, 8)
    residual = F.leaky_relu(stem.conv1(x), 0.01)
    torch.testing.assert_close(stem(x), F.leaky_relu(F.instance_norm(residual), 0.01))


def test_up_block_takes_the_deeper_channels_first():
    block = UpBlock(3, 2, bias=False).eval()
    nn.init.zeros_(block.conv.get_parameter("0.weight")[:, :1])
    deeper, other, skip = torch.randn(3, 1, 2, 4, 4, 4)[:, :, :1].unbind()
    skip = torch.cat((skip, skip + 1), dim=1)
    assert torch.equal(block(deeper, skip), block(other, skip))
    assert block(deeper, skip).shape == (1, 2, 8, 8, 8)
