import torch
from torch import nn
from torch.nn import functional as F

from faultpick.models.r2_unet import R2UNet, RecurrentConv, RecurrentResidualUnit


def test_parameters():
    assert sum(parameter.numel() for parameter in R2UNet().parameters()) == 3_043_041


def test_recurrent_convolution_by_hand():
    torch.manual_seed(0)
    conv = RecurrentConv(3).eval()
    x = torch.randn(1, 3, 6, 6, 6)
    scale = 1 / (1 + 1e-5) ** 0.5  # BatchNorm of a network that has seen nothing
    fed = F.conv3d(x, conv.forward_conv.weight, padding=1)
    state = F.relu(fed * scale)
    for _ in range(2):
        state = F.relu((fed + F.conv3d(state, conv.recurrent_conv.weight, padding=1)) * scale)
    torch.testing.assert_close(conv(x), state)


def test_each_step_has_statistics_of_its_own():
    conv = RecurrentConv(3)
    conv(torch.randn(4, 3, 6, 6, 6))
    means = [conv.norms.get_buffer(f"{step}.running_mean") for step in range(3)]
    assert not torch.allclose(means[1], means[2])


def test_unit_adds_its_input():
    unit = RecurrentResidualUnit(2, 3).eval()
    nn.init.zeros_(unit.convs.get_parameter("1.forward_conv.weight"))
    nn.init.zeros_(unit.convs.get_parameter("1.recurrent_conv.weight"))
    x = torch.randn(1, 2, 4, 4, 4)
    torch.testing.assert_close(unit(x), unit.widen(x))
