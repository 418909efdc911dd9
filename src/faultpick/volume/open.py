"""Opening a volume of any format."""

from pathlib import Path
from typing import Literal

from faultpick.errors import VolumeError
from faultpick.volume.flat import open_flat
from faultpick.volume.numpy import open_npy
from faultpick.volume.segy import open_segy
from faultpick.volume.staging import is_zarr_folder
from faultpick.volume.volume import Volume


def open_volume(
    path: str | Path,
    *,
    shape: tuple[int, int, int] | None = None,
    byte_order: Literal["little", "big"] = "little",
    inline_byte: int = 189,
    crossline_byte: int = 193,
    x_byte: int = 181,
    y_byte: int = 185,
    format_code: int | None = None,
    unit: Literal["ms", "m", "ft"] = "ms",
) -> Volume:
    """Open a survey for reading, by the suffix of its name; only headers are read.

    - `.sgy`, `.segy`: SEG-Y, stacked, traces in any order, regular or not, big or little-endian.
    - a Zarr folder (version 2 or 3): one 3D array, with coordinates if it has any (as MDIO names them).
    - `.npy`: an array of any real type, 3D, or 2D for a single inline.
    - `.dat`, `.bin`: float32 samples and nothing else.

    Args:
        path: The file or folder.
        shape: Flat files only: numbers of inlines, crosslines and samples; 128^3 if not given.
        byte_order: Flat files only: of the floats.
        inline_byte: SEG-Y only: first byte of the inline number in a trace header, counted from 1.
        crossline_byte: SEG-Y only: first byte of the crossline number.
        x_byte: SEG-Y only: first byte of the X coordinate.
        y_byte: SEG-Y only: first byte of the Y coordinate.
        format_code: SEG-Y only: sample format to believe instead of the binary header's.
        unit: SEG-Y only: unit of the vertical axis, which the format does not hold.

    Returns:
        The volume; close it, or use it as a context manager.

    Raises:
        VolumeError: The file is missing, unreadable, damaged or of no known format.
        GeometryError: SEG-Y trace headers make no grid.
    """
    path = Path(path)
    try:
        if path.is_dir() or path.suffix.lower() in (".zarr", ".mdio"):
            return _open_folder(path)
        match path.suffix.lower():
            case ".sgy" | ".segy":
                return open_segy(
                    path,
                    inline_byte=inline_byte,
                    crossline_byte=crossline_byte,
                    x_byte=x_byte,
                    y_byte=y_byte,
                    format_code=format_code,
                    unit=unit,
                )
            case ".npy":
                return open_npy(path)
            case ".dat" | ".bin":
                return open_flat(path, shape, byte_order)
            case suffix:
                path.stat()
                raise VolumeError(
                    f"{path} cannot be read: {suffix or 'a name without a suffix'} is no format of a volume; "
                    "known are .sgy, .segy, .zarr, .npy, .dat and .bin."
                )
    except FileNotFoundError as error:
        raise VolumeError(f"{path} does not exist; check the name.") from error
    except PermissionError as error:
        raise VolumeError(f"{path} cannot be read: no permission.") from error
    except OSError as error:
        raise VolumeError(f"{path} cannot be read: {error.strerror or error}.") from error


def _open_folder(path: Path) -> Volume:
    if path.exists() and not is_zarr_folder(path):
        kind = "a folder" if path.is_dir() else "a file"
        raise VolumeError(
            f"{path} is {kind}, not a volume; give a SEG-Y, .npy or .dat file or a Zarr folder."
        )
    from faultpick.volume.zarr import open_zarr

    return open_zarr(path)
