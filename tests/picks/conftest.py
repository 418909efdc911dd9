"""Picks to write, made by hand."""

import math

import numpy as np
import pytest

from faultpick.picks import Fault, Picks, Throw
from faultpick.volume import Geometry, SampleAxis


def square(number: int, throw: Throw | None) -> Fault:
    """A vertical square of two triangles with two sticks."""
    corners = np.array([[2, 1, 0], [2, 1, 9], [2, 8, 0], [2, 8.5, 9]], dtype=np.float32)
    return Fault(
        id=number,
        vertices=corners + number,
        triangles=np.array([[0, 1, 2], [2, 1, 3]], dtype=np.int32),
        sticks=[corners[:2] + number, corners[2:] + number],
        strike=90.0,
        dip=89.5,
        area=1 / 3,
        length=7.25,
        height=36.0,
        mean_probability=0.75,
        minimum_probability=0.5,
        throw=throw,
    )


@pytest.fixture
def picks() -> Picks:
    """Two faults, one with a throw that is unknown at one stick, in a survey with a hole and coordinates."""
    throw = Throw(np.array([4.25, math.nan], np.float32), np.array([0.5, 0.0], np.float32))
    live = np.ones((12, 14), bool)
    live[3, 4] = False
    corners = np.array([[500.5, 1000], [500.5, 1325], [775.5, 1000], [775.5, 1325]])
    geometry = Geometry(
        np.arange(10, 22, dtype=np.int32),
        np.arange(100, 128, 2, dtype=np.int32),
        SampleAxis(200.0, 4.0, 16, "ms"),
        corners,
        live,
    )
    return Picks([square(1, throw), square(2, None)], geometry, "m", {"strong": 0.5, "seismic": None})
