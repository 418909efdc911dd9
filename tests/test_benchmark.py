import pytest
import torch

from faultpick import models
from faultpick.benchmark import markdown_table, put_table, read_rows, run_benchmark, write_rows
from faultpick.data import splits
from faultpick.errors import DataError
from faultpick.zoo import Card, load_model, save_model


def row(cube, model, iou, tta=0):
    scores = {"iou": iou, "tol_iou_2": 0.9, "asd": 1.0, "hd95": 2.0}
    return {"suite": "s", "cube": cube, "seed": 5, "model": model, "tta": tta} | scores


def test_rows_survive_the_file_and_the_table_shows_cubes_down_and_models_across(tmp_path):
    rows = [row(0, "a", 0.5), row(0, "a", 0.6, tta=1), row(1, "a", 0.7), row(1, "a", 0.9, tta=1)]
    write_rows(rows, tmp_path / "t.csv")
    lines = markdown_table(read_rows(tmp_path / "t.csv")).splitlines()
    assert lines[0] == "| Cube | a | a + TTA |"
    assert lines[2:5] == [
        "| 0 | 0.500 | 0.600 |",
        "| 1 | 0.700 | 0.900 |",
        "| **Mean IoU** | **0.600** | **0.750** |",
    ]


def test_another_model_is_added_and_the_same_one_replaced(tmp_path):
    write_rows([row(0, "a", 0.5), row(0, "b", 0.6)], tmp_path / "t.csv")
    write_rows([row(0, "a", 0.7), row(0, "a", 0.8, tta=1)], tmp_path / "t.csv")
    assert [(r["model"], r["tta"], r["iou"]) for r in read_rows(tmp_path / "t.csv")] == [
        ("b", "0", "0.60000"),
        ("a", "0", "0.70000"),
        ("a", "1", "0.80000"),
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


@pytest.mark.slow
def test_scores_come_from_test_seeds_and_repeat(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "tiny.safetensors"
    save_model(models.build("unet_res2"), Card(name="tiny", network="unet_res2"), path)
    rows = run_benchmark([load_model(path)], cubes=1)
    assert rows == run_benchmark([load_model(path)], cubes=1)
    assert rows[0]["seed"] == splits.TEST
    assert rows[0]["model"] == "tiny"
    assert 0 <= float(rows[0]["iou"]) <= 1
