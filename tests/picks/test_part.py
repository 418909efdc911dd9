"""What was predicted from a part of a survey goes with the whole survey, in every command that takes both."""

import numpy as np
import pytest

from faultpick.picks.store import read_picks
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume, part_of
from faultpick.volume.volume import grid_coordinates

from .shapes import SHAPE, plane, sheet

INLINES, CROSSLINES, TIMES = (220, 220 + SHAPE[0] - 1), (507, 507 + SHAPE[1] - 1), (240, 240 + 4 * 59)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A survey in SEG-Y, flat reflectors offset by a fault, and the fault's probability in a part of it."""
    folder = tmp_path_factory.mktemp("part")
    shape = (100, 90, 120)
    corners = np.array([[0.0, 0.0], [0.0, 2225.0], [2475.0, 0.0], [2475.0, 2225.0]]) + 1e5
    inlines, crosslines = (np.arange(n, dtype=np.int32) for n in shape[:2])
    axis = SampleAxis(0.0, 4.0, shape[2], "ms")
    geometry = Geometry(200 + inlines, 500 + crosslines, axis, corners)
    distance = plane(20, 65)
    far = np.zeros(shape, np.float32)
    box = tuple(slice(start, start + size) for start, size in zip((20, 7, 60), SHAPE, strict=True))
    far[box] = distance
    offset = np.where(far > 0, 5.0, 0.0)
    cube = np.sin((np.arange(shape[2]) - offset) * 2 * np.pi / 17).astype(np.float32)
    with create_volume(folder / "survey.sgy", geometry) as writer:
        writer.write(0, cube)
    with open_volume(folder / "survey.sgy") as survey:
        part = part_of(survey, inlines=INLINES, crosslines=CROSSLINES, samples=TIMES)
        for name in ("p.zarr", "p.sgy"):
            with create_volume(folder / name, part.geometry, like=part) as writer:
                writer.write(0, 0.9 * sheet(distance))
    return folder


@pytest.mark.parametrize("name", ["p.zarr", "p.sgy"])
def test_picks_of_a_part(folder, tmp_path, command, name):
    out, survey = tmp_path / "picks", folder / "survey.sgy"
    code, _, stderr = command("pick", folder / name, "-o", out, "--seismic", survey)
    assert code == 0, stderr
    picks = read_picks(out)
    (fault,) = picks.faults
    assert picks.geometry.inlines[0] == INLINES[0]
    assert picks.geometry.samples.start == TIMES[0]
    assert fault.throw is not None
    assert np.nanmedian(np.abs(fault.throw.samples)) == pytest.approx(5, abs=0.5)

    code, _, stderr = command(
        "export", out, "-o", tmp_path / "id.sgy", "--format", "fault-id", "--like", survey
    )
    assert code == 0, stderr
    with open_volume(tmp_path / "id.sgy") as ids, open_volume(survey) as whole:
        assert ids.shape == SHAPE
        expected = part_of(whole, inlines=INLINES, crosslines=CROSSLINES, samples=TIMES).geometry
        np.testing.assert_allclose(grid_coordinates(ids.geometry), grid_coordinates(expected))

    code, _, stderr = command("report", out)
    assert code == 0, stderr
    assert "is left out" not in (out / "report.html").read_text()
    code, _, stderr = command(
        "show", survey, "-o", tmp_path / "s.png", "--probability", folder / name, "--inline", 230
    )
    assert code == 0, stderr
    code, _, stderr = command(
        "show", survey, "-o", tmp_path / "t.png", "--probability", folder / name, "--inline", 210
    )
    assert code == 2
    assert "choose one from" in stderr


def test_the_viewer_shows_the_part(folder, tmp_path, command):
    pytest.importorskip("neuroglancer")
    from faultpick.view.interactive import serve

    out = tmp_path / "picks"
    assert command("pick", folder / "p.zarr", "-o", out)[0] == 0
    with (
        open_volume(folder / "survey.sgy") as survey,
        open_volume(folder / "p.zarr") as probability,
        serve(survey, probability=probability, picks=out) as address,
    ):
        assert address.startswith("http://127.0.0.1")
    with open_volume(folder / "survey.sgy") as survey, serve(survey, picks=out) as address:
        assert address.startswith("http://127.0.0.1")


def test_another_part_is_refused(folder, tmp_path, command):
    with open_volume(folder / "survey.sgy") as survey, open_volume(folder / "p.zarr") as probability:
        geometry = probability.geometry
        shifted = Geometry(geometry.inlines + 50, geometry.crosslines, geometry.samples)
        with create_volume(tmp_path / "p.zarr", shifted) as writer:
            writer.write(0, probability[:, :, :])
        assert survey.geometry.inlines[-1] < shifted.inlines[-1]
    code, _, stderr = command(
        "pick", tmp_path / "p.zarr", "-o", tmp_path / "picks", "--seismic", folder / "survey.sgy"
    )
    assert code == 2
    assert "has shape" in stderr
    assert not (tmp_path / "picks").exists()
