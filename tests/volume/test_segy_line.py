"""2D lines: traces numbered by CDP or in order, where the headers hold no line numbers."""

import numpy as np
import pytest

from faultpick.errors import GeometryError
from faultpick.volume import create_volume, open_volume
from faultpick.volume import segy as segy_module

COUNT = 12
ZERO = {189: 0, 193: 0}


@pytest.fixture
def line(segy, numbers):
    """A line of traces whose headers the given functions of the trace's number fill, from zero."""

    def write(fields):
        path = segy(numbers((1, COUNT, 5)), extra=ZERO)
        data = np.fromfile(path, dtype=np.uint8)
        headers = data[3600:].reshape(COUNT, -1)
        headers[:, :240] = 0
        for byte, value in fields.items():
            values = np.array([value(n) for n in range(COUNT)], dtype=">i4")
            headers[:, byte - 1 : byte + 3] = values.view(np.uint8).reshape(COUNT, 4)
        data.tofile(path)
        return path

    return write


def along(n):
    return 1000 + 25 * n


def test_cdp_numbers_are_the_crosslines(line, numbers):
    with open_volume(line({21: lambda n: 101 + n})) as volume:
        assert volume.shape == (1, COUNT, 5)
        assert list(volume.geometry.crosslines) == list(range(101, 101 + COUNT))
        np.testing.assert_array_equal(volume[:, :, :], numbers((1, COUNT, 5)))
        assert any("single line" in note and "CDP" in note for note in volume.notes)


def test_descending_cdp_numbers_turn_the_line_round(line, numbers):
    with open_volume(line({21: lambda n: 101 - n, 181: along, 185: along})) as volume:
        np.testing.assert_array_equal(volume[:, :, :], numbers((1, COUNT, 5))[:, ::-1])
        corners = volume.geometry.corners
        assert corners is not None
        np.testing.assert_allclose(corners[0], along(COUNT - 1))
        np.testing.assert_allclose(corners[1], along(0))


def test_coordinates_alone_number_traces_in_order(line):
    with open_volume(line({181: along, 185: lambda n: 7})) as volume:
        assert list(volume.geometry.crosslines) == list(range(1, COUNT + 1))
        corners = volume.geometry.corners
        assert corners is not None
        np.testing.assert_allclose(corners[:2], [[along(0), 7], [along(COUNT - 1), 7]])


def test_a_gap_in_the_cdp_numbers_is_dead(line):
    with open_volume(line({21: lambda n: n + 2 * (n > 5), 181: lambda n: along(n + 2 * (n > 5))})) as volume:
        assert volume.shape == (1, COUNT + 2, 5)
        assert volume.geometry.live is not None
        assert list(np.flatnonzero(~volume.geometry.live[0])) == [6, 7]


def test_shot_points_that_look_like_a_grid_do_not_matter_where_coordinates_follow_the_line(line):
    fields = {21: lambda n: n, 17: lambda n: n // 2, 25: lambda n: n % 2}
    with open_volume(line(fields | {181: along})) as volume:
        assert volume.shape == (1, COUNT, 5)
    with pytest.raises(GeometryError, match="bytes 17 and 25"):
        open_volume(line(fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {21: lambda n: n * 5 % COUNT},
        {21: lambda n: n, 181: lambda n: along(n % 6), 185: lambda n: along(n // 6)},
    ],
    ids=["nothing", "up and down", "line after line"],
)
def test_what_is_no_line_is_refused(line, fields):
    with pytest.raises(GeometryError, match="--inline-byte"):
        open_volume(line(fields))


def test_gathers_without_numbers_are_no_line(line):
    with pytest.raises(GeometryError, match="--inline-byte") as refusal:
        open_volume(line({37: lambda n: n % 3, 181: lambda n: 1000 + 25 * (n // 3), 21: lambda n: 0}))
    assert "bytes 37" not in str(refusal.value)


def test_a_line_may_be_long(line, monkeypatch):
    monkeypatch.setattr(segy_module, "SOME_TRACES", 5)
    with open_volume(line({21: lambda n: 101 + n})) as volume:
        assert volume.shape == (1, COUNT, 5)
        assert np.ptp(volume.geometry.crosslines) == COUNT - 1


def test_padding_after_a_line_is_left_out(line, numbers):
    path = line({21: lambda n: 101 + n})
    path.write_bytes(path.read_bytes() + bytes(2 * (240 + 4 * 5)))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume[:, :, :], numbers((1, COUNT, 5)))
        assert any("2 of 14 traces are all zeros" in note for note in volume.notes)


def test_a_line_that_turns_back_late_is_refused(line, monkeypatch):
    monkeypatch.setattr("faultpick.volume.segy.SOME_TRACES", COUNT - 5)
    with pytest.raises(GeometryError, match="--inline-byte"):
        open_volume(line({21: lambda n: min(n, COUNT - 3)}))


def test_a_copy_keeps_the_headers(line, tmp_path):
    path = line({21: lambda n: 101 + n})
    out = tmp_path / "out.sgy"
    with open_volume(path) as volume, create_volume(out, volume.geometry, like=volume) as writer:
        writer.write(0, volume[:, :, :] + 1)
    before, after = (np.fromfile(each, dtype=np.uint8) for each in (path, out))
    np.testing.assert_array_equal(
        after[3600:].reshape(COUNT, -1)[:, :240], before[3600:].reshape(COUNT, -1)[:, :240]
    )
    with open_volume(out) as volume:
        assert list(volume.geometry.crosslines) == list(range(101, 101 + COUNT))
