"""NumPy files: a plain array without geometry."""

from io import BytesIO
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.lib import format as npy

from faultpick.errors import VolumeError
from faultpick.volume.mapped import MappedArray, MappedReader
from faultpick.volume.sink import RawSink, Sink
from faultpick.volume.volume import Geometry, Volume, plain_geometry


def open_npy(path: Path) -> Volume:
    """Open a `.npy` file of any real type, memory-mapped.

    Its shape is (inline, crossline, sample), or (crossline, sample) for a single inline.

    Raises:
        VolumeError: It is damaged, cut short, neither 3D nor 2D, empty or not of numbers.
    """
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, TokenError) as error:
        raise VolumeError(
            f"{path} is not a whole .npy file of numbers ({error}); write it again with numpy.save."
        ) from error
    if not isinstance(array, np.memmap) or array.dtype.kind not in "fiub":
        raise VolumeError(f"{path} does not hold real numbers; save a float or integer array.")
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise VolumeError(
            f"{path} has shape {array.shape}; a volume has three axes of at least one: "
            "inline, crossline, sample; a single line the last two."
        )
    whole = array[None] if array.ndim == 2 else array
    shape = (whole.shape[0], whole.shape[1], whole.shape[2])
    mapped = MappedArray(path.open("rb"), array.dtype, shape, array.offset, whole.strides)
    return Volume(path, "npy", str(array.dtype), plain_geometry(shape), MappedReader(mapped))


def npy_sink(temporary: Path, geometry: Geometry) -> Sink:
    """Start a float32 `.npy` file."""
    header = BytesIO()
    npy.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": geometry.shape})
    return RawSink(temporary, geometry.shape, header.getvalue())
