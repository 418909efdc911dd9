"""VNet: V-Net of Milletari et al. 2016 (arXiv 1606.04797), as released by "Fault picking with 3D U-Nets".

There it has instance normalisation, ELU, and one convolution as its input block.
"""

import torch
from torch import Tensor, nn

from faultpick.models.blocks import InstanceNorm


def _conv_norm_elu(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, 5, padding=2), InstanceNorm(channels_out), nn.ELU()
    )


def _convs(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(_conv_norm_elu(channels, channels) for _ in range(count)))


class DownBlock(nn.Module):
    """Doubles the channels and halves the sides, then adds `count` convolutions' output."""

    def __init__(self, channels_in: int, count: int, dropout: float = 0.0) -> None:
        super().__init__()
        channels = 2 * channels_in
        self.down = nn.Sequential(
            nn.Conv3d(channels_in, channels, 2, stride=2), InstanceNorm(channels), nn.ELU()
        )
        self.dropout = nn.Dropout3d(dropout)
        self.convs = _convs(channels, count)
        self.elu = nn.ELU()

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, Z, Y, X)` to `(N, 2 C, Z / 2, Y / 2, X / 2)`."""
        residual = self.down(x)
        return self.elu(self.convs(self.dropout(residual)) + residual)


class UpBlock(nn.Module):
    """Doubles the sides, joins the skip, then adds `count` convolutions' output; `channels` come out."""

    def __init__(self, channels_in: int, channels: int, count: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout3d(dropout)
        self.up = nn.Sequential(
            nn.ConvTranspose3d(channels_in, channels // 2, 2, stride=2),
            InstanceNorm(channels // 2),
            nn.ELU(),
        )
        self.skip_dropout = nn.Dropout3d(0.5)
        self.convs = _convs(channels, count)
        self.elu = nn.ELU()

    def forward(self, deeper: Tensor, skip: Tensor) -> Tensor:
        """`(N, channels_in, Z, Y, X)` and `(N, channels / 2, 2 Z, 2 Y, 2 X)` to `(N, channels, 2 Z, ...)`."""
        residual = torch.cat((self.up(self.dropout(deeper)), self.skip_dropout(skip)), dim=1)
        return self.elu(self.convs(residual) + residual)


class VNet(nn.Module):
    """V-Net with 5 x 5 x 5 kernels and widths 16 to 256.

    Input `(N, 1, Z, Y, X)`, sides multiples of 16; output logits `(N, 2, Z, Y, X)` of background and fault.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv_norm_elu(1, 16)
        self.down1 = DownBlock(16, count=1)
        self.down2 = DownBlock(32, count=2)
        self.down3 = DownBlock(64, count=3, dropout=0.5)
        self.down4 = DownBlock(128, count=2, dropout=0.5)
        self.up4 = UpBlock(256, 256, count=2, dropout=0.5)
        self.up3 = UpBlock(256, 128, count=2, dropout=0.5)
        self.up2 = UpBlock(128, 64, count=1)
        self.up1 = UpBlock(64, 32, count=1)
        self.last = _conv_norm_elu(32, 2)
        self.head = nn.Conv3d(2, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of background and fault."""
        skip0 = self.stem(x)
        skip1 = self.down1(skip0)
        skip2 = self.down2(skip1)
        skip3 = self.down3(skip2)
        y = self.down4(skip3)
        y = self.up4(y, skip3)
        y = self.up3(y, skip2)
        y = self.up2(y, skip1)
        y = self.up1(y, skip0)
        return self.head(self.last(y))
