import csv
import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from faultpick.errors import OutputError, PicksError
from faultpick.picks import Fault, Picks, read_picks, write_picks
from faultpick.picks.store import FAULTS_CSV, FAULTS_JSON, SURFACES, new_picks_folder
from faultpick.volume import SampleAxis, plain_geometry


def assert_same_fault(read: Fault, written: Fault) -> None:
    for field in fields(Fault):
        if field.name not in ("sticks", "throw"):
            np.testing.assert_array_equal(getattr(read, field.name), getattr(written, field.name))
    assert len(read.sticks) == len(written.sticks)
    for ours, theirs in zip(read.sticks, written.sticks, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (read.throw is None) == (written.throw is None)
    if read.throw is not None and written.throw is not None:
        np.testing.assert_array_equal(read.throw.samples, written.throw.samples)
        np.testing.assert_array_equal(read.throw.confidence, written.throw.confidence)


def test_what_is_written_reads_back(picks: Picks, tmp_path: Path) -> None:
    picks = replace(picks, geometry=replace(picks.geometry, length_unit="ft"))
    write_picks(picks, tmp_path / "picks")
    read = read_picks(tmp_path / "picks")
    assert len(read.faults) == 2
    for ours, theirs in zip(read.faults, picks.faults, strict=True):
        assert_same_fault(ours, theirs)
    assert (read.length_unit, read.settings) == (picks.length_unit, picks.settings)
    assert read.geometry.samples == picks.geometry.samples
    assert read.geometry.length_unit == "ft"
    for name in ("inlines", "crosslines", "corners", "live"):
        np.testing.assert_array_equal(getattr(read.geometry, name), getattr(picks.geometry, name))


def test_no_fault_and_a_plain_grid_read_back(tmp_path: Path) -> None:
    write_picks(Picks([], plain_geometry((3, 4, 5)), "voxels"), tmp_path / "none")
    read = read_picks(tmp_path / "none")
    assert read.faults == []
    assert read.geometry.corners is None
    assert read.geometry.live is None
    assert read.geometry.shape == (3, 4, 5)


def test_json_has_no_nan(picks: Picks, tmp_path: Path) -> None:
    unknown = replace(picks.faults[0], minimum_probability=float("nan"))
    write_picks(replace(picks, faults=[unknown]), tmp_path / "picks")

    def refuse(word: str) -> None:
        raise AssertionError(word)

    facts = json.loads((tmp_path / "picks" / FAULTS_JSON).read_text(), parse_constant=refuse)
    assert facts["faults"][0]["minimum_probability"] is None
    assert facts["faults"][0]["throw"] == {"median_samples": 4.25, "median_ms": 17.0, "confidence": 0.5}
    assert np.isnan(read_picks(tmp_path / "picks").faults[0].minimum_probability)


def test_a_throw_on_an_axis_of_unknown_unit_is_told_once_and_in_samples(picks: Picks, tmp_path: Path) -> None:
    unknown = replace(picks.geometry, samples=SampleAxis(0.0, 4.0, picks.geometry.samples.count, "samples"))
    write_picks(replace(picks, geometry=unknown), tmp_path / "picks")
    facts = json.loads((tmp_path / "picks" / FAULTS_JSON).read_text())
    assert facts["faults"][0]["throw"] == {"median_samples": 4.25, "confidence": 0.5}


def test_table_has_units_and_one_row_a_fault(picks: Picks, tmp_path: Path) -> None:
    write_picks(picks, tmp_path / "picks")
    with (tmp_path / "picks" / FAULTS_CSV).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["1", "2"]
    assert float(rows[0]["area (m^2)"]) == pytest.approx(1 / 3, rel=1e-5)
    assert (rows[0]["throw (ms)"], rows[1]["throw (ms)"]) == ("17", "")
    assert rows[0]["height (ms)"] == "36"


def test_another_runs_picks_are_replaced_only_if_told(picks: Picks, tmp_path: Path) -> None:
    write_picks(picks, tmp_path / "picks")
    fewer = replace(picks, faults=picks.faults[:1])
    with pytest.raises(OutputError, match=r"another run.*--overwrite"):
        write_picks(fewer, tmp_path / "picks")
    assert len(read_picks(tmp_path / "picks").faults) == 2
    write_picks(fewer, tmp_path / "picks", overwrite=True)
    assert len(read_picks(tmp_path / "picks").faults) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["picks"]


def test_an_empty_folder_is_used_and_a_full_one_is_not(picks: Picks, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_picks(picks, tmp_path / "empty")
    assert len(read_picks(tmp_path / "empty").faults) == 2
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="no folder of picks"):
            write_picks(picks, tmp_path / "thesis", overwrite=overwrite)
    assert (tmp_path / "thesis" / "chapter.tex").exists()


def test_nothing_is_left_of_a_run_that_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with new_picks_folder(tmp_path / "picks") as folder:
            (folder / "half").write_text("written")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _fewer_faults(path: Path) -> None:
    facts = json.loads(path.read_text())
    facts["faults"].pop()
    path.write_text(json.dumps(facts))


def _no_settings(path: Path) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | {"settings": None}))


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (SURFACES, Path.unlink, "incomplete"),
        (SURFACES, _cut, "damaged"),
        (FAULTS_JSON, Path.unlink, "holds no picks"),
        (FAULTS_JSON, _cut, "damaged"),
        (FAULTS_JSON, _fewer_faults, "do not fit together"),
        (FAULTS_JSON, _no_settings, "damaged"),
        (FAULTS_JSON, lambda path: path.write_text('{"format": 99}'), "format 99"),
    ],
)
def test_damage_is_one_sentence(
    picks: Picks, tmp_path: Path, name: str, damage: Callable[[Path], object], message: str
) -> None:
    write_picks(picks, tmp_path / "picks")
    damage(tmp_path / "picks" / name)
    with pytest.raises(PicksError, match=message):
        read_picks(tmp_path / "picks")


def test_a_changed_byte_is_one_sentence_or_does_no_harm(picks: Picks, tmp_path: Path) -> None:
    write_picks(picks, tmp_path / "picks")
    path = tmp_path / "picks" / SURFACES
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    damaged = 0
    for place in rng.integers(len(whole), size=200):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            read_picks(tmp_path / "picks")
        except PicksError:
            damaged += 1
    assert damaged > 50


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PicksError, match="does not exist"):
        read_picks(tmp_path / "nowhere")
