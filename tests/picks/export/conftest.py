"""Faults in a survey that is rotated, left-handed or right-handed, with line numbers in steps."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.picks import Fault, Picks
from faultpick.volume import Geometry, SampleAxis

ORIGIN = np.array([455_000.0, 6_780_000.0])
INLINE_BIN, CROSSLINE_BIN = 25.0, 12.5
AZIMUTH = 30.0
"""Of growing inline numbers, clockwise from north."""


def survey(right_handed: bool = False, unit: str = "ms") -> Geometry:
    """30 x 40 lines of 50 samples; crosslines grow to the right of the inline axis, or to its left."""
    inlines = np.arange(100, 160, 2, dtype=np.int32)
    crosslines = np.arange(1000, 1120, 3, dtype=np.int32)
    ends = [(i, x) for i in (0, len(inlines) - 1) for x in (0, len(crosslines) - 1)]
    corners = np.array([by_hand(i, x, right_handed) for i, x in ends])
    return Geometry(inlines, crosslines, SampleAxis(400.0, 4.0, 50, unit), corners)


def by_hand(inline: float, crossline: float, right_handed: bool = False) -> NDArray[np.float64]:
    """X and Y of a position in voxels, by trigonometry."""
    angle = math.radians(AZIMUTH)
    along = np.array([math.sin(angle), math.cos(angle)])
    across = np.array([math.cos(angle), -math.sin(angle)]) * (-1 if right_handed else 1)
    return ORIGIN + inline * INLINE_BIN * along + crossline * CROSSLINE_BIN * across


def sheet(number: int, place: Callable[[float, float], tuple[float, float]], columns: int) -> Fault:
    """A fault from `place(column, sample)`, which gives inline and crossline, for samples 5.5 to 40.5."""
    samples = np.arange(5.5, 41, 5)
    grid = np.array([[(*place(column, s), s) for s in samples] for column in range(columns)], np.float32)
    a = np.arange(columns * len(samples)).reshape(columns, -1)
    lower = np.stack([a[:-1, :-1], a[1:, :-1], a[:-1, 1:]], axis=-1).reshape(-1, 3)
    upper = np.stack([a[1:, :-1], a[1:, 1:], a[:-1, 1:]], axis=-1).reshape(-1, 3)
    return Fault(
        id=number,
        vertices=grid.reshape(-1, 3),
        triangles=np.concatenate([lower, upper]).astype(np.int32),
        sticks=list(grid),
        strike=210.0 + number,
        dip=60.0,
        area=1000.0,
        length=100.0,
        height=140.0,
        mean_probability=0.875,
        minimum_probability=0.5,
    )


@pytest.fixture
def picks() -> Picks:
    """A plane dipping to growing crosslines, a listric fault dipping to falling inlines, a short plane."""
    plane = sheet(1, lambda column, s: (2.25 + 3 * column, 4.0 + 0.5 * s), 8)
    listric = sheet(2, lambda column, s: (28.0 - 0.008 * s**2, 10.5 + 2 * column), 6)
    short = sheet(12, lambda column, s: (20.0 + column, 30.0 + 0.125 * s), 3)
    return Picks([plane, listric, short], survey(), "m")


@pytest.fixture
def folder(picks: Picks, tmp_path: Path) -> Path:
    """The picks, in a folder."""
    from faultpick.picks import write_picks

    write_picks(picks, tmp_path / "picks")
    return tmp_path / "picks"
