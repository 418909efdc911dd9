import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from faultpick import models
from faultpick.data.dataset import Crops
from faultpick.synth import synthesize
from faultpick.train.config import TrainConfig


class TinyNetwork(nn.Module):
    """Everything that has a state or draws random numbers, in a few hundred weights."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv3d(1, 4, 3, padding=1),
            nn.BatchNorm3d(4),
            nn.ReLU(),
            nn.Dropout3d(0.3),
            nn.Conv3d(4, 2, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Settings of a training of seconds; keyword arguments replace whole settings or keys of a group."""
    monkeypatch.setitem(models._MODELS, "tiny", models.ModelInfo("tiny", TinyNetwork, 8, True, "none"))

    def config(schema: type[TrainConfig] = TrainConfig, **changes: Any) -> TrainConfig:
        table: dict[str, Any] = {
            "name": "model",
            "network": "tiny",
            "threads": 1,
            "accelerator": "cpu",
            "budget": {"steps": 4, "epoch_steps": 2},
            "data": {"cubes": 2, "validation_cubes": 1, "side": 32, "crop": (24, 24, 24), "batch": 2},
            "optimiser": {"average": 0.5},
        }
        for key, value in changes.items():
            table[key] = table.get(key, {}) | value if isinstance(value, dict) else value
        return schema.model_validate(table)

    return config


@pytest.fixture
def one_crop(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Settings that train and validate on one and the same crop, which holds faults."""
    cubes = (synthesize(seed, "wu2019-v1", (32, 32, 32)) for seed in range(100))
    cube = next(cube for cube in cubes if cube.fault.mean() > 0.05)
    folder = tmp_path / "one_crop"
    folder.mkdir()
    np.savez(folder / "0.npz", seismic=cube.seismic, fault=cube.fault)
    data = {"folder": folder, "validation_folder": folder, "crop": (32, 32, 32), "batch": 1}
    still = {"flips": False, "quarter_turns": False, "polarity": False, "gain": 0.0, "noise": 0.0}
    return {"data": data, "augmentation": still}


class PowerCutError(RuntimeError):
    pass


class Runs:
    """What trainings left in their folders, and a way to end one."""

    PowerCut = PowerCutError

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch, self.original = monkeypatch, Crops.__getitem__

    def power_cut(self, index: int | None) -> None:
        """Let trainings die at this crop; None: let them live."""
        original = self.original

        def cut(crops: Crops, number: int) -> tuple[Tensor, Tensor]:
            if number == index:
                raise PowerCutError
            return original(crops, number)

        self.monkeypatch.setattr(Crops, "__getitem__", cut)

    def rows(self, folder: Path) -> list[dict[str, float]]:
        with (folder / "metrics.csv").open() as file:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]

    def checkpoint(self, folder: Path) -> dict[str, Any]:
        return torch.load(folder / "last.ckpt", weights_only=True)

    def assert_same(self, one: Path, other: Path) -> None:
        """The average, the weights, the optimiser, the log but for the time: all equal bit for bit."""
        first, second = self.checkpoint(one), self.checkpoint(other)
        for key in ("state_dict", "current_model_state"):
            assert first[key].keys() == second[key].keys()
            assert all(torch.equal(first[key][name], second[key][name]) for name in first[key])
        moments, others = (each["optimizer_states"][0]["state"] for each in (first, second))
        assert all(torch.equal(moments[i][name], others[i][name]) for i in moments for name in moments[i])
        (weights,), (same,) = (list(folder.glob("*.safetensors")) for folder in (one, other))
        assert all(torch.equal(load_file(weights)[name], each) for name, each in load_file(same).items())
        for row, same_row in zip(self.rows(one), self.rows(other), strict=True):
            assert row | {"minutes": 0, "waiting": 0} == same_row | {"minutes": 0, "waiting": 0}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(monkeypatch)
