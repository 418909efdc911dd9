"""UNet-DS, as released by "Fault picking with 3D U-Nets": deep supervision, after arXiv 1903.09097."""

import torch
from torch import Tensor, nn

from faultpick.models.blocks import conv_norm_lrelu, norm_lrelu, upsample_conv


def _conv(channels_in: int, channels_out: int, kernel: int = 3, stride: int = 1) -> nn.Conv3d:
    return nn.Conv3d(channels_in, channels_out, kernel, stride=stride, padding=kernel // 2, bias=False)


def _up(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(norm_lrelu(channels_in), upsample_conv(channels_in, channels_out, bias=False))


class FirstBlock(nn.Module):
    """Three convolutions without normalisation, the first one's output added to the last one's."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = _conv(1, width)
        self.conv2 = _conv(width, width)
        self.dropout = nn.Dropout3d(0.6)
        self.conv3 = _conv(width, width)
        self.lrelu = nn.LeakyReLU()

    def forward(self, x: Tensor) -> Tensor:
        """`(N, 1, Z, Y, X)` to `(N, width, Z, Y, X)`."""
        residual = self.conv1(x)
        y = self.dropout(self.conv2(self.lrelu(residual)))
        return self.conv3(self.lrelu(y)) + residual


class DownBlock(nn.Module):
    """Doubles the channels and halves the sides, then adds two passes of one convolution (shared weights)."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        channels = 2 * channels_in
        self.down = _conv(channels_in, channels, stride=2)
        self.norm = norm_lrelu(channels)
        self.conv = _conv(channels, channels)
        self.dropout = nn.Dropout3d(0.6)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, C, Z, Y, X)` to `(N, 2 C, Z / 2, Y / 2, X / 2)`, the sum before its normalisation."""
        residual = self.down(x)
        y = self.dropout(self.conv(self.norm(residual)))
        return self.conv(self.norm(y)) + residual


class UNetDS(nn.Module):
    """U-Net of widths 32 to 512 whose two deeper decoder levels add their own logits to the last level's.

    Input `(N, 1, Z, Y, X)`, sides multiples of 16; output logits `(N, 2, Z, Y, X)` of background and fault.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = (width * 2**level for level in range(5))
        self.down1 = FirstBlock(w1)
        self.norm1 = norm_lrelu(w1)
        self.down2 = DownBlock(w1)
        self.norm2 = norm_lrelu(w2)
        self.down3 = DownBlock(w2)
        self.norm3 = norm_lrelu(w3)
        self.down4 = DownBlock(w3)
        self.norm4 = norm_lrelu(w4)
        self.down5 = DownBlock(w4)
        self.norm5 = norm_lrelu(w5)
        self.up5 = upsample_conv(w5, w4, bias=False)
        self.narrow5 = conv_norm_lrelu(w4, w4, kernel=1, bias=False)
        self.conv4 = conv_norm_lrelu(w5, w5, bias=False)
        self.narrow4 = _conv(w5, w4, kernel=1)
        self.up4 = _up(w4, w3)
        self.conv3 = conv_norm_lrelu(w4, w4, bias=False)
        self.narrow3 = _conv(w4, w3, kernel=1)
        self.up3 = _up(w3, w2)
        self.conv2 = conv_norm_lrelu(w3, w3, bias=False)
        self.narrow2 = _conv(w3, w2, kernel=1)
        self.up2 = _up(w2, w1)
        self.conv1 = conv_norm_lrelu(w2, w2, bias=False)
        self.head1 = _conv(w2, 2, kernel=1)
        self.head2 = _conv(w3, 2, kernel=1)
        self.head3 = _conv(w4, 2, kernel=1)
        self.lrelu = nn.LeakyReLU()
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        """Logits of background and fault."""
        y = self.down1(x)
        skip1 = self.lrelu(y)
        skip2 = self.norm2(self.down2(self.norm1(y)))
        skip3 = self.norm3(self.down3(skip2))
        skip4 = self.norm4(self.down4(skip3))
        y = self.narrow5(self.up5(self.norm5(self.down5(skip4))))
        y = self.conv4(torch.cat((y, skip4), dim=1))
        level3 = self.conv3(torch.cat((self.up4(self.narrow4(y)), skip3), dim=1))
        level2 = self.conv2(torch.cat((self.up3(self.narrow3(level3)), skip2), dim=1))
        level1 = self.conv1(torch.cat((self.up2(self.narrow2(level2)), skip1), dim=1))
        deep = self.upsample(self.head3(level3)) + self.head2(level2)
        return self.head1(level1) + self.upsample(deep)
