"""Threads and processes: how many, in what order, and whom an interrupt is for."""

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_threads(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """What becomes of each item, in the order of the items, worked on by as many threads.

    One more than there are threads are in hand at most, that which was asked for last among them; the next
    are begun while it is used. What the work raises is raised where its item is asked for.
    """
    source = iter(items)
    coming = deque[Future[R]]()
    with ThreadPoolExecutor(threads) as pool:
        for item in source:
            coming.append(pool.submit(work, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


@contextmanager
def interrupts_withheld() -> Iterator[None]:
    """Ctrl-C is not for the processes that this thread starts meanwhile, not even while they start.

    It waits for the end of this where this is the main thread. On Windows nothing is withheld.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the first process would start it, which lets interrupts through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Ctrl-C waits for the end of this, where this is the main thread.

    For libraries that take an interrupt for a fault of their own, or do not survive it.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            before(signal.SIGINT, None)
