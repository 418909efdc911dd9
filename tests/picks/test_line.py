"""Faults of a single line: sticks where they were planted, and no surface."""

import math

import numpy as np
import pytest

import faultpick
from faultpick.errors import PicksError
from faultpick.picks import read_picks
from faultpick.picks.export import export_faults
from faultpick.picks.picking import pick_to_folder
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume

TRACES, DEPTHS = 96, 64
TOP, BOTTOM = 5, 60
THROW = 6


def place(depth):
    """Trace at which the fault is at a depth."""
    return 20 + depth / 4


def planted():
    """Probability and amplitudes of a line with one fault, (crossline, sample); the right wall is down."""
    probability = np.zeros((TRACES, DEPTHS), np.float32)
    for depth in range(TOP, BOTTOM):
        probability[round(place(depth)) : round(place(depth)) + 2, depth] = 0.9
    layers = np.convolve(np.random.default_rng(0).normal(size=200), np.hanning(9), "same")
    trace, depth = np.mgrid[:TRACES, :DEPTHS]
    amplitudes = np.interp(60 + depth - THROW * (trace > place(depth)), np.arange(200), layers)
    return probability, amplitudes.astype(np.float32)


@pytest.mark.parametrize("axis", [0, 1], ids=["inline", "crossline"])
def test_a_planted_fault_is_one_stick_in_its_place(axis):
    probability, amplitudes = (np.expand_dims(each, axis) for each in planted())
    (fault,) = faultpick.pick(probability, seismic=amplitudes).faults
    (stick,) = fault.sticks
    assert (stick[:, axis] == 0).all()
    np.testing.assert_allclose(stick[:, 1 - axis], place(stick[:, 2]) + 0.5, atol=0.6)
    assert stick[0, 2] == pytest.approx(TOP, abs=2)
    assert stick[-1, 2] == pytest.approx(BOTTOM, abs=2)
    assert fault.dip == pytest.approx(math.degrees(math.atan(4)), abs=1)
    assert fault.throw is not None
    assert fault.throw.median == pytest.approx(THROW, abs=0.5)
    assert len(fault.triangles) == len(fault.vertices) == 0
    assert math.isnan(fault.strike)
    assert math.isnan(fault.area)


def test_what_is_shorter_than_a_square_of_the_least_area_is_no_fault():
    probability, _ = planted()
    probability[:, TOP + 12 :] = 0
    assert faultpick.pick(probability[None]).faults == []
    assert len(faultpick.pick(probability[None], settings=faultpick.PickSettings(min_area=80.0)).faults) == 1


@pytest.fixture
def folder(tmp_path):
    """Picks of a line with coordinates, traces 25 m apart towards the east."""
    corners = np.array([[0, 0], [25 * (TRACES - 1), 0], [0, 0], [25 * (TRACES - 1), 0]], float)
    samples = SampleAxis(0.0, 4.0, DEPTHS, "ms")
    geometry = Geometry(
        np.array([1], np.int32), np.arange(101, 101 + TRACES, dtype=np.int32), samples, corners
    )
    for name, values in zip(("p.zarr", "s.zarr"), planted(), strict=True):
        with create_volume(tmp_path / name, geometry) as writer:
            writer.write(0, values[None])
    with open_volume(tmp_path / "p.zarr") as probability, open_volume(tmp_path / "s.zarr") as seismic:
        pick_to_folder(probability, tmp_path / "picks", seismic=seismic)
    return tmp_path / "picks"


def test_the_dip_along_the_line_is_measured_in_metres(folder):
    (fault,) = read_picks(folder).faults
    assert fault.dip == pytest.approx(math.degrees(math.atan2(4 * 4, 25)), abs=1)  # 4 ms are 4 m at 2000 m/s


def test_volumes_hold_the_fault_on_the_line(folder):
    with open_volume(folder / "fault_id.zarr") as ids:
        there = np.argwhere(ids[0, :, :] == 1)
    assert len(there) > 0.8 * (BOTTOM - TOP)
    assert np.abs(there[:, 0] - place(there[:, 1])).max() <= 2


def test_sticks_are_written_and_surfaces_are_not(folder, tmp_path):
    export_faults(folder, tmp_path / "out.dat", file_format="opendtect")
    rows = [line.split("\t") for line in (tmp_path / "out.dat").read_text().splitlines()]
    for _, x, y, z, *_ in rows:
        assert float(x) / 25 == pytest.approx(place(float(z) / 4) + 0.5, abs=0.6)
        assert float(y) == 0
    with pytest.raises(PicksError, match="no triangles"):
        export_faults(folder, tmp_path / "out.ts", file_format="gocad")


def test_a_pick_that_asks_for_surfaces_is_refused_before_it_begins(folder, tmp_path, command):
    out = tmp_path / "again"
    code, _, errors = command("pick", folder.parent / "p.zarr", "-o", out, "--export", "obj")
    assert code == 2
    assert "sticks alone" in errors
    assert not out.exists()


def test_the_table_and_the_report_leave_out_what_a_line_does_not_show(folder, tmp_path, command):
    header, row = (line.split(",") for line in (folder / "faults.csv").read_text().splitlines())
    cells = dict(zip(header, row, strict=True))
    assert cells["strike (degrees)"] == cells["area (m^2)"] == cells["length (m)"] == ""
    code, _, _ = command("report", folder, "--png", "-o", tmp_path / "page.html")
    assert code == 0
    names = {path.name for path in tmp_path.glob("page-*.png")}
    assert "page-section-1.png" in names
    assert "page-strike.png" not in names
    page = (tmp_path / "page.html").read_text()
    assert "along the line" in page
    assert "25 m between crosslines" in page
    assert "between inlines" not in page
