"""Where a writer puts whole inlines; the raw formats' one."""

import errno
import math
import os
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray


class Sink(Protocol):
    """What each file format provides for writing. Making one, and both methods, may raise OSError."""

    def write(self, first: int, slab: NDArray[np.float32]) -> None:
        """Take lines `first`, `first + 1`, ...: samples, shape (n, crosslines, samples)."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


class OutputFile:
    """A new file of known size, written at any offset.

    The disk space is taken at once, so that a full disk shows before the work and not after it.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._file = path.open("xb", buffering=0)
        try:
            _reserve(self._file.fileno(), size)
        except OSError:
            self._file.close()
            raise

    def write_at(self, offset: int, data: bytes | memoryview) -> None:
        """Write all of the data, however little the system takes at a time."""
        self._file.seek(offset)
        rest = memoryview(data).cast("B")
        while rest:
            rest = rest[self._file.write(rest) :]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _reserve(descriptor: int, size: int) -> None:
    if not hasattr(os, "posix_fallocate"):
        os.ftruncate(descriptor, size)
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):  # not every file system can
            raise
        os.ftruncate(descriptor, size)


class RawSink:
    """A header and then float32 samples in C order."""

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int, int],
        header: bytes = b"",
        byte_order: Literal["<", ">"] = "<",
    ) -> None:
        self._samples = f"{byte_order}f4"
        self._line_bytes = 4 * shape[1] * shape[2]
        self._start = len(header)
        self._output = OutputFile(path, self._start + 4 * math.prod(shape))
        self._output.write_at(0, header)

    def write(self, first: int, slab: NDArray[np.float32]) -> None:
        """Write lines at their place."""
        for position, line in enumerate(slab, first):
            self._output.write_at(
                self._start + position * self._line_bytes, line.astype(self._samples).tobytes()
            )

    def close(self) -> None:
        """Close the file."""
        self._output.close()
