from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faultpick.errors import OutputError, VolumeError
from faultpick.volume import Geometry, SampleAxis, plain_geometry
from faultpick.volume.alike import check_no_input, check_same_grid, check_same_unit


def lines(first: int, count: int) -> np.ndarray:
    return np.arange(first, first + count, dtype=np.int32)


GRID = Geometry(lines(100, 5), lines(300, 6), SampleAxis(0.0, 4.0, 7, "ms"))


@pytest.mark.parametrize(
    "other",
    [
        GRID,
        plain_geometry((5, 6, 7)),
        replace(GRID, crosslines=lines(0, 6)),
        replace(GRID, samples=SampleAxis(1.0, 4.0, 7, "ms")),
        replace(GRID, samples=SampleAxis(900.0, 5.0, 7, "m")),
    ],
)
def test_line_numbers_agree_or_say_nothing(other):
    check_same_grid("a", GRID, "b", other, "x.")
    check_same_grid("b", other, "a", GRID, "x.")


def test_another_shape_and_other_lines_are_refused():
    with pytest.raises(VolumeError, match=r"^p\.sgy has shape \(5, 6, 8\), s\.sgy \(5, 6, 7\): give mine\.$"):
        check_same_grid("p.sgy", plain_geometry((5, 6, 8)), "s.sgy", GRID, "give mine.")
    moved = replace(GRID, inlines=lines(101, 5))
    with pytest.raises(VolumeError, match="p has inlines 101 to 105, s 100 to 104"):
        check_same_grid("p", moved, "s", GRID, "give mine.")
    late = replace(GRID, samples=SampleAxis(400.0, 4.0, 7, "ms"))
    with pytest.raises(
        VolumeError, match="p has samples from 400 every 4 ms, s from 0 every 4 ms: give mine"
    ):
        check_same_grid("p", late, "s", GRID, "give mine.")
    finer = replace(GRID, samples=SampleAxis(0.0, 2.0, 7, "ms"))
    with pytest.raises(VolumeError, match="every 2 ms"):
        check_same_grid("p", finer, "s", GRID, "give mine.")
    skipped = replace(GRID, crosslines=np.array([300, 301, 302, 303, 304, 306], np.int32))
    with pytest.raises(VolumeError, match="crosslines 300 to 306"):
        check_same_grid("p", skipped, "s", GRID, "give mine.")


def test_no_output_replaces_an_input_or_a_folder_around_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inputs = ["survey.sgy", None, tmp_path / "picks" / "faults.json"]
    check_no_input(tmp_path / "other.sgy", inputs)
    for out in (tmp_path / "survey.sgy", Path("picks"), Path("picks/../survey.sgy")):
        with pytest.raises(OutputError, match="is the input or holds it"):
            check_no_input(out, inputs)


def test_what_is_measured_is_in_one_unit():
    check_same_unit("p", GRID, "s", plain_geometry((5, 6, 7)))
    check_same_unit("p", GRID, "s", GRID)
    feet = replace(GRID, samples=SampleAxis(0.0, 20.0, 7, "ft"))
    with pytest.raises(VolumeError, match="p is in ms, s in ft: give --unit with every command"):
        check_same_unit("p", GRID, "s", feet)
