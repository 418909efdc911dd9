"""The volumes of a folder of picks in another format, with the headers of the survey."""

from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from faultpick.errors import PicksError
from faultpick.picks.store import DIP, FAULT_ID, LIKELIHOOD, STRIKE
from faultpick.volume import Volume, create_volume, open_volume
from faultpick.volume.alike import placed_by

VOLUMES = {"fault-id": FAULT_ID, "likelihood": LIKELIHOOD, "strike": STRIKE, "dip": DIP}
"""Format by name: the volume in the folder."""

LINES = 16  # inlines copied at once


def export_volume(
    directory: Path, name: str, out: Path, chosen: Collection[int] | None, like: Volume | None
) -> None:
    """Copy a volume of the picks, in the format of the output's name.

    Args:
        directory: The folder of picks.
        name: Of `VOLUMES`.
        out: The output.
        chosen: Ids of the faults to keep, the others' voxels become 0; None keeps all.
        like: The survey whose headers the output gets.

    Raises:
        PicksError: The folder has no such volume.
        OutputError: As in `create_volume`.
    """
    with ExitStack() as stack:
        source = stack.enter_context(_opened(directory, VOLUMES[name]))
        ids = None if chosen is None else stack.enter_context(_opened(directory, FAULT_ID))
        geometry = source.geometry if like is None else placed_by(like.geometry, source.geometry)
        label = VOLUMES[name].removesuffix(".zarr")
        writer = stack.enter_context(create_volume(out, geometry, like=like, name=label))
        for first in range(0, source.shape[0], LINES):
            lines = slice(first, first + LINES)
            slab = source[lines, :, :]
            if ids is not None and chosen is not None:
                slab[~np.isin(ids[lines, :, :], list(chosen))] = 0
            writer.write(first, slab)


def _opened(directory: Path, name: str) -> Volume:
    if not (directory / name).exists():
        raise PicksError(f"{directory} holds no {name}; pick again with the volumes.")
    return open_volume(directory / name)
