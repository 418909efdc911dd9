"""Arrays that lie in files."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike, NDArray

from faultpick.errors import VolumeError


@dataclass(frozen=True)
class MappedArray:
    """An array at an offset in an open file.

    Each call of `view` maps the file anew, and the mapping goes when its array does: however much is read in
    all, the memory held is that of the views still alive. Reading is free of seeks, so threads may share it.
    """

    file: BinaryIO
    dtype: DTypeLike
    shape: tuple[int, ...]
    offset: int
    strides: tuple[int, ...] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process opens the file again."""
        path = Path(self.file.name).resolve()
        return _opened_array, (path, self.dtype, self.shape, self.offset, self.strides)

    def view(self) -> NDArray:
        """The array, read-only; pages are read from disk as they are touched.

        Raises:
            VolumeError: The file has lost bytes since it was opened.
        """
        try:
            mapping = mmap.mmap(self.file.fileno(), 0, access=mmap.ACCESS_READ)
            return np.ndarray(self.shape, self.dtype, mapping, self.offset, self.strides)
        except (TypeError, ValueError) as error:
            raise VolumeError(f"{self.file.name} has become shorter since it was opened.") from error


def _opened_array(path: Path, *layout: Any) -> MappedArray:
    return MappedArray(path.open("rb"), *layout)


@dataclass(frozen=True)
class MappedReader:
    """Reads sub-boxes of a whole (inline, crossline, sample) array in a file."""

    array: MappedArray

    @property
    def block(self) -> tuple[int, int]:
        """One inline."""
        return 1, self.array.shape[1]

    def read(self, inlines: slice, crosslines: slice, samples: slice) -> NDArray[np.float32]:
        """Read a sub-box as a new C-ordered float32 array."""
        box = self.array.view()[inlines, crosslines, samples]
        with np.errstate(over="ignore"):
            return box.astype(np.float32, order="C")

    def close(self) -> None:
        """Close the file."""
        self.array.file.close()
