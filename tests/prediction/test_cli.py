import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def cube(tmp_path):
    cube = np.random.default_rng(5).normal(size=(12, 20, 33)).astype(np.float32)
    np.save(tmp_path / "in.npy", cube)
    return cube


def test_predict_writes_a_volume_and_a_summary(cube, weights, tmp_path, command):
    out = tmp_path / "out.npy"
    code, stdout, _ = command("predict", tmp_path / "in.npy", "-o", out, "--model", weights, "--json")
    assert code == 0
    facts = json.loads(stdout)
    assert facts["shape"] == [12, 20, 33]
    assert facts["tiles"] == 1
    assert facts["voxels_per_second"] > 0
    assert np.load(out).shape == cube.shape
    assert facts["fault_share"] == pytest.approx((np.load(out) >= 0.5).mean())


def test_predict_says_in_a_line_what_it_did(cube, weights, tmp_path, command):
    out = tmp_path / "mask.npy"
    arguments = ["--threshold", 0.5, "--tta", "--model", weights]
    code, stdout, _ = command("predict", tmp_path / "in.npy", "-o", out, *arguments)
    assert code == 0
    assert "12 x 20 x 33 voxels" in stdout
    assert set(np.unique(np.load(out))) <= {0, 1}


def test_augmentation_is_chosen_by_name(cube, weights, tmp_path, command):
    found = {}
    for name, options in {
        "none": [],
        "mirror": ["--tta"],
        "full": ["--tta-mode", "full"],
        "max": ["--tta-mode", "full", "--tta-reduce", "max"],
    }.items():
        out = tmp_path / f"{name}.npy"
        code, stdout, _ = command(
            "predict", tmp_path / "in.npy", "-o", out, "--model", weights, "--json", *options
        )
        assert code == 0
        assert json.loads(stdout)["tta"] == ("full" if name == "max" else name)
        found[name] = np.load(out)
    assert len({array.tobytes() for array in found.values()}) == 4
    assert (found["max"] >= found["full"] - 1e-6).all()


def test_bad_input_is_one_sentence_code_2_and_no_output(cube, weights, tmp_path, command):
    def spoilt(name, array):
        np.save(tmp_path / name, array)
        return tmp_path / name

    with_nan = cube.copy()
    with_nan[2, 3, 4:6] = np.nan
    with_infinity = cube.copy()
    with_infinity[0, 0, 0] = np.inf
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(weights.read_bytes()[:-10])
    damaged.with_suffix(".json").write_bytes(weights.with_suffix(".json").read_bytes())
    good, out = tmp_path / "in.npy", tmp_path / "out.npy"
    cases = [
        (spoilt("nan.npy", with_nan), out, weights, "2 NaN or infinite samples"),
        (spoilt("inf.npy", with_infinity), out, weights, "1 NaN or infinite samples"),
        (spoilt("flat.npy", np.ones_like(cube)), out, weights, "is constant"),
        (tmp_path / "none.npy", out, weights, "none.npy"),
        (good, good, weights, "is the input"),
        (good, tmp_path / "no" / "out.npy", weights, "does not exist"),
        (good, tmp_path / "out.doc", weights, "out.doc"),
        (good, out, "unet_res3", "No model is called 'unet_res3'"),
        (good, out, tmp_path / "none.safetensors", "no weights file"),
        (good, out, damaged, "is damaged"),
    ]
    before = sorted(tmp_path.iterdir())
    for source, target, model, message in cases:
        code, stdout, stderr = command("predict", source, "-o", target, "--model", model)
        assert code == 2
        assert message in stderr
        assert stderr.startswith("error: ")
        assert stderr.strip().count("\n") == 0
        assert not stdout
        assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("options", [["--tta-reduce", "max"], ["--scales-reduce", "max", "--scales", "1.5"]])
def test_a_maximum_of_one_is_no_maximum(options, cube, weights, tmp_path, command):
    out = tmp_path / "out.npy"
    code, _, stderr = command("predict", tmp_path / "in.npy", "-o", out, "--model", weights, *options)
    assert code == 2
    assert f"{options[0]} has nothing to put together" in stderr
    assert not out.exists()


def test_a_folder_without_permission_is_refused(cube, weights, tmp_path, monkeypatch, command):
    monkeypatch.setattr("os.access", lambda path, _: Path(path) != tmp_path)
    code, _, stderr = command("predict", tmp_path / "in.npy", "-o", tmp_path / "out.npy", "--model", weights)
    assert code == 2
    assert "no permission" in stderr


def test_neither_the_package_nor_info_imports_torch(cube, tmp_path):
    code = (
        "import sys, faultpick, faultpick.volume, faultpick.normalise\n"
        "from typer.testing import CliRunner\n"
        "from faultpick.cli import app\n"
        f"assert CliRunner().invoke(app, ['info', {str(tmp_path / 'in.npy')!r}]).exit_code == 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_memory_without_a_unit_is_a_slip(cube, tmp_path, command):
    for text, message in (("2", "'2' is too little memory"), ("much", "'much' is no amount of memory")):
        code, _, errors = command("predict", tmp_path / "in.npy", "-o", tmp_path / "o.npy", "--memory", text)
        assert (code, message in errors) == (2, True)


def test_a_sample_interval_that_nobody_gave_is_told(cube, weights, tmp_path, command):
    code, _, notes = command("predict", tmp_path / "in.npy", "-o", tmp_path / "o.sgy", "--model", weights)
    assert code == 0
    assert "in.npy does not say how far samples are apart: 1 ms is written into o.sgy" in notes
