"""What every network costs: parameters, multiplications, time and memory for one 128^3 cube.

Each network runs in a process of its own on one thread, in PyTorch and as it is, BatchNorm not folded. Time
is processor time, the median of the rounds; memory is the most that the process held beyond what it held
before the first round. Rows go to results/cost.csv.

Usage: python benchmarks/cost.py [--rounds 3] [NETWORK ...]
"""

import argparse
import csv
import multiprocessing
import statistics
import time
from pathlib import Path

import torch

from faultpick import models
from faultpick.models.profile import profile
from faultpick.volume.staging import staged

SIDE = 128
HEADER = ("network", "parameters", "gmac", "seconds", "memory_mb")


def status(field: str) -> int:
    """Kilobytes of this process, VmRSS (now) or VmHWM (the most so far)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


@torch.inference_mode()
def measure(name: str, rounds: int) -> tuple[float, float]:
    """Seconds of processor time and megabytes."""
    torch.set_num_threads(1)
    network = models.build(name).eval()
    network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
    multiple = max(models.info(name).multiple, 32)
    network(torch.zeros(1, 1, multiple, multiple, multiple))
    cube = torch.randn(1, 1, SIDE, SIDE, SIDE).contiguous(memory_format=torch.channels_last_3d)
    before = status("VmRSS")
    times = []
    for _ in range(rounds):
        start = time.process_time()
        network(cube)
        times.append(time.process_time() - start)
    return statistics.median(times), (status("VmHWM") - before) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", default=models.names())
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    rows = []
    for name in arguments.networks:
        with multiprocessing.get_context("spawn").Pool(1) as process:
            seconds, memory = process.apply(measure, (name, arguments.rounds))
        facts = profile(name)
        rows.append((name, facts.parameters, f"{facts.gmac:.1f}", f"{seconds:.2f}", f"{memory:.0f}"))
        print(*rows[-1], flush=True)
    with staged(Path("results/cost.csv")) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
