from dataclasses import replace

import numpy as np
import pytest
import torch

from faultpick import models
from faultpick.blocks import cover, run
from faultpick.models.unet_res2 import UNetRes2
from faultpick.prediction import predict, predict_to_file, survey
from faultpick.prediction.cut import Cut
from faultpick.prediction.engine import prepared
from faultpick.prediction.passage import flow_latency
from faultpick.volume import open_volume
from faultpick.zoo import Card, LoadedModel

SIZE = (24, 20, 48)


def member(seed=0):
    torch.manual_seed(seed)
    network = UNetRes2((4, 6, 8, 8)).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.bias, 0.0, 1.0)
    torch.nn.init.normal_(network.head.weight, std=2.0)
    card = Card(name="tiny", network="unet_res2", sha256=f"{seed:064x}")
    return LoadedModel(network, card, models.info("unet_res2"), torch.device("cpu"))


@pytest.fixture(scope="module")
def cube():
    return np.random.default_rng(1).normal(size=(90, 40, 48)).astype(np.float32)


@pytest.fixture
def flowing(monkeypatch):
    monkeypatch.setattr(survey, "cut_for", lambda *_, **__: Cut(SIZE, flows=True))


@pytest.mark.parametrize("engine", ["torch", "openvino", "int8"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_survey_that_flows_gives_what_it_gives_whole(cube, monkeypatch, engine, count):
    if engine != "torch":
        pytest.importorskip("openvino")
    members = [member(seed) for seed in range(count)]
    whole = predict(cube, members, engine="int8" if engine == "int8" else "torch", tile=256)
    monkeypatch.setattr(survey, "cut_for", lambda *_, **__: Cut(SIZE, flows=True))
    seen = []
    found = predict(
        cube, members, engine=engine, exact=True, progress=lambda done, total: seen.append((done, total))
    )
    assert whole.std() > 0.02
    np.testing.assert_allclose(found, whole, atol=1e-4)
    assert [total for _, total in seen] == [seen[0][1]] * len(seen)
    assert seen[-1][0] == seen[-1][1] == (96 + 96) * 48 * 48 * 2


def test_a_run_that_was_stopped_goes_on_with_the_same_bytes(cube, flowing, tmp_path):
    np.save(tmp_path / "in.npy", cube)
    with open_volume(tmp_path / "in.npy") as volume:
        predict_to_file(volume, member(), tmp_path / "whole.npy", halo=16)

        def stop(done, total):
            if done > total / 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            predict_to_file(volume, member(), tmp_path / "stopped.npy", halo=16, progress=stop)
        summary = predict_to_file(volume, member(), tmp_path / "stopped.npy", halo=16)
    assert 0 < summary.resumed < summary.tiles == len(cover(cube.shape, SIZE))
    assert (tmp_path / "stopped.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


@pytest.mark.slow
def test_one_process_takes_one_column_after_another(cube, flowing, tmp_path, monkeypatch):
    np.save(tmp_path / "in.npy", cube)
    order = []
    with open_volume(tmp_path / "in.npy") as volume:
        took = run._results

        def noted(client, graph, names):
            for key, receipt in took(client, graph, names):
                order.append(tuple(map(int, key.split("-")[2:])))
                yield key, receipt

        monkeypatch.setattr(run, "_results", noted)
        predict_to_file(volume, member(), tmp_path / "out.npy", halo=16, engine="torch", workers=1)
    assert order == sorted(order, key=lambda number: (number[1:], number[0]))
    assert len({number[1:] for number in order}) == 2


def test_blocks_without_a_trace_are_left_out_and_what_follows_is_right(cube, monkeypatch):
    cube = cube.copy()
    cube[24:48] = 0
    whole = predict(cube, member(), engine="torch", tile=256)
    monkeypatch.setattr(survey, "cut_for", lambda *_, **__: Cut(SIZE, flows=True))
    found = predict(cube, member(), engine="torch", exact=True)
    assert not found[24:48].any()
    assert whole[48:].std() > 0.02
    np.testing.assert_allclose(found, whole, atol=1e-4)


@pytest.mark.slow
def test_processes_give_the_same_bytes(cube, flowing, tmp_path):
    np.save(tmp_path / "in.npy", cube)
    with open_volume(tmp_path / "in.npy") as volume:
        predict_to_file(volume, member(), tmp_path / "one.npy", halo=16, engine="torch", workers=1)
        predict_to_file(volume, member(), tmp_path / "two.npy", halo=16, engine="torch", workers=2)
    assert (tmp_path / "one.npy").read_bytes() == (tmp_path / "two.npy").read_bytes()


def test_only_what_can_flow_does():
    one = member()
    assert flow_latency([one, prepared(one, "torch")]) == 92
    assert flow_latency([replace(one, device=torch.device("cuda"))]) is None
    assert flow_latency([one, replace(one, network=models.build("faultseg3d"))]) is None
    assert flow_latency([one, replace(one, network=UNetRes2((4, 6)))]) is None
