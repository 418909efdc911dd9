"""Each format of sticks, read back by columns as its known readers do."""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from faultpick.errors import OutputError
from faultpick.picks import Picks
from faultpick.picks.export import export_faults
from faultpick.volume import plain_geometry

from .conftest import by_hand

Sticks = dict[str, dict[int, list[tuple[float, float, float]]]]
"""Points by name of the fault and number of the stick."""


def read_opendtect(path: Path) -> Sticks:
    sticks: Sticks = defaultdict(lambda: defaultdict(list))
    with path.open(newline="") as file:
        for name, x, y, z, stick, node in csv.reader(file, delimiter="\t", quotechar='"'):
            assert int(node) == len(sticks[name][int(stick) + 1])
            sticks[name][int(stick) + 1].append((float(x), float(y), float(z)))
    return sticks


def read_charisma(path: Path) -> Sticks:
    sticks: Sticks = defaultdict(lambda: defaultdict(list))
    for line in path.read_text().splitlines():
        mark, _, _, x, y, z, name, stick = line.split()
        assert mark == "INLINE-"
        sticks[name][int(stick)].append((float(x), float(y), float(z)))
    return sticks


def read_kingdom(path: Path) -> Sticks:
    sticks: Sticks = defaultdict(lambda: defaultdict(list))
    with path.open() as file:
        for line in file:
            parts = line.split(" ")
            sticks[parts[10]][int(parts[-2])].append((float(parts[6]), float(parts[7]), float(parts[9])))
    return sticks


def read_iesx(path: Path) -> Sticks:
    sticks: Sticks = defaultdict(lambda: defaultdict(list))
    name = None
    for line in path.read_text().splitlines():
        if line.startswith("PROFILE"):
            name = line[8:25].strip()
        elif line == "EOD":
            name = None
        elif not line.startswith("SNAPPING"):
            assert name is not None
            assert len(line) >= 47
            place = float(line[:16]), float(line[16:32]), float(line[38:47])
            stick = line[32:39]
            sticks[name][int(line[32:35] if " " in stick else stick)].append(place)
    return sticks


READERS = {
    "opendtect": read_opendtect,
    "charisma": read_charisma,
    "kingdom": read_kingdom,
    "iesx": read_iesx,
}


def assert_same(sticks: Sticks, picks: Picks) -> None:
    assert list(sticks) == [f"F{fault.id:03d}" for fault in picks.faults]
    for fault, read in zip(picks.faults, sticks.values(), strict=True):
        assert list(read) == list(range(1, len(fault.sticks) + 1))
        for stick, points in zip(fault.sticks, read.values(), strict=True):
            expected = [(*by_hand(i, x), 400 + 4 * s) for i, x, s in stick]
            np.testing.assert_allclose(points, expected, atol=0.006)


@pytest.mark.parametrize("name", READERS)
def test_sticks_read_back(name, picks, tmp_path):
    exported = export_faults(picks, tmp_path / "sticks.dat", file_format=name)
    assert exported.faults == (1, 2, 12)
    assert exported.has_coordinates
    assert_same(READERS[name](tmp_path / "sticks.dat"), picks)


@pytest.mark.parametrize("name", READERS)
def test_without_coordinates_x_and_y_are_line_numbers(name, picks, tmp_path):
    geometry = replace(picks.geometry, corners=None)
    exported = export_faults(replace(picks, geometry=geometry), tmp_path / "sticks.dat", file_format=name)
    assert not exported.has_coordinates
    points = READERS[name](tmp_path / "sticks.dat")["F001"][3]
    inline, crossline, _ = picks.faults[0].sticks[2].T
    np.testing.assert_allclose(np.array(points)[:, :2], np.stack([100 + 2 * inline, 1000 + 3 * crossline], 1))


def test_charisma_has_the_numbers_of_the_nearest_lines(picks, tmp_path):
    export_faults(picks, tmp_path / "sticks.dat", file_format="charisma", faults=[1])
    rows = [line.split() for line in (tmp_path / "sticks.dat").read_text().splitlines()]
    expected = np.concatenate(picks.faults[0].sticks)
    inline, crossline = np.array([[int(row[1]), int(row[2])] for row in rows]).T
    assert np.isin(inline, picks.geometry.inlines).all()
    assert np.isin(crossline, picks.geometry.crosslines).all()
    np.testing.assert_allclose(inline, 100 + 2 * expected[:, 0], atol=1)
    np.testing.assert_allclose(crossline, 1000 + 3 * expected[:, 1], atol=1.5)


def test_opendtect_single_is_the_bulk_file_without_names(picks, tmp_path):
    export_faults(picks, tmp_path / "bulk.dat", file_format="opendtect", faults=[2])
    export_faults(picks, tmp_path / "one.dat", file_format="opendtect-single", faults=[2])
    bulk = (tmp_path / "bulk.dat").read_text()
    assert bulk.replace('"F002"\t', "") == (tmp_path / "one.dat").read_text()
    with pytest.raises(OutputError, match="one fault, not 3"):
        export_faults(picks, tmp_path / "all.dat", file_format="opendtect-single")
    assert not (tmp_path / "all.dat").exists()


def test_iesx_refuses_a_thousand_sticks(picks, tmp_path):
    many = replace(picks.faults[0], sticks=picks.faults[0].sticks[:1] * 1000)
    crowded = replace(picks, faults=[many])
    with pytest.raises(OutputError, match="F001 has 1000"):
        export_faults(crowded, tmp_path / "sticks.dat", file_format="iesx")
    assert list(tmp_path.iterdir()) == []
    export_faults(crowded, tmp_path / "sticks.dat", file_format="charisma")
    assert len(read_charisma(tmp_path / "sticks.dat")["F001"]) == 1000


def test_iesx_says_feet(picks, tmp_path):
    feet = replace(picks, geometry=replace(picks.geometry, length_unit="ft"))
    export_faults(feet, tmp_path / "ft.dat", file_format="iesx")
    assert (tmp_path / "ft.dat").read_text().splitlines()[0].endswith("ft ms")
    plain = replace(picks, geometry=plain_geometry((30, 40, 50)), length_unit="voxels")
    export_faults(plain, tmp_path / "plain.dat", file_format="iesx")
    assert (tmp_path / "plain.dat").read_text().splitlines()[0].endswith(" samples")
