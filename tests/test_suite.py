import numpy as np
import pytest

import suite
from faultpick.benchmark import BenchmarkCube, Labelled, read_rows

PAGE = "<!-- table: tiny -->\n<!-- end -->\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = tmp_path / suite.PAGE
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    (tmp_path / "results").mkdir()
    asked = []

    def cubes(count, validation):
        asked.append((count, validation))
        draws = [np.random.default_rng(number) for number in range(count)]
        label = np.zeros((32, 32, 32), np.uint8)
        label[:, 16] = 1
        return [
            BenchmarkCube("plain", seed, lambda draw=draw: Labelled(draw.standard_normal(label.shape), label))
            for seed, draw in enumerate(draws)
        ]

    def go(*arguments):
        monkeypatch.setattr("sys.argv", ["tiny.py", *arguments])
        suite.main("tiny", cubes, 2, "Tiny cubes.", head="Cubes", overall=False)
        return asked[-1], page.read_text()

    return go


def test_scores_on_validation_seeds_are_printed_and_kept_nowhere(run, tmp_path, capsys):
    asked, page = run("unet_res2", "--validation", "3")
    assert (asked, page) == ((2, 3), PAGE)
    assert not list((tmp_path / "results").iterdir())
    assert "| plain | 0." in capsys.readouterr().out


def test_scores_on_fewer_cubes_take_no_place_of_those_on_all(run, tmp_path, capsys):
    asked, page = run("unet_res2", "--cubes", "1")
    assert (asked, page) == ((1, 0), PAGE)
    assert not list((tmp_path / "results").iterdir())
    assert "| plain | 0." in capsys.readouterr().out


def test_scores_on_test_seeds_go_to_their_csv_and_their_table(run, tmp_path):
    asked, page = run("unet_res2")
    assert asked == (2, 0)
    assert "| plain | 0." in page
    row, _ = read_rows(tmp_path / "results" / "tiny.csv")
    assert (row["suite"], row["cube"], row["model"]) == ("tiny", "plain", "unet_res2")
