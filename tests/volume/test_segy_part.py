"""A part of a SEG-Y survey written with the survey's headers."""

import numpy as np
import pytest
import segyio

from faultpick.errors import OutputError
from faultpick.volume import create_volume, open_volume, part_of
from faultpick.volume.create import check_output
from faultpick.volume.volume import grid_coordinates

CARDS = "".join(f"C{number:2d} {text}".ljust(80) for number, text in enumerate(["A SURVEY", *[""] * 39], 1))


def written(part, path):
    with create_volume(path, part.geometry, like=part) as writer:
        writer.write(0, part[:, :, :])
    return path


def traces(path):
    """All trace headers and all that comes before them."""
    data = np.fromfile(path, dtype=np.uint8)
    count = int.from_bytes(data[3220:3222].tobytes(), "big")
    return data[:3600], data[3600:].reshape(-1, 240 + 4 * count)[:, :240]


@pytest.mark.parametrize("order", ["inline", "crossline", "random"])
def test_lines_of_a_survey(segy, numbers, disc, tmp_path, order):
    source = segy(
        numbers((9, 7, 6)),
        order=order,
        live=disc(9, 7),
        code=5,
        text=CARDS,
        coordinates=lambda i, x: (3 * i, 5 * x),
        delay=8,
    )
    with open_volume(source) as survey:
        part = part_of(survey, inlines=(12, 16), crosslines=(101, 104))
        out = written(part, tmp_path / "part.sgy")
        cube, geometry = part[:, :, :], part.geometry
    with open_volume(out) as again:
        np.testing.assert_array_equal(again[:, :, :], cube)
        for one, other in (
            (again.geometry.inlines, geometry.inlines),
            (again.geometry.crosslines, geometry.crosslines),
        ):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_allclose(grid_coordinates(again.geometry), grid_coordinates(geometry))
        assert again.geometry.samples == geometry.samples
        assert again.notes == ()
    _, old = traces(source)
    head, new = traces(out)
    inline, crossline = (old[:, byte : byte + 4].view(">i4")[:, 0] for byte in (188, 192))
    inside = (inline >= 12) & (inline <= 16) & (crossline >= 101) & (crossline <= 104)
    np.testing.assert_array_equal(new, old[inside])
    text = segyio.tools.wrap(head[:3200].tobytes().decode("cp037"))
    assert text.startswith("C 1 A SURVEY")
    assert "PART BY FAULTPICK: INLINES 12 TO 16, CROSSLINES 101 TO 104" in text.splitlines()[39]


@pytest.mark.parametrize(
    ("scalar", "delay", "interval", "begins"), [(0, 8, 4000, 8), (-10, 80, 4000, 8), (10, 40, 40_000, 400)]
)
def test_samples_of_a_survey(segy, numbers, tmp_path, scalar, delay, interval, begins):
    source = segy(numbers((3, 4, 9)), delay=delay, interval=interval, extra={215: scalar})
    with open_volume(source) as survey:
        axis = survey.geometry.samples
        assert axis.start == begins
        part = part_of(survey, samples=(axis.start + 2 * axis.step, axis.start + 5 * axis.step))
        out = written(part, tmp_path / "part.sgy")
        cube, axis = part[:, :, :], part.geometry.samples
    with open_volume(out) as again:
        np.testing.assert_array_equal(again[:, :, :], cube)
        assert again.geometry.samples == axis
    with segyio.open(str(out)) as file:
        assert file.bin[segyio.BinField.Samples] == 4
        assert {int(header[115]) for header in file.header} == {4}
        assert {int(header[215]) for header in file.header} == {scalar}
    _, old = traces(source)
    _, new = traces(out)
    assert set(np.flatnonzero((old != new).any(axis=0))) <= {108, 109, 114, 115}


def test_each_trace_keeps_its_own_start(segy, numbers, tmp_path):
    source = segy(numbers((3, 4, 9)), delay=8)
    data = np.fromfile(source, dtype=np.uint8)
    data[3600 + 108 : 3600 + 110] = (0, 20)
    data.tofile(source)
    with open_volume(source) as survey:
        out = written(part_of(survey, samples=(16, None)), tmp_path / "part.sgy")
    with segyio.open(str(out)) as file:
        assert [int(header[109]) for header in file.header] == [28, *[16] * 11]


def test_a_start_that_the_headers_cannot_hold(segy, numbers, tmp_path):
    source = segy(numbers((3, 4, 9)), interval=500)
    with open_volume(source) as survey:
        check_output(tmp_path / "part.sgy", part_of(survey, samples=(1, 3)))
        check_output(tmp_path / "part.zarr", part_of(survey, samples=(1.5, 3)))
        with pytest.raises(OutputError, match=r"cannot hold a first sample at 1\.5; begin"):
            check_output(tmp_path / "part.sgy", part_of(survey, samples=(1.5, 3)))
        with pytest.raises(OutputError, match="cannot hold"):
            written(part_of(survey, samples=(1.5, 3)), tmp_path / "part.sgy")
    assert [path.name for path in tmp_path.iterdir()] == ["in.sgy"]


def test_counts_of_revision_2(segy, numbers, tmp_path):
    source = segy(numbers((3, 4, 9)))
    data = np.fromfile(source, dtype=np.uint8)
    data[3260:3600] = 0
    data[3500:3502] = (2, 0)
    data[3268:3272] = (0, 0, 0, 9)
    data[3512:3520] = (0, 0, 0, 0, 0, 0, 0, 12)
    data.tofile(source)
    with open_volume(source) as survey:
        out = written(part_of(survey, inlines=(11, 12), samples=(8, 20)), tmp_path / "part.sgy")
    head, headers = traces(out)
    assert head[3268:3272].tolist() == [0, 0, 0, 4]
    assert head[3512:3520].tolist() == [0, 0, 0, 0, 0, 0, 0, 8]
    assert len(headers) == 8


def test_a_survey_without_a_blank_line_in_its_text_keeps_it(segy, numbers, tmp_path):
    cards = "".join(f"C{number:2d} INLINES 10 TO 99".ljust(80) for number in range(1, 41))
    source = segy(numbers((5, 4, 6)), text=cards)
    with open_volume(source) as survey:
        out = written(part_of(survey, inlines=(11, 13)), tmp_path / "part.sgy")
    before, _ = traces(source)
    after, _ = traces(out)
    np.testing.assert_array_equal(after[:3200], before[:3200])


def test_the_part_says_so_where_the_text_announces_more(segy, numbers, tmp_path):
    cards = CARDS.replace("A SURVEY".ljust(16), "INLINES 10 TO 14")
    source = segy(numbers((5, 4, 6)), text=cards)
    with open_volume(source) as survey:
        assert survey.notes == ()
        out = written(part_of(survey, inlines=(None, 12)), tmp_path / "part.sgy")
    with open_volume(out) as again:
        assert again.notes == ()


def assert_refused(source, tmp_path, words, **ranges):
    with open_volume(source) as survey:
        part = part_of(survey, **ranges)
        check_output(tmp_path / "part.zarr", part)
        with pytest.raises(OutputError, match=words):
            check_output(tmp_path / "part.sgy", part)


def test_samples_without_an_interval(segy, numbers, tmp_path):
    source = segy(numbers((3, 4, 9)), interval=0)
    assert_refused(source, tmp_path, "gives no sample interval", samples=(4, None))
    with open_volume(source) as survey:
        out = written(part_of(survey, inlines=(11, 12), samples=(None, 4)), tmp_path / "part.sgy")
    with open_volume(out) as again:
        assert again.shape == (2, 4, 5)


def test_traces_of_a_line_that_nothing_numbers(segy, numbers, tmp_path):
    zeros = {"inline_byte": 5, "crossline_byte": 9, "coordinates": lambda i, x: (25 * x, 0)}
    source = segy(numbers((1, 40, 9)), **zeros)
    assert_refused(source, tmp_path, "do not number its traces", crosslines=(11, 30))
    with open_volume(source) as survey:
        out = written(part_of(survey, crosslines=(1, 30)), tmp_path / "part.sgy")
        expected = survey[:, :30]
    with open_volume(out) as again:
        np.testing.assert_array_equal(again[:, :, :], expected)


def test_traces_that_start_at_other_times_than_most(segy, numbers, tmp_path):
    source = segy(numbers((6, 4, 12)), delay=8)
    data = np.fromfile(source, dtype=np.uint8)
    delays = data[3600:].reshape(24, -1)[16:, 108:110]
    delays[:] = (0, 20)
    data.tofile(source)
    assert_refused(source, tmp_path, "start at 20, the part itself at 8", inlines=(14, 15))
    assert_refused(source, tmp_path, "start at 28, the part itself at 16", inlines=(14, 15), samples=(16, 40))


def test_one_trace_of_many_that_cannot_hold_its_start(segy, numbers, tmp_path):
    source = segy(numbers((6, 4, 12)))
    data = np.fromfile(source, dtype=np.uint8)
    data[3600:].reshape(24, -1)[17, 108:110] = (127, 255)
    data.tofile(source)
    assert_refused(source, tmp_path, "cannot hold a first sample at 32779", samples=(12, None))


def test_dead_lines_that_a_part_would_lose(segy, numbers, tmp_path):
    live = np.ones((13, 5), bool)
    live[[4, 6, 8]] = False  # 14, 16 and 18
    source = segy(numbers((13, 5, 6)), live=live)
    assert_refused(source, tmp_path, "Lines of this part .* have no trace", inlines=(13, 19))
    with open_volume(source) as survey:
        out = written(part_of(survey, inlines=(18, 21)), tmp_path / "part.sgy")
    with open_volume(out) as again:
        assert again.geometry.inlines.tolist() == [19, 20, 21]


def test_numbers_that_do_not_fit_a_line_of_the_text_are_not_cut(segy, numbers, tmp_path):
    numbered = {"inlines": 10**8 + np.arange(5), "crosslines": 10**9 + np.arange(4)}
    source = segy(numbers((5, 4, 6)), text=CARDS, **numbered)
    with open_volume(source) as survey:
        out = written(part_of(survey, inlines=(10**8 + 1, None)), tmp_path / "part.sgy")
    before, _ = traces(source)
    after, _ = traces(out)
    np.testing.assert_array_equal(after[:3200], before[:3200])
