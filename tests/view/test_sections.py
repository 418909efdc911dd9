import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread

from faultpick.errors import GeometryError, OutputError, VolumeError
from faultpick.view.sections import draw_sections, label_axes, sections_at
from faultpick.volume import Geometry, SampleAxis, open_volume


@pytest.fixture
def geometry():
    inlines, crosslines = np.arange(100, 120, 2, dtype=np.int32), np.arange(500, 512, dtype=np.int32)
    return Geometry(inlines, crosslines, SampleAxis(1000.0, 4.0, 8, "ms"))


@pytest.fixture
def survey(tmp_path):
    np.save(tmp_path / "survey.npy", np.random.default_rng(0).standard_normal((10, 12, 8)).astype(np.float32))
    return open_volume(tmp_path / "survey.npy")


def everywhere(geometry):
    return np.ones(geometry.shape[:2], bool)


def test_without_a_number_the_fullest_line_nearest_the_middle_is_shown(geometry):
    live = everywhere(geometry)
    live[5, 3] = False
    inline, crossline, _ = sections_at(geometry, live)
    assert inline.key[0] in (4, 6)
    assert crossline.key[1] == 6


def test_sections_lie_where_they_are_asked_for(geometry):
    inline, crossline, piece = sections_at(
        geometry, everywhere(geometry), inline=104, crossline=511, sample=1013.0
    )
    assert inline.key[0] == 2
    assert inline.title == "inline 104"
    assert crossline.key[1] == 11
    assert piece.key[2] == 3
    assert piece.title == "time 1012 ms"


def test_axes_end_half_a_voxel_outside_the_outer_centres(geometry):
    inline, crossline, _ = sections_at(geometry, everywhere(geometry))
    assert inline.across.edges == (499.5, 511.5)
    assert inline.down.edges == (998.0, 1030.0)
    assert crossline.across.edges == (99.0, 119.0)


@pytest.mark.parametrize(("axis", "at"), [("inline", 98), ("crossline", 512), ("sample", 1032.1)])
def test_a_line_outside_the_survey_is_refused(geometry, axis, at):
    with pytest.raises(GeometryError, match="choose one from"):
        sections_at(geometry, everywhere(geometry), **{axis: at})


def test_a_line_between_those_of_the_survey_is_refused(geometry):
    """Times between two samples are those of the nearest."""
    with pytest.raises(GeometryError, match=r"no inline 105: .* the nearest is 104\."):
        sections_at(geometry, everywhere(geometry), inline=105)
    assert sections_at(geometry, everywhere(geometry), sample=1013.9)[2].title == "time 1012 ms"


def test_a_survey_in_place_of_a_probability_is_refused(survey, tmp_path):
    with pytest.raises(VolumeError, match=r"survey\.npy ranges from -.*a fault probability lies between"):
        draw_sections(survey, tmp_path / "out.png", probability=survey)
    assert not (tmp_path / "out.png").exists()


def gapped():
    """Lines 500 to 505 and 600 to 605: those between were left out."""
    crosslines = np.r_[500:506, 600:606].astype(np.int32)
    return Geometry(np.arange(100, 120, 2, dtype=np.int32), crosslines, SampleAxis(0.0, 4.0, 8, "ms"))


def test_lines_beside_a_gap_stand_side_by_side_under_their_own_numbers():
    inline, *_ = sections_at(gapped(), everywhere(gapped()))
    figure = Figure()
    panel = figure.add_subplot()
    left, right = inline.across.edges
    panel.imshow(np.zeros((8, 12)), extent=(left, right, 30, -2), aspect="auto")
    label_axes(panel, inline)
    FigureCanvasAgg(figure).draw()
    marks = {
        tick: mark.get_text() for tick, mark in zip(panel.get_xticks(), panel.get_xticklabels(), strict=True)
    }
    assert inline.across.edges == (-0.5, 11.5)
    assert marks[4] == "504"
    assert marks[8] == "602"


def test_a_line_in_a_gap_is_refused():
    with pytest.raises(GeometryError, match=r"no crossline 530: .* the nearest is 505\."):
        sections_at(gapped(), everywhere(gapped()), crossline=530)


@pytest.mark.parametrize("name", ["a $x_{1$.npy", "St\udcf6rung.npy"])
def test_the_name_of_the_survey_may_be_any(survey, tmp_path, name):
    survey.path.rename(tmp_path / name)
    draw_sections(open_volume(tmp_path / name), tmp_path / "out.png")
    assert (tmp_path / "out.png").exists()


def test_a_section_is_read_with_samples_down(survey):
    inline, crossline, piece = sections_at(
        survey.geometry, everywhere(survey.geometry), inline=3, crossline=4, sample=5
    )
    whole = survey[:, :, :]
    assert np.array_equal(inline.read(survey), whole[3].T)
    assert np.array_equal(crossline.read(survey), whole[:, 4].T)
    assert np.array_equal(piece.read(survey), whole[:, :, 5])


def red_columns(survey, tmp_path, first_crossline):
    probability = np.zeros(survey.shape, np.float32)
    probability[:, first_crossline:, :] = 1.0
    np.save(tmp_path / "p.npy", probability)
    draw_sections(survey, tmp_path / "faults.png", probability=open_volume(tmp_path / "p.npy"))
    picture = imread(tmp_path / "faults.png")
    inline_section = picture[picture.shape[0] // 2 :, : picture.shape[1] // 3 - 20]
    return np.flatnonzero((inline_section[..., 0] - inline_section[..., 1] > 0.3).mean(axis=0) > 0.2)


def test_faults_are_drawn_where_the_probability_is(survey, tmp_path):
    everywhere, from_nine = red_columns(survey, tmp_path, 0), red_columns(survey, tmp_path, 9)
    assert len(everywhere) > 100
    assert everywhere.max() == from_nine.max()
    assert len(from_nine) == pytest.approx(3 / 12 * len(everywhere), abs=3)


def test_of_a_single_line_one_section_fills_the_picture(survey, tmp_path):
    line = np.tile(np.linspace(-1, 1, 8, dtype=np.float32), (1, 12, 1))
    np.save(tmp_path / "line.npy", line)
    draw_sections(open_volume(tmp_path / "line.npy"), tmp_path / "line.png")
    row = imread(tmp_path / "line.png")[300, :, 0]
    assert (row == row[700]).mean() > 0.8  # one sample's grey from side to side


def test_a_probability_of_another_shape_is_refused_and_nothing_is_left(survey, tmp_path):
    np.save(tmp_path / "p.npy", np.zeros((10, 12, 7), np.float32))
    with pytest.raises(VolumeError, match=r"p\.npy has shape \(10, 12, 7\)"):
        draw_sections(survey, tmp_path / "out.png", probability=open_volume(tmp_path / "p.npy"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.npy", "survey.npy"]


def test_the_picture_never_replaces_what_it_shows(segy, numbers):
    path = segy(numbers((4, 5, 6)))
    before = path.read_bytes()
    with open_volume(path) as survey, pytest.raises(OutputError, match="is the input or holds it"):
        draw_sections(survey, path)
    assert path.read_bytes() == before


def test_a_probability_of_other_lines_is_refused(segy, numbers, tmp_path):
    first = segy(numbers((4, 5, 6)))
    second = segy(numbers((4, 5, 6)), "other.sgy", inlines=[20, 21, 22, 23])
    with (
        open_volume(first) as survey,
        open_volume(second) as other,
        pytest.raises(VolumeError, match="inlines 20 to 23"),
    ):
        draw_sections(survey, tmp_path / "out.png", probability=other)


def test_the_command_believes_the_format_code_of_the_survey_alone(segy, numbers, tmp_path, command):
    """The survey has IBM floats and says IEEE; its probability has IEEE floats, as it says."""
    survey = segy(numbers((4, 5, 6)), code=1)
    data = bytearray(survey.read_bytes())
    data[3224:3226] = (5).to_bytes(2, "big")
    survey.write_bytes(data)
    half = segy(np.full((4, 5, 6), 0.5, np.float32), "half.sgy")
    out = tmp_path / "out.png"
    code, *_ = command("show", survey, "-o", out, "--probability", half, "--format-code", "1")
    assert code == 0
    reds = imread(out)[..., :3]
    assert ((reds[..., 0] - reds[..., 2]) > 0.2).mean() > 0.1  # half is drawn over half of the picture


@pytest.mark.parametrize("arguments", [{"inline": 99_999}, {"path": "nofolder/x.png"}])
def test_what_cannot_be_drawn_is_refused_before_the_survey_is_read(survey, tmp_path, monkeypatch, arguments):
    monkeypatch.setattr(type(survey), "live_traces", lambda _: pytest.fail("all was read"))
    path = tmp_path / arguments.pop("path", "x.png")
    with pytest.raises((GeometryError, OutputError)):
        draw_sections(survey, path, **arguments)


def test_a_picture_is_called_png(survey, tmp_path):
    with pytest.raises(OutputError, match=r"out\.gif would be a PNG file: name it \.png"):
        draw_sections(survey, tmp_path / "out.gif")
