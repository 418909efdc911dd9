from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.errors import OutputError
from faultpick.picks.export import export_faults


@dataclass
class Skin:
    seed: NDArray
    cells: NDArray
    links: NDArray


def read_skin(path: Path) -> Skin:
    words = np.fromfile(path, dtype=">i4")
    count = int(words[0])
    assert len(words) == 4 + 13 * count
    cells = np.fromfile(path, dtype=">f4", offset=16, count=9 * count).reshape(count, 9)
    return Skin(words[1:4], cells.astype(float), words[4 + 9 * count :].reshape(count, 4))


def test_cells_lie_on_the_fault_about_a_voxel_apart(picks, tmp_path):
    export_faults(picks, tmp_path / "skins", file_format="skins")
    assert sorted(path.name for path in (tmp_path / "skins").iterdir()) == [
        "F001.skin",
        "F002.skin",
        "F012.skin",
    ]
    skin = read_skin(tmp_path / "skins" / "F001.skin")
    sample, crossline, inline = skin.cells[:, :3].T
    np.testing.assert_allclose(crossline, 4 + 0.5 * sample, atol=1e-5)
    assert sorted(set(sample)) == list(range(6, 41))
    assert sorted(set(np.round(inline, 4))) == pytest.approx(np.arange(2.25, 23.5))
    assert len(skin.cells) == 35 * 22
    assert (skin.cells[:, 3] == 0.875).all()
    assert (skin.cells[:, 6:] == 0).all()
    assert np.abs(skin.cells[:, :3] - skin.seed).sum(axis=1).min() < 1.5


def test_links_lead_to_neighbours_and_back(picks, tmp_path):
    export_faults(picks, tmp_path / "skins", file_format="skins")
    skin = read_skin(tmp_path / "skins" / "F002.skin")
    step = {0: (-1, None), 1: (1, None), 2: (0, -1), 3: (0, 1)}
    for side, (sample, crossline) in step.items():
        linked = np.flatnonzero(skin.links[:, side] >= 0)
        assert len(linked) > 300
        there = skin.links[linked, side]
        np.testing.assert_array_equal(skin.links[there, side ^ 1], linked)
        moved = skin.cells[there, :3] - skin.cells[linked, :3]
        assert (moved[:, 0] == sample).all()
        if crossline is not None:
            np.testing.assert_allclose(moved[:, 1], crossline, atol=1e-5)
    assert skin.links.min() == -(2**31 - 1)


@pytest.mark.parametrize("turned", [False, True])
def test_strike_and_dip_follow_the_right_hand_rule_on_the_grid(turned, picks, tmp_path):
    """To growing crosslines: strike 0, along the inline axis. To falling inlines: strike 90."""
    if turned:
        faults = [replace(fault, triangles=fault.triangles[:, ::-1]) for fault in picks.faults]
        picks = replace(picks, faults=faults)
    export_faults(picks, tmp_path / "skins", file_format="skins")
    plane = read_skin(tmp_path / "skins" / "F001.skin")
    np.testing.assert_allclose(plane.cells[:, 4] % 360, 0, atol=1e-4)
    np.testing.assert_allclose(plane.cells[:, 5], np.degrees(np.arctan(1 / 0.5)), atol=1e-3)
    listric = read_skin(tmp_path / "skins" / "F002.skin")
    np.testing.assert_allclose(listric.cells[:, 4], 90, atol=1e-3)
    expected = np.degrees(np.arctan(1 / (0.016 * listric.cells[:, 0])))
    np.testing.assert_allclose(listric.cells[:, 5], expected, atol=3)


def test_cells_end_where_their_stick_does_and_none_bridges_sticks_that_do_not_meet(picks, tmp_path):
    whole = picks.faults[0]
    sticks = [whole.sticks[0], whole.sticks[1][:3], whole.sticks[2][5:]]
    export_faults(
        replace(picks, faults=[replace(whole, sticks=sticks)]), tmp_path / "skins", file_format="skins"
    )
    skin = read_skin(tmp_path / "skins" / "F001.skin")
    on_sticks = {inline: skin.cells[skin.cells[:, 2] == inline, 0] for inline in (2.25, 5.25, 8.25)}
    assert [(cells.min(), cells.max()) for cells in on_sticks.values()] == [(6, 40), (6, 15), (31, 40)]
    beyond = (skin.cells[:, 2] > 5.25) & (skin.cells[:, 2] < 8.25)
    assert not beyond.any()


def test_a_folder_of_skins_is_replaced_and_no_other(picks, tmp_path):
    export_faults(picks, tmp_path / "skins", file_format="skins")
    export_faults(picks, tmp_path / "skins", file_format="skins", faults=[2])
    assert [path.name for path in (tmp_path / "skins").iterdir()] == ["F002.skin"]
    (tmp_path / "skins" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("skins", "file"):
        with pytest.raises(OutputError, match="no folder of skins"):
            export_faults(picks, tmp_path / name, file_format="skins")
    assert (tmp_path / "skins" / "notes.txt").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "skins"]


def test_pieces_of_a_section_are_one_column(picks, tmp_path):
    whole = picks.faults[0]
    first, second, third = whole.sticks[:3]
    sticks = [first, second[:4], second[4:], third]
    export_faults(
        replace(picks, faults=[replace(whole, sticks=sticks)]), tmp_path / "skins", file_format="skins"
    )
    skin = read_skin(tmp_path / "skins" / "F001.skin")
    linked_right = skin.links[skin.cells[:, 2] == 2.25, 3] >= 0
    assert linked_right.sum() == 35 - 5  # the five samples between 20.5 and 25.5 are missing
    assert ((skin.cells[:, 2] > 5.25) & (skin.cells[:, 2] < 8.25)).sum() == 2 * 30


def test_a_vertical_fault_along_a_line_keeps_its_columns(picks, tmp_path):
    upright = [np.array([[7, crossline, 3], [7, crossline, 9]], np.float32) for crossline in (2, 4, 6)]
    fault = replace(
        picks.faults[0],
        sticks=upright,
        vertices=np.concatenate(upright),
        triangles=np.array([[0, 1, 2], [2, 1, 3], [2, 3, 4], [4, 3, 5]], np.int32),
    )
    export_faults(replace(picks, faults=[fault]), tmp_path / "skins", file_format="skins")
    skin = read_skin(tmp_path / "skins" / "F001.skin")
    assert sorted(set(skin.cells[:, 1])) == [2, 3, 4, 5, 6]
    assert len(skin.cells) == 5 * 7
    assert (skin.cells[:, 2] == 7).all()
    np.testing.assert_allclose(skin.cells[:, 5], 90)
