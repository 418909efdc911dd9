"""Blocks computed in other processes, and what becomes of them when these are lost."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from faultpick.errors import ClusterError
from faultpick.prediction import predict_to_file
from faultpick.volume import open_volume

SHAPE = (48, 48, 48)
PROGRAM = """
import dask, sys
from distributed import LocalCluster
if __name__ == "__main__":
    dask.config.set({"distributed.scheduler.worker-ttl": None})
    options = {"threads_per_worker": 1, "dashboard_address": None, "memory_limit": 0}
    with LocalCluster(n_workers=WORKERS, **options) as cluster:
        pids = [nanny.pid for nanny in cluster.workers.values()]
        print(cluster.scheduler_address, *pids, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def survey(tmp_path):
    np.save(tmp_path / "in.npy", np.random.default_rng(5).normal(size=SHAPE).astype(np.float32))
    return tmp_path / "in.npy"


@pytest.fixture
def start_cluster():
    """Start a scheduler and its workers; gives its process and address, and the workers' numbers."""
    started = []

    def start(workers):
        program = [sys.executable, "-c", PROGRAM.replace("WORKERS", str(workers))]
        process = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert process.stdout is not None
        address, *pids = process.stdout.readline().split()
        return process, address, [int(pid) for pid in pids]

    yield start
    for process in started:
        if process.poll() is None:
            process.communicate("")


def run(survey, weights, out, **options):
    with open_volume(survey) as volume:
        return predict_to_file(volume, weights, out, tile=32, halo=8, engine="torch", **options)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced(survey, weights, tmp_path, start_cluster):
    run(survey, weights, tmp_path / "here.npy")
    _, address, pids = start_cluster(2)
    killed = []

    def kill(done, total):
        if done > total / 3 and not killed:
            os.kill(pids[0], signal.SIGKILL)
            killed.append(pids[0])

    run(survey, weights, tmp_path / "there.npy", cluster=address, progress=kill)
    assert killed
    here, there = (np.load(tmp_path / name) for name in ("here.npy", "there.npy"))
    np.testing.assert_allclose(there, here, atol=1e-5)


@pytest.mark.slow
def test_a_scheduler_that_goes_is_told_and_what_is_done_is_kept(survey, weights, tmp_path, start_cluster):
    process, address, _ = start_cluster(1)

    def kill(done, total):
        if done > total / 3 and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    with pytest.raises(ClusterError, match=r"scheduler has gone.*run the same command again"):
        run(survey, weights, tmp_path / "out.npy", cluster=address, progress=kill)
    assert not (tmp_path / "out.npy").exists()
    summary = run(survey, weights, tmp_path / "out.npy")
    assert 9 <= summary.resumed < 27
    run(survey, weights, tmp_path / "here.npy")
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), np.load(tmp_path / "here.npy"), atol=1e-5)


def test_no_scheduler_at_the_address_is_one_sentence(survey, weights, tmp_path, monkeypatch):
    monkeypatch.setattr("faultpick.blocks.run.SECONDS_TO_CONNECT", 1)
    with pytest.raises(ClusterError, match=r"No dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run(survey, weights, tmp_path / "out.npy", cluster="tcp://127.0.0.1:9")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.npy"]
