"""Whole surveys through the command: time and memory against size, two workers against one, what dask costs.

Surveys are a synthetic cube and its mirror images, repeated. Rows of each part go to results/volumes-PART.csv
and docs/reference/speed.md.

Usage: python benchmarks/volumes.py [--parts memory sizes workers overhead] [--sizes 256x256x256 ...]
    [--rounds 3] [--threads 2] [--side 320] [--survey 512x1024x512] [--scratch DIR]
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from faultpick import create_volume, load_model, open_volume, synthesize
from faultpick.blocks import cover
from faultpick.data import splits
from faultpick.errors import ConfigError
from faultpick.normalise import Normalisation
from faultpick.prediction import predict_to_file
from faultpick.prediction.cut import cut_for
from faultpick.prediction.engine import prepared, probabilities
from faultpick.prediction.plan import blocks_in_tiles_of
from faultpick.prediction.source import Source, source_of
from faultpick.prediction.survey import HALO
from faultpick.prediction.task import PredictBlock
from faultpick.prediction.tiles import Axis
from faultpick.prediction.tta import AS_IT_IS
from faultpick.volume.volume import Geometry, SampleAxis
from tables import publish

MODEL = "unet_res2"
PAGE = Path("docs/reference/speed.md")
PARTS = ("memory", "sizes", "workers", "overhead")
SIZES = ("256x256x256", "512x512x512", "512x1024x512", "1024x1024x512")
TILE, NARROW = 208, 24  # tiles and their halo where only the rest counts
Row = dict[str, object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--sizes", nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--side", type=int, default=320, help="of the survey for overhead")
    parser.add_argument("--survey", default="1024x1024x512", help="for workers")
    parser.add_argument("--scratch", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        scratch = Path(folder)
        side = (arguments.side,) * 3
        parts: dict[str, Callable[[], list[Row]]] = {
            "memory": memory,
            "sizes": lambda: [sized(scratch, size, arguments.threads) for size in arguments.sizes],
            "workers": lambda: workers(scratch, shape_of(arguments.survey), arguments.rounds),
            "overhead": lambda: overhead(scratch, side, arguments.rounds),
        }
        for part in arguments.parts:
            rows = parts[part]()
            publish(f"volumes-{part}", list(rows[0]), [list(row.values()) for row in rows], PAGE)


def shape_of(size: str) -> tuple[int, int, int]:
    first, second, third = (int(count) for count in size.split("x"))
    return first, second, third


def memory() -> list[Row]:
    """What larger tiles save on the largest survey; nothing is computed but the need of a tile."""
    member = prepared(load_model(MODEL))
    shape = (1024, 1024, 512)
    inline, crossline, sample = (Axis(count, HALO, member.info.multiple) for count in shape)
    axes = inline, crossline, sample
    source = Source(lambda *_: np.zeros(0), shape, np.ones(shape[:2], bool), Normalisation(0.0, 1.0, 1.0))
    rows: list[Row] = []
    for gigabytes in (1, 2, 4, 8, 16):
        try:
            cut = cut_for([axes], [member], AS_IT_IS, tile=None, memory=gigabytes * 1e9)
        except ConfigError:
            continue
        task = PredictBlock(source, axes, [member], AS_IT_IS, "mean", 0.5, flows=cut.flows)
        voxels = sum(task.voxels(block) for block in cover(shape, cut.size))
        row: Row = {"--memory": f"{gigabytes}GB", "block": " x ".join(map(str, cut.size))}
        row |= {"flows": "yes" if cut.flows else "no"}
        rows.append(row | {"voxels through the network": f"{voxels / math.prod(shape):.2f} x"})
    print(rows, flush=True)
    return rows


def sized(scratch: Path, size: str, threads: int) -> Row:
    """One survey from SEG-Y to SEG-Y with the command's defaults."""
    shape = shape_of(size)
    path = make_survey(scratch / "survey.sgy", shape)
    facts, peak, _ = run_command(path, scratch / "out.sgy", threads=threads)
    voxels = math.prod(shape)
    row: Row = {
        "voxels": size.replace("x", " x "),
        "threads": threads,
        "seconds": f"{facts['seconds']:.0f}",
        "million voxels a second": f"{voxels / facts['seconds'] / 1e6:.2f}",
        "tiles": facts["tiles"],
        "voxels through the network": f"{facts['network_voxels'] / voxels:.2f} x",
        "peak memory, GB": f"{peak / 1e9:.2f}",
    }
    print(row, flush=True)
    return row


def workers(scratch: Path, shape: tuple[int, int, int], rounds: int) -> list[Row]:
    """One process of one thread against two, in turn; starting them and loading the model included."""
    path = make_survey(scratch / "survey.sgy", shape)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    peaks = {1: 0, 2: 0}
    for _ in range(rounds):
        for count in seconds:
            facts, _, peaks[count] = run_command(path, scratch / "out.sgy", "--workers", str(count))
            seconds[count].append(facts["seconds"])
    one = statistics.median(seconds[1])
    rows: list[Row] = [
        {
            "workers": count,
            "seconds": f"{statistics.median(times):.0f}",
            "times as fast": f"{one / statistics.median(times):.2f}",
            "peak memory of all processes, GB": f"{peaks[count] / 1e9:.2f}",
        }
        for count, times in seconds.items()
    ]
    print(rows, flush=True)
    return rows


def overhead(scratch: Path, shape: tuple[int, int, int], rounds: int) -> list[Row]:
    """The network over ready tiles, a plain loop of tasks, and the whole way to SEG-Y, in turn."""
    member = prepared(load_model(MODEL))
    seconds: dict[str, list[float]] = {"network alone": [], "plain loop": [], "dask, to SEG-Y": []}
    with open_volume(make_survey(scratch / "survey.sgy", shape)) as volume:
        axes = tuple(Axis(count, NARROW, member.info.multiple) for count in shape)
        axes = axes[0], axes[1], axes[2]
        task = PredictBlock(source_of(volume, gain=True), axes, [member], AS_IT_IS, "mean", 0.5)
        blocks = cover(shape, blocks_in_tiles_of(axes, TILE))
        for _ in range(rounds):
            spent = 0.0
            for block in blocks:
                inline, crossline, sample = (
                    axis.window(box.start, box.stop) for axis, box in zip(axes, block.box, strict=True)
                )
                tile = task.source.tile(axes, (inline, crossline, sample))
                start = time.perf_counter()
                probabilities([member], tile, AS_IT_IS)
                spent += time.perf_counter() - start
            seconds["network alone"].append(spent)
            start = time.perf_counter()
            for block in blocks:
                task(block)
            seconds["plain loop"].append(time.perf_counter() - start)
            start = time.perf_counter()
            predict_to_file(volume, member, scratch / "out.sgy", tile=TILE, halo=NARROW)
            seconds["dask, to SEG-Y"].append(time.perf_counter() - start)
    bare = statistics.median(seconds["network alone"])
    rows: list[Row] = [
        {
            "way": way,
            "seconds": f"{statistics.median(times):.1f}",
            "over the network alone": f"{statistics.median(times) / bare:.3f}",
        }
        for way, times in seconds.items()
    ]
    print(rows, flush=True)
    return rows


def make_survey(path: Path, shape: tuple[int, int, int]) -> Path:
    """A SEG-Y survey of a synthetic cube and its mirror images."""
    cube = synthesize(splits.test_seeds(1)[0], shape=(128, 128, 128)).seismic
    inline, crossline, sample = (np.pad(np.arange(128), (0, max(0, n - 128)), "symmetric")[:n] for n in shape)
    lines = [np.arange(1, n + 1, dtype=np.int32) for n in shape[:2]]
    geometry = Geometry(lines[0], lines[1], SampleAxis(0.0, 4.0, shape[2], "ms"))
    with create_volume(path, geometry) as writer:
        for first in range(0, shape[0], 16):
            rows = inline[first : first + 16]
            writer.write(first, cube[np.ix_(rows, crossline, sample)])
    return path


def run_command(path: Path, out: Path, *options: str, threads: int = 1) -> tuple[dict, int, int]:
    """Run `faultpick predict`.

    Returns:
        What it says of itself; the most memory in bytes that one process held, and that all held together.
    """
    code = "from faultpick.cli import main; main()"
    command = [
        sys.executable,
        "-c",
        code,
        "predict",
        str(path),
        "-o",
        str(out),
        "--json",
        "--restart",
        *options,
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)}
    )
    watched, largest, together = psutil.Process(process.pid), 0, 0
    while process.poll() is None:
        held = [resident(one) for one in [watched, *children(watched)]]
        largest, together = max(largest, *held), max(together, sum(held))
        time.sleep(0.2)
    output, _ = process.communicate()
    if process.returncode:
        sys.exit(process.returncode)
    return json.loads(output), largest, together


def children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0


if __name__ == "__main__":
    main()
