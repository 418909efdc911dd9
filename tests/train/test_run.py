import errno
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from faultpick import models
from faultpick.data.dataset import Crops
from faultpick.errors import ConfigError, DataError, ModelError, OutputError
from faultpick.train import callbacks, module, run
from faultpick.train.callbacks import WholeFiles
from faultpick.train.config import TrainConfig, read_config
from faultpick.train.loaders import ShareOfCubes
from faultpick.train.module import FaultTraining
from faultpick.train.run import train
from faultpick.zoo import load_model, update_card

Tiny = Callable[..., TrainConfig]
Runs = Any


def test_a_training_leaves_weights_card_settings_and_logs(tiny: Tiny, tmp_path: Path, runs: Runs):
    config = tiny()

    trained = train(config, tmp_path / "new" / "run")

    folder = tmp_path / "new" / "run"
    files = {path.name for path in folder.iterdir()}
    assert files == {
        "config.json",
        "metrics.csv",
        "tensorboard",
        "last.ckpt",
        "model.safetensors",
        "model.json",
    }
    assert TrainConfig.model_validate_json((folder / "config.json").read_text()) == config
    assert trained.weights == folder / "model.safetensors"
    assert [(row["epoch"], row["step"]) for row in runs.rows(folder)] == [(1, 2), (2, 4)]
    assert set(runs.rows(folder)[0]) == {"epoch", "step", "minutes", "waiting", "rate", "loss", "val_iou"}
    assert trained.validation_iou == runs.rows(folder)[-1]["val_iou"]
    assert (trained.steps, trained.minutes) == (4, pytest.approx(runs.rows(folder)[-1]["minutes"], abs=1e-3))

    events = EventAccumulator(str(folder / "tensorboard")).Reload()
    assert {"loss", "val_iou", "minutes"} <= set(events.Tags()["scalars"])
    assert [event.value for event in events.Scalars("val_iou")] == [
        pytest.approx(row["val_iou"], abs=1e-5) for row in runs.rows(folder)
    ]

    model = load_model(trained.weights)
    assert (model.card.name, model.card.network, model.card.steps, model.card.seed) == ("model", "tiny", 4, 0)
    assert model.card.config == json.loads((folder / "config.json").read_text())
    assert model.card.metrics == {"validation_iou": round(trained.validation_iou, 4)}


def test_the_average_of_the_weights_is_validated_and_saved(tiny: Tiny, tmp_path: Path, runs: Runs):
    train(tiny(budget={"steps": 3, "epoch_steps": 3}, optimiser={"average": 0.9}), tmp_path)

    state, saved = runs.checkpoint(tmp_path), load_file(tmp_path / "model.safetensors")
    for name, weight in saved.items():
        assert torch.allclose(
            weight.float(), state["state_dict"][f"network.{name}"].float(), rtol=1e-3, atol=1e-4
        )
    last = state["current_model_state"]["network.layers.0.weight"]
    assert not torch.allclose(saved["layers.0.weight"].float(), last, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("loss", "workers"), [("ce_plus_dice", 0), ("ce_plus_stochastic_dice", 0), ("ce_plus_dice", 1)]
)
def test_a_resumed_training_ends_as_if_it_had_never_stopped(
    tiny: Tiny, tmp_path: Path, runs: Runs, loss: str, workers: int
):
    config = tiny(budget={"steps": 8, "epoch_steps": 2}, loss={"name": loss}, data={"workers": workers})
    train(config, tmp_path / "straight")

    runs.power_cut(10)  # in the middle of the third epoch
    with pytest.raises(runs.PowerCut):
        train(config, tmp_path / "cut")
    minutes = runs.checkpoint(tmp_path / "cut")["minutes"]
    runs.power_cut(None)
    torch.rand(7)
    train(config, tmp_path / "cut", resume=True)

    runs.assert_same(tmp_path / "straight", tmp_path / "cut")
    assert [row["step"] for row in runs.rows(tmp_path / "cut")] == [2, 4, 6, 8]
    assert runs.rows(tmp_path / "cut")[1]["minutes"] == pytest.approx(minutes, abs=1e-3)
    assert runs.checkpoint(tmp_path / "cut")["minutes"] > minutes > 0


def test_a_training_goes_on_with_the_workers_of_another_machine(tiny: Tiny, tmp_path: Path, runs: Runs):
    train(tiny(), tmp_path / "straight")
    runs.power_cut(3)
    with pytest.raises(runs.PowerCut):
        train(tiny(), tmp_path / "cut")
    runs.power_cut(None)

    train(tiny(data={"workers": 1}, accelerator="auto"), tmp_path / "cut", resume=True)

    runs.assert_same(tmp_path / "straight", tmp_path / "cut")


def test_a_training_cut_before_its_first_checkpoint_resumes_from_the_beginning(
    tiny: Tiny, tmp_path: Path, runs: Runs
):
    train(tiny(), tmp_path / "straight")
    runs.power_cut(1)
    with pytest.raises(runs.PowerCut):
        train(tiny(), tmp_path / "cut")
    runs.power_cut(None)

    train(tiny(), tmp_path / "cut", resume=True)

    runs.assert_same(tmp_path / "straight", tmp_path / "cut")


def test_a_finished_training_that_is_resumed_writes_its_weights_again(tiny: Tiny, tmp_path: Path, runs: Runs):
    trained = train(tiny(), tmp_path)
    before = load_file(trained.weights)
    trained.weights.unlink()

    again = train(tiny(), tmp_path, resume=True)

    assert (again.steps, again.validation_iou) == (trained.steps, trained.validation_iou)
    assert all(torch.equal(before[name], weight) for name, weight in load_file(again.weights).items())
    assert len(runs.rows(tmp_path)) == 2


def test_a_finished_training_that_is_resumed_leaves_its_calibration(tiny: Tiny, tmp_path: Path):
    trained = train(tiny(), tmp_path)
    card = update_card(trained.weights, temperature=1.7, threshold=0.4)
    assert train(tiny(), tmp_path, resume=True) == trained
    assert load_model(trained.weights).card == card


def test_a_short_training_does_not_remember_the_weights_it_started_from():
    decay, average = 0.998, torch.tensor(1.0)  # the first weights are 1, all others 0
    for step in range(1, 250):
        average = callbacks._averaged(decay, average, torch.tensor(0.0), torch.tensor(step))
    assert average < 1e-5
    long = callbacks._averaged(decay, torch.tensor(1.0), torch.tensor(0.0), torch.tensor(5000))
    assert long == pytest.approx(decay)
    assert callbacks._averaged(0.0, torch.tensor(1.0), torch.tensor(3.0), torch.tensor(1)) == 3.0


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("DataLoader worker (pid 12) is killed by signal: Killed. "),
    ],
)
def test_too_little_memory_is_a_sentence(tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error):
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(FaultTraining, "training_step", fail)
    with pytest.raises(ConfigError, match="Memory is too short for this training: take smaller crops"):
        train(tiny(), tmp_path / "run")
    monkeypatch.setattr(FaultTraining, "training_step", lambda *_: {}["bug"])
    with pytest.raises(KeyError, match="bug"):
        train(tiny(), tmp_path / "other")


def test_what_cannot_be_resumed(tiny: Tiny, tmp_path: Path):
    with pytest.raises(ConfigError, match=r"config\.json cannot be read \(No such file.*leave out --resume"):
        train(tiny(), tmp_path, resume=True)
    train(tiny(), tmp_path)

    with pytest.raises(ConfigError, match=r"config\.json differs from these settings in data\.batch, seed: "):
        train(tiny(seed=1, data={"batch": 1}), tmp_path, resume=True)
    with pytest.raises(ConfigError, match="already holds a training: add --resume"):
        train(tiny(), tmp_path)
    for content in (b"{", b"\xff\xfe"):
        (tmp_path / "config.json").write_bytes(content)
        with pytest.raises(ConfigError, match=r"config\.json is damaged"):
            train(tiny(), tmp_path, resume=True)


def test_finished_weights_are_not_replaced_by_another_training(tiny: Tiny, tmp_path: Path):
    weights = tmp_path / "model.safetensors"
    weights.write_text("of weeks")
    with pytest.raises(ConfigError, match=r"model\.safetensors exists already: choose another folder"):
        train(tiny(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_terminated_training_does_not_look_finished(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        Crops,
        "__getitem__",
        lambda *_: os.kill(os.getpid(), signal.SIGTERM) or (torch.zeros(1, 24, 24, 24),) * 2,
    )
    with pytest.raises(SystemExit) as ended:
        train(tiny(), tmp_path)
    assert ended.value.code == 143
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.parametrize("keep", [0, 100, -100])
def test_a_damaged_checkpoint(tiny: Tiny, tmp_path: Path, keep: int):
    train(tiny(), tmp_path)
    (tmp_path / "last.ckpt").write_bytes((tmp_path / "last.ckpt").read_bytes()[:keep])

    with pytest.raises(DataError, match=r"last\.ckpt is damaged: "):
        train(tiny(), tmp_path, resume=True)


@pytest.mark.parametrize("change", [{"state_dict": {}}, None])
def test_a_checkpoint_of_something_else(
    tiny: Tiny, tmp_path: Path, runs: Runs, change: dict[str, Any] | None
):
    train(tiny(), tmp_path)
    other = {} if change is None else runs.checkpoint(tmp_path) | change
    torch.save(other, tmp_path / "last.ckpt")

    with pytest.raises(DataError, match=r"last\.ckpt is damaged: |not of this network"):
        train(tiny(), tmp_path, resume=True)


def test_a_training_that_diverges_stops_with_the_last_good_checkpoint(
    tiny: Tiny, tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
):
    objective = module.FaultTraining.objective
    monkeypatch.setattr(
        module.FaultTraining,
        "objective",
        lambda self, batch: objective(self, batch) * (math.nan if self.global_step == 3 else 1),
    )

    with pytest.raises(ModelError, match=r"no longer a finite number at step 4: .* smaller optimiser\.rate"):
        train(tiny(), tmp_path)

    assert runs.checkpoint(tmp_path)["global_step"] == 2


def test_the_log_says_how_long_a_training_waits_for_its_crops(
    tiny: Tiny, tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
):
    make, step = Crops.__getitem__, module.FaultTraining.objective

    def slow_crop(crops: Crops, index: int) -> Any:
        time.sleep(0.3 if index < 4 else 0.0)  # the first epoch's
        return make(crops, index)

    def slow_step(training: module.FaultTraining, batch: Any) -> Any:
        time.sleep(0.3)
        return step(training, batch)

    monkeypatch.setattr(Crops, "__getitem__", slow_crop)
    monkeypatch.setattr(module.FaultTraining, "objective", slow_step)
    train(tiny(), tmp_path)
    first, second = (row["waiting"] for row in runs.rows(tmp_path))
    assert 0.5 < first < 0.9
    assert 0 <= second < first - 0.2


def test_minutes_of_processor_time_end_a_training(
    tiny: Tiny, tmp_path: Path, runs: Runs, monkeypatch: pytest.MonkeyPatch
):
    clock = itertools.count(0.0, 30.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(process_time=lambda: next(clock)))

    trained = train(tiny(budget={"steps": None, "minutes": 2.3, "epoch_steps": 2}), tmp_path)

    assert (trained.steps, trained.minutes) == (5, 2.5)
    assert [(row["step"], row["minutes"]) for row in runs.rows(tmp_path)] == [(2, 1.0), (4, 2.0), (5, 2.5)]
    assert all(0 <= row["val_iou"] <= 1 for row in runs.rows(tmp_path))
    assert (
        train(tiny(budget={"steps": None, "minutes": 2.3, "epoch_steps": 2}), tmp_path, resume=True)
        == trained
    )


def test_the_loss_falls_where_there_is_one_crop_to_learn(
    tiny: Tiny, one_crop: dict[str, Any], tmp_path: Path, runs: Runs
):
    train(tiny(network="unet_res2", budget={"steps": 12, "epoch_steps": 4}, **one_crop), tmp_path / "run")

    losses = [row["loss"] for row in runs.rows(tmp_path / "run")]
    assert losses[-1] < 0.9 * losses[0]


def write_cubes(folder: Path, count: int, shape: tuple[int, int, int], layout: str) -> Path:
    rng = np.random.default_rng(0)
    for number in range(count):
        seismic, fault = rng.standard_normal(shape, np.float32), np.zeros(shape, np.float32)
        fault[:, shape[1] // 2] = 1
        if layout == "npz":
            folder.mkdir(exist_ok=True)
            np.savez(folder / f"{number}.npz", seismic=seismic, fault=fault)
        else:
            for name, array in (("seis", seismic), ("fault", fault)):
                (folder / name).mkdir(parents=True, exist_ok=True)
                array.tofile(folder / name / f"{number}.dat")
    return folder


@pytest.mark.parametrize(("layout", "side"), [("dat", 128), ("npz", 28)])
def test_a_training_on_a_folder(tiny: Tiny, tmp_path: Path, layout: str, side: int):
    folder = write_cubes(tmp_path / "cubes", 2, (side, side, side), layout)
    data = {"folder": folder, "validation_folder": folder}

    trained = train(tiny(budget={"steps": 1}, data=data), tmp_path / "run")

    assert load_model(trained.weights).card.config["data"]["folder"] == str(folder)


def test_what_is_wrong_with_a_folder(tiny: Tiny, tmp_path: Path):
    small = write_cubes(tmp_path / "small", 1, (20, 28, 28), "npz")
    smaller = write_cubes(tmp_path / "smaller", 1, (28, 28, 4), "npz")
    good = write_cubes(tmp_path / "good", 1, (28, 28, 28), "npz")
    for folder, validation, says in (
        (tmp_path / "none", good, "none is not a folder"),
        (good, tmp_path, "holds no cubes"),
        (small, good, r"small/0\.npz of shape \(20, 28, 28\) is smaller than the crop \(24, 24, 24\)"),
        (good, smaller, r"smaller/0\.npz of shape \(28, 28, 4\) is smaller than the 8 voxels"),
    ):
        data = {"folder": folder, "validation_folder": validation}
        with pytest.raises(DataError, match=says):
            train(tiny(data=data), tmp_path / "run")
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert not (tmp_path / "run" / "last.ckpt").exists()  # what is wrong is said before there is one


@pytest.mark.slow
def test_a_process_that_prepares_crops_changes_nothing_but_says_what_is_wrong_as_plainly(
    tiny: Tiny, tmp_path: Path, runs: Runs
):
    small = write_cubes(tmp_path / "small", 1, (20, 28, 28), "npz")
    train(tiny(), tmp_path / "none")
    train(tiny(data={"workers": 1}), tmp_path / "one")

    runs.assert_same(tmp_path / "none", tmp_path / "one")
    data = {"folder": small, "validation_folder": small, "workers": 1}
    with pytest.raises(DataError, match=r"^[^\n]*0\.npz of shape \(20, 28, 28\) is smaller than [^\n]*$"):
        train(tiny(data=data), tmp_path / "run")


@pytest.mark.parametrize(
    "change",
    [
        {"network": "nothing"},
        {"loss": {"name": "nothing"}},
        {"data": {"recipe": "nothing"}},
        {"name": "config"},
    ],
)
def test_wrong_names_are_refused_before_anything_is_made(tiny: Tiny, tmp_path: Path, change: dict[str, Any]):
    with pytest.raises(ConfigError, match=r"nothing|give the model another name"):
        train(tiny(**change), tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_hardware_that_is_not_there(tiny: Tiny, tmp_path: Path):
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(ConfigError, match="There is no such hardware here: accelerator = 'gpu'"):
        train(tiny(accelerator="gpu"), tmp_path / "run")


@pytest.mark.parametrize(("generation", "expected"), [(9, "bf16-mixed"), (7, "16-mixed"), (6, "32-true")])
def test_mixed_precision_only_on_a_gpu_that_has_it(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, generation: int, expected: str
):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (generation, 0))

    assert run._precision(tiny(), cuda=True) == expected
    assert run._precision(tiny(), cuda=False) == "32-true"
    assert run._precision(tiny(precision="16-mixed"), cuda=True) == "16-mixed"
    with pytest.raises(ConfigError, match="'precision': a processor has no 16-mixed"):
        run._precision(tiny(precision="16-mixed"), cuda=False)


def test_a_folder_that_cannot_be_made(tiny: Tiny, tmp_path: Path):
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match=r"Cannot write .*file.* \(Not a directory\): make room or choose"):
        train(tiny(), tmp_path / "file" / "run")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_keeps_the_last_checkpoint(tiny: Tiny, tmp_path: Path, runs: Runs):
    runs.power_cut(5)
    with pytest.raises(runs.PowerCut):
        train(tiny(), tmp_path)
    runs.power_cut(None)
    before = (tmp_path / "last.ckpt").read_bytes()
    (tmp_path / ".last.ckpt.tmp").symlink_to("/dev/full")

    with pytest.raises(OutputError, match=r"Cannot write .* \(No space left on device\)"):
        train(tiny(), tmp_path, resume=True)

    assert (tmp_path / "last.ckpt").read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    assert not (tmp_path / "model.safetensors").exists()


def test_a_checkpoint_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "last.ckpt"
    WholeFiles().save_checkpoint({"step": 1}, path)
    write = Path.write_bytes

    def half(self: Path, data: memoryview) -> int:
        write(self, data[: len(data) // 2])
        assert torch.load(path, weights_only=True) == {"step": 1}
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(OSError, match="No space"):
        WholeFiles().save_checkpoint({"step": 2}, path)

    assert torch.load(path, weights_only=True) == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("count", "world"), [(8, 1), (8, 2), (7, 3), (1, 2), (2, 5)])
def test_processes_share_the_validation_cubes(count: int, world: int):
    shares = [list(ShareOfCubes(count, rank, world)) for rank in range(world)]

    assert len({len(share) for share in shares}) == 1
    assert all(len(share) == len(ShareOfCubes(count, 0, world)) for share in shares)
    in_order = [share[turn] for turn in range(len(shares[0])) for share in shares]
    assert in_order[:count] == list(range(count))


SCRIPT = """
import os, signal, sys
from pathlib import Path
from faultpick import models
from faultpick.data.dataset import Crops
from faultpick.train.config import read_config
from faultpick.train.run import train

original = Crops.__getitem__

def deadly(self, number):
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return original(self, number)

Crops.__getitem__ = deadly
train(read_config(Path(sys.argv[1])), Path(sys.argv[2]))
"""

CONFIG = """
name = "model"
network = "{network}"
threads = 1
accelerator = "cpu"
devices = {devices}
[budget]
steps = 6
epoch_steps = 2
[data]
cubes = 2
validation_cubes = 3
side = 48
crop = [32, 32, 32]
batch = {batch}
[loss]
name = "ce_plus_stochastic_dice"
[optimiser]
average = 0.5
"""


@pytest.mark.slow
@pytest.mark.parametrize("network", ["unet_res2", "unet_res1"])
def test_a_training_killed_in_the_middle_of_an_epoch_resumes_exactly(
    tmp_path: Path, runs: Runs, network: str
):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(network=network, devices=1, batch=1))
    config = read_config(path)

    killed = subprocess.run([sys.executable, "-c", SCRIPT, path, tmp_path / "cut"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [row["step"] for row in runs.rows(tmp_path / "cut")] == [2, 4]
    train(config, tmp_path / "cut", resume=True)
    train(config, tmp_path / "straight")

    runs.assert_same(tmp_path / "straight", tmp_path / "cut")


@pytest.mark.slow
def test_two_processes_train_as_one_with_the_same_global_batch(tmp_path: Path, runs: Runs):
    environment = {name: value for name, value in os.environ.items() if "RANK" not in name}
    for devices, batch in ((1, 2), (2, 1)):
        path = tmp_path / f"{devices}.toml"
        path.write_text(CONFIG.format(network="faultseg3d", devices=devices, batch=batch))
        done = subprocess.run(
            [
                sys.executable,
                Path(sys.executable).with_name("faultpick"),
                "train",
                path,
                "-o",
                tmp_path / str(devices),
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("validation IoU") == 1

    one, two = runs.rows(tmp_path / "1"), runs.rows(tmp_path / "2")
    for single, double in zip(one, two, strict=True):
        assert double["loss"] == pytest.approx(single["loss"], rel=1e-4)
        assert double["val_iou"] == pytest.approx(single["val_iou"], abs=1e-4)
    torch.manual_seed(0)
    start = models.build("faultseg3d").state_dict()
    first, second = (runs.checkpoint(tmp_path / each)["current_model_state"] for each in ("1", "2"))
    moved = sum((first[f"network.{name}"] - start[name]).square().sum() for name in start)
    apart = sum((first[f"network.{name}"] - second[f"network.{name}"]).square().sum() for name in start)
    assert 0 < apart < 1e-4 * moved
