"""UNet-Res2: a residual U-Net made for speed and for tiles.

A space-to-depth stem turns each 2 x 2 x 2 block of voxels into 8 channels and a depth-to-space head turns 8
logits back into the block: nothing is lost, and the costly convolutions run at half resolution, where a CPU
is fast. Skips are added, not concatenated, unless asked for, which saves the convolutions that merge them, a
fifth of the time. All widths are multiples of 16, the least that vector instructions keep busy. BatchNorm has
no statistics of its own tile at prediction, so tiles agree with the whole volume.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn


def space_to_depth(x: Tensor) -> Tensor:
    """`(N, C, Z, Y, X)` to `(N, 8 C, Z / 2, Y / 2, X / 2)`: each 2 x 2 x 2 block becomes channels."""
    n, c, depth, height, width = x.shape
    blocks = x.reshape(n, c, depth // 2, 2, height // 2, 2, width // 2, 2)
    return blocks.permute(0, 1, 3, 5, 7, 2, 4, 6).reshape(n, 8 * c, depth // 2, height // 2, width // 2)


def depth_to_space(x: Tensor) -> Tensor:
    """The inverse of :func:`space_to_depth`: `(N, 8 C, Z, Y, X)` to `(N, C, 2 Z, 2 Y, 2 X)`."""
    n, c, depth, height, width = x.shape
    blocks = x.reshape(n, c // 8, 2, 2, 2, depth, height, width)
    return blocks.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(n, c // 8, 2 * depth, 2 * height, 2 * width)


class ResidualBlock(nn.Module):
    """Two 3 x 3 x 3 convolutions with BatchNorm, added to their input (He et al. 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm3d(channels)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm3d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return self.relu(y + x)


def _projection(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    padding = kernel // 2 if stride == 1 else 0
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, kernel, stride=stride, padding=padding, bias=False),
        nn.BatchNorm3d(channels_out),
        nn.ReLU(inplace=True),
    )


class UNetRes2(nn.Module):
    """Residual U-Net with `widths` channels at 1/2, 1/4, 1/8 and 1/16 of the resolution.

    Input `(N, 1, Z, Y, X)`, sides multiples of 16; output fault logits of the same shape.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 96), *, merged: bool = False) -> None:
        """With `merged`, skips are concatenated and a convolution merges them."""
        super().__init__()
        steps = list(pairwise(widths))
        self.stem = _projection(8, widths[0], kernel=3)
        self.encoder = nn.ModuleList(ResidualBlock(width) for width in widths)
        self.down = nn.ModuleList(_projection(fine, coarse, kernel=2, stride=2) for fine, coarse in steps)
        self.up = nn.ModuleList(_projection(coarse, fine, kernel=1) for fine, coarse in steps)
        self.merged = merged
        if merged:
            self.merge = nn.ModuleList(_projection(2 * fine, fine, kernel=3) for fine, _ in steps)
        self.decoder = nn.ModuleList(ResidualBlock(fine) for fine, _ in steps)
        self.head = nn.Conv3d(widths[0], 8, 1)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        """Fault logits `(N, 1, Z, Y, X)` of amplitudes of the same shape."""
        x = self.encoder[0](self.stem(space_to_depth(x)))
        skips = []
        for down, block in zip(self.down, self.encoder[1:], strict=True):
            skips.append(x)
            x = block(down(x))
        for level in reversed(range(len(skips))):
            x, skip = self.upsample(self.up[level](x)), skips[level]
            x = self.merge[level](torch.cat((x, skip), dim=1)) if self.merged else x + skip
            x = self.decoder[level](x)
        return depth_to_space(self.head(x))
