"""A volume that flows through UNet-Res2, some planes at a time, in place of a network over a whole tile.

A convolution needs one plane on either side of its own. Keeping the last two planes it saw, it gives the next
ones as new planes arrive, one plane late: nothing is computed twice and no halo is needed along the inlines.
Memory is that of a few planes, however long the volume.

Results are those of the network over the whole volume. It pads each convolution with zeros, so planes
beyond the volume's ends are set to zero before each convolution. A skip waits until the coarser levels have
caught up.
"""

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from faultpick.models.unet_res2 import ResidualBlock, UNetRes2, depth_to_space, space_to_depth

KEPT = 2  # planes that a convolution of 3 keeps
STEM_KEPT = 3  # one more, so that the planes that a level gives are late by a multiple of 2
LATE_IN, LATE_OUT = 2, 4  # planes by which the first and last convolutions of an encoder's level are late
MOST_LEVELS = 4  # with more, a skip would wait for a part of a step


def can_flow(network: nn.Module) -> bool:
    """Whether a volume can flow through a network."""
    return isinstance(network, UNetRes2) and not network.merged and len(network.encoder) <= MOST_LEVELS


class Flow(nn.Module):
    """One step: the network's next planes from the volume's next planes and what earlier steps left.

    Args:
        network: A network that `can_flow`, on the CPU; it is not changed.

    Attributes:
        planes: Planes that go in, and come out, at each step.
        latency: The planes that come out begin this many before those that went in.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        assert isinstance(network, UNetRes2)
        self.network = network = copy.deepcopy(network)
        for module in network.modules():
            if isinstance(module, nn.Conv3d) and module.kernel_size[0] == 3:
                module.padding = (0, 1, 1)  # along the inlines, kept planes stand in for padding
        self.levels = len(network.encoder)
        self.planes = 2**self.levels
        late = LATE_OUT
        self._late = [late]  # planes by which the last result at each level is late
        for _ in network.down:
            late = 2 * late + KEPT
            self._late.insert(0, late)
        self.latency = 2 * late

    def start(self, height: int, width: int) -> list[Tensor]:
        """What the first step takes beside planes of `height` x `width`: the states, all zero."""
        sides = [(height >> level + 1, width >> level + 1) for level in range(self.levels)]
        widths = [block.conv1.out_channels for block in self._blocks()]
        levels = [*range(self.levels), *reversed(range(self.levels - 1))]
        kept = [torch.zeros(1, 8, STEM_KEPT, *sides[0])]
        kept += [
            torch.zeros(1, width, KEPT, *sides[level])
            for level, width in zip(levels, widths, strict=True)
            for _ in range(KEPT)
        ]
        return kept

    def skips(self, height: int, width: int) -> list[list[Tensor]]:
        """For each level, the skips that wait before the first step: zeros, the next one to use first."""
        widths = [block.conv1.out_channels for block in self._blocks()]
        found = []
        for level in range(self.levels - 1):
            planes = self._planes(level)
            waiting = (self._late[level] - KEPT - LATE_OUT) // planes
            shape = (1, widths[level], planes, height >> level + 1, width >> level + 1)
            found.append([torch.zeros(shape) for _ in range(waiting)])
        return found

    def inside(self, fed: int, count: int) -> list[Tensor]:
        """For each level, 1 for planes inside the volume and 0 beyond, from the latest result on.

        Args:
            fed: Planes that went in before this step.
            count: The volume's.
        """
        found = []
        for level in range(self.levels):
            first, planes = fed >> level + 1, self._planes(level)
            place = torch.arange(first - self._late[level], first + planes)
            within = (place >= 0) & (place < count >> level + 1)
            found.append(within.float().reshape(1, 1, -1, 1, 1))
        return found

    def inputs(self, height: int, width: int) -> list[Tensor]:
        """What a first step takes, all zero."""
        first = [waiting[0] for waiting in self.skips(height, width)]
        planes = torch.zeros(1, 1, self.planes, height, width)
        return [planes, *self.inside(0, self.planes), *self.start(height, width), *first]

    def forward(self, planes: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        """Logits, states and skips.

        Args:
            planes: Amplitudes `(1, 1, planes, Y, X)`; zeros beyond the volume's end.
            *rest: What `inside` says, the states that the last step gave, and a skip of each level: the one
                given longest ago of those that wait.
        """
        network, levels = self.network, self.levels
        inside, states, skips = rest[:levels], iter(rest[levels : 1 - levels]), rest[1 - levels :]
        step = _Step(inside, states)
        x = space_to_depth(planes)
        x = network.stem(step.joined(x, STEM_KEPT)[:, :, : x.shape[2] + KEPT])
        x = step.block(network.encoder[0], x, 0, LATE_IN)
        given = []
        for level in range(1, levels):
            given.append(x)
            x = step.block(network.encoder[level], network.down[level - 1](x), level, LATE_IN)
        for level in reversed(range(levels - 1)):
            x = network.upsample(network.up[level](x)) + skips[level]
            x = step.block(network.decoder[level], x, level, self._late[level] - KEPT)
        return depth_to_space(network.head(x)), *step.kept, *given

    def _planes(self, level: int) -> int:
        return self.planes >> level + 1

    def _blocks(self) -> list[ResidualBlock]:
        """In the order of `forward`."""
        blocks = [*self.network.encoder, *reversed(self.network.decoder)]
        return [block for block in blocks if isinstance(block, ResidualBlock)]


class _Step:
    """The planes that convolutions kept and those they keep, in order."""

    def __init__(self, inside: Sequence[Tensor], states: Iterator[Tensor]) -> None:
        self.inside, self.states = inside, states
        self.kept: list[Tensor] = []

    def joined(self, x: Tensor, kept: int = KEPT) -> Tensor:
        """New planes behind those kept of the last step."""
        x = torch.cat((next(self.states), x), dim=2)
        self.kept.append(x[:, :, -kept:].clone())  # a view would keep all of it
        return x

    def block(self, block: nn.Module, x: Tensor, level: int, late: int) -> Tensor:
        """A residual block's result, two planes later than its input, which is late itself."""
        assert isinstance(block, ResidualBlock)
        planes = x.shape[2]
        x = self.joined(self._cut(x, level, late))
        y = block.relu(block.norm1(block.conv1(x)))
        y = block.norm2(block.conv2(self.joined(self._cut(y, level, late + 1))))
        return block.relu(y + x[:, :, :planes])

    def _cut(self, x: Tensor, level: int, late: int) -> Tensor:
        """Zero beyond the volume."""
        inside = self.inside[level]
        first = inside.shape[2] - x.shape[2] - late
        return x * inside[:, :, first : first + x.shape[2]]
