"""A volume that flows through UNet-Res2, some planes at a time, in place of a network over a whole tile.

A convolution needs one plane on either side of its own. Keeping the last two planes it saw, it gives the next
ones as new planes arrive, one plane late: nothing is computed twice and no halo is needed along the inlines.
Memory is that of a few planes, however long the volume.

Results are those of the network over the whole volume. It pads each convolution with zeros, so planes
beyond the volume's ends are set to zero before each convolution. A skip waits until the coarser levels have
caught up.

The network is taken apart into pieces of one convolution each. A piece writes its planes right behind those
that the next one kept, so that joining them costs nothing. Channels come last in all that is kept, as
convolutions have them: `(1, plane, Y, X, C)`. What a residual or a skip adds is added in place afterwards: a
piece that did it would turn its result over in memory twice. All of that is NumPy's, in threads that sleep
once they are done: PyTorch's go on spinning, and slow the next convolution down if another library does it.
"""

import copy
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faultpick.models.unet_res2 import ResidualBlock, UNetRes2

KEPT = 2  # planes that a convolution of 3 keeps
STEM_KEPT = 3  # one more, so that the planes that a level gives are late by a multiple of 2
LATE_IN, LATE_OUT = 2, 4  # planes by which the first and last convolutions of an encoder's level are late
VOXELS = 8  # in a block that becomes channels: 2 x 2 x 2
MOST_LEVELS = 4  # with more, a skip would wait for a part of a step

Planes = NDArray[np.float32]
Run = Callable[..., None]
"""Writes into its first argument, `Planes`, what a piece gives for the others."""
Piece = tuple[nn.Module, tuple[Tensor, ...]]
"""A part of a network, and an example of its inputs, small."""
Prepare = Callable[[Sequence[Piece]], list[Run]]
"""Makes pieces fit to run."""


def can_flow(network: nn.Module) -> bool:
    """Whether a volume can flow through a network."""
    return isinstance(network, UNetRes2) and not network.merged and len(network.encoder) <= MOST_LEVELS


def lateness(network: nn.Module) -> int:
    """The planes by which results come after what went in, of a network that `can_flow`."""
    assert isinstance(network, UNetRes2)
    return 2 * _late(len(network.encoder))[0]


def _late(levels: int) -> list[int]:
    """Planes by which the last result at each level is late."""
    late = [LATE_OUT]
    for _ in range(levels - 1):
        late.insert(0, 2 * late[0] + KEPT)
    return late


def as_they_are(pieces: Sequence[Piece]) -> list[Run]:
    """Pieces that PyTorch computes."""

    def run(part: nn.Module, out: Planes, *inputs: Planes) -> None:
        torch.from_numpy(out).copy_(part(*map(torch.from_numpy, inputs)))

    return [partial(run, part) for part, _ in pieces]


class Flow:
    """A network in pieces.

    Args:
        network: A network that `can_flow`, on the CPU; it is not changed.
        prepare: Makes the pieces fit to run.

    Attributes:
        planes: Planes that go in, and come out, at each step.
        latency: The planes that come out begin this many before those that went in.
    """

    def __init__(self, network: nn.Module, prepare: Prepare = as_they_are) -> None:
        assert isinstance(network, UNetRes2)
        network = copy.deepcopy(network)
        for module in network.modules():
            if isinstance(module, nn.Conv3d) and module.kernel_size[0] == 3:
                module.padding = (0, 1, 1)  # along the inlines, kept planes stand in for padding
        self.widths = [next(block.parameters()).shape[0] for block in network.encoder]
        self.levels = len(self.widths)
        self.planes = 2**self.levels
        self.late = _late(self.levels)
        self.latency = lateness(network)

        self._threads = torch.get_num_threads()
        self._pool = ThreadPoolExecutor(self._threads)
        pieces = self._pieces(network)
        self.run = dict(zip(pieces, prepare(list(pieces.values())), strict=True))

    def _pieces(self, network: UNetRes2) -> dict[str, Piece]:
        """By their names, each with inputs of so many planes, rows and columns alike, and channels."""

        def piece(part: nn.Module, *shapes: tuple[int, int, int]) -> Piece:
            return part, tuple(torch.zeros(1, planes, side, side, width) for planes, side, width in shapes)

        def given(level: int, side: int, kept: int = 0) -> tuple[int, int, int]:
            return kept + self.planes_at(level), side, self.widths[level]

        found = {
            "stem": piece(_ChannelsLast(network.stem), (KEPT + self.planes_at(0), 2, VOXELS)),
            "head": piece(_ChannelsLast(network.head), given(0, 2)),
        }
        for level, (down, up) in enumerate(zip(network.down, network.up, strict=True)):
            found[f"down {level}"] = piece(_ChannelsLast(down), given(level, 4))
            found[f"up {level}"] = piece(
                _ChannelsLast(nn.Sequential(up, network.upsample)), given(level + 1, 2)
            )
        for side, blocks in (("encoder", network.encoder), ("decoder", network.decoder)):
            for level, block in enumerate(blocks):
                assert isinstance(block, ResidualBlock)
                first = nn.Sequential(block.conv1, block.norm1, block.relu)
                second = nn.Sequential(block.conv2, block.norm2)
                for name, part in (("first", first), ("second", second)):
                    found[f"{side} {level} {name}"] = piece(_ChannelsLast(part), given(level, 2, KEPT))
        return found

    def in_parts(self, work: Callable[[slice], None], count: int) -> None:
        """Do work on as many positions, in as many parts as there are threads, at once."""
        bounds = [count * number // self._threads for number in range(self._threads + 1)]
        for _ in self._pool.map(work, itertools.starmap(slice, itertools.pairwise(bounds))):
            pass

    def planes_at(self, level: int) -> int:
        """Planes of a step at a level."""
        return self.planes >> level + 1


class Column:
    """A volume on its way through, and all that is kept of it.

    Args:
        flow: The network.
        count: The volume's planes, a multiple of those of a step.
        height: Rows of a plane, a multiple of what the network needs.
        width: Columns of a plane, likewise.
    """

    def __init__(self, flow: Flow, count: int, height: int, width: int) -> None:
        self._flow, self._count, self._fed = flow, count, 0

        def planes(level: int, number: int, channels: int) -> Planes:
            return _zeros((1, number, height >> level + 1, width >> level + 1, channels))

        def results(level: int) -> Planes:
            return planes(level, flow.planes_at(level), flow.widths[level])

        def joined(level: int) -> tuple[_Joined, _Joined]:
            number = KEPT + flow.planes_at(level)
            first, second = (planes(level, number, flow.widths[level]) for _ in range(2))
            return _Joined(first, KEPT), _Joined(second, KEPT)

        levels = range(flow.levels)
        self._entered = _Joined(planes(0, STEM_KEPT + flow.planes_at(0), VOXELS), STEM_KEPT)
        self._logits = planes(0, flow.planes_at(0), VOXELS)
        self._encoder = [joined(level) for level in levels]
        self._decoder = [joined(level) for level in levels[:-1]]
        self._given = [results(level) for level in levels]  # what the encoder's level writes next
        self._decoded = [results(level) for level in levels[:-1]]
        self._skips = [
            deque(results(level) for _ in range(self._steps_waited(level))) for level in levels[:-1]
        ]

    def step(self, planes: Tensor) -> Tensor:
        """Logits `(1, 1, planes, Y, X)` of planes `latency` before these.

        Args:
            planes: The next amplitudes, `(1, 1, planes, Y, X)`; zeros beyond the volume's end.
        """
        flow, run, late = self._flow, self._flow.run, self._flow.late
        self._copy(_voxels_of(self._new(self._entered)), _blocks_of(planes[0, 0].contiguous().numpy()))
        x = self._entered.planes[:, : KEPT + flow.planes_at(0)]
        for level, (joined, given) in enumerate(zip(self._encoder, self._given, strict=True)):
            run[f"down {level - 1}" if level else "stem"](self._new(joined[0]), x)
            x = self._block(f"encoder {level}", joined, given, level, LATE_IN)
        for level in reversed(range(flow.levels - 1)):
            self._skips[level].append(self._given[level])
            skip = self._skips[level].popleft()
            joined = self._decoder[level]
            new = self._new(joined[0])
            run[f"up {level}"](new, x)
            self._add(new, skip)
            x = self._block(f"decoder {level}", joined, self._decoded[level], level, late[level] - KEPT)
            self._given[level] = skip
        run["head"](self._logits, x)
        self._fed += flow.planes
        logits = np.empty(planes.shape, np.float32)
        self._copy(_blocks_of(logits[0, 0]), _voxels_of(self._logits))
        return torch.from_numpy(logits)

    def _block(
        self, name: str, joined: tuple["_Joined", "_Joined"], out: Planes, level: int, late: int
    ) -> Planes:
        """A residual block's result, two planes later than its input, which is late itself."""
        x, y = joined
        run, planes = self._flow.run, out.shape[1]
        self._cut(x.planes[:, -planes:], level, late)
        new = self._new(y)
        run[f"{name} first"](new, x.planes)
        self._cut(new, level, late + 1)
        run[f"{name} second"](out, y.planes)
        self._add(out, x.planes[:, :planes], least=0.0)
        return out

    def _cut(self, planes: Planes, level: int, late: int) -> None:
        """Set planes beyond the volume to zero."""
        first = (self._fed >> level + 1) - late
        planes[:, : max(-first, 0)] = 0
        planes[:, max((self._count >> level + 1) - first, 0) :] = 0

    def _new(self, joined: "_Joined") -> Planes:
        """Room for the next planes, behind the last of those before."""
        planes, kept = joined.planes[0], joined.kept

        def keep(rows: slice) -> None:
            planes[:kept, rows] = planes[-kept:, rows]

        self._flow.in_parts(keep, planes.shape[1])
        return joined.planes[:, kept:]

    def _copy(self, to: NDArray[np.float64], source: NDArray[np.float64]) -> None:
        self._flow.in_parts(lambda part: np.copyto(to[part], source[part]), len(to))

    def _add(self, planes: Planes, others: Planes, least: float | None = None) -> None:
        """Add in place, and raise what is less to the least; plane by plane, as a cache holds no more."""

        def add(part: slice) -> None:
            for plane, other in zip(planes[0, part], others[0, part], strict=True):
                plane += other
                if least is not None:
                    np.maximum(plane, least, out=plane)

        self._flow.in_parts(add, planes.shape[1])

    def _steps_waited(self, level: int) -> int:
        return (self._flow.late[level] - KEPT - LATE_OUT) // self._flow.planes_at(level)


@dataclass(frozen=True)
class _Joined:
    """New planes behind those kept of the step before."""

    planes: Planes
    kept: int


def _zeros(shape: tuple[int, ...]) -> Planes:
    """Zeros in large pages of memory where the system has them; `np.zeros` takes small ones.

    Each costs a fault when it is first written to, and there are hundreds of thousands of small ones.
    """
    planes = np.empty(shape, np.float32)
    planes.fill(0.0)
    return planes


def _blocks_of(planes: Planes) -> NDArray[np.float64]:
    """A view of `(plane, Y, X)` as blocks of 2 x 2 x 2 voxels, `(plane, Y, X, 2, 2)`.

    Neighbours along X are one number, so that both are moved at once.
    """
    count, height, width = planes.shape
    pairs = planes.view(np.float64).reshape(count // 2, 2, height // 2, 2, width // 2)
    return pairs.transpose(0, 2, 4, 1, 3)


def _voxels_of(channels: Planes) -> NDArray[np.float64]:
    """A view of the channels that such blocks are turned into, `(1, plane, Y, X, 8)`, in the same shape."""
    return channels[0].view(np.float64).reshape(*channels.shape[1:4], 2, 2)


class _ChannelsLast(nn.Module):
    """A part of a network, for volumes whose channels come last."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__()
        self.part = part

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.part(*(x.movedim(-1, 1) for x in inputs)).movedim(1, -1)
