import threading
from collections.abc import Iterator

import pytest

from faultpick.volume.ahead import ahead


def test_the_same_items_in_their_order() -> None:
    assert list(ahead(range(7))) == list(range(7))
    assert list(ahead([])) == []


def test_an_item_is_made_while_the_one_before_it_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    coming = ahead(items())
    assert next(coming) == 1
    assert made.wait(5)
    assert list(coming) == [2]


def test_an_error_comes_out_where_its_item_is_asked_for() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    coming = ahead(items())
    assert next(coming) == 1
    with pytest.raises(OSError, match="gone"):
        next(coming)


def test_what_is_not_asked_for_is_not_made() -> None:
    count = 0

    def items() -> Iterator[int]:
        nonlocal count
        for number in range(100):
            count += 1
            yield number

    coming = ahead(items())
    assert next(coming) == 0
    coming.close()  # pyright: ignore[reportAttributeAccessIssue]
    assert count <= 2
