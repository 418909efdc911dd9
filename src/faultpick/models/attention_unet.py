"""Attention U-Net of Oktay et al. 2018 (arXiv 1804.03999): the skips pass through additive attention gates.

As in the paper: 3 x 3 x 3 convolutions with BatchNorm and ReLU, max pooling, trilinear upsampling, gates
steered by the next coarser level of the decoder, and none on the finest skip. Ours: 16 to 128 channels, so
that a CPU can train it, no deep supervision, and one logit.
"""

import torch
from torch import Tensor, nn


def _level(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm3d(channels_out),
        nn.ReLU(inplace=True),
        nn.Conv3d(channels_out, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm3d(channels_out),
        nn.ReLU(inplace=True),
    )


class AttentionGate(nn.Module):
    """Multiplies each voxel of a skip by a weight between 0 and 1 found on the grid of a coarser level.

    The weight is `sigmoid(psi(relu(of_skip(skip) + of_gate(gate))))`, the paper's additive attention,
    resampled trilinearly to the skip's grid. `of_skip` sees every voxel: kernel and stride are 2.
    """

    def __init__(self, channels: int, gate_channels: int) -> None:
        super().__init__()
        self.of_skip = nn.Conv3d(channels, channels, 2, stride=2, bias=False)
        self.of_gate = nn.Conv3d(gate_channels, channels, 1)
        self.relu = nn.ReLU(inplace=True)
        self.psi = nn.Conv3d(channels, 1, 1)
        self.sigmoid = nn.Sigmoid()
        self.upsample = nn.Upsample(scale_factor=2, mode="trilinear")

    def forward(self, skip: Tensor, gate: Tensor) -> Tensor:
        """`(N, channels, Z, Y, X)` and `(N, gate_channels, Z / 2, Y / 2, X / 2)` to the shape of the skip."""
        weight = self.sigmoid(self.psi(self.relu(self.of_skip(skip) + self.of_gate(gate))))
        return skip * self.upsample(weight)


class AttentionUNet(nn.Module):
    """U-Net of widths 16, 32, 64 and 128 with attention gates on its two deeper skips.

    Input `(N, 1, Z, Y, X)`, sides multiples of 8; output fault logits of the same shape.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down1 = _level(1, 16)
        self.down2 = _level(16, 32)
        self.down3 = _level(32, 64)
        self.bottom = _level(64, 128)
        self.gate3 = AttentionGate(64, gate_channels=128)
        self.up3 = _level(128 + 64, 64)
        self.gate2 = AttentionGate(32, gate_channels=64)
        self.up2 = _level(64 + 32, 32)
        self.up1 = _level(32 + 16, 16)
        self.head = nn.Conv3d(16, 1, 1)
        self.pool = nn.MaxPool3d(2)
        self.upsample = nn.Upsample(scale_factor=2, mode="trilinear")

    def forward(self, x: Tensor) -> Tensor:
        """Fault logits `(N, 1, Z, Y, X)` of amplitudes of the same shape."""
        skip1 = self.down1(x)
        skip2 = self.down2(self.pool(skip1))
        skip3 = self.down3(self.pool(skip2))
        y = self.bottom(self.pool(skip3))
        y = self.up3(torch.cat((self.upsample(y), self.gate3(skip3, y)), dim=1))
        y = self.up2(torch.cat((self.upsample(y), self.gate2(skip2, y)), dim=1))
        y = self.up1(torch.cat((self.upsample(y), skip1), dim=1))
        return self.head(y)
