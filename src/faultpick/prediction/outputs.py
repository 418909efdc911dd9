"""The files that a prediction writes."""

import errno
import math
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from faultpick.blocks import BlockStore
from faultpick.errors import OutputError
from faultpick.prediction.plan import Size
from faultpick.volume import Volume, create_volume
from faultpick.volume.staging import behind_link, move_in_place, output_errors, staged


def outputs_of(out: Path, uncertainty: Path | None, threshold: float | None) -> dict[str, Path]:
    """The files to write, by what is in them."""
    outputs = {"fault_probability" if threshold is None else "fault_mask": out}
    if uncertainty is not None:
        if uncertainty.resolve() == out.resolve():
            raise OutputError(f"{out} is to hold both probability and uncertainty: give them two names.")
        outputs["fault_uncertainty"] = uncertainty
    return outputs


def check_space(outputs: Iterable[Path], shape: Size, folder: Path) -> None:
    """See that there is room for the outputs on each disk, before the work for them.

    Args:
        outputs: The files.
        shape: Of the survey.
        folder: Where the work is done: Zarr on the same disk takes no more room than there.

    Raises:
        OutputError: There is none for one of them, beside those before it.
    """
    needed = Counter[int]()
    for path in outputs:
        disk = _disk(path)
        if _is_zarr(path) and disk == folder.stat().st_dev:
            continue
        needed[disk] += 4 * math.prod(shape)
        if shutil.disk_usage(behind_link(path).parent).free < needed[disk]:
            with output_errors(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def put_in_place(store: BlockStore, outputs: dict[str, Path], volume: Volume) -> None:
    """Give the outputs their names: Zarr as it is, other formats and Zarr on other disks copied from it.

    What cannot fail for lack of room comes last, so that no part of the work is lost to what can.
    """
    moved = {
        name: path for name, path in outputs.items() if _is_zarr(path) and _disk(path) == _disk(store.folder)
    }
    with ExitStack() as stack:
        for name, path in outputs.items():
            if name in moved:
                continue
            if _is_zarr(path):
                temporary = stack.enter_context(staged(path))
                with output_errors(path):
                    shutil.copytree(store.volume(name), temporary)
                continue
            writer = stack.enter_context(
                create_volume(path, volume.geometry, like=volume, name=name, within=store.folder)
            )
            for first, slab in store.slabs(name):
                writer.write(first, slab)
    for name, path in moved.items():
        move_in_place(store.volume(name), path)


def _is_zarr(path: Path) -> bool:
    return path.suffix.lower() == ".zarr"


def _disk(path: Path) -> int:
    """The disk that a file is or would be on."""
    return behind_link(path).parent.stat().st_dev
