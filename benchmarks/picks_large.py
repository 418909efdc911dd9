"""Time and memory of picking a large volume, with throw.

A validation cube and its probabilities are mirrored into 512^3 voxels, which is as densely faulted as the
cube, and picked by the command from `.npy` files. Processor time is given beside elapsed time, which depends
on what else the machine does. Rows go to results/picks-large.csv and docs/explanation/picks.md.

Usage: python benchmarks/picks_large.py [TIMES]
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick import predict, synthesize
from faultpick.data import splits
from tables import publish

COMMAND = "from faultpick.cli import main; main()"


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    seismic = synthesize(splits.validation_seeds(2)[1]).seismic
    probability = predict(seismic, "unet_res2", tta=True)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, cube in (("probability", probability), ("seismic", seismic)):
            paths.append(Path(folder, f"{name}.npy"))
            write_mirrored(paths[-1], cube, times)
        arguments = [str(paths[0]), "-o", str(Path(folder, "faults")), "--seismic", str(paths[1]), "--json"]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, "pick", *arguments], check=True, capture_output=True, text=True
        )
        seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    faults = json.loads(done.stdout)["faults"]
    size = " x ".join(str(side * times) for side in seismic.shape)
    row = (
        size,
        faults,
        f"{used.ru_utime + used.ru_stime:.0f}",
        f"{seconds:.0f}",
        f"{used.ru_maxrss / 2**20:.1f}",
    )
    header = ("voxels", "faults", "processor seconds", "elapsed seconds", "peak memory, GiB")
    publish("picks-large", header, [row], Path("docs/explanation/picks.md"))
    print(*row)


def write_mirrored(path: Path, cube: NDArray[np.float32], times: int) -> None:
    shape = tuple(side * times for side in cube.shape)
    whole = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for corner in np.ndindex(times, times, times):
        part = cube[tuple(slice(None, None, -1 if place % 2 else 1) for place in corner)]
        at = tuple(
            slice(place * side, (place + 1) * side) for place, side in zip(corner, cube.shape, strict=True)
        )
        whole[at] = part
    whole.flush()


if __name__ == "__main__":
    main()
