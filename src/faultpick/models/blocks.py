"""Blocks that several networks share: instance normalisation, LeakyReLU, nearest upsampling.

Instance normalisation takes its mean and variance from the whole input: networks made of these blocks give a
voxel another value in a tile than in the whole volume.
"""

import torch
from torch import Tensor, nn


class InstanceNorm(nn.Module):
    """Instance normalisation without learnt scale; a single voxel, equal to its own mean, becomes 0."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm3d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        return self.norm(x) if x[0, 0].numel() > 1 else x - x


def norm_lrelu(channels: int) -> nn.Sequential:
    """Instance normalisation, then LeakyReLU."""
    return nn.Sequential(InstanceNorm(channels), nn.LeakyReLU())


def conv_norm_lrelu(channels_in: int, channels_out: int, kernel: int = 3, *, bias: bool) -> nn.Sequential:
    """Convolution that keeps the sides, instance normalisation, LeakyReLU."""
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, kernel, padding=kernel // 2, bias=bias), norm_lrelu(channels_out)
    )


def upsample_conv(channels_in: int, channels_out: int, *, bias: bool) -> nn.Sequential:
    """Each voxel repeated 2 x 2 x 2, then :func:`conv_norm_lrelu`."""
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"), *conv_norm_lrelu(channels_in, channels_out, bias=bias)
    )


class ResidualStem(nn.Module):
    """Three convolutions at full resolution; the first one's activation is added to the last one's output."""

    def __init__(self, width: int, *, bias: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, width, 3, padding=1, bias=bias)
        self.lrelu = nn.LeakyReLU()
        self.conv2 = nn.Conv3d(width, width, 3, padding=1, bias=bias)
        self.dropout = nn.Dropout3d(0.6)
        self.norm2 = norm_lrelu(width)
        self.conv3 = nn.Conv3d(width, width, 3, padding=1)
        self.norm3 = norm_lrelu(width)

    def forward(self, x: Tensor) -> Tensor:
        """`(N, 1, Z, Y, X)` to `(N, width, Z, Y, X)`."""
        residual = self.lrelu(self.conv1(x))
        y = self.norm2(self.dropout(self.conv2(residual)))
        return self.norm3(self.conv3(y) + residual)


class UpBlock(nn.Module):
    """Joins the deeper features with the skip, narrows them and doubles the sides."""

    def __init__(self, channels_in: int, channels_out: int, *, bias: bool) -> None:
        super().__init__()
        self.conv = conv_norm_lrelu(channels_in, channels_in, bias=bias)
        self.narrow = conv_norm_lrelu(channels_in, channels_out, kernel=1, bias=bias)
        self.up = upsample_conv(channels_out, channels_out, bias=bias)

    def forward(self, deeper: Tensor, skip: Tensor) -> Tensor:
        """Both of sides `(Z, Y, X)`, to `(N, channels_out, 2 Z, 2 Y, 2 X)`."""
        return self.up(self.narrow(self.conv(torch.cat((deeper, skip), dim=1))))
