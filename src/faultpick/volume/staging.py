"""Outputs appear whole or not at all: write beside, then rename."""

import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faultpick.errors import OutputError

COORDINATES = {"inline", "crossline", "time", "depth", "sample", "trace_mask", "cdp_x", "cdp_y"}
"""What lies beside the samples in a Zarr volume."""


@contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusals into one sentence each.

    Args:
        path: The output, named in the sentence.

    Raises:
        OutputError: Anything in the block raised OSError.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(_sentence(path, error)) from error


def _sentence(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"{path} cannot be written: no space left on the disk; free some, or write to another one."
        case errno.EACCES if path.exists() and not os.access(path, os.W_OK):
            return f"{path} is write-protected; choose another name, or lift the protection."
        case errno.EACCES | errno.EPERM:
            return f"{path} cannot be written: no permission in {path.parent}; choose another folder."
        case errno.EROFS:
            return f"{path} cannot be written: {path.parent} is read-only; choose another folder."
        case errno.ENOENT if not path.parent.exists():
            return f"{path} cannot be written: the folder {path.parent} does not exist; make it first."
        case errno.ENOTDIR:
            return f"{path} cannot be written: {path.parent} is not a folder; choose another one."
        case errno.EEXIST:
            return f"{path} cannot be written: it is a file, give the name of a folder."
        case errno.EFBIG:
            return f"{path} cannot be written: the disk's file system takes no file of this size."
        case _:
            return f"{path} cannot be written: {error.strerror or error}."


def is_older_output(path: Path) -> bool:
    """Whether a folder is a Zarr volume and nothing more: an array, or a group with one beside its axes."""
    held = [each.name for each in path.iterdir() if each.is_dir() and is_zarr_folder(each)]
    return is_zarr_folder(path) and len(set(held) - COORDINATES) <= 1


def is_zarr_folder(path: Path) -> bool:
    """Whether a folder holds a Zarr array or group, version 2 or 3."""
    return any((path / name).is_file() for name in ("zarr.json", ".zarray", ".zgroup"))


@contextmanager
def staged(
    path: Path, replaceable: Callable[[Path], bool] = is_older_output, within: Path | None = None
) -> Iterator[Path]:
    """Give a hidden name beside `path` to write a file or folder at, and put it in place at the end.

    Leaving the block without an error renames what was written to `path`, replacing an older output; with
    one, it is removed.

    Args:
        path: The output.
        replaceable: Says of an existing folder at `path` whether it is an older output.
        within: A folder to write in meanwhile, rather than beside `path`, if both are on one disk.

    Raises:
        OutputError: The folder does not exist or cannot be written in, or `path` is a folder that may not be
            replaced.
    """
    check_target(path, replaceable)
    path = behind_link(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    if within is not None and within.stat().st_dev == path.parent.stat().st_dev:
        temporary = within / temporary.name
    try:
        yield temporary
        with output_errors(path):
            _put_in_place(temporary, path)
    except BaseException:
        _remove(temporary)
        raise


def replace_text(path: Path, text: str) -> None:
    """Write a small text file of the program's own; it appears whole or not at all.

    Raises:
        OSError: The disk refuses or is full.
    """
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def check_target(path: Path, replaceable: Callable[[Path], bool] = is_older_output) -> None:
    """See that an output can be put at a path.

    Raises:
        OutputError: The folder does not exist or cannot be written in, or `path` is a folder that may not be
            replaced.
    """
    with output_errors(path):
        if not path.parent.is_dir():
            code = errno.ENOTDIR if path.parent.exists() else errno.ENOENT
            raise OSError(code, os.strerror(code))
        if path.is_dir() and not replaceable(path):
            if replaceable is is_older_output and is_zarr_folder(path):
                raise OutputError(f"{path} is a Zarr group of several volumes; give another name.")
            raise OutputError(f"{path} is a folder; give the name of a file in it.")
        if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))


def move_in_place(volume: Path, path: Path) -> None:
    """Give a finished Zarr folder on the same disk its name, replacing an older output.

    Raises:
        OutputError: As of `staged`.
    """
    check_target(path)
    with output_errors(path):
        _put_in_place(volume, behind_link(path))


def behind_link(path: Path) -> Path:
    """What a link points at, so that this is replaced and not the link."""
    return path.resolve() if path.is_symlink() else path


def _put_in_place(temporary: Path, path: Path) -> None:
    if not path.is_dir():
        temporary.replace(path)
        return
    old = temporary.with_suffix(".old")
    path.replace(old)
    try:
        temporary.replace(path)
    except BaseException:
        old.replace(path)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
