"""R2U-Net of Alom et al. 2018 (arXiv 1802.06955): a U-Net of recurrent residual convolutional units.

As in the paper: two recurrent convolutions to a unit with t = 2 (one forward step and two recurrent ones),
the unit's input added to its output, max pooling, up-convolutions, concatenated skips. Ours: four levels of
16 to 128 channels, so that a CPU can train it, one logit, and BatchNorm after every step with statistics of
its own, because the steps' amplitudes differ.
"""

import torch
from torch import Tensor, nn


class RecurrentConv(nn.Module):
    """A convolution whose output is fed back through a second, recurrent kernel.

    `state(0) = relu(norm(forward(x)))`, `state(t) = relu(norm(forward(x) + recurrent(state(t - 1))))`, with
    two kernels as in the paper's equations.
    """

    def __init__(self, channels: int, steps: int = 2) -> None:
        super().__init__()
        self.forward_conv = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.recurrent_conv = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm3d(channels) for _ in range(1 + steps))
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        first, *recurrent = self.norms
        fed = self.forward_conv(x)
        state = self.relu(first(fed))
        for norm in recurrent:
            state = self.relu(norm(fed + self.recurrent_conv(state)))
        return state


class RecurrentResidualUnit(nn.Module):
    """A 1 x 1 x 1 convolution to the unit's width, then two recurrent convolutions added to it."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.widen = nn.Conv3d(channels_in, channels_out, 1)
        self.convs = nn.Sequential(RecurrentConv(channels_out), RecurrentConv(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        """`(N, channels_in, Z, Y, X)` to `(N, channels_out, Z, Y, X)`."""
        residual = self.widen(x)
        return residual + self.convs(residual)


def _up(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose3d(channels_in, channels_out, 2, stride=2, bias=False),
        nn.BatchNorm3d(channels_out),
        nn.ReLU(inplace=True),
    )


class R2UNet(nn.Module):
    """Recurrent residual U-Net of widths 16, 32, 64 and 128.

    Input `(N, 1, Z, Y, X)`, sides multiples of 8; output fault logits of the same shape.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down1 = RecurrentResidualUnit(1, 16)
        self.down2 = RecurrentResidualUnit(16, 32)
        self.down3 = RecurrentResidualUnit(32, 64)
        self.bottom = RecurrentResidualUnit(64, 128)
        self.up3 = _up(128, 64)
        self.merge3 = RecurrentResidualUnit(64 + 64, 64)
        self.up2 = _up(64, 32)
        self.merge2 = RecurrentResidualUnit(32 + 32, 32)
        self.up1 = _up(32, 16)
        self.merge1 = RecurrentResidualUnit(16 + 16, 16)
        self.head = nn.Conv3d(16, 1, 1)
        self.pool = nn.MaxPool3d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Fault logits `(N, 1, Z, Y, X)` of amplitudes of the same shape."""
        skip1 = self.down1(x)
        skip2 = self.down2(self.pool(skip1))
        skip3 = self.down3(self.pool(skip2))
        y = self.bottom(self.pool(skip3))
        y = self.merge3(torch.cat((self.up3(y), skip3), dim=1))
        y = self.merge2(torch.cat((self.up2(y), skip2), dim=1))
        y = self.merge1(torch.cat((self.up1(y), skip1), dim=1))
        return self.head(y)
