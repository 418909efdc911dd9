import pickle
import platform
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from torch import nn

from faultpick import models, synthesize
from faultpick.data import splits
from faultpick.errors import ConfigError, ModelError
from faultpick.metrics import overlap
from faultpick.normalise import normalise_array
from faultpick.prediction import compiled, predict
from faultpick.prediction.compiled import Compiled
from faultpick.prediction.engine import prepared, probabilities
from faultpick.prediction.tta import AS_IT_IS, MIRRORED
from faultpick.zoo import Card, LoadedModel, load_model

needs_openvino = pytest.mark.skipif(find_spec("openvino") is None, reason="OpenVINO is not installed")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


class Odd(nn.Module):
    """A network with an operation that OpenVINO does not know."""

    def forward(self, x):
        return torch.special.bessel_j0(x)


def member(network, multiple=8):
    info = models.ModelInfo("local", lambda: network, multiple=multiple, exact_tiles=True, paper="")
    return LoadedModel(network.eval(), Card(name="local", network="local"), info, torch.device("cpu"))


def untrained(name):
    torch.manual_seed(0)
    return replace(member(models.build(name)), info=models.info(name))


def block(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


@pytest.fixture
def without_openvino(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)


@needs_openvino
@pytest.mark.parametrize("name", models.names())
def test_openvino_gives_what_pytorch_gives(name):
    model, side = untrained(name), models.info(name).multiple
    slow, fast = prepared(model, "torch"), prepared(model, "openvino")
    assert isinstance(fast.network, Compiled)
    for shape in ((side, side, side), (2 * side, side, side)):
        cube = block(*shape)
        expected = probabilities([model], cube, AS_IT_IS)
        np.testing.assert_allclose(probabilities([slow], cube, AS_IT_IS), expected, atol=1e-5)
        np.testing.assert_allclose(probabilities([fast], cube, AS_IT_IS), expected, atol=1e-3)


@needs_openvino
def test_the_released_model_gives_the_same_in_both_engines():
    cube = synthesize(splits.validation_seeds(1)[0], shape=(48, 40, 64)).seismic
    slow, fast = (predict(cube, "unet_res2", engine=engine, tta=True) for engine in ("torch", "openvino"))
    assert slow.std() > 0.05
    np.testing.assert_allclose(fast, slow, atol=1e-3)


@needs_openvino
def test_a_result_is_not_overwritten_by_the_next():
    fast = prepared(untrained("unet_res2"))
    cubes = [block(16, 32, 16, seed=seed) for seed in range(2)]
    first, second = (fast.network(torch.from_numpy(cube)[None, None]) for cube in cubes)
    assert not torch.equal(first, second)
    torch.testing.assert_close(first, fast.network(torch.from_numpy(cubes[0])[None, None]))


@needs_openvino
def test_turned_and_mirrored_tiles_reach_openvino_as_they_are():
    model, cube = untrained("unet_res2"), block(16, 32, 16)
    expected = probabilities([model], cube, MIRRORED)
    np.testing.assert_allclose(probabilities([prepared(model)], cube, MIRRORED), expected, atol=1e-3)


@needs_openvino
def test_threads_take_turns():
    model = untrained("unet_res2")
    fast = prepared(model)
    cubes = [block(16 + 16 * (n % 2), 16, 16, seed=n) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda cube: probabilities([fast], cube, AS_IT_IS), cubes))
    for cube, result in zip(cubes, found, strict=True):
        np.testing.assert_allclose(result, probabilities([model], cube, AS_IT_IS), atol=1e-3)


@needs_openvino
def test_a_copy_for_another_process_is_compiled_there():
    fast, cube = prepared(untrained("unet_res2")), block(16, 16, 16)
    expected = probabilities([fast], cube, AS_IT_IS)
    again = pickle.loads(pickle.dumps(fast))
    assert isinstance(again.network, Compiled)
    np.testing.assert_array_equal(probabilities([again], cube, AS_IT_IS), expected)


@needs_openvino
@pytest.mark.parametrize("threads", [1, 2])
def test_openvino_takes_the_threads_of_pytorch(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        network = prepared(untrained("unet_res2")).network
        assert isinstance(network, Compiled)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(network, torch.zeros(1, 1, 16, 16, 16)).result()
        (compiled,) = network._compiled.values()
        assert compiled.get_property("INFERENCE_NUM_THREADS") == threads
        assert compiled.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"
    finally:
        torch.set_num_threads(before)


@needs_openvino
def test_each_shape_is_compiled_once():
    network = prepared(untrained("unet_res2")).network
    assert isinstance(network, Compiled)
    for side in (16, 32, 16, 32):
        network(torch.zeros(1, 1, side, 16, 16))
    assert sorted(network._compiled) == [(1, 1, 16, 16, 16), (1, 1, 32, 16, 16)]


@needs_openvino
def test_preparing_again_keeps_or_changes_the_engine():
    fast = prepared(untrained("unet_res2"), "openvino")
    cube = block(16, 16, 16)
    expected = probabilities([fast], cube, AS_IT_IS)
    rough = prepared(fast, "int8")
    assert not np.array_equal(probabilities([rough], cube, AS_IT_IS), expected)
    for again in (prepared(rough), prepared(rough, "torch")):
        np.testing.assert_allclose(probabilities([again], cube, AS_IT_IS), expected, atol=1e-3)
    assert not isinstance(again.network, Compiled)


@needs_openvino
@pytest.mark.parametrize("engine", ["openvino", "int8"])
def test_what_is_prepared_so_already_is_not_compiled_again(engine):
    fast = prepared(untrained("unet_res2"), engine)
    assert prepared(fast, engine) is fast


@needs_openvino
def test_a_network_that_openvino_does_not_know_is_left_to_pytorch_with_a_note():
    model = member(Odd())
    with pytest.warns(RuntimeWarning, match="PyTorch is used .* Odd"):
        left = prepared(model)
    cube = block(8, 8, 8)
    np.testing.assert_array_equal(
        probabilities([left], cube, AS_IT_IS), probabilities([model], cube, AS_IT_IS)
    )
    with pytest.raises(ModelError, match="cannot convert a Odd"):
        prepared(model, "openvino")


@needs_openvino
@pytest.mark.slow
def test_eight_bits_find_the_same_faults():
    exact, rough = (prepared(load_model("unet_res2"), engine) for engine in ("openvino", "int8"))
    losses = []
    for seed in splits.validation_seeds(2):
        cube = synthesize(seed, "wu2019-v1", (96, 96, 96))
        amplitudes = normalise_array(cube.seismic)
        found = [probabilities([model], amplitudes, AS_IT_IS)[0] for model in (exact, rough)]
        assert np.abs(found[0] - found[1]).mean() < 0.005
        before, after = (overlap(probability >= 0.5, cube.fault > 0).iou for probability in found)
        assert before > 0.6
        losses.append(before - after)
    assert np.mean(losses) < 0.005


@needs_openvino
@pytest.mark.skipif(platform.machine() != "x86_64", reason="other processors may do without whole numbers")
def test_eight_bits_are_what_the_processor_multiplies():
    network = prepared(untrained("unet_res2"), "int8").network
    network(torch.zeros(1, 1, 32, 32, 32))
    assert isinstance(network, Compiled)
    (compiled,) = network._compiled.values()
    kinds = [
        (operation.rt_info["layerType"].astype(str), operation.rt_info["primitiveType"].astype(str))
        for operation in compiled.get_runtime_model().get_ordered_ops()
    ]
    convolutions = [kind for layer, kind in kinds if layer == "Convolution"]
    assert len(convolutions) == 22
    assert all(kind.lower().endswith("i8") for kind in convolutions)


@needs_openvino
def test_a_copy_in_eight_bits_has_the_same_steps():
    rough, cube = prepared(untrained("unet_res2"), "int8"), block(16, 16, 16)
    again = pickle.loads(pickle.dumps(rough))
    expected = probabilities([rough], cube, AS_IT_IS)
    np.testing.assert_array_equal(probabilities([again], cube, AS_IT_IS), expected)


@needs_openvino
def test_openvino_reports_its_use_to_nobody(tmp_path):
    code = (
        "import socket, sys, torch; socket.socket.connect = None\n"
        "from faultpick.models import build; from faultpick.prediction.compiled import Compiled\n"
        "Compiled(build('unet_res2').eval(), 16)(torch.zeros(1, 1, 16, 16, 16))\n"
        "assert sys.modules['openvino_telemetry'] is None"
    )
    environment = {"HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not (tmp_path / "intel").exists()


def test_openvino_asked_for_but_not_installed(without_openvino, command, tmp_path):
    model = untrained("unet_res2")
    assert not isinstance(prepared(model).network, Compiled)
    with pytest.raises(ConfigError, match="not installed: pip install"):
        prepared(model, "openvino")
    np.save(tmp_path / "in.npy", block(8, 8, 8))
    out = tmp_path / "out.npy"
    code, _, errors = command("predict", tmp_path / "in.npy", "-o", out, "--engine", "openvino")
    assert code == 2
    assert "OpenVINO is not installed" in errors
    assert not out.exists()


def test_openvino_on_another_device_and_unknown_engines_are_refused():
    model = replace(untrained("unet_res2"), device=torch.device("meta"))
    with pytest.raises(ConfigError, match="on the CPU, not on meta"):
        prepared(model, "openvino")
    assert not isinstance(prepared(model).network, Compiled)
    with pytest.raises(ConfigError, match="no engine 'tensorrt'"):
        prepared(model, "tensorrt")  # pyright: ignore[reportArgumentType]


@needs_gpu
def test_a_gpu_gives_what_the_cpu_gives():
    cube = block(64, 48, 32)
    on_cpu, on_gpu = (
        probabilities([prepared(load_model("unet_res2", device))], cube, AS_IT_IS)
        for device in ("cpu", "cuda")
    )
    np.testing.assert_allclose(on_gpu, on_cpu, atol=1e-2)


@needs_openvino
def test_threads_may_predict_at_once(monkeypatch):
    monkeypatch.setattr(compiled, "_kept", {})
    rng = np.random.default_rng(0)
    volume, model = rng.standard_normal((8, 24, 24)).astype(np.float32), load_model("unet_res2")
    expected = predict(volume, model, scale="none", smooth="none", engine="torch")
    filters = list(warnings.filters)
    monkeypatch.setattr(compiled, "_kept", {})
    traced, at_once = torch.jit.trace, []
    tracing: list[int] = []

    def trace(*args, **options):
        tracing.append(1)
        at_once.append(len(tracing))
        time.sleep(0.05)
        tracing.pop()
        return traced(*args, **options)

    monkeypatch.setattr(torch.jit, "trace", trace)
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(predict, volume, model, scale="none", smooth="none", engine="openvino")
            for _ in range(8)
        ]
        for call in calls:
            np.testing.assert_allclose(call.result(), expected, atol=1e-3)
    assert list(warnings.filters) == filters
    assert set(at_once) == {1}


@needs_openvino
def test_a_network_is_converted_once_as_long_as_its_weights_are_the_same(monkeypatch):
    converted = []
    convert = compiled._converted
    monkeypatch.setattr(compiled, "_kept", {})
    monkeypatch.setattr(compiled, "_converted", lambda *a: converted.append(1) or convert(*a))
    model = load_model("unet_res2")
    for _ in range(2):
        prepared(model, "openvino")
        prepared(load_model("unet_res2"), "openvino")
    assert len(converted) == 1
    with torch.no_grad():
        next(iter(model.network.parameters())).mul_(1.5)
    prepared(model, "openvino")
    assert len(converted) == 2
