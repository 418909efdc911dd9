import numpy as np
import pytest
import torch

from faultpick import models
from faultpick.benchmark import (
    folder_cubes,
    markdown_table,
    put_table,
    read_rows,
    run_benchmark,
    suite_cubes,
    write_rows,
)
from faultpick.data import splits
from faultpick.errors import ConfigError, DataError
from faultpick.metrics import bootstrap_interval
from faultpick.synth.dataset import write_cubes
from faultpick.zoo import Card, load_model, save_model


def row(cube, model, iou, tta="none", seed=0):
    scores = {"iou": iou, "tol_iou_2": 0.9, "asd": 1.0, "hd95": 2.0}
    return {"suite": "s", "cube": cube, "seed": 5, "model": model, "model_seed": seed, "tta": tta} | scores


def table_of(rows, path):
    write_rows(rows, path)
    return markdown_table(read_rows(path)).splitlines()


def test_rows_survive_the_file_and_the_table_shows_cubes_down_and_models_across(tmp_path):
    rows = [
        row(0, "a", 0.5),
        row(0, "a", 0.6, "mirror"),
        row("salt", "a", 0.7),
        row("salt", "a", 0.9, "mirror"),
    ]
    lines = table_of(rows, tmp_path / "t.csv")
    assert lines[0] == "| Cube | a | a + TTA |"
    assert lines[2:5] == [
        "| 0 | 0.500 | 0.600 |",
        "| salt | 0.700 | 0.900 |",
        "| **Mean IoU** | **0.600** | **0.750** |",
    ]
    low, high = bootstrap_interval([0.5, 0.7])
    assert lines[5] == f"| 95 % interval | {low:.3f} to {high:.3f} | 0.600 to 0.900 |"
    assert not any("Spread" in line for line in lines)


def test_seeds_of_a_model_share_a_column_and_their_spread_is_shown(tmp_path):
    rows = [row(0, "a", 0.5), row(0, "a", 0.7, seed=1), row(1, "a", 0.6), row(1, "a", 0.8, seed=1)]
    rows += [row(0, "b", 0.4)]
    lines = table_of(rows, tmp_path / "t.csv")
    assert lines[0] == "| Cube | a | b |"
    assert lines[2:5] == [
        "| 0 | 0.600 | 0.400 |",
        "| 1 | 0.700 |  |",
        "| **Mean IoU** | **0.650** | **0.400** |",
    ]
    assert f"| Spread over seeds | {0.2 / 2**0.5:.3f} |  |" in lines


def test_another_model_or_seed_is_added_and_the_same_one_replaced(tmp_path):
    write_rows([row(0, "a", 0.5), row(0, "b", 0.6)], tmp_path / "t.csv")
    write_rows([row(0, "a", 0.7), row(0, "a", 0.8, "mirror"), row(0, "b", 0.9, seed=1)], tmp_path / "t.csv")
    found = [(r["model"], r["model_seed"], r["tta"], r["iou"]) for r in read_rows(tmp_path / "t.csv")]
    assert found == [
        ("b", "0", "none", "0.60000"),
        ("a", "0", "none", "0.70000"),
        ("a", "0", "mirror", "0.80000"),
        ("b", "1", "none", "0.90000"),
    ]


def test_table_replaces_what_stands_between_its_markers_only(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- table: s -->\nold\n<!-- end -->\nafter\n<!-- table: t -->\nkept\n<!-- end -->\n"
    )
    put_table(page, "s", "new")
    assert page.read_text() == (
        "before\n<!-- table: s -->\nnew\n<!-- end -->\nafter\n<!-- table: t -->\nkept\n<!-- end -->\n"
    )
    with pytest.raises(DataError, match="no place for the table 'u'"):
        put_table(page, "u", "new")


@pytest.fixture
def tiny(tmp_path):
    """A path of random weights."""

    def save(name="tiny", seed=0):
        torch.manual_seed(seed)
        path = tmp_path / f"{name}-{seed}.safetensors"
        save_model(models.build("unet_res2"), Card(name=name, network="unet_res2", seed=seed), path)
        return load_model(path)

    return save


@pytest.mark.slow
def test_scores_come_from_test_seeds_and_repeat(tiny):
    rows = run_benchmark([tiny()], suite_cubes("wu2019", 1), "wu2019-v1")
    assert rows == run_benchmark([tiny()], suite_cubes("wu2019-v1", 1), "wu2019-v1")
    assert rows[0]["seed"] == splits.TEST
    assert rows[0]["model"] == "tiny"
    assert 0 <= float(rows[0]["iou"]) <= 1


SHAPE = (32, 40, 48)


@pytest.fixture
def validation(tmp_path):
    """A folder in the layout of Wu's validation data: C order, the vertical axis fastest."""
    folder = tmp_path / "validation"
    write_cubes(folder, range(2, 5), shape=SHAPE, workers=1)
    (folder / "predict").mkdir()
    for number in (0, 1):
        label = np.fromfile(folder / f"fault/{number}.dat", "<f4").reshape(SHAPE)
        said = np.where(label > 0, 0.95, 0.89)  # 0.89 is no fault at the threshold that goes with them
        said[:, :, 24:] = 0.0  # the lower half is missed
        said.astype("<f4").tofile(folder / f"predict/{number}.dat")
    return folder


def test_a_folder_of_flat_cubes_is_scored_beside_what_was_published(tiny, validation):
    steps = []
    rows = run_benchmark(
        [tiny(seed=1), tiny(seed=2)], folder_cubes(validation), "v", progress=lambda *step: steps.append(step)
    )
    assert [(r["cube"], r["model"], r["model_seed"]) for r in rows] == [
        ("0", "published", ""),
        ("0", "tiny", 1),
        ("0", "tiny", 2),
        ("1", "published", ""),
        ("1", "tiny", 1),
        ("1", "tiny", 2),
        ("2", "tiny", 1),
        ("2", "tiny", 2),
    ]
    assert steps == [(n, 6) for n in range(1, 7)]
    for number in (0, 1):
        label = np.fromfile(validation / f"fault/{number}.dat", "<f4").reshape(SHAPE)
        assert rows[3 * number]["precision"] == 1.0
        assert rows[3 * number]["recall"] == pytest.approx(label[:, :, :24].sum() / label.sum())


def test_two_models_of_one_name_and_seed_are_refused(tiny, validation):
    with pytest.raises(ConfigError, match="Two models are called 'tiny' with seed 0"):
        run_benchmark([tiny(), tiny()], folder_cubes(validation), "v")


def test_the_command_scores_a_folder(command, validation, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- table: seed -->\n<!-- end -->\n")
    out = tmp_path / "seed.csv"
    code, output, _ = command("benchmark", "--data", validation, "-o", out, "--readme", page, "--cubes", 2)
    assert code == 0
    assert "published" in output
    assert page.read_text().splitlines()[1] == "| Cube | published |"
    assert {row["suite"] for row in read_rows(out)} == {"validation"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--suite", "wu2091"), "did you mean 'wu2019-v1'"),
        ((), "name a model with --model"),
        (("--data", "EMPTY"), "holds no cubes"),
        (("--data", "ODD"), "fault/3.dat is missing"),
        (("--data", "SHORT", "--model", "unet_res2"), "has 4 bytes, but 128 x 128 x 128"),
        (("--data", "NOWHERE"), "is not a folder"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_sentence(command, tmp_path, arguments, says):
    (tmp_path / "EMPTY").mkdir()
    for name in ("ODD/seis/3.dat", "ODD/fault/4.dat", "SHORT/seis/0.dat", "SHORT/fault/0.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(4))
    arguments = [tmp_path / each if each.isupper() else each for each in arguments]
    code, _, errors = command("benchmark", "-o", tmp_path / "out.csv", *arguments)
    assert code == 2
    assert says in errors
    assert errors.strip().splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.slow
def test_picks_are_scored_where_the_earth_is_known(validation, tmp_path):
    model = load_model("unet_res2")
    of_suite = run_benchmark([model], suite_cubes("wu2019-v1", 1), "s", picks=True)
    assert 0 < float(of_suite[0]["found_share"]) <= 1
    assert 0 < float(of_suite[0]["thin_tol_iou_2"]) <= 1
    of_folder = run_benchmark([model], folder_cubes(validation, 1), "f", picks=True)
    assert "found_share" not in of_folder[0]
    write_rows(of_folder, tmp_path / "t.csv")
    write_rows(of_suite, tmp_path / "t.csv")
    assert [bool(row["found_share"]) for row in read_rows(tmp_path / "t.csv")] == [False, False, True]
