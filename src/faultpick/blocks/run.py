"""Run the task of every block: in this process, in processes of this machine, or on a cluster.

The work is a dask graph of independent tasks. What they share, the task object with its network and its
survey, is one node of the graph, so a process of a cluster receives it once.
"""

import os
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dask.base import compute
from dask.callbacks import Callback
from dask.delayed import delayed

from faultpick.blocks.grid import Block
from faultpick.blocks.store import BlockStore, Receipt, Result
from faultpick.errors import BlockError, ClusterError, ConfigError, FaultpickError
from faultpick.threads import interrupts_withheld
from faultpick.volume import Geometry
from faultpick.volume.staging import output_errors

if TYPE_CHECKING:
    from distributed import Client

SECONDS_TO_CONNECT = 15
RETRIES = 1  # of a task that raised an error on a cluster; tasks of lost workers are repeated by dask itself

Done = Callable[[Block, Receipt], None]


class Task(Protocol):
    """Computes a block; it is pickled for other processes."""

    def __call__(self, block: Block) -> Result:
        """The values of a block of the volume."""
        ...


@dataclass(frozen=True)
class Place:
    """Where blocks are computed: in this process, unless it says otherwise.

    Attributes:
        workers: In this many processes of this machine, of one thread each.
        cluster: On the cluster of the dask scheduler at this address, such as "tcp://host:8786".
    """

    workers: int | None = None
    cluster: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.cluster is not None:
            raise ConfigError("Blocks go to local workers or to a cluster, not to both: choose one.")
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"{self.workers} workers cannot work: give one or more.")

    @property
    def is_here(self) -> bool:
        """Whether it is this process."""
        return self.workers is None and self.cluster is None


@dataclass(frozen=True)
class Crew:
    """Who computes blocks: this process, unless there is a client of others.

    Attributes:
        place: Where they are.
        client: Waits until they are there.
    """

    place: Place = Place()
    client: "Callable[[], Client] | None" = None

    @property
    def workers(self) -> int:
        """Processes that compute, as many as a cluster has now.

        Raises:
            ClusterError: Its scheduler has gone.
        """
        if self.place.cluster is None or self.client is None:
            return self.place.workers or 1
        with _scheduler_there():
            there: Any = self.client().ncores()
        return len(there)


@contextmanager
def called(place: Place, preload: Sequence[str] = ()) -> Iterator[Crew]:
    """Call those who compute blocks, before there is work for them; they are let go at the end.

    Processes of this machine start meanwhile.

    Args:
        place: Where to compute.
        preload: Modules that processes of this machine load as they start.

    Raises:
        ClusterError: No scheduler answers.
    """
    if place.cluster is not None:
        with _connected(place.cluster) as client:
            yield Crew(place, lambda: client)
    elif place.workers is not None:
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(_started, place.workers, list(preload))
            try:
                yield Crew(place, lambda: coming.result()[0])
            finally:
                if coming.exception() is None:
                    coming.result()[1].close()
    else:
        yield Crew(place)


def run_blocks(
    task: Task,
    blocks: Iterable[Block],
    store: BlockStore,
    geometry: Geometry,
    crew: Crew,
    *,
    out: Path,
    done: Done,
    in_columns: bool = False,
    at_once: int = 1,
) -> None:
    """Compute blocks and keep them in the store.

    Args:
        task: What to do with each block.
        blocks: The blocks still to do.
        store: Where values and receipts go.
        geometry: The volume's, to name a block that fails.
        crew: Who computes.
        out: The output, to name when the disk refuses.
        done: Called in this process after each block.
        in_columns: Blocks that follow one another along the inlines are computed in this order, column after
            column, as many columns at a time as there are workers.
        at_once: Blocks that this process computes at a time.

    Raises:
        FaultpickError: That of the task, naming the block; OutputError when the disk refuses.
        BlockError: The task raised any other error, or its worker was lost again and again.
        ClusterError: The scheduler cannot be reached or was lost.
    """
    run = uuid.uuid4().hex[:8]
    by_key = {f"block-{run}-{block.key}": block for block in blocks}  # a scheduler has one task of a key
    if not by_key:
        return
    with output_errors(out):
        store.take(run)
    work = delayed(_Work(task, store, geometry, out, run), pure=False)
    lanes = len(by_key) if crew.place.cluster is not None else crew.place.workers or 1
    graph = _graph(work, by_key, lanes if in_columns else None)
    if crew.client is None:
        with Callback(
            posttask=lambda key, receipt, *_: done(by_key[key], receipt) if key in by_key else None
        ):
            scheduler = "synchronous" if at_once == 1 else "threads"
            compute(*graph, scheduler=scheduler, num_workers=at_once, optimize_graph=False)
        return
    names = {key: block.within(geometry) for key, block in by_key.items()}
    for key, receipt in _results(crew.client(), graph, names):
        done(by_key[key], receipt)


@dataclass(frozen=True)
class _Work:
    """What all tasks of a run share."""

    task: Task
    store: BlockStore
    geometry: Geometry
    out: Path
    run: str


def _graph(work: Any, by_key: dict[str, Block], lanes: int | None) -> list[Any]:
    """A task for each block.

    In lanes, one column goes through after another, each block once the one before it is done: a process
    with several columns at hand would take their blocks in turns, and begin each column anew every time.
    """
    if lanes is None:
        return [delayed(_run)(work, block, None, dask_key_name=key) for key, block in by_key.items()]
    columns = sorted({block.number[1:] for block in by_key.values()})
    lane_of = {column: number % lanes for number, column in enumerate(columns)}
    latest: dict[int, Any] = {}
    tasks = []
    for key, block in sorted(by_key.items(), key=lambda item: (item[1].number[1:], item[1].number[0])):
        lane = lane_of[block.number[1:]]
        latest[lane] = delayed(_run)(work, block, latest.get(lane), dask_key_name=key)
        tasks.append(latest[lane])
    return tasks


def _run(work: _Work, block: Block, _before: Receipt | None) -> Receipt:
    """Compute a block, unless a worker that was lost with its receipt has."""
    where = block.within(work.geometry)
    receipt = work.store.finished(block) if work.store.is_taken_by(work.run) else None
    if receipt is not None:
        return receipt
    try:
        result = work.task(block)
    except FaultpickError as error:
        raise type(error)(f"At {where}: {error}") from error
    except Exception as error:
        raise BlockError(f"The block at {where} failed: {type(error).__name__}: {error}") from error
    with output_errors(work.out):
        if not work.store.is_taken_by(work.run):
            raise BlockError(
                f"The block at {where} is of a run that is over: another one goes on in its place."
            )
        return work.store.write(block, result)


def _started(workers: int, preload: list[str]) -> "tuple[Client, ExitStack]":
    """The client of processes on this machine, and what ends them."""
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        try:
            with interrupts_withheld(), _environment_kept():
                local = LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=0,
                    dashboard_address=None,  # pyright: ignore[reportArgumentType]
                    worker_dashboard_address=None,
                    silence_logs=50,
                    preload=[f"{__package__}.undisturbed", *preload],
                )
        except RuntimeError as error:
            raise ClusterError(
                f"The workers cannot start ({error}): in a program of your own, keep what it does "
                'under if __name__ == "__main__".'
            ) from error
        stack.enter_context(local)
        client = Client(local)
        stack.callback(client.close)
        end = stack.pop_all()
    return client, end


@contextmanager
def _environment_kept() -> Iterator[None]:
    """What the cluster sets for its processes is not for others that this one starts later."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def _connected(address: str) -> "Iterator[Client]":
    from distributed import Client

    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError, TypeError) as error:  # the last of tls:// without certificates
        raise ClusterError(
            f"No dask scheduler answers at {address}: check the address and that it runs."
        ) from error
    with client:
        yield client


@contextmanager
def _scheduler_there() -> Iterator[None]:
    from distributed.comm.core import CommClosedError

    try:
        yield
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise ClusterError(
            "The dask scheduler has gone: what is done is kept, run the same command again to go on."
        ) from error


def _results(client: "Client", graph: list[Any], names: dict[str, str]) -> Iterator[tuple[str, Receipt]]:
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    with warnings.catch_warnings(), _scheduler_there():
        warnings.filterwarnings("ignore", "Sending large graph")  # once, whatever the number of blocks
        futures = client.compute(graph, retries=RETRIES, optimize_graph=False)
    try:
        for future in as_completed(futures):
            try:
                with _scheduler_there():
                    receipt = future.result()
            except KilledWorker as error:
                raise BlockError(
                    f"The block at {names[future.key]} was lost with its worker {error.allowed_failures + 1} "
                    "times, most likely for lack of memory: give each worker more and run the same command "
                    "again, or begin anew with less, --memory and --restart."
                ) from error
            except FaultpickError:
                raise
            except Exception as error:
                raise ClusterError(
                    f"The scheduler or a worker cannot take up the work ({error}): they need the survey "
                    "under the same path and the same packages, OpenVINO too if it is installed here."
                ) from error
            yield future.key, receipt
    finally:
        if client.status == "running":
            client.cancel(futures)
