"""Writing a volume line by line, in the format of its name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import OutputError
from faultpick.volume.alike import check_no_input
from faultpick.volume.flat import flat_format
from faultpick.volume.numpy import npy_sink
from faultpick.volume.part import Box, PartReader
from faultpick.volume.segy import SegyReader
from faultpick.volume.segy_part import check_part, part_sink
from faultpick.volume.segy_write import copy_sink, header_scales, new_sink
from faultpick.volume.sink import RawSink, Sink
from faultpick.volume.staging import check_target, output_errors, staged
from faultpick.volume.volume import Geometry, Volume

SUFFIXES = (".sgy", ".segy", ".zarr", ".npy", ".dat", ".bin")


class VolumeWriter:
    """Takes a volume in ascending, contiguous slabs of whole inlines."""

    def __init__(self, path: Path, geometry: Geometry, sink: Sink) -> None:
        self.path = path
        self.shape = geometry.shape
        self.lines_written = 0
        self._live = geometry.live
        self._sink = sink

    def write(self, first_inline: int, slab: NDArray[np.float32]) -> None:
        """Write whole inlines.

        Args:
            first_inline: Position of the slab's first line, which is the number of lines written so far.
            slab: Samples, shape (n, crosslines, samples); left unchanged. Where the geometry has no trace the
                output has none, or zeros if its format cannot leave traces out.

        Raises:
            OutputError: The disk is full or refuses.
            ValueError: The slab has the wrong shape or is out of turn.
        """
        if slab.ndim != 3 or slab.shape[1:] != self.shape[1:]:
            raise ValueError(f"a slab has shape (n, {self.shape[1]}, {self.shape[2]}), not {slab.shape}")
        if first_inline != self.lines_written or first_inline + len(slab) > self.shape[0]:
            raise ValueError(
                f"lines {first_inline} to {first_inline + len(slab)} are out of turn: "
                f"{self.lines_written} of {self.shape[0]} are written"
            )
        if self._live is not None:
            slab = np.where(self._live[first_inline : first_inline + len(slab), :, None], slab, np.float32(0))
        with output_errors(self.path):
            self._sink.write(first_inline, slab)
        self.lines_written += len(slab)


@contextmanager
def create_volume(
    path: str | Path,
    geometry: Geometry,
    *,
    like: Volume | None = None,
    name: str = "amplitude",
    within: Path | None = None,
) -> Iterator[VolumeWriter]:
    """Write a new float32 volume in the format of its name: .sgy, .segy, .zarr, .npy, .dat or .bin.

    The file appears under its name when the block ends without an error and every line was written;
    otherwise nothing is left behind. An older file of that name is replaced.

    Args:
        path: The output.
        geometry: Shape, line numbers, sample axis, corners and live traces of the output.
        like: If this is a SEG-Y volume and the output is SEG-Y too, the output is a copy of its file with the
            samples replaced by IEEE floats: same headers byte for byte but for the format code, same traces
            in the same order. Of a part of such a volume, its traces, in that order.
        name: What the samples are, for the formats that say so (SEG-Y's textual header, Zarr's array name).
        within: A folder to write in until the file is whole; None: beside it.

    Yields:
        The writer to hand slabs to.

    Raises:
        OutputError: The name has no known suffix, is the input's, or the disk refuses or is full.
        ValueError: The block ended before every line was written, or `like` has another shape.
    """
    path = Path(path)
    check_output(path, like)
    if like is not None and like.shape != geometry.shape:
        raise ValueError(f"the output has shape {geometry.shape}, the volume it is like {like.shape}")
    with staged(path, within=within) as temporary:
        with output_errors(path):
            sink = _open_sink(path, temporary, geometry, like, name)
        try:
            writer = VolumeWriter(path, geometry, sink)
            yield writer
        finally:
            sink.close()
        if writer.lines_written != geometry.shape[0]:
            raise ValueError(
                f"only {writer.lines_written} of {geometry.shape[0]} lines of {path} were written"
            )


def check_output(path: Path, like: Volume | None = None) -> None:
    """See that a volume can be written at a path, before any work is done for it.

    Raises:
        OutputError: The name has no known suffix or is that of `like`, its folder refuses, a file is where a
            Zarr folder is to be, or SEG-Y cannot hold the geometry of `like`.
    """
    check_no_input(path, [like and like.path])
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"{path} cannot be written: {path.suffix or 'a name without a suffix'} is no format of a volume; "
            "name it .sgy, .segy, .zarr, .npy, .dat or .bin."
        )
    check_target(path)
    if path.suffix.lower() == ".zarr" and path.is_file():
        raise OutputError(f"{path} is a file, not a Zarr folder; remove it or give the output another name.")
    if path.suffix.lower() not in (".sgy", ".segy") or like is None:
        return
    if (part := _part_of_segy(like)) is not None:
        check_part(*part, like.geometry.samples.start)
    elif not isinstance(like.reader, SegyReader):
        header_scales(like.geometry)


def _open_sink(path: Path, temporary: Path, geometry: Geometry, like: Volume | None, name: str) -> Sink:
    match path.suffix.lower():
        case ".sgy" | ".segy" if like is not None and isinstance(like.reader, SegyReader):
            return copy_sink(temporary, like.reader)
        case ".sgy" | ".segy" if like is not None and (part := _part_of_segy(like)) is not None:
            return part_sink(temporary, *part)
        case ".sgy" | ".segy":
            return new_sink(temporary, geometry, name)
        case ".zarr":
            from faultpick.volume.zarr import ZarrSink

            return ZarrSink(temporary, geometry, name)
        case ".npy":
            return npy_sink(temporary, geometry)
        case _:
            return RawSink(temporary, geometry.shape, byte_order=_byte_order(like))


def _part_of_segy(volume: Volume) -> tuple[SegyReader, Box] | None:
    """The SEG-Y file that a volume is a part of, and which part."""
    reader = volume.reader
    if isinstance(reader, PartReader) and isinstance(reader.whole, SegyReader):
        return reader.whole, reader.box
    return None


def _byte_order(like: Volume | None) -> Literal["<", ">"]:
    """That of a flat survey, so that one `--byte-order` reads it and what is made from it."""
    return ">" if like is not None and like.sample_format == flat_format("big") else "<"
