import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from faultpick import models
from faultpick.errors import ConfigError
from faultpick.prediction import cut, memory, predict
from faultpick.prediction.memory import Need, measured_need
from faultpick.prediction.plan import largest_tile
from faultpick.prediction.tiles import Axis
from faultpick.prediction.tta import AS_IT_IS
from faultpick.zoo import Card, LoadedModel


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "faultpick" / "memory.json"


def member(network):
    info = replace(models.info("unet_res2"), make=models.UNetRes2)
    return LoadedModel(network.eval(), Card(name="tiny", network="unet_res2"), info, torch.device("cpu"))


def test_a_need_is_measured_once_whatever_this_process_holds(cache, monkeypatch):
    ballast = np.ones(1 << 27, dtype=np.float32)
    need = measured_need([member(models.build("unet_res2"))], AS_IT_IS, 2e9)
    assert ballast[-1] == 1
    assert 30 < need.voxel < 130
    assert 1e8 < need.process < 1e9
    monkeypatch.setattr(memory, "_measured_apart", None)
    assert measured_need([member(models.build("unet_res2"))], AS_IT_IS, 2e9) == need
    assert len(json.loads(cache.read_text())) == 1


def test_a_damaged_cache_is_measured_again(cache, monkeypatch):
    cache.parent.mkdir(parents=True)
    cache.write_text('{"a": 1', encoding="utf-8")
    monkeypatch.setattr(memory, "_measured_apart", lambda *_: Need(1.0, 10.0))
    assert measured_need([member(models.build("unet_res2"))], AS_IT_IS, 2e9) == Need(1.0, 10.0)
    assert len(json.loads(cache.read_text())) == 1


def test_a_network_that_another_process_cannot_load_is_told():
    class Local(nn.Module):
        pass

    with pytest.raises(ConfigError, match=r"cannot be measured .* tile=128"):
        measured_need([member(Local())], AS_IT_IS, 2e9)


@pytest.mark.parametrize(("memory_allowed", "sides"), [(2e9, [96, 128, 192]), (8e8, [96, 128])])
def test_measuring_stops_where_more_would_not_fit(monkeypatch, memory_allowed, sides):
    """A network that takes 100 bytes a voxel beside 300 MB."""
    seen = []
    monkeypatch.setattr(memory, "probabilities", lambda members, tile, attitudes: seen.append(len(tile)))
    monkeypatch.setattr(memory, "_most_held", lambda device: int(3e8 + 100 * seen[-1] ** 3))
    need = memory._measure([member(models.build("unet_res2"))], AS_IT_IS, memory_allowed, flowing=False)
    assert seen == sides
    assert (need.process, need.voxel) == (pytest.approx(3e8), pytest.approx(100))


def test_what_lies_in_the_users_folder_is_not_loaded(tmp_path, monkeypatch):
    (tmp_path / "random.py").write_text("raise SystemExit('of the user')")
    monkeypatch.chdir(tmp_path)
    assert measured_need([member(models.build("unet_res2"))], AS_IT_IS, 2e9).voxel > 8


def test_memory_is_split_into_process_and_tile():
    need = Need(process=4e8, voxel=50.0)
    assert need.memory_for(need.voxel * 10_000_000) == pytest.approx(9e8 / 0.95)


def test_too_little_memory_says_how_much_would_do(monkeypatch):
    def need(*_, flowing=False):
        return Need(4e8, 1e5 if flowing else 60.0)

    monkeypatch.setattr("faultpick.prediction.cut.measured_need", need)
    cube = np.random.default_rng(0).normal(size=(150, 150, 150)).astype(np.float32)
    with pytest.raises(ConfigError, match=r"No tile fits in 0\.45 GB: the smallest takes 0\.7 GB"):
        predict(cube, member(models.build("unet_res2")), memory=0.45e9)


def test_blocks_are_no_larger_than_the_memory_on_a_grid_much_coarser(monkeypatch):
    monkeypatch.setattr(cut, "measured_need", lambda *_, **__: Need(4e8, 60.0))
    axes = Axis(1024, 88, 8, 0.25), Axis(1024, 88, 8, 0.25), Axis(512, 88, 8, 0.25)
    for memory_allowed in (1e9, 2e9, 4e9):
        size = cut.cut_for([axes], [member(models.build("unet_res2"))], AS_IT_IS, None, memory_allowed).size
        assert 4e8 + 60.0 * largest_tile(axes, size) <= memory_allowed
        assert 4e8 + 10 * math.prod(size) <= memory_allowed


def test_a_user_without_a_home_has_a_cache_all_the_same(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(memory.tempfile, "gettempdir", lambda: str(tmp_path))

    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(memory.Path, "home", nobody)
    assert memory._cache_folder() == tmp_path / "faultpick"
