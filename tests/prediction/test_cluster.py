"""Blocks computed in other processes, and what becomes of them when these are lost."""

import os
import pickle
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from faultpick.blocks import Block, BlockStore, Crew, Place, Result, called, cover, run_blocks
from faultpick.blocks import run as blocks
from faultpick.errors import BlockError, ClusterError, VolumeError
from faultpick.prediction import predict_to_file
from faultpick.volume import create_volume, open_volume
from faultpick.volume.volume import array_geometry

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
def test_two_runs_on_one_scheduler_get_their_own_results(survey, weights, tmp_path, start_cluster):
    _, address, _ = start_cluster(1)
    other = tmp_path / "other.npy"
    np.save(other, np.load(survey)[::-1])
    outs = [tmp_path / f"there-{number}.npy" for number in range(2)]

    def another(done, _):
        if done and not outs[1].exists():
            run(other, weights, outs[1], cluster=address)

    run(survey, weights, outs[0], cluster=address, progress=another)
    for source, out in zip((survey, other), outs, strict=True):
        run(source, weights, tmp_path / "here.npy")
        np.testing.assert_allclose(np.load(out), np.load(tmp_path / "here.npy"), atol=1e-5)


def test_a_worker_that_cannot_see_a_zarr_survey_says_so(tmp_path, monkeypatch):
    geometry = array_geometry(np.zeros(SHAPE, np.float32))
    monkeypatch.chdir(tmp_path)
    with create_volume("survey.zarr", geometry) as writer:
        writer.write(0, np.full(SHAPE, 5, np.float32))
    reader = pickle.dumps(open_volume("survey.zarr").reader)
    monkeypatch.chdir("/")
    box = (slice(0, 2),) * 3
    assert (pickle.loads(reader).read(*box) == 5).all()
    shutil.rmtree(tmp_path / "survey.zarr")
    with pytest.raises(VolumeError, match=r"survey\.zarr cannot be read here"):
        pickle.loads(reader)


@pytest.mark.parametrize(
    ("high", "slab", "heights"),
    [(4, 5, [4, 4, 4]), (4, 9, [8, 4]), (4, 1, [4, 4, 4]), (6, 2, [6, 6]), (6, 1, [1] * 12)],
)
def test_slabs_hold_whole_chunks_where_they_are_not_much_larger_for_it(
    tmp_path, monkeypatch, high, slab, heights
):
    """Blocks of so many inlines, and slabs of so many, four times as large at most."""
    monkeypatch.setattr("faultpick.blocks.store.SLAB_BYTES", slab * 4 * 8 * 8)
    shape = (12, 8, 8)
    store = BlockStore(tmp_path, ("a",))
    store.create(array_geometry(np.zeros(shape, np.float32)), (high, 8, 8))
    values = np.random.default_rng(0).random(shape, dtype=np.float32)
    for block in cover(shape, (high, 8, 8)):
        store.write(block, Result((values[block.box],)))
    slabs = list(store.slabs("a"))
    assert [len(slab) for _, slab in slabs] == heights
    assert [first for first, _ in slabs] == [sum(heights[:number]) for number in range(len(heights))]
    np.testing.assert_array_equal(np.concatenate([slab for _, slab in slabs]), values)


def test_a_block_of_a_run_that_is_over_is_not_written(tmp_path):
    store = BlockStore(tmp_path, ("a",))
    geometry = array_geometry(np.zeros((2, 2, 2), np.float32))
    store.create(geometry, (2, 2, 2))

    def task(block: Block) -> Result:
        store.take("another")  # meanwhile
        return Result((np.ones(block.shape, np.float32),))

    (block,) = cover((2, 2, 2), (2, 2, 2))
    with pytest.raises(BlockError, match="is of a run that is over"):
        run_blocks(task, [block], store, geometry, Crew(), out=tmp_path / "a.zarr", done=lambda *_: None)
    assert store.finished(block) is None


def test_a_block_that_a_lost_worker_had_finished_is_not_computed_again(tmp_path, monkeypatch):
    store, geometry = BlockStore(tmp_path, ("a",)), array_geometry(np.zeros((2, 2, 2), np.float32))
    store.create(geometry, (2, 2, 2))
    (block,) = cover((2, 2, 2), (2, 2, 2))
    done, made = [], []

    def task(block: Block) -> Result:
        made.append(block)
        return Result((np.ones(block.shape, np.float32),), {"faults": 8})

    def again(work, block, before):
        first, second = compute(work, block, before), compute(work, block, before)
        assert first == second
        return second

    compute = blocks._run
    monkeypatch.setattr(blocks, "_run", again)
    run_blocks(
        task,
        [block],
        store,
        geometry,
        Crew(),
        out=tmp_path / "a.zarr",
        done=lambda *found: done.append(found),
    )
    assert made == [block]
    assert done[0][1].facts == {"faults": 8}


@pytest.mark.slow
def test_the_workers_of_a_scheduler_are_counted(start_cluster):
    for workers in (0, 1):
        _, address, _ = start_cluster(workers)
        with called(Place(cluster=address)) as crew:
            assert crew.workers == workers
    with called(Place()) as crew:
        assert crew.workers == 1


@pytest.mark.slow
def test_a_scheduler_that_goes_before_there_is_work_is_told(start_cluster):
    process, address, _ = start_cluster(1)
    with called(Place(cluster=address)) as crew:
        os.killpg(process.pid, signal.SIGKILL)
        with pytest.raises(ClusterError, match="has gone"):
            _ = crew.workers


@pytest.mark.slow
def test_workers_that_cannot_start_are_one_sentence(survey, weights, tmp_path):
    program = (
        "from faultpick.prediction import predict_to_file; from faultpick import open_volume; "
        "predict_to_file(open_volume(IN), WEIGHTS, OUT, workers=1)"
    )
    for name, path in {"IN": survey, "WEIGHTS": weights, "OUT": tmp_path / "out.npy"}.items():
        program = program.replace(name, repr(str(path)))
    (tmp_path / "unguarded.py").write_text(program)
    ended = subprocess.run([sys.executable, tmp_path / "unguarded.py"], capture_output=True, text=True)
    assert ended.returncode
    assert "ClusterError: The workers cannot start" in ended.stderr


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
