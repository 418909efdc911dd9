import signal
import subprocess
import sys
import time
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from faultpick import cli, train
from faultpick.data import cubes


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config.toml"
    path.write_text(
        'name = "model"\nnetwork = "faultseg3d"\nthreads = 1\naccelerator = "cpu"\n[budget]\nsteps = 1\n'
        "[data]\ncubes = 1\nvalidation_cubes = 1\nside = 16\ncrop = [16, 16, 16]\nbatch = 1\n"
    )
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["faultpick", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0)


def test_says_where_things_go_and_how_good_the_weights_are(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run(monkeypatch, "train", config) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "training faultseg3d into runs/model; watch it with: tensorboard --logdir runs/model"
    assert lines[-2] == "weights: runs/model/model.safetensors"
    assert 0 <= float(lines[-1].removeprefix("validation IoU: ")) <= 1
    assert Path("runs/model/model.safetensors").is_file()


def test_prints_the_schema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert run(monkeypatch, "train", "--print-schema") == 0

    assert tomllib.loads(capsys.readouterr().out)["optimiser"]["rate"] == 4e-3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("steps", "stebs"), "there is no setting 'budget.stebs': did you mean 'steps'?"),
        (("side = 16", "side = '16'"), "setting 'data.side' must be a whole number, not '16'."),
        (('name = "model"\n', ""), "setting 'name' is missing."),
        (("faultseg3d", "faultsec3d"), "No network is called 'faultsec3d': did you mean 'faultseg3d'?"),
        (("[data]", "[data]\nrecipe = 'wu'"), "No recipe is called 'wu'"),
        (("[data]", "[loss]\nname = 'dica'\n[data]"), "There is no loss 'dica'; did you mean 'dice'?"),
        (("[data]", "[loss]\nname = 'dice'\nsettings = {gamma = 2}\n[data]"), "has no setting 'gamma'"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line_before_any_cube_is_made(
    config: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: tuple[str, str],
    says: str,
):
    monkeypatch.setattr(cubes, "synthesize", lambda *_: pytest.fail("a cube was made"))
    config.write_text(config.read_text().replace(*change))

    assert run(monkeypatch, "train", config) == 2

    error = capsys.readouterr().err
    assert says in error
    assert len(error.splitlines()) == 1
    assert not Path("runs").exists()


def test_needs_a_config(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert run(monkeypatch, "train") == 2

    assert "Give a CONFIG.toml" in capsys.readouterr().err


def test_says_what_to_install(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(train, "find_spec", lambda name: None if name == "lightning" else find_spec(name))

    assert run(monkeypatch, "train", config) == 2

    assert capsys.readouterr().err == "error: Training needs lightning: pip install 'faultpick[train]'.\n"


def test_a_training_that_is_stopped_says_how_it_goes_on(config: Path):
    """In a process of its own, by Ctrl-C as a terminal sends it."""
    config.write_text(config.read_text().replace("steps = 1", "steps = 100000"))
    command = [sys.executable, "-c", "from faultpick.cli import main; main()", "train", str(config)]

    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        while not Path("runs/model/config.json").exists() and process.poll() is None:
            time.sleep(0.1)
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=100)

    assert process.returncode not in (0, None)
    assert "Stopped: the same command with --resume goes on from the last epoch" in stderr
    assert "Traceback" not in stderr
