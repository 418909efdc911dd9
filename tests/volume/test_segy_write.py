from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import segyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultpick.errors import OutputError
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume
from faultpick.volume.create import check_output


def write_all(path, geometry, cube, like=None, lines_at_once=3, name="amplitude"):
    with create_volume(path, geometry, like=like, name=name) as writer:
        for first in range(0, len(cube), lines_at_once):
            writer.write(first, cube[first : first + lines_at_once])
    return path


VARIANTS = {
    "IBM": {"code": 1},
    "IEEE": {"code": 5},
    "int16": {"code": 3},
    "int8": {"code": 8},
    "float64": {"code": 6},
    "irregular": {"code": 1, "irregular": True},
    "crossline-sorted": {"code": 3, "order": "crossline"},
    "irregular, crossline-sorted": {"code": 1, "order": "crossline", "irregular": True},
    "in no order": {"code": 5, "order": "random", "irregular": True},
    "extended textual headers": {"code": 3, "extended": 2},
    "little-endian": {"code": 3, "endian": "little"},
    "decimated": {"code": 1, "inlines": range(10, 28, 2), "crosslines": range(0, 35, 5)},
    "missing lines": {"code": 1, "inlines": [1, 2, 3, 4, 8, 9, 10, 11, 12]},
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_copy_keeps_every_header_byte(segy, numbers, disc, tmp_path, variant):
    options = dict(VARIANTS[variant])
    live = disc(9, 7) if options.pop("irregular", False) else None
    source = segy(numbers((9, 7, 6)), live=live, coordinates=lambda i, x: (3 * i, 5 * x), delay=8, **options)
    with open_volume(source) as volume:
        rng = np.random.default_rng(4)
        replaced = rng.standard_normal(volume.shape).astype(np.float32)
        before = replaced.copy()
        copy = write_all(tmp_path / "out.sgy", volume.geometry, replaced, like=volume)
        np.testing.assert_array_equal(replaced, before)
        exists = np.ones(volume.shape[:2], bool) if volume.geometry.live is None else volume.geometry.live
        reader: Any = volume.reader
        layout = reader.layout

    old, new = np.fromfile(source, dtype=np.uint8), np.fromfile(copy, dtype=np.uint8)
    start = layout.trace_start
    changed = np.flatnonzero(old[:start] != new[:start])
    assert set(changed) <= {3224, 3225}
    assert int.from_bytes(new[3224:3226].tobytes(), options.get("endian", "big")) == 5
    old_traces = old[start:].reshape(layout.trace_count, -1)
    new_traces = new[start:].reshape(layout.trace_count, -1)
    np.testing.assert_array_equal(new_traces[:, :240], old_traces[:, :240])

    with open_volume(copy) as volume:
        assert volume.sample_format == "IEEE float"
        np.testing.assert_array_equal(volume[:, :, :], np.where(exists[..., None], replaced, 0))
    with segyio.open(str(copy), ignore_geometry=True, endian=options.get("endian", "big")) as file:
        assert file.tracecount == exists.sum()


@pytest.mark.parametrize("order", ["inline", "crossline", "random"])
def test_all_lines_at_once_land_at_their_traces_whatever_the_order_of_the_file(
    segy, numbers, tmp_path, order
):
    with open_volume(segy(numbers((4, 5, 6)), order=order)) as volume:
        cube = np.random.default_rng(5).standard_normal(volume.shape).astype(np.float32)
        copy = write_all(tmp_path / "out.sgy", volume.geometry, cube, like=volume, lines_at_once=4)
    with open_volume(copy) as written:
        np.testing.assert_array_equal(written[:, :, :], cube)


def test_the_input_is_not_changed_by_its_copy(segy, numbers, tmp_path):
    source = segy(numbers((4, 5, 6)), code=1)
    before = source.read_bytes()
    with open_volume(source) as volume:
        write_all(tmp_path / "out.sgy", volume.geometry, volume[:, :, :] * 2, like=volume)
    assert source.read_bytes() == before


def test_a_copy_of_the_real_file(shared, tmp_path):
    with open_volume(shared / "f3_small.sgy") as volume:
        copy = write_all(tmp_path / "out.segy", volume.geometry, volume[:, :, :], like=volume)
        with open_volume(copy) as back:
            np.testing.assert_array_equal(back[:, :, :], volume[:, :, :])


def geometry_of(shape, live=None, corners=None, start=0.0, step=4.0):
    return Geometry(
        np.arange(20, 20 + 2 * shape[0], 2, dtype=np.int32),
        np.arange(300, 300 + shape[1], dtype=np.int32),
        SampleAxis(start, step, shape[2], "ms"),
        corners,
        live,
    )


CORNERS = np.array(
    [
        [430_000.25, 6_000_000.5],
        [430_600.25, 6_000_100.5],
        [429_900.25, 6_000_600.5],
        [430_500.25, 6_000_700.5],
    ]
)


def test_a_new_file_as_segyio_reads_it(numbers, tmp_path):
    cube = numbers((5, 7, 8))
    path = write_all(
        tmp_path / "new.sgy",
        geometry_of(cube.shape, corners=CORNERS, start=100.0),
        cube,
        name="fault_probability",
    )
    file: Any
    with segyio.open(str(path)) as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), cube)
        np.testing.assert_array_equal(file.ilines, range(20, 30, 2))
        np.testing.assert_array_equal(file.xlines, range(300, 307))
        np.testing.assert_array_equal(file.samples, 100 + 4.0 * np.arange(8))
        assert file.bin[segyio.BinField.Format] == 5
        assert file.bin[segyio.BinField.SEGYRevision] == 1
        assert file.header[0][segyio.TraceField.SourceGroupScalar] == -100
        assert file.header[34][segyio.TraceField.CDP_X] == 43_050_025
        assert file.header[34][segyio.TraceField.TRACE_SEQUENCE_FILE] == 35
        text = bytes(file.text[0]).decode()
        assert text.startswith("C 1 FAULT PROBABILITY, WRITTEN BY FAULTPICK")
        assert "C39 SEG Y REV1" in text
        assert "C40 END TEXTUAL HEADER" in text
        assert len(text) == 3200


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(1, 6), st.integers(2, 6), st.integers(1, 9)),
    start=st.sampled_from([0.0, 120.0, -50.0, 2.5, 0.125, 40_000.0, -250_000.0]),
    step=st.sampled_from([0.5, 1.0, 2.0, 4.0, 12.345]),
    keep=st.floats(0.5, 1.0),
    lines=st.integers(1, 4),
    seed=st.integers(0, 100),
)
def test_a_new_file_gives_back_its_geometry(tmp_path, shape, start, step, keep, lines, seed):
    rng = np.random.default_rng(seed)
    live = rng.random(shape[:2]) <= keep
    live[:, 0] = live[0, :] = True
    cube = rng.standard_normal(shape).astype(np.float32)
    geometry = geometry_of(shape, live=live, corners=CORNERS, start=start, step=step)
    with open_volume(write_all(tmp_path / "new.sgy", geometry, cube, lines_at_once=lines)) as volume:
        back = volume.geometry
        np.testing.assert_array_equal(volume[:, :, :], np.where(live[..., None], cube, 0))
    np.testing.assert_array_equal(back.inlines, geometry.inlines)
    np.testing.assert_array_equal(back.crosslines, geometry.crosslines)
    assert back.samples == geometry.samples
    assert live.all() if back.live is None else (back.live == live).all()
    if shape[0] > 1:
        assert back.corners is not None
        np.testing.assert_allclose(back.corners, CORNERS, atol=0.011)


def test_feet_stay_feet(numbers, tmp_path):
    geometry = replace(geometry_of((4, 5, 6), corners=CORNERS), length_unit="ft")
    for name in ("a.sgy", "a.zarr"):
        with open_volume(write_all(tmp_path / name, geometry, numbers((4, 5, 6)))) as volume:
            assert volume.geometry.length_unit == "ft"


def test_what_does_not_fit_the_format(numbers, tmp_path):
    for axis in (
        SampleAxis(0.0, 4.0, 70_000, "ms"),
        SampleAxis(0.0, 100.0, 8, "ms"),
        SampleAxis(0.0, 1e-5, 8, "ms"),
        SampleAxis(0.0, 2.0833, 1000, "ms"),
        SampleAxis(3333.5, 4.0, 8, "ms"),
        SampleAxis(40_001.0, 4.0, 8, "ms"),
        SampleAxis(4e8, 4.0, 8, "ms"),
    ):
        geometry = Geometry(np.arange(2, dtype=np.int32), np.arange(2, dtype=np.int32), axis)
        with (
            pytest.raises(OutputError, match=r"SEG-Y cannot hold .* write \.zarr"),
            create_volume(tmp_path / "a.sgy", geometry),
        ):
            pass
    assert list(tmp_path.iterdir()) == []


def test_rounding_of_a_computed_axis_is_no_reason_to_refuse_it(numbers, tmp_path):
    cube = numbers((2, 3, 100))
    geometry = geometry_of(cube.shape, start=0.1 + 0.2, step=4.0000001)
    with open_volume(write_all(tmp_path / "new.sgy", geometry, cube)) as volume:
        assert volume.geometry.samples == SampleAxis(0.3, 4.0, 100, "ms")


@pytest.mark.parametrize(
    ("shift", "scalar"), [(20e6, -100), (32_024_000, -10), (300e6, 1), (-50_250_000, -10)]
)
def test_large_coordinates_take_a_coarser_scalar(numbers, tmp_path, shift, scalar):
    cube, corners = numbers((3, 4, 5)), CORNERS - CORNERS[0] + shift
    path = write_all(tmp_path / "new.sgy", geometry_of(cube.shape, corners=corners), cube)
    with segyio.open(str(path)) as file:
        header: Any = file.header[0]
        assert header[segyio.TraceField.SourceGroupScalar] == scalar
    with open_volume(path) as volume:
        assert volume.geometry.corners is not None
        np.testing.assert_allclose(volume.geometry.corners, corners, atol=1)


def test_coordinates_that_fit_no_header(tmp_path):
    geometry = geometry_of((2, 3, 4), corners=CORNERS + 3e9)
    with (
        pytest.raises(OutputError, match=r"an X or Y of 3006000700; write \.zarr"),
        create_volume(tmp_path / "a.sgy", geometry),
    ):
        pass


def test_what_does_not_fit_shows_before_any_work(numbers, tmp_path):
    cube = numbers((2, 3, 4))
    write_all(tmp_path / "a.zarr", geometry_of(cube.shape, start=3333.5), cube)
    with open_volume(tmp_path / "a.zarr") as volume:
        with pytest.raises(OutputError, match=r"a first sample at 3333\.5 ms"):
            check_output(tmp_path / "out.sgy", volume)
        check_output(tmp_path / "out.npy", volume)
