import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.errors import GeometryError
from faultpick.volume.segy_grid import NotLineNumbersError, build_grid


def grid_of(inlines, crosslines):
    inline, crossline = np.meshgrid(inlines, crosslines, indexing="ij")
    return build_grid(inline.ravel().astype(np.int32), crossline.ravel().astype(np.int32))


@settings(deadline=None)
@given(
    rows=st.integers(2, 12),
    columns=st.integers(2, 12),
    steps=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    firsts=st.tuples(st.integers(-100, 5000), st.integers(-100, 5000)),
    keep=st.floats(0.6, 1.0),
    seed=st.integers(0, 1000),
)
def test_every_trace_lies_at_its_numbers(rows, columns, steps, firsts, keep, seed):
    rng = np.random.default_rng(seed)
    places = np.argwhere(np.ones((rows, columns)))
    places = rng.permutation(places)[: max(3, int(keep * len(places)))]
    inline, crossline = (places * steps + firsts).astype(np.int32).T
    grid = build_grid(inline, crossline)
    for trace, (i, x) in enumerate(zip(inline, crossline, strict=True)):
        at = np.searchsorted(grid.inlines, i), np.searchsorted(grid.crosslines, x)
        assert (grid.inlines[at[0]], grid.crosslines[at[1]]) == (i, x)
        assert grid.trace_index[at] == trace
    assert (grid.trace_index >= 0).sum() == len(inline)


def test_decimated_lines_keep_their_step():
    grid = grid_of(range(100, 120, 2), range(7, 40, 3))
    np.testing.assert_array_equal(grid.inlines, np.arange(100, 120, 2))
    np.testing.assert_array_equal(grid.crosslines, np.arange(7, 40, 3))
    assert grid.notes == ()


def test_wholly_missing_lines_are_dead_lines():
    lines = [line for line in range(100, 130) if line not in (110, 111, 112)]
    grid = grid_of(lines, range(5))
    np.testing.assert_array_equal(grid.inlines, np.arange(100, 130))
    assert (grid.trace_index[10:13] == -1).all()
    assert grid.notes == ("3 of 30 inlines hold no trace; they are kept as dead lines.",)


def test_several_steps_are_spread_evenly():
    grid = grid_of([*range(20), *range(20, 40, 2)], range(5))
    np.testing.assert_array_equal(grid.inlines, np.arange(0, 39))
    assert ((grid.trace_index == -1).all(axis=1)).sum() == 9


def test_a_stray_trace_does_not_halve_the_step():
    inline, crossline = np.meshgrid(np.arange(1, 200, 2), np.arange(5), indexing="ij")
    grid = build_grid(
        np.r_[inline.ravel(), 100].astype(np.int32), np.r_[crossline.ravel(), 3].astype(np.int32)
    )
    np.testing.assert_array_equal(grid.inlines, np.sort(np.r_[1:200:2, 100]))
    assert grid.notes == (
        "The inline numbers 1 to 199 are 2 apart but for 2 gaps, where lines lie "
        "between; neighbours there are not evenly spaced.",
    )


def test_large_gaps_are_left_out():
    grid = grid_of([*range(10), *range(1000, 1010)], range(5))
    assert len(grid.inlines) == 20
    assert "0 to 1009 have large gaps" in grid.notes[0]


def test_sorting_is_found():
    slow, fast = np.divmod(np.arange(20, dtype=np.int32), 5)
    assert build_grid(slow, fast).inline_sorted
    assert not build_grid(fast, slow).inline_sorted


def test_one_trace_and_one_line():
    assert grid_of([5], [6]).trace_index.shape == (1, 1)
    assert grid_of([5], range(9)).trace_index.shape == (1, 9)


def test_a_diagonal_is_no_grid():
    numbers = np.arange(50, dtype=np.int32)
    with pytest.raises(NotLineNumbersError, match="50 traces are spread over 50 inlines and 50 crosslines"):
        build_grid(numbers, numbers)


def test_a_nearly_empty_grid_is_no_grid():
    numbers = np.repeat(np.arange(1000, dtype=np.int32), 2)
    with pytest.raises(NotLineNumbersError, match="which is no grid"):
        build_grid(numbers, np.arange(2000, dtype=np.int32))


def test_duplicates():
    inline = np.array([1, 1, 2, 2, 1], dtype=np.int32)
    crossline = np.array([1, 2, 1, 2, 2], dtype=np.int32)
    with pytest.raises(
        GeometryError, match=r"1 of 5 traces .* traces 2 and 5, both at inline 1, crossline 2"
    ):
        build_grid(inline, crossline)


def test_traces_keep_their_numbers_in_the_file():
    inline, crossline = np.divmod(np.arange(6, dtype=np.int32), 3)
    numbers = np.array([1, 2, 3, 5, 6, 9])
    np.testing.assert_array_equal(build_grid(inline, crossline, numbers).trace_index, [[1, 2, 3], [5, 6, 9]])
    inline[5] = crossline[5] = 0
    with pytest.raises(GeometryError, match="traces 2 and 10, both at inline 0"):
        build_grid(inline, crossline, numbers)
