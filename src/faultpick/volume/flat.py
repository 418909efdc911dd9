"""Flat files: float32 samples and nothing else, as training cubes are passed around."""

import math
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import VolumeError
from faultpick.volume.mapped import MappedArray, MappedReader
from faultpick.volume.volume import Volume, plain_geometry

CUBE = (128, 128, 128)
SOME = 1 << 16


def open_flat(path: Path, shape: tuple[int, int, int] | None, byte_order: Literal["little", "big"]) -> Volume:
    """Open float32 samples in (inline, crossline, sample) order, the last varying fastest; memory-mapped.

    Args:
        path: The file.
        shape: Numbers of inlines, crosslines and samples; 128 x 128 x 128 if not given.
        byte_order: "little" or "big".

    Raises:
        VolumeError: The size of the file is not that of the shape, or the byte order is plainly the other.
    """
    told, shape = shape is not None, shape or CUBE
    if min(shape) < 1:
        raise VolumeError(f"{path}: shape {shape} is no volume; give three numbers of at least one.")
    size, expected = path.stat().st_size, 4 * math.prod(shape)
    if size != expected:
        counts = " x ".join(map(str, shape))
        advice = "give the right shape" if told else "give its shape"
        raise VolumeError(
            f"{path} has {size} bytes, but {counts} float32 samples take {expected}; "
            f"{advice} with --shape INLINES CROSSLINES SAMPLES."
        )
    mapped = MappedArray(path.open("rb"), "<f4" if byte_order == "little" else ">f4", shape, 0)
    samples = mapped.view().reshape(-1)
    some = np.concatenate([samples[len(samples) * part // 4 :][:4096] for part in range(4)])
    if _plausible(some) < 0.5 and _plausible(some.byteswap()) > 0.99:
        mapped.file.close()
        right = "big" if byte_order == "little" else "little"
        raise VolumeError(f"{path} makes no sense as {byte_order}-endian floats; give --byte-order {right}.")
    return Volume(path, "flat", flat_format(byte_order), plain_geometry(shape), MappedReader(mapped))


def some_samples(path: Path, byte_order: Literal["little", "big"]) -> NDArray[np.float32]:
    """Samples of a flat file of any shape, evenly spread, shape (samples,).

    Raises:
        VolumeError: Its size is none of float32 samples.
    """
    size = path.stat().st_size
    if size % 4:
        raise VolumeError(f"{path} has {size} bytes, which are no float32 samples.")
    samples = np.memmap(path, "<f4" if byte_order == "little" else ">f4", mode="r")
    return samples[:: max(len(samples) // SOME, 1)].astype(np.float32)


def flat_format(byte_order: Literal["little", "big"]) -> str:
    """What a flat volume calls the format of its samples."""
    return f"float32, {byte_order}-endian"


def _plausible(values: NDArray[np.floating]) -> float:
    """Share of values that are zero or of a magnitude that amplitudes have."""
    size = np.abs(values.astype(np.float32))
    return float(np.mean((size == 0) | ((size > 1e-12) & (size < 1e12))))
