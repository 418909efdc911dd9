"""The race of benchmarks/race.py: rows trained under one protocol, killed, taken up, scored."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

import race
import race_table
from faultpick.benchmark import read_rows, run_benchmark, suite_cubes, write_rows
from faultpick.errors import ConfigError
from faultpick.synth import synthesize
from faultpick.train.config import TrainConfig, read, read_config
from faultpick.train.distill import DistillConfig, distill, verify_distillation
from faultpick.train.run import train
from faultpick.zoo import load_model

ROOT = Path(__file__).parents[2]
ROWS = sorted((ROOT / "configs" / "race").glob("*.toml"))

ROW = """
name = "{name}"
network = "tiny"
threads = 1
accelerator = "cpu"
[budget]
steps = 1
epoch_steps = 2
[data]
cubes = 1
validation_cubes = 1
side = 32
crop = [24, 24, 24]
"""


@pytest.fixture
def rows(tmp_path, tiny):
    folder = tmp_path / "rows"
    folder.mkdir()
    (folder / "a.toml").write_text(ROW.format(name="a"))
    student = ROW.format(name="a_kd") + '[teacher]\nmodels = ["somewhere/a-seed0/a.safetensors"]\n'
    (folder / "a_kd.toml").write_text(student)
    return folder


def test_a_student_learns_from_the_run_of_its_seed_and_finished_runs_are_left_alone(rows, runs, tmp_path):
    at, results = tmp_path / "runs", tmp_path / "results"

    def go(minutes=0.005):
        configs = [race.row_config(rows / f"{row}.toml", at, 5, minutes) for row in ("a_kd", "a")]
        race.race(configs, at, results, 1, ("none",))

    runs.power_cut(5)
    with pytest.raises(runs.PowerCut):
        go()
    assert not list(at.glob("*/*.safetensors"))
    runs.power_cut(None)
    go()

    student = load_model(at / "a_kd-seed5" / "a_kd.safetensors").card
    assert student.config["teacher"]["models"] == [str(at / "a-seed5" / "a.safetensors")]
    assert (student.seed, student.config["budget"]["minutes"]) == (5, 0.005)
    assert sorted(path.name for path in (results / "training").iterdir()) == [
        "a-seed5.csv",
        "a_kd-seed5.csv",
    ]
    scored = read_rows(results / "race.csv")
    assert [(row["model"], row["model_seed"], row["cube"]) for row in scored] == [
        ("a", "5", "0"),
        ("a_kd", "5", "0"),
    ]
    written = {
        path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.*") if "training" not in path.parts
    }
    go()
    assert written == {path: path.stat().st_mtime_ns for path in written}
    with pytest.raises(ConfigError, match=r"run with another budget\.minutes"):
        go(minutes=10.0)


def test_rows_are_scored_on_cubes_as_they_are(rows, tmp_path):
    config = race.row_config(rows / "a.toml", tmp_path / "runs", 0, 0.001)
    race.race([config], tmp_path / "runs", tmp_path / "results", 1, ("none",))
    (scored,) = read_rows(tmp_path / "results" / "race.csv")
    model = load_model(tmp_path / "runs" / "a-seed0" / "a.safetensors")
    as_it_is, even = (
        run_benchmark([model], suite_cubes(race.SUITE, 1), race.SUITE, gain=gain)[0] for gain in (False, True)
    )
    assert scored["curve_found"] == as_it_is["curve_found"] != even["curve_found"]


def test_what_another_machine_has_finished_is_not_run_again_unless_it_teaches(rows, tmp_path):
    results = tmp_path / "results"

    def go(at, *names):
        configs = [race.row_config(rows / f"{row}.toml", tmp_path / at, 0, 0.001) for row in names]
        race.race(configs, tmp_path / at, results, 1, ("none",))
        return sorted(path.name for path in (tmp_path / at).glob("*"))

    assert go("one", "a") == ["a-seed0"]
    assert go("two", "a") == []
    assert go("three", "a", "a_kd") == ["a-seed0", "a_kd-seed0"]
    assert go("four", "a", "a_kd") == []
    scored = read_rows(results / "race.csv")
    assert [row["model"] for row in scored] == ["a", "a_kd"]


def test_a_row_trained_anew_has_new_scores_beside_its_new_curve(rows, tmp_path, monkeypatch):
    results = tmp_path / "results"

    def go(at, *names, minutes=0.001):
        configs = [race.row_config(rows / f"{row}.toml", tmp_path / at, 0, minutes) for row in names]
        race.race(configs, tmp_path / at, results, 1, ("none",))
        return read_rows(results / "race.csv"), (results / "training" / "a-seed0.csv").read_bytes()

    before, curve = go("one", "a")
    benchmark = race.run_benchmark
    monkeypatch.setattr(
        race, "run_benchmark", lambda *of, **how: [row | {"iou": 0.125} for row in benchmark(*of, **how)]
    )
    after, _ = go("two", "a", minutes=0.02)
    assert before[0]["iou"] != "0.125"
    assert [(row["suite"], row["model"], float(row["iou"])) for row in after] == [
        ("wu2019-v1-first-1", "a", 0.125)
    ]
    written = (results / "training" / "a-seed0.csv").read_bytes()
    assert written != curve
    _, kept = go("three", "a", "a_kd", minutes=0.001)  # a is trained to teach alone
    assert kept == written


def test_all_rows_have_the_same_cubes_and_crops():
    rows = [read_row(path) for path in ROWS]
    assert len(rows) == 9
    assert len({row.network for row in rows}) == 8
    for row in rows:
        assert row.data == rows[0].data
        assert row.augmentation == rows[0].augmentation
        assert row.threads == 1
    assert rows[0].data.crop == (64, 64, 64)


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_a_row_has_the_steps_that_an_hour_was_enough_for(path):
    config = read_row(path)
    curves = (ROOT / "results" / "training").glob(f"{config.name}-seed*.csv")
    ends = [read_rows(curve)[-1] for curve in curves]
    assert config.budget.steps is not None
    steps, longest = config.budget.steps, config.budget.steps + config.budget.epoch_steps
    assert all(steps <= int(end["step"]) < longest for end in ends)
    if not isinstance(config, DistillConfig):
        assert any(60 <= float(end["minutes"]) < 62 for end in ends)


def test_the_student_has_as_many_steps_as_fit_into_the_same_time_beside_its_teacher():
    steps = {path.stem: read_row(path).budget.steps or 0 for path in ROWS}
    assert steps["unet_res1_kd"] == round(steps["unet_res1"] * 612 / 909)


def test_a_row_has_its_steps_unless_it_is_given_minutes(rows, tmp_path):
    budgets = [race.row_config(rows / "a.toml", tmp_path, 3, minutes).budget for minutes in (None, 2.0)]
    assert [(budget.steps, budget.minutes) for budget in budgets] == [(1, None), (None, 2.0)]
    race.race([race.row_config(rows / "a.toml", tmp_path, 3, None)], tmp_path, tmp_path, 1, ("none",))
    assert race.recorded(race.row_config(rows / "a.toml", tmp_path, 3, None), tmp_path, 1, ("none",))
    (rows / "a.toml").write_text(ROW.format(name="a").replace("steps = 1\n", "steps = 5\n"))
    assert not race.recorded(race.row_config(rows / "a.toml", tmp_path, 3, None), tmp_path, 1, ("none",))


def read_row(path):
    if "teacher" in path.read_text():
        return read(path, DistillConfig, verify_distillation)
    return read_config(path)


@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_a_row_is_called_as_its_file(path):
    assert read_row(path).name == path.stem


@pytest.fixture
def small_crop(tmp_path, one_crop):
    """Settings that train and validate on the smallest crop that all networks see, which holds faults."""
    shape = (16, 16, 32)
    cubes = (synthesize(seed, "wu2019-v1", shape) for seed in range(100))
    cube = next(cube for cube in cubes if 0.1 < cube.fault.mean() < 0.3)
    np.savez(tmp_path / "0.npz", seismic=cube.seismic, fault=cube.fault)
    data = {"folder": str(tmp_path), "validation_folder": str(tmp_path), "crop": shape, "batch": 1}
    return one_crop | {"data": data}


@pytest.mark.slow
@pytest.mark.parametrize("path", ROWS, ids=lambda path: path.stem)
def test_every_row_trains_and_teaches_a_student_of_its_kind(path, small_crop, tmp_path, runs):
    row = tomllib.loads(path.read_text())
    rate = 3e-2 if path.stem == "vnet" else 1e-3  # V-Net's head, on two normalised channels, starts slowly
    tiny = {"budget": {"steps": 8, "epoch_steps": 4}, "accelerator": "cpu", "precision": "32-true"}
    tiny |= small_crop  # a loss of eight steps falls by less than what bfloat16 leaves uncertain
    row = row | tiny | {"optimiser": row.get("optimiser", {}) | {"average": 0.5, "rate": rate}}
    taught = {
        "terms": row.pop("terms", {}),
        "teacher": {"models": [str(tmp_path / f"a/{path.stem}.safetensors")]},
    }
    row.pop("teacher", None)

    train(TrainConfig.model_validate(row), tmp_path / "a")
    distill(DistillConfig.model_validate(row | taught), tmp_path / "b")

    for folder in (tmp_path / "a", tmp_path / "b"):
        first, last = (each["loss"] for each in runs.rows(folder))
        assert last < first
        assert load_model(folder / f"{path.stem}.safetensors").card.network == row["network"]
        (folder / "last.ckpt").unlink()  # up to 700 MB


def test_the_table_of_networks_has_means_spreads_costs_and_steps(tmp_path, monkeypatch):
    def scores(model, seed, tta, *ious):
        row = {"suite": "s", "seed": 1, "model": model, "model_seed": seed, "tta": tta}
        means = {"tol_iou_2": 0.9, "asd": 1.0, "hd95": 2.0}
        return [row | {"cube": cube, "iou": iou} | means for cube, iou in enumerate(ious)]

    rows = scores("vnet", 0, "none", 0.3, 0.5) + scores("vnet", 0, "mirror", 0.4, 0.5)
    rows += scores("unet_res2", 0, "none", 0.7, 0.9) + scores("unet_res2", 1, "none", 0.6, 0.8)
    write_rows(rows, tmp_path / "race.csv")
    (tmp_path / "training").mkdir()
    for run, steps in (("vnet-seed0", 99), ("unet_res2-seed0", 5000), ("unet_res2-seed1", 4900)):
        (tmp_path / "training" / f"{run}.csv").write_text(f"epoch,step\n1,{steps // 2}\n2,{steps}\n")
    (tmp_path / "speed.csv").write_text(
        "network,engine,seconds per 128^3,peak memory (MB)\nvnet,openvino,9.0,900\nvnet,torch,20.1,2000\n"
    )
    page = tmp_path / "page.md"
    page.write_text("<!-- table: networks -->\nold\n<!-- end -->\n")
    arguments = [page, "--results", tmp_path, "--configs", ROOT / "configs" / "race"]
    monkeypatch.setattr("sys.argv", ["race_table.py", *map(str, arguments)])

    race_table.main()

    lines = page.read_text().splitlines()
    spread = 0.1 / 2**0.5
    assert lines[3] == f"| unet_res2 | 1.16 M | 14.1 |  |  | 4900 | 2 | 0.750 ± {spread:.3f} |  | 0.900 |"
    assert lines[4] == "| vnet | 45.59 M | 731.5 | 20.1 | 2000 | 99 | 1 | 0.400 | 0.450 | 0.900 |"
