"""Each format of surfaces, read back by a reader of its own."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.picks import Picks
from faultpick.picks.export import export_faults
from faultpick.volume import create_volume, open_volume, plain_geometry

from .conftest import AZIMUTH, by_hand, survey


@dataclass
class Surfaces:
    """What a file says: all vertices, all triangles from 0, id of the fault of each triangle."""

    vertices: NDArray
    triangles: NDArray
    ids: NDArray


def read_gocad(path: Path) -> Surfaces:
    vertices, triangles, ids, numbers, name = [], [], [], {}, None
    for line in path.read_text().splitlines():
        match line.split():
            case ["GOCAD", "TSurf", "1"]:
                numbers = {}
            case ["VRTX", number, x, y, z]:
                numbers[int(number)] = len(vertices)
                vertices.append((float(x), float(y), -float(z)))
            case ["TRGL", *corners]:
                triangles.append([numbers[int(corner)] for corner in corners])
                ids.append(name)
            case [word] if word.startswith("name:F"):
                name = int(word[6:])
    return Surfaces(np.array(vertices), np.array(triangles), np.array(ids))


def read_obj(path: Path) -> Surfaces:
    vertices, triangles, ids, name = [], [], [], 0
    for line in path.read_text().splitlines():
        match line.split():
            case ["v", *numbers]:
                vertices.append([float(number) for number in numbers])
            case ["o", word]:
                name = int(word.removeprefix("F"))
            case ["f", *corners]:
                triangles.append([int(corner) - 1 for corner in corners])
                ids.append(name)
            case ["#", *_]:
                pass
            case other:
                raise AssertionError(other)
    return Surfaces(np.array(vertices), np.array(triangles), np.array(ids))


def read_ply(path: Path) -> Surfaces:
    header, _, body = path.read_bytes().partition(b"end_header\n")
    lines = header.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    counts = {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("element")}
    assert [line for line in lines if line.startswith("property")] == [
        "property double x",
        "property double y",
        "property double z",
        "property int fault",
        "property list uchar int vertex_indices",
    ]
    vertex = np.dtype("<f8, <f8, <f8, <i4")
    vertices = np.frombuffer(body, vertex, counts["vertex"])
    faces = np.frombuffer(body, np.dtype("u1, <i4, <i4, <i4"), offset=counts["vertex"] * vertex.itemsize)
    assert len(faces) == counts["face"]
    assert (faces["f0"] == 3).all()
    triangles = np.stack([faces[name] for name in ("f1", "f2", "f3")], axis=1)
    places = np.stack([vertices[name] for name in ("f0", "f1", "f2")], axis=1)
    ids = vertices["f3"][triangles]
    assert (ids == ids[:, :1]).all()
    return Surfaces(places, triangles, ids[:, 0])


def vtp_arrays(path: Path) -> dict[str, NDArray]:
    root = ElementTree.parse(path).getroot()
    assert root.attrib["type"] == "PolyData"
    assert root.attrib["header_type"] == "UInt64"
    arrays = {}
    for array in root.iter("DataArray"):
        data = base64.b64decode(str(array.text).strip())
        kind = array.attrib["type"].lower()
        values = np.frombuffer(data[8:], np.dtype(kind).newbyteorder("<"))
        assert int.from_bytes(data[:8], "little") == values.nbytes
        arrays[array.attrib["Name"]] = values.reshape(-1, int(array.attrib["NumberOfComponents"]))
    piece = next(root.iter("Piece")).attrib
    assert int(piece["NumberOfPoints"]) == len(arrays["points"])
    assert int(piece["NumberOfPolys"]) == len(arrays["offsets"])
    return arrays


def read_vtp(path: Path) -> Surfaces:
    arrays = vtp_arrays(path)
    np.testing.assert_array_equal(arrays["offsets"][:, 0], 3 * np.arange(1, len(arrays["offsets"]) + 1))
    return Surfaces(arrays["points"], arrays["connectivity"].reshape(-1, 3), arrays["fault"][:, 0])


READERS: dict[str, Callable[[Path], Surfaces]] = {
    ".ts": read_gocad,
    ".obj": read_obj,
    ".ply": read_ply,
    ".vtp": read_vtp,
}


def expected(picks: Picks, right_handed: bool) -> Surfaces:
    starts = np.cumsum([0, *(len(fault.vertices) for fault in picks.faults)])
    vertices = [
        (*by_hand(i, x, right_handed), -400 - 4 * s) for fault in picks.faults for i, x, s in fault.vertices
    ]
    triangles = [fault.triangles + start for fault, start in zip(picks.faults, starts[:-1], strict=True)]
    ids = [np.full(len(fault.triangles), fault.id) for fault in picks.faults]
    return Surfaces(np.array(vertices), np.concatenate(triangles), np.concatenate(ids))


@pytest.mark.parametrize("right_handed", [False, True])
@pytest.mark.parametrize("suffix", READERS)
def test_surfaces_read_back(suffix, right_handed, picks, tmp_path):
    picks = replace(picks, geometry=survey(right_handed))
    export_faults(picks, tmp_path / f"faults{suffix}")
    read, wanted = READERS[suffix](tmp_path / f"faults{suffix}"), expected(picks, right_handed)
    np.testing.assert_allclose(read.vertices, wanted.vertices, atol=0.002)
    np.testing.assert_array_equal(np.sort(read.triangles, axis=1), np.sort(wanted.triangles, axis=1))
    np.testing.assert_array_equal(read.ids, wanted.ids)
    one, two, three = (read.vertices[read.triangles[:, corner]] for corner in range(3))
    assert (np.cross(two - one, three - one)[:, 2] > 0).all()


@pytest.mark.parametrize("suffix", READERS)
def test_one_fault_alone(suffix, picks, tmp_path):
    export_faults(picks, tmp_path / f"one{suffix}", faults=[2])
    read = READERS[suffix](tmp_path / f"one{suffix}")
    assert set(read.ids) == {2}
    assert read.vertices.shape == picks.faults[1].vertices.shape
    assert read.triangles.max() == len(read.vertices) - 1


@pytest.mark.parametrize("unit", ["ms", "m", "ft", "samples"])
@pytest.mark.parametrize("xy_unit", ["m", "ft"])
def test_gocad_says_which_way_is_down_and_in_what(unit, xy_unit, picks, tmp_path):
    geometry = replace(survey(unit=unit), length_unit=xy_unit)
    export_faults(replace(picks, geometry=geometry), tmp_path / "faults.ts")
    lines = (tmp_path / "faults.ts").read_text().splitlines()
    assert lines.count("ZPOSITIVE Depth") == 3
    assert f'AXIS_UNIT "{xy_unit}" "{xy_unit}" "{unit}"' in lines
    assert min(float(line.split()[4]) for line in lines if line.startswith("VRTX")) == 422
    assert lines.count("END") == lines.count("GOCAD TSurf 1") == 3


def test_a_file_says_that_there_are_no_coordinates(picks, tmp_path):
    plain = replace(picks, geometry=plain_geometry((30, 40, 50)), length_unit="voxels")
    export_faults(plain, tmp_path / "faults.ts")
    assert 'AXIS_UNIT "none" "none" "samples"' in (tmp_path / "faults.ts").read_text()
    for suffix in (".ts", ".obj", ".ply", ".vtp"):
        export_faults(plain, tmp_path / f"faults{suffix}")
        assert b"X and Y the inline and crossline number" in (tmp_path / f"faults{suffix}").read_bytes()


def test_vtp_has_attributes_on_triangles(picks, tmp_path):
    export_faults(picks, tmp_path / "faults.vtp")
    arrays = vtp_arrays(tmp_path / "faults.vtp")
    np.testing.assert_allclose(arrays["strike"], 210 + arrays["fault"])
    assert set(arrays["dip"][:, 0]) == {60}
    assert set(arrays["mean_probability"][:, 0]) == {0.875}
    assert len(arrays["strike"]) == len(arrays["fault"]) == len(arrays["offsets"])


def test_strike_and_dip_are_those_of_the_survey_that_gives_the_coordinates(picks, tmp_path):
    """Picked without coordinates: along the inline axis, 12.5 m to the right for two samples of 6 m each."""
    plain = replace(picks, geometry=plain_geometry((30, 40, 50)), settings={"velocity": 3000.0})
    with create_volume(tmp_path / "survey.zarr", survey()) as writer:
        writer.write(0, np.zeros((30, 40, 50), np.float32))
    with open_volume(tmp_path / "survey.zarr") as volume:
        export_faults(plain, tmp_path / "faults.vtp", faults=[1], like=volume)
    arrays = vtp_arrays(tmp_path / "faults.vtp")
    np.testing.assert_allclose(arrays["strike"], AZIMUTH, atol=0.01)
    np.testing.assert_allclose(arrays["dip"], np.degrees(np.arctan(12 / 12.5)), atol=0.01)
