"""UNet-Res1, as released by "Fault picking with 3D U-Nets": a residual U-Net."""

import torch
from torch import Tensor, nn

from faultpick.models.blocks import ResidualStem, UpBlock, conv_norm_lrelu, norm_lrelu, upsample_conv


class DownBlock(nn.Module):
    """Halves the sides with a strided convolution, then adds a second convolution's output to the first's."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.down = nn.Conv3d(channels_in, channels_out, 3, stride=2, padding=1)
        self.norm1 = norm_lrelu(channels_out)
        self.conv = nn.Conv3d(channels_out, channels_out, 3, padding=1)
        self.dropout = nn.Dropout3d(0.6)
        self.norm2 = norm_lrelu(channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, channels_in, Z, Y, X)` to `(N, channels_out, Z / 2, Y / 2, X / 2)`."""
        residual = self.down(x)
        y = self.dropout(self.conv(self.norm1(residual)))
        return self.norm2(y + residual)


class UNetRes1(nn.Module):
    """Residual U-Net of widths 16, 32, 64 and 256 with instance normalisation.

    Input `(N, 1, Z, Y, X)`, sides multiples of 8; output logits `(N, 2, Z, Y, X)` of background and fault.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ResidualStem(16, bias=True)
        self.down1 = DownBlock(16, 32)
        self.down2 = DownBlock(32, 64)
        self.down3 = DownBlock(64, 256)
        self.up3 = upsample_conv(256, 256, bias=True)
        self.up2 = UpBlock(256 + 64, 64, bias=True)
        self.up1 = UpBlock(64 + 32, 32, bias=True)
        self.last = conv_norm_lrelu(32 + 16, 16, bias=True)
        self.head = nn.Conv3d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of background and fault."""
        skip0 = self.stem(x)
        skip1 = self.down1(skip0)
        skip2 = self.down2(skip1)
        y = self.up3(self.down3(skip2))
        y = self.up2(y, skip2)
        y = self.up1(y, skip1)
        return self.head(self.last(torch.cat((y, skip0), dim=1)))
