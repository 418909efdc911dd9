"""Seconds per 128^3 cube, share of the machine's best matrix product and peak memory of networks and engines.

Each network's engines, FaultSeg3D's U-Net in plain PyTorch and a matrix product take turns within one run,
each in a process of its own; figures are medians over the rounds, ratios medians of the rounds' ratios. Rows
go to results/speed.csv and docs/reference/speed.md.

Usage: python benchmarks/networks.py [--threads 2] [--seconds 30] [NETWORK ...]
"""

import argparse
import multiprocessing
import operator
import os
import re
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from tables import publish

REFERENCE = ("faultseg3d", "plain")
PRODUCT = ("matrix product", "")
ENGINES = ("torch", "openvino", "int8")
SIDE = 128
LEAST, MOST = 2, 9  # rounds

Contestant = tuple[str, str]


def forward(network: str, engine: str) -> Callable[[], object]:
    """A pass of a network: as PyTorch builds it ("plain"), or as `predict` computes it with an engine."""
    import torch

    from faultpick import models
    from faultpick.prediction.engine import prepared
    from faultpick.zoo import Card, LoadedModel

    built = models.build(network).eval()
    cube = torch.randn(1, 1, SIDE, SIDE, SIDE)
    if engine != "plain":
        card = Card(name=network, network=network)
        model = LoadedModel(built, card, models.info(network), torch.device("cpu"))
        built = prepared(model, engine).network  # pyright: ignore[reportArgumentType]
        if engine == "torch":
            built = built.to(memory_format=torch.channels_last_3d)  # pyright: ignore[reportCallIssue]
            cube = cube.contiguous(memory_format=torch.channels_last_3d)
    return torch.inference_mode()(lambda: built(cube))


def best_product() -> float:
    """Thousand millions of operations a second of the fastest of several matrix products."""
    import numpy as np
    import torch

    rates = []
    for side in (768, 1536, 3072):
        a, b = np.ones((2, side, side), dtype=np.float32)
        pairs = ((a, b), (torch.from_numpy(a), torch.from_numpy(b)))
        rates += [2e-9 * side**3 / seconds(partial(operator.matmul, *pair)) for pair in pairs for _ in "ab"]
    return max(rates)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def contestant(who: Contestant, threads: int, pipe: Connection) -> None:
    """Answer each question with a measurement; an empty one with the most memory this process has held."""
    import torch

    torch.set_num_threads(threads)
    measure = best_product if who == PRODUCT else partial(seconds, forward(*who))
    measure()
    pipe.send(None)
    while pipe.recv():
        pipe.send(measure())
    status = Path("/proc/self/status").read_text()
    pipe.send(int(re.findall(r"VmHWM:\s+(\d+)", status)[0]) / 1024)


def compete(
    contestants: list[Contestant], threads: int, budget: float
) -> tuple[dict[Contestant, list[float]], dict[Contestant, float]]:
    """Measurements of each in turn until the seconds are used up, and its peak memory in MB."""
    spawn = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pipes = {}
        for who in contestants:
            here, there = spawn.Pipe()
            process = spawn.Process(target=contestant, args=(who, threads, there), daemon=True)
            process.start()
            stack.callback(process.join)
            pipes[who] = stack.enter_context(closing(here))
            here.recv()  # warm, before the next one starts
        found: dict[Contestant, list[float]] = {who: [] for who in contestants}
        start = time.perf_counter()
        for done in range(MOST):
            if done >= LEAST and time.perf_counter() - start > budget:
                break
            for who, pipe in pipes.items():
                pipe.send(True)
                found[who].append(pipe.recv())
        memory = {}
        for who, pipe in pipes.items():
            pipe.send(False)
            memory[who] = pipe.recv()
    return found, memory


def main() -> None:
    from faultpick import models
    from faultpick.models.profile import profile

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=models.names())
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--seconds", type=float, default=30, help="for the rounds of one network")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(arguments.threads)

    rows = []
    for name in arguments.networks:
        engines = [(name, engine) for engine in ENGINES] + ([REFERENCE] if name == REFERENCE[0] else [])
        contestants = list(dict.fromkeys([PRODUCT, REFERENCE, *engines]))
        found, memory = compete(contestants, arguments.threads, arguments.seconds)
        gigaflop = 2 * profile(name).gmac
        for who in sorted(engines, key=lambda who: who != REFERENCE):
            times = found[who]
            share = statistics.median(
                gigaflop / time / best for time, best in zip(times, found[PRODUCT], strict=True)
            )
            ratio = statistics.median(b / a for a, b in zip(times, found[REFERENCE], strict=True))
            time_ = statistics.median(times)
            rows.append(
                (*who, arguments.threads, f"{time_:.3f}", f"{gigaflop / time_:.0f}", f"{share:.2f}",
                 f"{memory[who]:.0f}", f"{ratio:.2f}", len(times))
            )  # fmt: skip
            print(*rows[-1], sep="\t", flush=True)
        print(f"best matrix product: {statistics.median(found[PRODUCT]):.0f} GFLOP/s", flush=True)
    header = (
        "network", "engine", "threads", "seconds per 128^3", "GFLOP/s", "of the best matrix product",
        "peak memory (MB)", "times as fast as faultseg3d plain", "rounds",
    )  # fmt: skip
    publish("speed", header, rows, Path("docs/reference/speed.md"))


if __name__ == "__main__":
    main()
