"""How much memory a tile needs, measured once for each model and kept.

Measured in a process of its own, because a process knows only the most it ever held: tiles of growing size go
through the networks, the last of them only where it seems to fit in the memory allowed, and the difference
between the last two is the need of a voxel. Where a survey flows through, two sections across the inlines do.
"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from faultpick.errors import ConfigError
from faultpick.prediction.compiled import engine_of
from faultpick.prediction.engine import probabilities
from faultpick.prediction.passage import Flows, Passage
from faultpick.prediction.tta import Attitude
from faultpick.volume.staging import replace_text
from faultpick.zoo import LoadedModel

SIDES = (96, 128, 192)
SECTION_SIDES = (256, 448)
LEAST = 8  # bytes of a voxel: a tile and its result
SPARE = 0.05  # of the memory allowed: for what measuring misses

_writing = threading.Lock()


@dataclass(frozen=True)
class Need:
    """Memory in bytes.

    Attributes:
        process: What the process holds before any tile; 0 for a GPU.
        voxel: What each voxel of a tile, or of a section, needs.
    """

    process: float
    voxel: float

    def memory_for(self, held: float) -> float:
        """The least memory to allow where the process holds this much more than before any tile."""
        return (self.process + held) / (1 - SPARE)


def measured_need(
    members: Sequence[LoadedModel], attitudes: tuple[Attitude, ...], memory: float, flowing: bool = False
) -> Need:
    """The need of these models, from the user's cache folder or else measured now, in seconds.

    Args:
        members: The models.
        attitudes: The attitudes to show a tile in.
        memory: Bytes that measuring may take, if smaller tiles tell it rightly.
        flowing: Of a section of a survey that flows through them, rather than of a tile.

    Raises:
        ConfigError: The models cannot be measured: they do not load in another process, or memory is too
            short.
    """
    engine = engine_of(members[0].network)
    key = "; ".join(
        (
            " ".join(sorted(f"{member.card.network} {member.card.sha256}" for member in members)),
            members[0].device.type,
            "flowing" if flowing else f"{len(attitudes)} attitudes",
            *(f"{name} {version(name)}" for name in ("faultpick", "torch")),
            f"{engine} {version('openvino' if engine == 'int8' else engine)}",
        )
    )
    file = _cache_folder() / "memory.json"
    known = _known(file)
    if key in known:
        return Need(**known[key])
    need = _measured_apart(members, attitudes, memory, flowing)
    with _writing, suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_text(file, json.dumps({**_known(file), key: asdict(need)}, indent=1))
    return need


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "faultpick"
    except RuntimeError:  # a user without a name, as in some containers
        return Path(tempfile.gettempdir(), "faultpick")


def _known(file: Path) -> dict[str, dict[str, float]]:
    try:
        return {key: asdict(Need(**need)) for key, need in json.loads(file.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _measured_apart(
    members: Sequence[LoadedModel], attitudes: tuple[Attitude, ...], memory: float, flowing: bool
) -> Need:
    """Run this module as a program, which takes these and gives the need."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", __name__],  # not what lies in the folder that the user is in
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            input=pickle.dumps((list(members), attitudes, memory, flowing)),
            capture_output=True,
            check=True,
        )
        return Need(**json.loads(done.stdout))
    except (subprocess.CalledProcessError, pickle.PicklingError, AttributeError, ValueError) as error:
        told = getattr(error, "stderr", b"").decode(errors="replace").strip().splitlines()
        raise ConfigError(
            f"The memory that a tile needs cannot be measured ({told[-1] if told else error}): "
            "give the size of the tiles yourself in Python, tile=128 for instance."
        ) from error


def _measure(
    members: Sequence[LoadedModel], attitudes: tuple[Attitude, ...], memory: float, flowing: bool
) -> Need:
    """In this process, which must not have held more before."""
    sides, power = (SECTION_SIDES, 2) if flowing else (SIDES, 3)
    most: list[int] = []
    sizes: list[int] = []
    need = Need(0.0, 0.0)
    for side in sides:
        if len(sizes) > 1 and need.memory_for(need.voxel * side**power) > memory:
            break
        if flowing:
            _flow(members, side)
        else:
            probabilities(members, _noise(side, side), attitudes)
        most.append(_most_held(members[0].device))
        sizes.append(side**power)
        if len(sizes) > 1:
            voxel = (most[-1] - most[-2]) / (sizes[-1] - sizes[-2])
            need = Need(max(most[-2] - voxel * sizes[-2], 0.0), voxel)
    if need.voxel < LEAST:
        raise ValueError(f"{need.voxel:.1f} bytes a voxel make no sense")
    return need


def _flow(members: Sequence[LoadedModel], side: int) -> None:
    """As many steps as it takes until all that has to wait waits."""
    flows = Flows(members)
    whole = slice(0, side)
    passage = Passage(flows, lambda rows: _noise(rows.stop - rows.start, side), 0, side, (whole, whole))
    passage.take(0, 2 * flows.planes)


def _noise(planes: int, side: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal((planes, side, side), dtype=np.float32)


def _most_held(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_reserved(device)
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says on Linux may be of the process that started this one
        return 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    import dask
    import zarr

    from faultpick import blocks

    assert dask, zarr and blocks  # what a prediction holds too
    print(json.dumps(asdict(_measure(*pickle.load(sys.stdin.buffer)))))  # noqa: T201
