"""FaultSeg3D: the U-Net of Wu et al. 2019, Geophysics 84(3), IM35."""

import torch
from torch import Tensor, nn


def _level(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(channels_in, channels_out, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv3d(channels_out, channels_out, 3, padding=1),
        nn.ReLU(inplace=True),
    )


class FaultSeg3D(nn.Module):
    """U-Net of widths 16, 32, 64 and 128, without normalisation: 1,459,585 parameters.

    Input `(N, 1, Z, Y, X)`, sides multiples of 8; output fault logits of the same shape.
    """

    def __init__(self) -> None:
        super().__init__()
        self.down1 = _level(1, 16)
        self.down2 = _level(16, 32)
        self.down3 = _level(32, 64)
        self.bottom = _level(64, 128)
        self.up3 = _level(128 + 64, 64)
        self.up2 = _level(64 + 32, 32)
        self.up1 = _level(32 + 16, 16)
        self.head = nn.Conv3d(16, 1, 1)
        self.pool = nn.MaxPool3d(2)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.bias is not None:
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Fault logits `(N, 1, Z, Y, X)` of amplitudes of the same shape."""
        skip1 = self.down1(x)
        skip2 = self.down2(self.pool(skip1))
        skip3 = self.down3(self.pool(skip2))
        y = self.bottom(self.pool(skip3))
        y = self.up3(torch.cat((self.upsample(y), skip3), dim=1))
        y = self.up2(torch.cat((self.upsample(y), skip2), dim=1))
        y = self.up1(torch.cat((self.upsample(y), skip1), dim=1))
        return self.head(y)
