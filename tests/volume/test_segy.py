import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import segyio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultpick.errors import GeometryError, VolumeError
from faultpick.volume import create_volume, open_volume

CODES = [1, 2, 3, 5, 6, 8, 9, 10, 11, 12, 16]


@pytest.mark.parametrize("code", CODES)
def test_every_sample_format_is_read(segy, numbers, code):
    cube = numbers((4, 5, 7))
    with open_volume(segy(cube, code=code)) as volume:
        assert volume.format == "SEG-Y"
        assert volume.shape == (4, 5, 7)
        assert volume[:, :, :].dtype == np.float32
        np.testing.assert_array_equal(volume[:, :, :], cube)


@pytest.mark.parametrize("code", [1, 5])
def test_fractions_agree_with_segyio(segy, code):
    cube = (np.random.default_rng(1).standard_normal((3, 4, 9)) * 1e4).astype(np.float32)
    path = segy(cube, code=code)
    with open_volume(path) as volume, segyio.open(str(path), ignore_geometry=True) as file:
        np.testing.assert_array_equal(volume[:, :, :].reshape(12, 9), file.trace.raw[:])
        np.testing.assert_allclose(volume[:, :, :], cube, rtol=1e-6)


def test_ibm_floats_in_a_fresh_process(segy, numbers):
    """Nothing that these tests do with segyio may be needed."""
    path = segy(numbers((2, 3, 4)), code=1)
    program = "import sys; from faultpick.volume import open_volume; print(open_volume(sys.argv[1])[0, 0, 0])"
    result = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert float(result.stdout) == numbers((2, 3, 4))[0, 0, 0]


def test_largest_and_smallest_ibm_floats(segy, numbers):
    path = segy(numbers((1, 2, 3)), code=1)
    bits = [0x7FFFFFFF, 0xFFFFFFFF, 0x00000001, 0x41100000, 0xC1100000, 0x40800000]
    data = bytearray(path.read_bytes())
    for trace in range(2):
        for sample in range(3):
            start = 3600 + trace * 252 + 240 + 4 * sample
            data[start : start + 4] = bits[3 * trace + sample].to_bytes(4, "big")
    path.write_bytes(data)
    with open_volume(path) as volume:
        first, second = volume[0, :, :]
    assert not np.isfinite(first[:2]).any()  # beyond float32, and so counted as bad samples
    assert abs(first[2]) < 1e-37
    np.testing.assert_array_equal(second, [1, -1, 0.5])


@pytest.mark.parametrize("order", ["inline", "crossline", "random"])
@pytest.mark.parametrize("endian", ["big", "little"])
def test_any_order_of_traces_with_holes(segy, numbers, disc, order, endian):
    live = disc(9, 7)
    cube = numbers((9, 7, 6))
    with open_volume(segy(cube, live=live, order=order, endian=endian, code=3)) as volume:
        assert volume.geometry.live is not None
        np.testing.assert_array_equal(volume.geometry.live, live)
        np.testing.assert_array_equal(volume[:, :, :], np.where(live[..., None], cube, 0))
        np.testing.assert_array_equal(volume.live_traces(), live)
        assert volume.geometry.trace_count == live.sum()


def test_natural_block_follows_the_sorting(segy, numbers):
    cube = numbers((4, 5, 3))
    with open_volume(segy(cube)) as volume:
        assert volume.reader.block == (1, 5)
    with open_volume(segy(cube, order="crossline")) as volume:
        assert volume.reader.block == (4, 1)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_sub_box_is_a_cut_of_the_whole(segy, numbers, disc, data):
    cube = np.where(disc(8, 7)[..., None], numbers((8, 7, 9)), 0)
    path = segy(cube, live=disc(8, 7), code=data.draw(st.sampled_from([1, 3, 5])))
    box = tuple(
        slice(*sorted((data.draw(st.integers(0, size)), data.draw(st.integers(0, size)))))
        for size in cube.shape
    )
    with open_volume(path) as volume:
        found = volume.read(*box)
    assert found.flags.c_contiguous
    assert found.flags.writeable
    np.testing.assert_array_equal(found, cube[box])


def test_real_file(shared):
    path = shared / "f3_small.sgy"
    file: Any
    with open_volume(path) as volume, segyio.open(str(path)) as file:
        assert volume.shape == (23, 18, 75)
        assert volume.sample_format == "int16"
        np.testing.assert_array_equal(volume.geometry.inlines, file.ilines)
        np.testing.assert_array_equal(volume.geometry.crosslines, file.xlines)
        np.testing.assert_allclose(volume.geometry.samples.values, file.samples)
        np.testing.assert_array_equal(volume[:, :, :], segyio.tools.cube(file))
        spacing = volume.geometry.bin_spacing
        assert spacing is not None
        np.testing.assert_allclose(spacing, (25, 25), atol=0.01)
        assert volume.notes == ()


def test_sample_axis_from_headers(segy, numbers):
    cube = numbers((2, 3, 5))
    with open_volume(segy(cube, interval=2000, delay=120)) as volume:
        axis = volume.geometry.samples
        assert (axis.start, axis.step, axis.count, axis.unit) == (120.0, 2.0, 5, "ms")
        np.testing.assert_array_equal(axis.values, [120, 122, 124, 126, 128])
    with open_volume(segy(cube, delay=25, extra={215: -10}), unit="m") as volume:
        assert (volume.geometry.samples.start, volume.geometry.samples.unit) == (2.5, "m")


def test_a_survey_starts_where_most_traces_do(segy, numbers):
    path = segy(numbers((2, 3, 5)), delay=500)
    patch(path, 3600 + 108, b"\0\0")
    with open_volume(path) as volume:
        assert volume.geometry.samples.start == 500.0
        assert volume.notes == (
            "Traces start at different times (0 to 500); that of most, 500, is used for all.",
        )


@pytest.mark.parametrize(("interval", "odd"), [(4, True), (10, True), (20, False)])
def test_an_interval_that_is_no_thousandths_is_noted(segy, numbers, interval, odd):
    with open_volume(segy(numbers((2, 3, 5)), interval=interval)) as volume:
        assert volume.geometry.samples.step == pytest.approx(interval / 1000)
        assert any(f"if they are {interval} ms" in note for note in volume.notes) == odd


@pytest.mark.parametrize("options", [{"extra": {215: 37}}, {"inline_byte": 213, "inlines": [100, 1000]}])
def test_what_is_no_power_of_ten_scales_no_time(segy, numbers, options):
    """Line numbers may lie where newer revisions have the scalar of the delay."""
    path = segy(numbers((2, 3, 5)), delay=120, **options)
    with open_volume(path, inline_byte=options.get("inline_byte", 189)) as volume:
        assert volume.geometry.samples.start == 120.0


def test_feet_are_told_by_the_binary_header(segy, numbers):
    path = segy(numbers((2, 3, 5)))
    with open_volume(path) as volume:
        assert volume.geometry.length_unit == "m"
    patch(path, 3254, b"\0\2")
    with open_volume(path) as volume:
        assert volume.geometry.length_unit == "ft"


def test_interval_of_the_traces_where_the_binary_header_has_none(segy, numbers):
    path = segy(numbers((2, 3, 5)), interval=2000)
    patch(path, 3216, b"\0\0")
    with open_volume(path) as volume:
        assert volume.geometry.samples.step == 2.0
    data = bytearray(path.read_bytes())
    for trace in range(6):
        data[3600 + trace * 260 + 116 : 3600 + trace * 260 + 118] = b"\0\0"
    path.write_bytes(data)
    with open_volume(path) as volume:
        assert volume.geometry.samples.unit == "samples"
        assert any("no sample interval" in note for note in volume.notes)


def test_intervals_that_differ_are_noted(segy, numbers):
    path = segy(numbers((2, 3, 5)), extra={117: 1000})
    with open_volume(path) as volume:
        assert volume.geometry.samples.step == 4.0
        assert any("4000" in note and "1000" in note for note in volume.notes)


@pytest.mark.parametrize(("scalar", "factor"), [(0, 1), (1, 1), (-100, 0.01), (10, 10)])
def test_corners_from_coordinates_with_their_scalar(segy, numbers, disc, scalar, factor):
    def rotated(inline: int, crossline: int) -> tuple[int, int]:
        return 1000 + 30 * inline - 40 * crossline, 90_000 + 40 * inline + 30 * crossline

    live = disc(9, 7)
    path = segy(numbers((9, 7, 4)), live=live, coordinates=rotated, scalar=scalar)
    with open_volume(path) as volume:
        corners, spacing = volume.geometry.corners, volume.geometry.bin_spacing
    expected = [rotated(i, x) for i in (10, 18) for x in (100, 106)]
    assert corners is not None
    assert spacing is not None
    np.testing.assert_allclose(corners, np.array(expected) * factor, rtol=1e-9)
    np.testing.assert_allclose(spacing, (50 * factor, 50 * factor))


@pytest.mark.parametrize(
    ("step", "scalar", "extra", "angles"),
    [(2, -10_000, {}, True), (8, -10, {89: 2}, True), (8, -10, {}, False), (25, 1, {89: 2}, False)],
)
def test_angles_are_no_coordinates(segy, numbers, step, scalar, extra, angles):
    path = segy(
        numbers((4, 5, 6)),
        coordinates=lambda i, x: (40_000 + step * x, 50_000 + step * i),
        scalar=scalar,
        extra=extra,
    )
    with open_volume(path) as volume:
        assert (volume.geometry.corners is None) == angles
        assert any("are angles" in note for note in volume.notes) == angles


def test_no_corners_without_coordinates(segy, numbers):
    cube = numbers((3, 4, 5))
    with open_volume(segy(cube)) as volume:
        assert volume.geometry.corners is None
        assert volume.geometry.bin_spacing is None
    rng = np.random.default_rng(3)
    scattered = segy(
        cube, coordinates=lambda _, __: (int(rng.integers(1, 10**6)), int(rng.integers(1, 10**6)))
    )
    with open_volume(scattered) as volume:
        assert volume.geometry.corners is None
        assert any("regular grid" in note for note in volume.notes)


@pytest.mark.parametrize("wrong", [{(12, 103): 0}, {(10, 100): 0, (15, 107): 99_999_999}])
def test_a_few_wrong_coordinates_are_left_out(segy, numbers, wrong):
    def placed(inline, crossline):
        return wrong.get((inline, crossline), 500_000 + 25 * inline), 6_000_000 + 25 * crossline

    with open_volume(segy(numbers((6, 8, 4)), coordinates=placed)) as volume:
        corners, notes = volume.geometry.corners, volume.notes
    assert corners is not None
    expected = [[500_000 + 25 * i, 6_000_000 + 25 * x] for i in (10, 15) for x in (100, 107)]
    np.testing.assert_allclose(corners, expected, atol=1e-6)
    assert len(notes) == 1
    assert f"X and Y of {len(wrong)} of 48 traces" in notes[0]


def test_coordinates_of_a_single_line(segy, numbers):
    path = segy(numbers((1, 6, 4)), coordinates=lambda _, crossline: (25 * crossline, 7))
    with open_volume(path) as volume:
        assert volume.geometry.corners is not None
        np.testing.assert_allclose(volume.geometry.corners, [[2500, 7], [2625, 7]] * 2)


def test_custom_byte_positions(segy, numbers):
    cube = numbers((3, 4, 5))
    path = segy(cube, inline_byte=9, crossline_byte=21, extra={73: 5, 77: 6})
    with open_volume(path, inline_byte=9, crossline_byte=21) as volume:
        np.testing.assert_array_equal(volume.geometry.inlines, [10, 11, 12])
        np.testing.assert_array_equal(volume.geometry.crosslines, [100, 101, 102, 103])
    with pytest.raises(GeometryError, match="byte position 239"):
        open_volume(path, inline_byte=239)
    with pytest.raises(GeometryError, match="byte position 0"):
        open_volume(path, crossline_byte=0)


def test_two_byte_field_for_line_numbers(segy, numbers):
    path = segy(numbers((3, 4, 5)), inline_byte=35, crossline_byte=21)
    with open_volume(path, inline_byte=35, crossline_byte=21) as volume:
        np.testing.assert_array_equal(volume.geometry.inlines, [10, 11, 12])


def test_coordinates_at_custom_bytes(segy, numbers):
    extra = {}
    path = segy(numbers((2, 2, 3)), coordinates=lambda inline, crossline: (inline, crossline), extra=extra)
    data = bytearray(path.read_bytes())
    for trace in range(4):
        start = 3600 + trace * 252
        data[start + 72 : start + 80] = data[start + 180 : start + 188]
        data[start + 180 : start + 188] = bytes(8)
    path.write_bytes(data)
    with open_volume(path) as volume:
        assert volume.geometry.corners is None
    with open_volume(path, x_byte=73, y_byte=77) as volume:
        assert volume.geometry.corners is not None
        np.testing.assert_allclose(volume.geometry.corners, [[10, 100], [10, 101], [11, 100], [11, 101]])


def test_extended_textual_headers(segy, numbers):
    cube = numbers((3, 4, 5))
    with open_volume(segy(cube, extended=2)) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)


@pytest.mark.parametrize("encoding", ["ascii", "cp037"])
def test_uncounted_textual_headers_end_where_they_say(segy, numbers, encoding):
    cube = numbers((3, 4, 5))
    path = segy(cube, extended=2)
    patch(path, 3504, b"\xff\xff")
    patch(path, 3600 + 3200, "((SEG: EndText))".ljust(3200).encode(encoding))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert volume.notes == ()


def test_the_first_trace_is_looked_at_behind_textual_headers(segy, numbers):
    cube = numbers((3, 4, 5))
    path = segy(cube, extended=1, interval=2000)
    patch(path, 3216, b"\0\0")
    patch(path, 3220, b"\0\0")
    with open_volume(path) as volume:
        assert volume.geometry.samples.step == 2.0
        np.testing.assert_array_equal(volume[:, :, :], cube)


def test_counts_and_intervals_of_revision_2(segy, numbers):
    cube = numbers((3, 4, 5))
    path = segy(cube)
    for offset in (3216, 3220):
        patch(path, offset, b"\0\0")
    for trace in range(12):
        patch(path, 3600 + trace * 260 + 114, b"\0\0\0\0")
    patch(path, 3268, (5).to_bytes(4, "big") + np.array(2500.0, ">f8").tobytes())
    patch(path, 3500, b"\2\0")
    with open_volume(path) as volume:
        assert volume.geometry.samples.step == 2.5
        np.testing.assert_array_equal(volume[:, :, :], cube)
    patch(path, 3506, (2).to_bytes(4, "big"))
    with pytest.raises(VolumeError, match=r"additional trace headers \(byte 3507\), which are not read"):
        open_volume(path)


@pytest.mark.parametrize("wide", [2083.3333333, np.inf, 0.0, 4000.0])
def test_the_exact_interval_of_revision_2(segy, numbers, wide):
    """It is the one meant where it rounds to the short one, which other programs may have changed."""
    path = segy(numbers((3, 4, 5)), interval=2083)
    patch(path, 3272, np.array(wide, ">f8").tobytes())
    patch(path, 3500, b"\2\0")
    with open_volume(path) as volume:
        assert volume.geometry.samples.step == pytest.approx((wide if wide == 2083.3333333 else 2083) / 1000)
        assert volume.notes == ()


def test_the_wide_count_of_revision_2_where_the_short_one_misfits(segy, numbers):
    cube = numbers((3, 4, 5))
    path = segy(cube)
    patch(path, 3220, (44).to_bytes(2, "big"))
    for trace in range(12):
        patch(path, 3600 + trace * 260 + 114, (44).to_bytes(2, "big"))
    patch(path, 3268, (5).to_bytes(4, "big"))
    patch(path, 3500, b"\2\0")
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert volume.notes == ()


def test_a_trailer_of_unknown_length_is_refused(segy, numbers):
    path = segy(numbers((3, 4, 5)))
    patch(path, 3528, (-1).to_bytes(4, "big", signed=True))
    patch(path, 3500, b"\2\0")
    with pytest.raises(VolumeError, match=r"a data trailer \(byte 3529\), which are not read"):
        open_volume(path)


@pytest.mark.parametrize("endian", ["big", "little"])
def test_a_format_code_given_leaves_the_byte_order_to_the_file(segy, numbers, endian):
    """257 samples are 257 in either byte order."""
    cube = numbers((2, 3, 257))
    with open_volume(segy(cube, endian=endian), format_code=5) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)


def test_zero_headers_name_the_bytes_to_try(segy, numbers):
    path = segy(numbers((5, 6, 3)), inline_byte=9, crossline_byte=21, extra={29: 1})
    with pytest.raises(GeometryError) as caught:
        open_volume(path)
    message = str(caught.value)
    assert str(path) in message
    assert "zero" in message
    assert "bytes 9 and 21 (10..14 and 100..105)" in message
    assert "--inline-byte" in message


def test_zero_headers_without_any_candidate(segy, numbers):
    path = segy(numbers((5, 6, 3)))
    data = np.fromfile(path, dtype=np.uint8)
    data[3600:].reshape(30, -1)[:, :240] = 0
    data.tofile(path)
    with pytest.raises(GeometryError, match=r"are zero .* no other bytes look like line numbers"):
        open_volume(path)


def test_constant_headers(segy, numbers):
    path = segy(numbers((5, 6, 3)), inline_byte=9, crossline_byte=21, extra={189: 7, 193: 8})
    with pytest.raises(GeometryError, match=r"constant \(7 and 8\).*bytes 9 and 21"):
        open_volume(path)


def test_trace_counters_are_no_line_numbers(segy, numbers):
    path = segy(numbers((5, 6, 3)))
    data = np.fromfile(path, dtype=np.uint8)
    headers = data[3600:].reshape(30, -1)[:, :240]
    headers[:, 8:12] = np.arange(1, 31, dtype=">i4").view(np.uint8).reshape(30, 4)
    headers[:, 12:16] = headers[:, 8:12]
    data.tofile(path)
    with pytest.raises(GeometryError, match=r"which is no grid.*bytes 189 and 193"):
        open_volume(path, inline_byte=9, crossline_byte=13)


def test_duplicate_traces(segy, numbers):
    path = segy(numbers((4, 5, 3)))
    data = bytearray(path.read_bytes())
    size = 252
    data[3600 + 17 * size : 3600 + 17 * size + 240] = data[3600 + 6 * size : 3600 + 6 * size + 240]
    path.write_bytes(data)
    with pytest.raises(GeometryError) as caught:
        open_volume(path)
    message = str(caught.value)
    assert str(path) in message
    assert "1 of 20 traces" in message
    assert "traces 7 and 18, both at inline 11, crossline 101" in message
    assert "keep one" in message


@pytest.mark.parametrize("places", [[0], [20], [3, 4, 9], [0, 19, 20, 21, 22]])
def test_traces_of_zeros_with_their_headers_are_left_out(segy, numbers, tmp_path, places, monkeypatch):
    cube = numbers((4, 5, 3))
    path = segy(cube, coordinates=lambda inline, crossline: (25 * inline, 25 * crossline), delay=100)
    head, traces = path.read_bytes()[:3600], np.fromfile(path, dtype=np.uint8, offset=3600).reshape(20, -1)
    padded = head + np.insert(traces, np.minimum(places, 20), 0, axis=0).tobytes()
    path.write_bytes(padded)

    def cannot(*_):
        raise OSError(errno.EOPNOTSUPP, "no")

    monkeypatch.setattr(os, "posix_fallocate", cannot)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert volume.geometry.samples.start == 100
        assert volume.geometry.corners is not None
        count = 20 + len(places)
        assert volume.notes == (
            f"{len(places)} of {count} traces are all zeros, header too; they are left out.",
        )
        with create_volume(tmp_path / "out.sgy", volume.geometry, like=volume) as writer:
            writer.write(0, cube)
    assert (tmp_path / "out.sgy").read_bytes() == padded


def test_gathers_are_refused(segy, numbers):
    path = segy(numbers((4, 5, 3)))
    data = path.read_bytes()
    path.write_bytes(data + data[3600:] + data[3600:])
    with pytest.raises(GeometryError, match=r"40 of 60 traces .* gathers before stack"):
        open_volume(path)


@pytest.mark.parametrize("left", [1, 100, 239, 240, 251])
def test_a_file_cut_inside_a_trace(segy, numbers, left):
    path = segy(numbers((4, 5, 3)))
    path.write_bytes(path.read_bytes()[: 3600 + 11 * 252 + left])
    with pytest.raises(VolumeError, match=rf"cut short inside trace 12.* 11 whole traces .* {left} bytes"):
        open_volume(path)


def test_a_file_cut_between_traces_is_noted(segy, numbers):
    path = segy(numbers((4, 5, 3)))
    path.write_bytes(path.read_bytes()[: 3600 + 17 * 252])
    with open_volume(path) as volume:
        assert volume.geometry.trace_count == 17
        assert any("last inline 13 ends at crossline 101, the one before at 104" in n for n in volume.notes)


@pytest.mark.parametrize("order", ["inline", "crossline"])
def test_a_corner_cut_off_is_no_cut_file(segy, numbers, order):
    corner = np.add.outer(np.arange(8), np.arange(9)) < 12
    with open_volume(segy(numbers((8, 9, 3)), live=corner, order=order)) as volume:
        assert volume.notes == ()


@pytest.mark.parametrize(
    "text", ["C 1 INLINES: 10 - 13", "C 1 In-line range 10 to 13", "C 1 ILINES\nC 2 INLINE 10..13"]
)
def test_a_file_cut_between_lines_shows_in_the_textual_header(segy, numbers, text):
    path = segy(numbers((4, 5, 3)), text=text)
    with open_volume(path) as volume:
        assert volume.notes == ()
    path.write_bytes(path.read_bytes()[: 3600 + 10 * 252])
    with open_volume(path) as volume:
        assert volume.shape == (2, 5, 3)
        assert any("textual header says inlines 10 to 13, it ends at 11" in note for note in volume.notes)


def test_other_numbers_in_the_textual_header_are_no_range(segy, numbers):
    text = "C 1 INLINE 10 AT BYTE 189, XLINE 100, X 500000"
    with open_volume(segy(numbers((4, 5, 3)), text=text)) as volume:
        assert volume.notes == ()


def test_a_regular_file_has_no_notes(segy, numbers, disc):
    with open_volume(segy(numbers((4, 5, 3)))) as volume:
        assert volume.notes == ()
    with open_volume(segy(numbers((11, 9, 3)), live=disc(11, 9))) as volume:
        assert volume.notes == ()


@pytest.mark.parametrize("code", [0, 4, 7, 77])
def test_unknown_format_code(segy, numbers, code):
    cube = numbers((3, 4, 5))
    path = segy(cube)
    patch(path, 3224, code.to_bytes(2, "big"))
    with pytest.raises(VolumeError, match=rf"sample format code {code} .*3225-3226.*--format-code"):
        open_volume(path)
    with open_volume(path, format_code=5) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
    with pytest.raises(VolumeError, match="format code 4 is not read"):
        open_volume(path, format_code=4)


def test_sample_count_of_the_traces_where_the_binary_header_is_wrong(segy, numbers):
    cube = numbers((3, 4, 5))
    path = segy(cube)
    patch(path, 3220, (9).to_bytes(2, "big"))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert any("9 samples" in note and "header 5" in note for note in volume.notes)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"C 1 hello", "9 bytes, fewer than the 3600"),
        (bytes(10_000), "neither its textual nor its binary header"),
        (b"\x89PNG" + bytes(range(256)) * 40, "neither its textual nor its binary header"),
    ],
)
def test_not_a_segy(tmp_path: Path, content, words):
    path = tmp_path / "a.sgy"
    path.write_bytes(content)
    with pytest.raises(VolumeError, match=words) as caught:
        open_volume(path)
    assert str(path) in str(caught.value)


def test_headers_without_traces(segy, numbers):
    path = segy(numbers((3, 4, 5)))
    path.write_bytes(path.read_bytes()[:3600])
    with pytest.raises(VolumeError, match="no trace"):
        open_volume(path)


def test_nan_and_infinity_are_left_and_counted(segy, numbers):
    cube = numbers((3, 4, 5))
    cube[1, 2, 3], cube[0, 0, 0] = np.nan, np.inf
    with open_volume(segy(cube)) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
        assert volume.statistics().nonfinite == 2


def test_a_file_cut_after_opening(segy, numbers):
    path = segy(numbers((4, 5, 3)))
    with open_volume(path) as volume:
        with path.open("r+b") as file:
            file.truncate(4000)
        with pytest.raises(VolumeError, match="become shorter"):
            volume[0:1, :, :]


def patch(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


@pytest.mark.parametrize(
    "coordinates", [lambda i, x: (10 * x, 0), lambda i, x: (10 * i + 20 * x, 20 * i + 40 * x)]
)
def test_coordinates_that_put_all_lines_upon_one_another_are_left_out(segy, numbers, coordinates):
    path = segy(numbers((6, 9, 5)), coordinates=coordinates, scalar=1)
    with open_volume(path) as volume:
        assert volume.geometry.corners is None
        assert any("put all lines upon one another" in note for note in volume.notes)
