"""Things made while those before them are in use."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(items: Iterable[T]) -> Iterator[T]:
    """The same items, each made in a thread of its own while the one before it is used.

    So reading and computing share the time where neither takes all cores; two items are in memory, not one.
    What making an item raises is raised where the item is asked for.
    """
    source = iter(items)
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, source, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, source, end)
            yield item  # pyright: ignore[reportReturnType]
