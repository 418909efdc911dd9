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
from faultpick.volume.staging import move_in_place, output_errors


def outputs_of(out: Path, uncertainty: Path | None, threshold: float | None) -> dict[str, Path]:
    """The files to write, by what is in them."""
    outputs = {"fault_probability" if threshold is None else "fault_mask": out}
    if uncertainty is not None:
        if uncertainty.resolve() == out.resolve():
            raise OutputError(f"{out} is to hold both probability and uncertainty: give them two names.")
        outputs["fault_uncertainty"] = uncertainty
    return outputs


def check_space(outputs: Iterable[Path], shape: Size) -> None:
    """See that there is room for the outputs on each disk, before the work for them.

    Raises:
        OutputError: There is none for one of them, beside those before it.
    """
    needed = Counter[int]()
    for path in outputs:
        if path.suffix.lower() == ".zarr":
            continue
        disk = path.parent.stat().st_dev
        needed[disk] += 4 * math.prod(shape)
        if shutil.disk_usage(path.parent).free < needed[disk]:
            with output_errors(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def put_in_place(store: BlockStore, outputs: dict[str, Path], volume: Volume) -> None:
    """Give the outputs their names: Zarr as it is, other formats written from it."""
    streamed = {name: path for name, path in outputs.items() if path.suffix.lower() != ".zarr"}
    with ExitStack() as stack:
        for name, path in streamed.items():
            writer = stack.enter_context(
                create_volume(path, volume.geometry, like=volume, name=name, within=store.folder)
            )
            for first, slab in store.slabs(name):
                writer.write(first, slab)
    for name, path in outputs.items():
        if name not in streamed:
            move_in_place(store.volume(name), path)
