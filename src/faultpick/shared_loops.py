"""Loops that numba shares between the cores."""

import os
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")

_LOADED_BY = os.getpid()


def shared(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function whose `prange` the cores share; one core does it all in a process that was forked.

    OpenMP does not outlive a fork: numba would end such a process, and a pool would wait for it for ever.
    """
    function = cast(FunctionType, function)
    twin = FunctionType(function.__code__, function.__globals__, function.__name__)
    twin.__qualname__ = f"{function.__qualname__}_alone"  # a file of its own among those kept
    by_all, by_one = njit(cache=True, parallel=True)(function), njit(cache=True)(twin)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return (by_all if os.getpid() == _LOADED_BY else by_one)(*args, **kwargs)

    return call
