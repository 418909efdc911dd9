import numpy as np
import pytest

from faultpick.benchmark import read_rows, scores_of, write_rows
from faultpick.errors import DataError
from faultpick.metrics import (
    THRESHOLDS,
    ThresholdCurve,
    best_dataset_f1,
    best_image_f1,
    bootstrap_interval,
    threshold_curve,
)
from faultpick.tables import cubes_table, differences_table, put_table, put_tables, scales_table, scores_table


def row(cube, model, iou, tta="none", seed=0, **more):
    scores = {"iou": iou, "tol_iou_2": 0.9, "asd": 1.0, "hd95": 2.0}
    return (
        {"suite": "s", "cube": cube, "seed": 5, "model": model, "model_seed": seed, "tta": tta}
        | scores
        | more
    )


def written(rows, path):
    write_rows(rows, path)
    return read_rows(path)


def table_of(rows, path):
    return cubes_table(written(rows, path)).splitlines()


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


def cells(table, name):
    return next(line for line in table.splitlines() if line.startswith(f"| {name} |")).split(" | ")[1:]


def test_scores_are_measures_down_and_models_across_with_intervals(tmp_path):
    rows = [row(cube, "a", iou, false_per_cube=cube) for cube, iou in enumerate((0.2, 0.6))]
    rows += [row(0, "b", 0.5) | {"scale": "auto"}]
    table = scores_table(written(rows, tmp_path / "t.csv"))
    assert table.splitlines()[0] == "|  | a | b, scale auto |"
    assert cells(table, "Strict IoU") == ["0.400 (0.200 to 0.600)", "0.500 (0.500 to 0.500) |"]
    assert cells(table, "False faults a cube") == ["0.500 (0.000 to 1.000)", " |"]
    assert "Faults found" not in table


def test_faults_found_are_counted_over_all_cubes_together(tmp_path):
    rows = [row(0, "a", 0.5, faults=1, found=1), row(1, "a", 0.5, faults=9, found=3)]
    (cell,) = cells(scores_table(written(rows, tmp_path / "t.csv")), "Share of larger faults found")
    assert cell == "0.400 (0.333 to 1.000) |"


def test_ods_and_ois_are_those_of_all_cubes_together(tmp_path):
    rng = np.random.default_rng(3)
    truths = [rng.random((8, 9, 10)) < share for share in (0.1, 0.3, 0.5)]
    said = [
        ((0.3 * truth + 0.7 * rng.random(truth.shape)) * loudness).astype(np.float32)
        for truth, loudness in zip(truths, (0.4, 0.7, 1.0), strict=True)
    ]
    rows = [row(n, "a", 0.5) | scores_of(said[n], truths[n].astype(np.uint8), 0.5) for n in range(3)]
    table = scores_table(written(rows, tmp_path / "t.csv"))
    coarse = np.isin(np.arange(len(THRESHOLDS)), np.arange(4, 99, 5))
    curves = [
        ThresholdCurve(*(counts[coarse] for counts in threshold_curve(each, truth)))
        for each, truth in zip(said, truths, strict=True)
    ]
    expected = {"ODS": best_dataset_f1(curves), "OIS": best_image_f1(curves)}
    assert expected["OIS"] > expected["ODS"] + 0.001
    for name, value in expected.items():
        (cell,) = cells(table, name)
        assert cell.startswith(f"{value:.3f} (")
        low, high = (float(end) for end in cell[7:-3].split(" to "))
        assert low <= value <= high
        assert low < high


def test_seeds_of_a_model_are_averaged_in_the_scores(tmp_path):
    rows = [row(cube, "a", iou, seed=seed) for cube, seed, iou in ((0, 0, 0.2), (1, 0, 0.4), (0, 1, 0.6))]
    assert "0.4" not in scores_table(written(rows, tmp_path / "t.csv"))  # a seed lacks a cube
    rows += [row(1, "a", 0.8, seed=1)]
    (cell,) = cells(scores_table(written(rows, tmp_path / "t2.csv")), "Strict IoU")
    assert cell == "0.500 (0.400 to 0.600) |"


def test_differences_are_those_of_the_same_cubes(tmp_path):
    """Cubes far from each other, models alike: the interval is that of the difference, not of the cubes."""
    rows = [row(cube, "a", 0.1 + 0.2 * cube, found=1, faults=2) for cube in range(4)]
    rows += [row(cube, "b", 0.13 + 0.2 * cube, seed=1, found=2, faults=2) for cube in range(4)]
    table = differences_table(written(rows, tmp_path / "t.csv"))
    assert table.splitlines()[0] == "| Less a | b |"
    assert cells(table, "Strict IoU") == ["+0.030 (+0.030 to +0.030) |"]
    assert cells(table, "Tol-IoU@2") == ["+0.000 (+0.000 to +0.000) |"]
    assert cells(table, "Share of larger faults found") == ["+0.500 (+0.500 to +0.500) |"]
    assert "False faults" not in table


def test_what_is_infinite_for_both_has_no_difference(tmp_path):
    rows = [row(cube, name, 0.5, asd=[1.0, np.inf][cube]) for name in "ab" for cube in range(2)]
    table = differences_table(written(rows, tmp_path / "t.csv"))
    assert "Average surface distance" not in table
    assert "nan" not in table


def test_models_of_other_cubes_have_no_difference(tmp_path):
    rows = [row(0, "a", 0.1), row(1, "a", 0.2), row(1, "b", 0.2), row(0, "b", 0.3), row(0, "c", 0.3)]
    assert len(differences_table(written(rows, tmp_path / "t.csv")).splitlines()) == 2


def test_scales_are_periods_down_and_bins_across_and_the_worst_cell_is_told(tmp_path):
    values = {("7", "0.75"): 0.3, ("7", "1.5"): 0.4, ("10.5", "0.75"): 0.5, ("10.5", "1.5"): 0.6}
    rows = [row(f"period {period}, bins {bins}", "a", iou) for (period, bins), iou in values.items()]
    assert scales_table(written(rows, tmp_path / "t.csv")).splitlines() == [
        "| Model | Period, samples | bins 0.75 | bins 1.5 |",
        "| --- | ---: | ---: | ---: |",
        "| a | 7 | 0.300 | 0.400 |",
        "| a | 10.5 | 0.500 | 0.600 |",
        "| a | worst / best: 0.50; of Tol-IoU@2 1.00 |  |  |",
    ]
    with pytest.raises(DataError, match="'salt' has no period"):
        scales_table(written([row("salt", "a", 0.5)], tmp_path / "u.csv"))


def test_a_page_gets_the_tables_it_has_places_for(tmp_path):
    rows = written([row(0, "a", 0.5)], tmp_path / "t.csv")
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- table: s -->\n<!-- end -->\nkept\n<!-- table: s-cubes -->\n<!-- end -->\n", encoding="utf-8"
    )
    put_tables(page, "s", rows)
    text = page.read_text(encoding="utf-8")
    assert scores_table(rows, ["Strict IoU", "Tol-IoU@2", "Average surface distance"]) in text
    assert cubes_table(rows) in text
    assert "\nkept\n" in text
    with pytest.raises(DataError, match="no place for the table 'u'"):
        put_tables(page, "u", rows)
    with pytest.raises(DataError, match="cannot be read"):
        put_tables(tmp_path / "nowhere.md", "s", rows)


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
