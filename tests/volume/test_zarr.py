import shutil
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultpick.errors import GeometryError, VolumeError
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume
from faultpick.volume.zarr import create_zarr

CORNERS = np.array([[1000.0, 2000.0], [1000.0, 2600.0], [1500.0, 2000.0], [1500.0, 2600.0]])


def geometry_of(shape, unit="ms", live=None, corners=CORNERS):
    return Geometry(
        np.arange(20, 20 + 2 * shape[0], 2, dtype=np.int32),
        np.arange(300, 300 + shape[1], dtype=np.int32),
        SampleAxis(100.0, 4.0, shape[2], unit),
        corners,
        live,
    )


def write(path, geometry, cube, lines_at_once=3):
    with create_volume(path, geometry, name="fault_probability") as writer:
        for first in range(0, len(cube), lines_at_once):
            writer.write(first, cube[first : first + lines_at_once])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(2, 70), st.integers(2, 9), st.integers(2, 12)),
    unit=st.sampled_from(["ms", "m", "ft", "samples"]),
    lines=st.integers(1, 40),
    seed=st.integers(0, 100),
)
def test_what_is_written_is_read(tmp_path, shape, unit, lines, seed):
    rng = np.random.default_rng(seed)
    live = rng.random(shape[:2]) < 0.8
    cube = rng.standard_normal(shape).astype(np.float32)
    geometry = geometry_of(shape, unit, live)
    write(tmp_path / "a.zarr", geometry, cube, lines)
    with open_volume(tmp_path / "a.zarr") as volume:
        back = volume.geometry
        np.testing.assert_array_equal(volume[:, :, :], np.where(live[..., None], cube, 0))
        np.testing.assert_array_equal(volume[1:, 1:3, 1:], np.where(live[..., None], cube, 0)[1:, 1:3, 1:])
    assert volume.format == "Zarr"
    np.testing.assert_array_equal(back.inlines, geometry.inlines)
    np.testing.assert_array_equal(back.crosslines, geometry.crosslines)
    assert back.samples == geometry.samples
    assert live.all() if back.live is None else (back.live == live).all()
    if np.linalg.matrix_rank(np.argwhere(live) - np.argwhere(live).mean(axis=0)) == 2:
        assert back.corners is not None
        np.testing.assert_allclose(back.corners, CORNERS, atol=1e-6)


def test_names_are_those_of_mdio(tmp_path, numbers):
    write(tmp_path / "a.zarr", geometry_of((3, 4, 5)), numbers((3, 4, 5)))
    group: Any = zarr.open_group(tmp_path / "a.zarr", mode="r")
    assert group.metadata.zarr_format == 3
    arrays: dict[str, Any] = dict(group.arrays())
    assert set(arrays) == {"fault_probability", "inline", "crossline", "time", "trace_mask", "cdp_x", "cdp_y"}
    assert arrays["fault_probability"].metadata.dimension_names == ("inline", "crossline", "time")
    assert arrays["fault_probability"].attrs["coordinates"] == "cdp_x cdp_y"
    assert arrays["time"].attrs["unitsV1"] == {"time": "ms"}
    assert group.attrs["attributes"]["defaultVariableName"] == "fault_probability"


def test_chunks_of_zeros_are_read_as_zeros(tmp_path):
    write(tmp_path / "a.zarr", geometry_of((40, 3, 4)), np.zeros((40, 3, 4), dtype=np.float32))
    with open_volume(tmp_path / "a.zarr") as volume:
        assert not volume[:, :, :].any()


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_bare_array(tmp_path, numbers, zarr_format):
    cube = numbers((5, 6, 7)).astype(np.int16)
    zarr.create_array(tmp_path / "a.zarr", data=cube, chunks=(2, 3, 7), zarr_format=zarr_format)
    with open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert volume[:, :, :].dtype == np.float32
        assert volume.geometry.samples.unit == "samples"
        assert volume.reader.block == (2, 3)
        assert volume.sample_format == "int16"


def test_an_array_in_a_group_takes_the_coordinates_beside_it(tmp_path, numbers):
    write(tmp_path / "a.zarr", geometry_of((3, 4, 5)), numbers((3, 4, 5)))
    with open_volume(tmp_path / "a.zarr" / "fault_probability") as volume:
        np.testing.assert_array_equal(volume.geometry.inlines, [20, 22, 24])


def test_missing_traces_filled_with_nan_are_zero(tmp_path):
    group = zarr.create_group(tmp_path / "a.zarr")
    cube = np.ones((2, 3, 4), dtype=np.float32)
    cube[0, 1] = np.nan
    group.create_array("amplitude", data=cube, dimension_names=("inline", "crossline", "depth"))
    group.create_array("trace_mask", data=np.isfinite(cube[..., 0]), dimension_names=("inline", "crossline"))
    group.create_array("depth", data=np.arange(4) * 5, dimension_names=("depth",))
    with open_volume(tmp_path / "a.zarr") as volume:
        assert not volume[0, 1, :].any()
        assert volume.geometry.samples == SampleAxis(0.0, 5.0, 4, "m")
        assert volume.geometry.trace_count == 5


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "no 3D array"),
        ({"a": (2, 3)}, "no 3D array"),
        ({"a": (2, 3, 4), "b": (2, 3, 4)}, r"several 3D arrays \(a, b\).*a\.zarr/NAME"),
        ({"a": (2, 0, 4)}, "has shape"),
    ],
)
def test_groups_without_one_volume(tmp_path, arrays, words):
    group = zarr.create_group(tmp_path / "a.zarr")
    for name, shape in arrays.items():
        group.create_array(name, shape=shape, dtype="float32", chunks=tuple(max(n, 1) for n in shape))
    with pytest.raises(VolumeError, match=words):
        open_volume(tmp_path / "a.zarr")


def test_axes_in_another_order(tmp_path):
    zarr.create_array(
        tmp_path / "a.zarr", data=np.ones((2, 3, 4)), dimension_names=("time", "inline", "crossline")
    )
    with pytest.raises(VolumeError, match="order time, inline, crossline"):
        open_volume(tmp_path / "a.zarr")


@pytest.mark.parametrize(
    "names",
    [
        ("twt", "iline", "xline"),
        ("Z", "y", "x"),
        ("depth", "y", "x"),
        ("y", "sample", "x"),
        ("xl", "il", "t"),
    ],
)
def test_axes_in_another_order_by_other_names(tmp_path, names):
    zarr.create_array(tmp_path / "a.zarr", data=np.ones((2, 3, 4)), dimension_names=names)
    with pytest.raises(VolumeError, match=f"order {', '.join(names)}"):
        open_volume(tmp_path / "a.zarr")


@pytest.mark.parametrize("names", [("iline", "xline", "twt"), ("x", "y", "z"), ("row", "column", "layer")])
def test_other_names_of_axes(tmp_path, names):
    zarr.create_array(tmp_path / "a.zarr", data=np.ones((2, 3, 4)), dimension_names=names)
    with open_volume(tmp_path / "a.zarr") as volume:
        assert volume.shape == (2, 3, 4)


def with_coordinates(path, vertical="time", attributes=None, **coordinates):
    group = zarr.create_group(path)
    group.create_array("a", data=np.ones((3, 3, 4)), dimension_names=("inline", "crossline", vertical))
    for name, values in coordinates.items():
        array = group.create_array(name, data=np.asarray(values), dimension_names=(name,))
        array.attrs.update((attributes or {}) if name == vertical else {})
    return path


@pytest.mark.parametrize(
    ("name", "units", "scale", "unit"),
    [
        ("time", {"units": "s"}, 1e-3, "ms"),
        ("time", {"unitsV1": {"time": "s"}}, 1e-3, "ms"),
        ("twt", {"units": "Seconds"}, 1e-3, "ms"),
        ("time", {"units": "us"}, 1e3, "ms"),
        ("time", {"units": "milliseconds"}, 1, "ms"),
        ("depth", {"units": "feet"}, 1, "ft"),
        ("depth", {"unitsV1": {"length": "km"}}, 1e-3, "m"),
        ("depth", {"units": ""}, 1, "m"),
        ("time", {}, 1, "ms"),
    ],
)
def test_units_of_the_vertical_axis(tmp_path, name, units, scale, unit):
    times = (100 + 4 * np.arange(4)) * scale
    path = with_coordinates(tmp_path / "a.zarr", name, units, **{name: times.astype(np.float32)})
    with open_volume(path) as volume:
        axis = volume.geometry.samples
    assert (axis.start, axis.step, axis.unit) == (pytest.approx(100), pytest.approx(4), unit)


def test_an_unknown_unit_is_refused(tmp_path):
    path = with_coordinates(tmp_path / "a.zarr", "time", {"units": "fortnights"}, time=np.arange(4))
    with pytest.raises(GeometryError, match=r"'fortnights'.* ms, s, us"):
        open_volume(path)


@pytest.mark.parametrize("kind", ["int32", "uint32", "float64"])
def test_line_numbers_must_ascend(tmp_path, kind):
    path = with_coordinates(tmp_path / "a.zarr", inline=np.array([3, 2, 1], dtype=kind))
    with pytest.raises(GeometryError, match="inline numbers that do not ascend"):
        open_volume(path)


@pytest.mark.parametrize("numbers", [[1.0, 2.5, 3.0], [1.0, np.nan, 3.0], [1, 2, 3_000_000_000]])
def test_line_numbers_must_be_whole(tmp_path, numbers):
    with pytest.raises(GeometryError, match="crossline numbers that are not whole"):
        open_volume(with_coordinates(tmp_path / "a.zarr", crossline=numbers))


@pytest.mark.parametrize(
    "times", [[0.0, np.nan, 8.0, 12.0], [12, 8, 4, 0], [0, 4, 8, 13], [0, 0, 0, 0], [np.nan] * 4]
)
def test_times_must_grow_evenly(tmp_path, times):
    with pytest.raises(GeometryError, match="time coordinates that do not grow in even steps"):
        open_volume(with_coordinates(tmp_path / "a.zarr", time=times))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("times", [np.arange(4).astype("timedelta64[ms]"), np.array(["a", "b", "c", "d"])])
def test_coordinates_must_be_numbers(tmp_path, times):
    with pytest.raises(GeometryError, match="has time of type"):
        open_volume(with_coordinates(tmp_path / "a.zarr", time=times))


def test_damage(tmp_path, numbers):
    write(tmp_path / "a.zarr", geometry_of((3, 4, 5)), numbers((3, 4, 5)))
    chunk = tmp_path / "a.zarr" / "fault_probability" / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:10])
    with open_volume(tmp_path / "a.zarr") as volume, pytest.raises(VolumeError, match="damaged chunk"):
        volume[:, :, :]
    metadata = tmp_path / "a.zarr" / "inline" / "zarr.json"
    whole = metadata.read_text()
    metadata.write_text(whole[:-20])
    with pytest.raises(VolumeError, match="damaged or no Zarr"):
        open_volume(tmp_path / "a.zarr")
    metadata.write_text(whole)
    for damaged in ("{", "[]", '"x"'):
        (tmp_path / "a.zarr" / "zarr.json").write_text(damaged)
        with pytest.raises(VolumeError, match="damaged or no Zarr"):
            open_volume(tmp_path / "a.zarr")


def test_a_survey_that_is_removed_while_it_is_open_is_not_read_as_zeros(tmp_path, numbers):
    write(tmp_path / "a.zarr", geometry_of((3, 4, 5)), numbers((3, 4, 5)))
    with open_volume(tmp_path / "a.zarr") as volume:
        assert volume[:, :, :].any()
        shutil.rmtree(tmp_path / "a.zarr")
        with pytest.raises(VolumeError, match="no longer there"):
            volume[:, :, :]


@pytest.mark.parametrize(
    ("attributes", "unit", "times"),
    [
        ({}, "m", 1.0),
        ({"units": "ft"}, "ft", 1.0),
        ({"unitsV1": {"length": "ft"}}, "ft", 1.0),
        ({"unitsV1": {"length": "km"}}, "m", 1e3),
    ],
)
def test_units_of_x_and_y(tmp_path, numbers, attributes, unit, times):
    geometry = geometry_of((30, 40, 5))
    write(tmp_path / "a.zarr", geometry, numbers((30, 40, 5)), 30)
    group = zarr.open_group(tmp_path / "a.zarr")
    for name in ("cdp_x", "cdp_y"):
        array = group[name]
        del array.attrs["unitsV1"]
        array.attrs.update(attributes)
    found = open_volume(tmp_path / "a.zarr").geometry
    assert found.length_unit == unit
    assert geometry.corners is not None
    assert found.corners is not None
    np.testing.assert_allclose(found.corners, times * geometry.corners, rtol=1e-6)


@pytest.mark.parametrize(
    ("attributes", "shrunk", "words"),
    [
        ({"units": "US survey foot"}, 1, "'us survey foot' and left out"),
        ({"unitsV1": {"angle": "deg"}}, 1e5, "'deg' and left out"),
        ({}, 1e5, "are angles and left out"),
    ],
)
def test_x_and_y_that_are_no_lengths_are_left_out(tmp_path, numbers, attributes, shrunk, words):
    geometry = geometry_of((30, 40, 5), corners=CORNERS / shrunk)
    write(tmp_path / "a.zarr", geometry, numbers((30, 40, 5)), 30)
    group = zarr.open_group(tmp_path / "a.zarr")
    for name in ("cdp_x", "cdp_y"):
        del group[name].attrs["unitsV1"]
        group[name].attrs.update(attributes)
    with open_volume(tmp_path / "a.zarr") as volume:
        assert volume.geometry.corners is None
        assert any(words in note for note in volume.notes)


def test_coordinates_with_their_axes_the_other_way_round(tmp_path, numbers):
    geometry = geometry_of((30, 30, 5))
    write(tmp_path / "a.zarr", geometry, numbers((30, 30, 5)), 30)
    group = zarr.open_group(tmp_path / "a.zarr")
    for name, array in [(name, array) for name, array in group.arrays() if name in ("cdp_x", "cdp_y")]:
        values = np.asarray(array[:])
        del group[name]
        group.create_array(name, data=values.T, dimension_names=("crossline", "inline"))
    found = open_volume(tmp_path / "a.zarr").geometry
    assert geometry.corners is not None
    assert found.corners is not None
    np.testing.assert_allclose(found.corners, geometry.corners, rtol=1e-6)


def test_gaps_in_line_numbers_are_noted(tmp_path):
    path = with_coordinates(tmp_path / "a.zarr", inline=[1, 2, 5], crossline=[3, 5, 7])
    with open_volume(path) as volume:
        assert [note.split(",")[0] for note in volume.notes] == ["The inline numbers 1 to 5 have gaps"]


@pytest.mark.parametrize("codec", ["zlib", "gzip", "lzma"])
@pytest.mark.parametrize("damage", [lambda data: data[:-4], lambda data: data[:9] + b"x" * 9 + data[18:]])
def test_damaged_chunks_of_other_codecs(tmp_path, numbers, codec, damage):
    codecs = {"zlib": numcodecs.Zlib(), "gzip": numcodecs.GZip(), "lzma": numcodecs.LZMA()}
    zarr.create_array(
        tmp_path / "a.zarr",
        data=numbers((8, 8, 8)),
        zarr_format=2,
        compressors=codecs[codec],
        chunks=(8, 8, 8),
    )
    chunk = tmp_path / "a.zarr" / "0.0.0"
    chunk.write_bytes(damage(chunk.read_bytes()))
    with open_volume(tmp_path / "a.zarr") as volume, pytest.raises(VolumeError, match="damaged chunk"):
        volume[:, :, :]


def test_corners_are_fitted_to_some_of_many_traces(tmp_path, numbers, monkeypatch):
    monkeypatch.setattr("faultpick.volume.zarr.SOME_TRACES", 50)
    geometry = geometry_of((60, 50, 2))
    write(tmp_path / "a.zarr", geometry, numbers((60, 50, 2)), 60)
    assert geometry.corners is not None
    found = open_volume(tmp_path / "a.zarr").geometry.corners
    assert found is not None
    np.testing.assert_allclose(found, geometry.corners, rtol=1e-6)


@pytest.mark.parametrize(
    ("shard", "chunks"),
    [((64, 128, 256), (64, 64, 64)), ((16, 256, 512), (16, 128, 128)), ((16, 192, 80), (16, 96, 80))],
)
def test_the_chunks_of_a_thin_shard_are_wide_and_fill_it(tmp_path, shard, chunks):
    geometry = geometry_of((128, 512, 512))
    assert create_zarr(tmp_path / "v.zarr", geometry, "fault_probability", shard).chunks == chunks
