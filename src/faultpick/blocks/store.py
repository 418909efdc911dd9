"""Where the values of finished blocks lie, and how it is known that they are whole."""

import json
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.errors import BaseZarrError

from faultpick.blocks.grid import Block
from faultpick.errors import VolumeError
from faultpick.volume import Geometry
from faultpick.volume.staging import replace_text
from faultpick.volume.zarr import CHUNK, create_zarr

SLAB_BYTES = 64 << 20
MOST_SLABS = 4
"""As many times as large slabs may be that hold whole chunks."""


@dataclass(frozen=True)
class Result:
    """What a task gives.

    Attributes:
        values: One array of the block's shape for each of the store's names.
        facts: Numbers about the block that the caller adds up over all blocks.
    """

    values: tuple[NDArray[np.float32], ...]
    facts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """Says that a block is done: the checksums of its values (CRC-32) and the facts of its result."""

    checksums: tuple[int, ...]
    facts: dict[str, int]


@dataclass(frozen=True)
class BlockStore:
    """A Zarr volume for each name, and the receipts of the blocks that are done, in a folder.

    Zarr leaves out chunks that are zero everywhere, so that a chunk is there says nothing about a block; and
    a machine that stops may leave a receipt whose values never reached the disk. Hence the checksums.
    """

    folder: Path
    names: tuple[str, ...]

    def create(self, geometry: Geometry, size: tuple[int, int, int]) -> None:
        """Make the volumes that are not there yet; `size` is that of the blocks."""
        (self.folder / "done").mkdir(exist_ok=True)
        for leftover in self.folder.glob(".*.partial"):  # of an output that was being written
            leftover.unlink()
        for name in self.names:
            path = self.volume(name)
            for leftover in path.rglob("*.partial"):  # of a write that was cut off
                leftover.unlink()
            if not _is_whole(path, name):
                shutil.rmtree(path, ignore_errors=True)
                create_zarr(path, geometry, name, _shard(geometry.shape, size))

    def take(self, run: str) -> None:
        """Let a run write here, and no earlier one of which a worker may still have a block."""
        replace_text(self.folder / "run", run)

    def is_taken_by(self, run: str) -> bool:
        """Whether it is this run that writes here."""
        try:
            return (self.folder / "run").read_text(encoding="utf-8") == run
        except OSError:
            return False

    def volume(self, name: str) -> Path:
        """The Zarr volume called `name`."""
        return self.folder / f"{name}.zarr"

    def write(self, block: Block, result: Result) -> Receipt:
        """Keep a block's values, then its receipt.

        Raises:
            OSError: The disk is full or refuses.
        """
        for name, values in zip(self.names, result.values, strict=True):
            self._array(name)[block.box] = values
        receipt = Receipt(tuple(map(_checksum, result.values)), result.facts)
        replace_text(self._receipt(block), json.dumps(asdict(receipt)))
        return receipt

    def finished(self, block: Block) -> Receipt | None:
        """The receipt of a block whose values are there as they were written; None for any other.

        What is left of a block that is not whole is removed.
        """
        try:
            kept = json.loads(self._receipt(block).read_text(encoding="utf-8"))
            receipt = Receipt(tuple(kept["checksums"]), kept["facts"])
            if receipt.checksums == tuple(_checksum(self._read(name, block)) for name in self.names):
                return receipt
        except (OSError, LookupError, ValueError, TypeError, RuntimeError, BaseZarrError):
            pass
        self._receipt(block).unlink(missing_ok=True)
        for name in self.names:
            _chunk_file(self.volume(name) / name, block).unlink(missing_ok=True)
        return None

    def slabs(self, name: str) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The values in slabs of whole inlines: position of the first, and (inline, crossline, sample).

        Raises:
            VolumeError: A chunk is damaged.
        """
        array = self._array(name)
        lines = max(1, SLAB_BYTES // (4 * array.shape[1] * array.shape[2]))
        high = array.chunks[0]
        if MOST_SLABS * lines >= high:  # no chunk is read twice
            lines = max(lines // high, 1) * high
        for first in range(0, array.shape[0], lines):
            try:
                yield first, np.asarray(array[first : first + lines], dtype=np.float32)
            except (OSError, ValueError, RuntimeError, BaseZarrError) as error:
                raise VolumeError(
                    f"{self.volume(name)} has been damaged ({error}); run the same command again: "
                    "the damaged blocks are computed anew."
                ) from error

    def _array(self, name: str) -> zarr.Array:
        return zarr.open_array(self.volume(name) / name, mode="r+")

    def _read(self, name: str, block: Block) -> NDArray[np.float32]:
        return np.asarray(self._array(name)[block.box], dtype=np.float32)

    def _receipt(self, block: Block) -> Path:
        return self.folder / "done" / f"{block.key}.json"


def _shard(shape: tuple[int, int, int], size: tuple[int, int, int]) -> tuple[int, int, int]:
    """The block, but whole chunks along an axis that one block spans."""
    rows, columns, samples = (
        side if side < count or count < CHUNK else -(-count // CHUNK) * CHUNK
        for count, side in zip(shape, size, strict=True)
    )
    return rows, columns, samples


def _checksum(values: NDArray[np.float32]) -> int:
    return zlib.crc32(np.ascontiguousarray(values).data)


def _chunk_file(array: Path, block: Block) -> Path:
    return array.joinpath("c", *map(str, block.number))


def _is_whole(path: Path, name: str) -> bool:
    try:
        zarr.open_array(path / name, mode="r")
    except (OSError, ValueError, KeyError, TypeError, BaseZarrError):
        return False
    return True
