import errno
from typing import Any

import numpy as np
import pytest

from faultpick.errors import VolumeError
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume, plain_geometry
from faultpick.volume.volume import array_geometry, grid_coordinates


@pytest.fixture
def volume(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers((4, 5, 6)))
    with open_volume(tmp_path / "a.npy") as opened:
        yield opened


def test_indexing_is_that_of_an_array(volume, tmp_path):
    cube = np.load(tmp_path / "a.npy")
    for key in [
        np.s_[1:3, :, 2:],
        np.s_[-2:, 0:100, :-1],
        np.s_[2, :, :],
        np.s_[-1, -2, -3],
        np.s_[3:1, :, :],
    ]:
        np.testing.assert_array_equal(volume[key], cube[key])
        assert np.shape(volume[key]) == cube[key].shape


def test_positions_outside_and_steps_are_errors(volume):
    with pytest.raises(IndexError, match="position 4"):
        volume[4, :, :]
    with pytest.raises(ValueError, match="steps of 1"):
        volume[::2, :, :]


def test_what_is_read_is_the_callers_own(volume):
    first = volume[:, :, :]
    first[...] = -1
    assert (volume[:, :, :] != -1).all()


def test_a_closed_volume_is_not_read(volume):
    volume.close()
    with pytest.raises(ValueError, match="is closed"):
        volume[:, :, :]


def test_a_disk_that_fails_is_one_sentence(volume, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(type(volume.reader), "read", fail)
    for read in (volume.dominant_period, volume.statistics, lambda: volume[:, :, :]):
        with pytest.raises(VolumeError, match=r"a\.npy can no longer be read \(Input/output error\): check"):
            read()


def test_statistics_are_read_once(volume, monkeypatch):
    statistics = volume.statistics()
    volume.close()
    assert volume.statistics() is statistics
    live = volume.live_traces()
    live[...] = False
    assert volume.live_traces().all()


def test_geometry_checks_its_parts():
    plain = plain_geometry((2, 3, 4))
    assert plain.shape == (2, 3, 4)
    assert plain.trace_count == 6
    with pytest.raises(ValueError, match="live has shape"):
        Geometry(plain.inlines, plain.crosslines, plain.samples, live=np.ones((3, 2), dtype=bool))
    with pytest.raises(ValueError, match="corners have shape"):
        Geometry(plain.inlines, plain.crosslines, plain.samples, corners=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="not known"):
        grid_coordinates(plain)


def test_grid_coordinates_follow_line_numbers():
    lines = np.array([0, 1, 4], dtype=np.int32)
    corners = np.array([[0, 0], [0, 8], [4, 0], [4, 8]], dtype=np.float64)
    geometry = Geometry(lines, lines, SampleAxis(0, 1, 1, "ms"), corners)
    xy = grid_coordinates(geometry)
    np.testing.assert_allclose(xy[:, 0, 0], [0, 1, 4])
    np.testing.assert_allclose(xy[0, :, 1], [0, 2, 8])
    assert geometry.bin_spacing == (2.0, 4.0)


def test_a_writer_takes_lines_in_turn(tmp_path, numbers):
    cube = numbers((4, 5, 6))

    def write(*parts):
        with create_volume(tmp_path / "b.npy", plain_geometry(cube.shape)) as writer:
            for first, slab in parts:
                writer.write(first, slab)

    with pytest.raises(ValueError, match="out of turn"):
        write((1, cube[1:]))
    with pytest.raises(ValueError, match="out of turn"):
        write((0, cube), (4, cube[:1]))
    with pytest.raises(ValueError, match="slab has shape"):
        write((0, cube[:, :4]))
    with pytest.raises(ValueError, match="2 of 4 lines"):
        write((0, cube[:2]))
    assert list(tmp_path.iterdir()) == []
    write((0, cube[:1]), (1, cube[1:]))
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), cube)


def test_a_volume_is_indexed_as_an_array(tmp_path, numbers):
    cube = numbers((4, 5, 6))
    np.save(tmp_path / "a.npy", cube)
    with open_volume(tmp_path / "a.npy") as volume:
        for key in (2, slice(1, 3), (..., 0), (1, ...), (1, 2, 3), (np.int64(-1), slice(2), 0), ...):
            np.testing.assert_array_equal(volume[key], cube[key])
        for wrong in ([1, 2, 3], (0, 0, 0, 0), 1.5, "a", (9, 0, 0)):
            with pytest.raises(IndexError):
                volume[wrong]


def test_what_is_no_array_is_told_how_to_open_a_file():
    assert array_geometry(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    anything: list[Any] = ["survey.sgy", [[[1.0]]]]
    for wrong in anything:
        with pytest.raises(TypeError, match=r"is no volume: open a file with faultpick\.open_volume"):
            array_geometry(wrong)
    with pytest.raises(VolumeError, match="is no volume"):
        array_geometry(np.zeros((2, 3)))
