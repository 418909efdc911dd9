"""Seconds per 128^3 cube of every network, in turn within one run.

Medians go to results/speed.csv and docs/reference/speed.md.

Usage: python benchmarks/networks.py [--rounds 5] [--threads 2] [NETWORK ...]
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from tables import publish

from faultpick import models

REFERENCE = "faultseg3d"


def seconds(network: torch.nn.Module, cube: torch.Tensor) -> float:
    start = time.perf_counter()
    with torch.inference_mode():
        network(cube)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=["unet_res2"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)

    cube = torch.randn(1, 1, 128, 128, 128).contiguous(memory_format=torch.channels_last_3d)
    names = [REFERENCE, *(name for name in arguments.networks if name != REFERENCE)]
    networks = {name: models.build(name).eval() for name in names}
    for network in networks.values():
        network.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
        seconds(network, cube)
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(arguments.rounds):
        for name, network in networks.items():
            times[name].append(seconds(network, cube))

    rows = []
    for name in names:
        ratio = statistics.median(b / a for a, b in zip(times[name], times[REFERENCE], strict=True))
        rows.append((name, arguments.threads, f"{statistics.median(times[name]):.3f}", f"{ratio:.2f}"))
        print(f"{name:16} {rows[-1][2]:>8} s per 128^3   {rows[-1][3]:>6} times as fast as {REFERENCE}")
    header = ("network", "threads", "seconds per 128^3", f"times as fast as {REFERENCE}")
    publish("speed", header, rows, Path("docs/reference/speed.md"))


if __name__ == "__main__":
    main()
