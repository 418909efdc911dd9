"""What the viewer asks for: boxes of a volume at any resolution, and the surfaces of faults.

Resolutions are made when they are looked at. The viewer asks for flat pieces of a section, coarser in the
plane of the section alone, so that a section costs what it holds and never the volume around it.
"""

import io
import math
import zlib
from collections.abc import Iterator
from typing import Literal

import numpy as np
from neuroglancer import CoordinateSpace, LocalVolume
from neuroglancer.local_volume import InvalidObjectIdForMesh
from numpy.typing import NDArray

from faultpick.errors import FaultpickError
from faultpick.picks import Fault
from faultpick.view.grid import ViewGrid
from faultpick.volume import Volume

Box = tuple[slice, slice, slice]

BLOCK = 1 << 22
"""Samples read at once."""
COARSEST = 64 * 64
"""Places that make one sample; at most twice as many, as the viewer counts."""
LARGEST = 1 << 20
"""Samples in one answer; the viewer asks for a quarter of it."""


class VolumeSource(LocalVolume):
    """Answers the viewer from a volume that is read a box at a time.

    Attributes:
        kept: What stands for several samples: the "mean" of amplitudes, the "max" of a thin fault.
    """

    def __init__(self, volume: Volume | None, grid: ViewGrid, kept: Literal["mean", "max"]) -> None:
        self.volume = volume
        self.grid = grid
        self.kept: Literal["mean", "max"] = kept
        super().__init__(
            np.broadcast_to(np.zeros((), self.sample_type), grid.shape),
            dimensions=CoordinateSpace(names=[axis.name for axis in grid.axes], units="", scales=[1, 1, 1]),
            downsampling="2d",
            max_downsampling=COARSEST,
        )

    sample_type: type = np.float32

    def get_encoded_subvolume(
        self, data_format: str, start: NDArray[np.int64], end: NDArray[np.int64], scale_key: str
    ) -> tuple[bytes, Literal["application/octet-stream"]]:
        """Answer a request for a box at a resolution.

        Args:
            data_format: "npz", the only one.
            start: First sample of the box on each axis, at the resolution asked for.
            end: One behind the last.
            scale_key: How many places make one sample on each axis, such as "1,4,4".

        Returns:
            The box, compressed, and its type for the browser.

        Raises:
            ValueError: The request makes no sense, or the volume can no longer be read.
        """
        factor = np.array([int(part) for part in scale_key.split(",")])
        if (
            data_format != "npz"
            or not len(start) == len(end) == len(factor) == 3
            or (factor < 1).any()
            or math.prod(factor.tolist()) > 2 * COARSEST
        ):
            raise ValueError("no such box")
        whole = -(-np.array(self.grid.shape) // factor)
        size = end - start
        if (start < 0).any() or (size < 1).any() or (end > whole).any() or math.prod(size) > LARGEST:
            raise ValueError("no such box")
        try:
            box = self._reduced(start, end, factor)
        except FaultpickError as error:
            raise ValueError(str(error)) from error
        file = io.BytesIO()
        np.save(file, np.asfortranarray(box.astype(self.sample_type)))
        return zlib.compress(file.getvalue(), 1), "application/octet-stream"

    def _reduced(
        self, start: NDArray[np.int64], end: NDArray[np.int64], factor: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        out = np.empty(end - start, dtype=np.float32)
        for part in _parts(out.shape, math.prod(factor)):
            box = [
                slice((first + span.start) * each, min((first + span.stop) * each, size))
                for first, span, each, size in zip(start, part, factor, self.grid.shape, strict=True)
            ]
            out[part] = reduce_box(self._read((box[0], box[1], box[2])), factor, self.kept)
        return out

    def _read(self, box: Box) -> NDArray[np.float32]:
        if self.volume is None:
            return np.zeros([span.stop - span.start for span in box], dtype=np.float32)
        return self.grid.read(self.volume, box)


class FaultSource(VolumeSource):
    """Answers with the ids of faults on sections and the surfaces of faults in space.

    Ids go through float32, which holds whole numbers up to 16 million.
    """

    sample_type = np.uint32

    def __init__(self, ids: Volume | None, faults: list[Fault], grid: ViewGrid) -> None:
        super().__init__(ids, grid, "max")
        self.faults = {fault.id: fault for fault in faults}

    def get_object_mesh(self, object_id: int) -> bytes:
        """Surface of a fault: number of vertices, vertices in places, three vertices a triangle.

        Raises:
            InvalidObjectIdForMesh: There is no such fault.
        """
        if object_id not in self.faults:
            raise InvalidObjectIdForMesh
        fault = self.faults[object_id]
        vertices = np.stack(
            [axis.places(fault.vertices[:, i]) for i, axis in enumerate(self.grid.axes)], axis=1
        )
        count = np.uint32(len(vertices)).astype("<u4")
        return count.tobytes() + vertices.astype("<f4").tobytes() + fault.triangles.astype("<u4").tobytes()

    def _read(self, box: Box) -> NDArray[np.float32]:
        return np.nan_to_num(super()._read(box), nan=0)


def reduce_box(
    box: NDArray[np.float32], factor: NDArray[np.int64], kept: Literal["mean", "max"]
) -> NDArray[np.float32]:
    """A coarser box: one sample for `factor` samples on each axis, fewer at the far edge.

    Samples that are not finite do not count; where none counts the result is NaN.
    """
    finite = np.isfinite(box)
    starts = [np.arange(0, size, each) for size, each in zip(box.shape, factor, strict=True)]
    operation = np.add if kept == "mean" else np.maximum
    total = np.where(finite, box, 0 if kept == "mean" else -np.inf)
    count = finite.astype(np.float32)
    for axis, first in enumerate(starts):
        if factor[axis] > 1:
            total = operation.reduceat(total, first, axis=axis)
            count = np.add.reduceat(count, first, axis=axis)
    if kept == "mean":
        total = total / np.maximum(count, 1)
    return np.where(count > 0, total, np.nan).astype(np.float32)


def _parts(shape: tuple[int, ...], weight: int) -> Iterator[Box]:
    """Cut a box along its longest axis: parts of at most `BLOCK` samples of `weight` places, or one layer."""
    longest = int(np.argmax(shape))
    layer = math.prod(shape) // shape[longest] * weight
    step = max(BLOCK // layer, 1)
    for first in range(0, shape[longest], step):
        part = [slice(0, size) for size in shape]
        part[longest] = slice(first, min(first + step, shape[longest]))
        yield part[0], part[1], part[2]
