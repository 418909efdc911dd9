import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from faultpick.threads import in_threads, interrupts_deferred, interrupts_withheld


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    def late(number: int) -> int:
        time.sleep(0.01 if number % 2 else 0.0)
        return number**2

    assert list(in_threads(late, range(9), threads)) == [number**2 for number in range(9)]
    assert list(in_threads(late, [], threads)) == []


def test_as_many_are_worked_on_at_once_as_there_are_threads() -> None:
    meeting = threading.Barrier(3)
    assert list(in_threads(lambda _: meeting.wait(5) >= 0, range(6), 3)) == [True] * 6


def test_the_next_is_worked_on_while_one_is_used() -> None:
    begun = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            begun.set()
        return number

    results = in_threads(work, range(3), 1)
    assert next(results) == 0
    assert begun.wait(5)
    assert list(results) == [1, 2]


def test_an_error_comes_out_where_its_item_is_asked_for() -> None:
    def work(number: int) -> int:
        if number == 1:
            raise OSError("gone")
        return number

    results = in_threads(work, range(3), 2)
    assert next(results) == 0
    with pytest.raises(OSError, match="gone"):
        next(results)


def test_few_items_are_taken_ahead() -> None:
    taken = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    results = in_threads(abs, items(), 2)
    assert next(results) == 0
    results.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert len(taken) == 3


def interrupts_blocked() -> None:
    """A process ends with 1 if an interrupt cannot reach it."""
    sys.exit(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals are not masked here")
def test_interrupts_do_not_reach_a_process_that_is_started_where_they_are_withheld() -> None:
    process = get_context("spawn").Process(target=interrupts_blocked)
    with interrupts_withheld():
        process.start()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    process.join()
    assert process.exitcode == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.parametrize("first", ["faultpick", "numba"])
def test_a_process_that_predicted_and_picked_forks_and_ends(first: str) -> None:
    """OpenVINO brings TBB, which numba would take and never let go of; the child picks and predicts too."""
    pytest.importorskip("openvino")
    code = f"import {first}\n" + textwrap.dedent("""
        import os, faultpick, numpy as np
        rng = np.random.default_rng(0)
        faultpick.predict(rng.standard_normal((16, 16, 16)), "unet_res2", engine="openvino", scale="none")
        sheet = np.zeros((40, 40, 40), np.float32)
        sheet[:, 20:22] = 1
        assert len(faultpick.pick(sheet).faults) == 1
        if child := os.fork():
            assert os.waitpid(child, 0)[1] == 0
        else:
            found = faultpick.pick(sheet).faults
            faultpick.predict(rng.standard_normal((16, 16, 16)), "unet_res2", engine="torch", scale="none")
            os._exit(len(found) - 1)
    """)
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100, env=environment)


@pytest.fixture
def interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run behind
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("fails", [False, True])
def test_an_interrupt_waits_for_the_end(fails: bool) -> None:
    done = []

    def work() -> None:
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            done.append(True)
            if fails:
                raise ValueError

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_defer_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_handler_meanwhile).result() is before


def _handler_meanwhile() -> object:
    with interrupts_deferred():
        return signal.getsignal(signal.SIGINT)
