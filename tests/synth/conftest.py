"""Fixtures: an earth of flat layers without noise, and faults planted where a test wants them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.synth import WU2019, Cube, Recipe, synthesize
from faultpick.synth.faults import FAULT, NO_DRAG, fault_axes


@pytest.fixture
def flat() -> Recipe:
    """Flat layers, no faults, no noise."""
    return WU2019.model_copy(
        update={
            "name": "flat",
            "sparsity": (0.0, 0.0),
            "fold_count": (0, 0),
            "shear": (0.0, 0.0),
            "fault_count": (0, 0),
            "coherent_noise": (0.0, 0.0),
            "white_noise": (0.0, 0.0),
        }
    )


@pytest.fixture
def one_fault(flat: Recipe) -> Callable[..., Cube]:
    """A cube of flat layers with one random fault of a recipe whose fields can be set."""

    def make(seed: int, shape: tuple[int, int, int] = (64, 64, 64), **fields: Any) -> Cube:
        per_128 = round(128 / max(shape[:2]))
        settings = {"fault_count": (per_128, per_128), "patch": 0.0, "linear": 0.0, "reverse": 0.0}
        cube = synthesize(seed, flat.model_copy(update=settings | fields), shape)
        assert len(cube.faults) == 1
        return cube

    return make


@pytest.fixture
def planted(flat: Recipe, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Cube]:
    """A cube of flat layers with given faults, oldest first."""

    def make(*faults: tuple, shape: tuple[int, int, int] = (64, 64, 64), seed: int = 0) -> Cube:
        monkeypatch.setattr(
            "faultpick.synth.wu2019.random_faults", lambda *_: np.array(list(faults), dtype=FAULT)
        )
        return synthesize(seed, flat, shape)

    return make


@pytest.fixture
def fault() -> Callable[..., tuple]:
    """A fault with constant slip that moves its whole hanging wall, unless said otherwise."""

    def make(
        strike: float,
        dip: float,
        throw: float,
        centre: tuple[float, float, float] = (31.3, 32.1, 30.7),
        *,
        bend: tuple[float, float, float] = (0.0, 0.0, 0.0),
        gradient: float = 0.0,
        extent: tuple[float, float] = (np.inf, np.inf),
        reach: float = np.inf,
        footwall: float = 0.0,
    ) -> tuple:
        slip = throw / np.sin(np.radians(dip))
        axes = fault_axes(strike, dip)
        return (centre, *axes, bend, slip, gradient, extent, reach, footwall, strike, dip, *NO_DRAG)

    return make


@pytest.fixture
def coordinates() -> Callable[..., tuple[NDArray[np.float64], ...]]:
    """Every voxel's coordinates `(u, v)` along the strike and down the dip, and distance to the surface."""

    def of(fault: np.void, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], ...]:
        offset = np.moveaxis(np.indices(shape), 0, -1) - fault["centre"].astype(float)
        u, v, n = (offset @ fault[axis].astype(float) for axis in ("along_strike", "down_dip", "normal"))
        a, b, c = fault["bend"].astype(float)
        return u, v, n - (a * u * u + b * u * v + c * v * v)

    return of
