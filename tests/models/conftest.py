"""The released networks' weights, key by key, as checkpoints."""

import csv
import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

KEYS = Path(__file__).parent / "seed_keys"


def _shapes(name: str) -> dict[str, tuple[int, ...]]:
    with (KEYS / f"{name}.csv").open() as file:
        return {row["key"]: tuple(map(int, row["shape"].split("x"))) for row in csv.DictReader(file)}


@pytest.fixture
def old_shapes() -> Callable[[str], dict[str, tuple[int, ...]]]:
    """Keys and shapes of a released network's state_dict."""
    return _shapes


@pytest.fixture
def hollow_weights() -> Callable[[str], dict[str, Tensor]]:
    """A state_dict of a released network that takes no space: every tensor is one number, repeated."""
    return lambda name: {key: torch.tensor(0.5).expand(shape) for key, shape in _shapes(name).items()}


@pytest.fixture(scope="session")
def known_weights() -> Callable[[str], dict[str, Tensor]]:
    """A state_dict of a released network filled with numbers that depend on the key alone."""

    def tensor(key: str, shape: tuple[int, ...]) -> Tensor:
        numbers = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)
        return torch.from_numpy((numbers * np.sqrt(2 / max(1, math.prod(shape[1:])))).astype(np.float32))

    return lambda name: {key: tensor(key, shape) for key, shape in _shapes(name).items()}
