from dataclasses import replace

import numpy as np
import pytest

from faultpick.picks import Fault, Picks
from faultpick.view.fault_sections import busiest_slice, sections_through, trace_on
from faultpick.volume import Geometry, SampleAxis


def plane(number, corners):
    """A fault of two triangles with these four corners, positions in voxels."""
    vertices = np.array(corners, np.float32)
    triangles = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
    return Fault(number, vertices, triangles, [], 0.0, 90.0, 1.0, 1.0, 1.0, 0.9, 0.5)


def along_inlines(number, crossline, top=0, bottom=20, inlines=(0, 30)):
    """Strikes along the inline axis at one crossline position: an inline section shows its dip."""
    return plane(number, [[i, crossline, t] for i in inlines for t in (top, bottom)])


def along_crosslines(number, inline, top=0, bottom=20):
    return plane(number, [[inline, x, t] for x in (0, 39) for t in (top, bottom)])


def picks(*faults):
    geometry = Geometry(
        np.arange(100, 131, dtype=np.int32),
        np.arange(500, 580, 2, dtype=np.int32),
        SampleAxis(1000.0, 4.0, 21, "ms"),
    )
    return Picks(list(faults), geometry, "voxels")


def test_a_fault_is_cut_along_its_dip_through_its_middle():
    titles = [
        section.title for section in sections_through(picks(along_inlines(1, 10), along_crosslines(2, 7)))
    ]
    assert titles == ["Inline 115", "Crossline 540"]


def test_the_ground_says_which_line_is_closest_to_the_dip():
    """Inlines 50 m apart and crosslines 12.5 m: it strikes more across the inlines on the grid alone."""
    oblique = plane(1, [[0, 0, 0], [0, 0, 20], [20, 39, 0], [20, 39, 20]])
    assert [s.title for s in sections_through(picks(oblique))] == ["Crossline 540"]
    corners = np.array([[0, 0], [0, 487.5], [1500, 0], [1500, 487.5]], float)
    placed = picks(oblique)
    placed = replace(placed, geometry=replace(placed.geometry, corners=corners))
    assert [s.title for s in sections_through(placed)] == ["Inline 110"]


def test_sections_do_not_lie_side_by_side():
    faults = [along_inlines(1, 10), along_inlines(2, 20, inlines=(0, 32)), along_crosslines(3, 7)]
    assert [s.title for s in sections_through(picks(*faults), 2)] == ["Inline 115", "Inline 124"]
    assert [s.title for s in sections_through(picks(*faults))] == [
        "Inline 115",
        "Inline 124",
        "Crossline 540",
    ]
    short = along_inlines(4, 30, inlines=(12, 18))
    assert [s.title for s in sections_through(picks(faults[0], short))] == ["Inline 115"]
    assert [s.title for s in sections_through(picks(*faults[:1]))] == ["Inline 115"]
    assert sections_through(picks()) == []


def test_the_slice_is_where_most_faults_are():
    faults = [along_inlines(1, 10, 0, 20), along_inlines(2, 20, 14, 16), along_crosslines(3, 7, 15, 20)]
    assert busiest_slice(picks(*faults)).title == "Time 1060 ms"
    assert busiest_slice(picks()).title == "Time 1040 ms"


@pytest.mark.parametrize("number", [0, 1])
def test_a_trace_lies_where_the_surface_meets_the_section_in_line_numbers_and_time(number):
    """A plane that dips from crossline position 10 at the top to 20 at the bottom, whatever the inline."""
    fault = plane(1, [[i, x, t] for i in (0, 30) for x, t in ((10, 0), (20, 20))])
    survey = picks(fault, along_crosslines(2, 7))
    section = sections_through(survey)[number]
    pieces = trace_on(fault, section).reshape(-1, 2)
    across, down = pieces.T
    if section.title.startswith("Inline"):
        assert (down.min(), down.max()) == pytest.approx((1000, 1080))
        assert across == pytest.approx(520 + (down - 1000) / 8 * 2 * 10 / 10, abs=0.01)
        assert (across.min(), across.max()) == pytest.approx((520, 540))
    else:
        assert section.title == "Crossline 540"
        assert down == pytest.approx(np.full(len(down), 1080), abs=0.1)
    level = busiest_slice(survey)
    across, down = trace_on(fault, level).reshape(-1, 2).T
    assert across == pytest.approx(np.full(len(across), 530), abs=0.01)
    assert (down.min(), down.max()) == (100, 130)


def test_beside_a_gap_in_the_line_numbers_a_trace_lies_in_the_picture_as_the_voxels_do():
    survey = picks(plane(1, [[i, x, t] for i in (0, 30) for x, t in ((10, 0), (30, 20))]))
    crosslines = np.r_[500:520, 700:720].astype(np.int32)
    survey = replace(survey, geometry=replace(survey.geometry, crosslines=crosslines))
    section = sections_through(survey)[0]
    across, down = trace_on(survey.faults[0], section).reshape(-1, 2).T
    assert section.across.edges == (-0.5, 39.5)
    assert across == pytest.approx(10 + (down - 1000) / 4, abs=0.01)


def test_a_fault_elsewhere_leaves_no_trace():
    survey = picks(along_inlines(1, 10), along_inlines(2, 20, 0, 20, (0, 5)))
    section = sections_through(survey, 1)[0]
    assert len(trace_on(survey.faults[1], section)) == 0
