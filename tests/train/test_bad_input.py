"""What the commands of training refuse: one sentence, exit code 2, and no model left behind."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from faultpick import zoo

CONFIG = """
name = "model"
network = "faultseg3d"
threads = 1
accelerator = "cpu"
[budget]
steps = 1
[data]
cubes = 1
validation_cubes = 1
side = 16
crop = [16, 16, 16]
batch = 1
"""
TEACHER = CONFIG + '[teacher]\nmodels = ["TEACHER.safetensors"]\n'
FOLDER = CONFIG.replace("side = 16", 'folder = "CUBES"\nvalidation_folder = "CUBES"')


@pytest.fixture
def refused(command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a verb with a config and check that it is refused, in which words."""
    monkeypatch.chdir(tmp_path)

    def run(verb: str, config: str, *options: str) -> str:
        Path("config.toml").write_text(config)
        code, _, errors = command(verb, "config.toml", "-o", "run", *options)
        assert code == 2
        assert len(errors.splitlines()) == 1
        assert errors.startswith("error: ")
        assert not list(Path().glob("run/*.safetensors"))
        return errors

    return run


def copy_teacher(**changes: Any) -> None:
    """A copy of the U-Net in the box, its card changed."""
    shutil.copy(zoo.FOLDER / "faultseg3d.safetensors", "TEACHER.safetensors")
    card = json.loads((zoo.FOLDER / "faultseg3d.json").read_text())
    Path("TEACHER.json").write_text(json.dumps(card | changes))


def test_a_teacher_that_is_another_network_than_its_card_says(refused):
    copy_teacher(network="unet_res2")
    assert "TEACHER.safetensors do not fit the network 'unet_res2'" in refused("distill", TEACHER)


def test_a_teacher_that_sees_amplitudes_of_another_scale(refused):
    copy_teacher(normalisation="none")
    assert "normalised as 'none'" in refused("distill", TEACHER)


def test_a_teacher_that_cannot_see_the_crops(refused):
    network = TEACHER.replace("TEACHER.safetensors", "unet_res2").replace("16, 16, 16", "24, 24, 24")
    says = refused("distill", network.replace("side = 16", "side = 24"))
    assert "The teacher unet_res2 takes sides that are multiples of 16" in says


@pytest.mark.parametrize("keep", [0, 1000, -1])
def test_a_truncated_teacher(refused, keep):
    copy_teacher()
    path = Path("TEACHER.safetensors")
    path.write_bytes(path.read_bytes()[:keep])
    assert "TEACHER.safetensors is damaged" in refused("distill", TEACHER)


def test_weights_of_another_network_to_start_from(refused):
    says = refused("train", CONFIG.replace("threads", 'weights = "unet_res2"\nthreads'))
    assert "The weights unet_res2 belong to the network 'unet_res2'" in says


def test_a_truncated_checkpoint_to_go_on_from(refused, command):
    Path("config.toml").write_text(CONFIG)
    assert command("train", "config.toml", "-o", "run")[0] == 0
    Path("run/model.safetensors").unlink()
    checkpoint = Path("run/last.ckpt")
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    assert "last.ckpt is damaged" in refused("train", CONFIG, "--resume")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("threads = 1", 'threads = "one"'), "setting 'threads' must be a whole number, not 'one'."),
        (("crop = [16, 16, 16]", "crop = 16"), "setting 'data.crop' must"),
        (("[teacher]", "[techer]"), "there is no setting 'techer': did you mean 'teacher'?"),
        (("models = ", "model = "), "there is no setting 'teacher.model': did you mean 'models'?"),
    ],
)
def test_a_config_with_a_wrong_type_or_an_unknown_key(refused, change, says):
    assert says in refused("distill", TEACHER.replace(*change))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ((), "CUBES is not a folder"),
        (("README",), "CUBES holds no cubes"),
        (("seis/.keep", "fault/.keep"), "CUBES holds no cubes"),
        (("seis/0.dat", "fault/1.dat"), "CUBES/fault/0.dat is missing (and 1 more)"),
        (("seis/0.dat",), "CUBES/fault/0.dat is missing"),
        (("fault/4.dat",), "CUBES/seis/4.dat is missing"),
    ],
)
def test_folders_without_cubes_or_with_halves_of_them(refused, files, says):
    for name in files:
        path = Path("CUBES", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert says in refused("train", FOLDER)
