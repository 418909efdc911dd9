"""VNet-modified, as released by "Fault picking with 3D U-Nets": residual blocks with shared weights."""

import torch
from torch import Tensor, nn

from faultpick.models.blocks import ResidualStem, UpBlock, conv_norm_lrelu, norm_lrelu, upsample_conv


class DownBlock(nn.Module):
    """Doubles the channels and halves the sides, then adds three passes of one convolution (shared weights).

    Nothing stands between the first two passes: this reproduces the released network's logits. They cannot
    tell whether the dropout, off at prediction, follows the first pass or the second.
    """

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        channels = 2 * channels_in
        self.down = nn.Conv3d(channels_in, channels, 3, stride=2, padding=1, bias=False)
        self.conv = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.dropout = nn.Dropout3d(0.6)
        self.norm = norm_lrelu(channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, Z, Y, X)` to `(N, 2 C, Z / 2, Y / 2, X / 2)`."""
        residual = self.down(x)
        y = self.conv(self.conv(self.norm(residual)))
        y = self.conv(self.norm(self.dropout(y)))
        return self.norm(y + residual)


class VNetModified(nn.Module):
    """Residual V-Net of widths 16 to 256 with 3 x 3 x 3 kernels and instance normalisation.

    Input `(N, 1, Z, Y, X)`, sides multiples of 16; output logits `(N, 2, Z, Y, X)` of background and fault.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = ResidualStem(16, bias=False)
        self.down1 = DownBlock(16)
        self.down2 = DownBlock(32)
        self.down3 = DownBlock(64)
        self.down4 = DownBlock(128)
        self.up4 = upsample_conv(256, 256, bias=False)
        self.up3 = UpBlock(256 + 128, 128, bias=False)
        self.up2 = UpBlock(128 + 64, 64, bias=False)
        self.up1 = UpBlock(64 + 32, 32, bias=False)
        self.last = conv_norm_lrelu(32 + 16, 16, bias=False)
        self.head = nn.Conv3d(16, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of background and fault."""
        skip0 = self.stem(x)
        skip1 = self.down1(skip0)
        skip2 = self.down2(skip1)
        skip3 = self.down3(skip2)
        y = self.up4(self.down4(skip3))
        y = self.up3(y, skip3)
        y = self.up2(y, skip2)
        y = self.up1(y, skip1)
        return self.head(self.last(torch.cat((y, skip0), dim=1)))
