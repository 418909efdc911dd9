"""The inline/crossline grid of a survey, from the numbers in its trace headers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import GeometryError

SPARSEST = 0.01
FEW_BETWEEN = 0.05
"""Share of the gaps between line numbers that may miss the usual step without making it smaller."""


class NotLineNumbersError(GeometryError):
    """The numbers come from the wrong header bytes, or the traces are no stacked survey."""


@dataclass(frozen=True)
class Grid:
    """Which trace lies where.

    Attributes:
        inlines: Ascending line numbers of the first axis, int32.
        crosslines: Ascending line numbers of the second axis, int32.
        trace_index: Number of the trace at each place counted from 0, int64, -1 where there is none.
        inline_sorted: Whether the file goes along crosslines first, inline after inline.
        notes: What looks odd.
    """

    inlines: NDArray[np.int32]
    crosslines: NDArray[np.int32]
    trace_index: NDArray[np.int64]
    inline_sorted: bool
    notes: tuple[str, ...]


def build_grid(
    inline: NDArray[np.int32], crossline: NDArray[np.int32], numbers: NDArray[np.int64] | None = None
) -> Grid:
    """Lay out traces on a grid.

    Each axis runs in regular steps (the greatest common divisor of the gaps between line numbers) from the
    first line to the last, so that voxels are evenly spaced; a line without any trace is a dead line. Where
    more than half the lines of such an axis would be dead, it holds only the lines that exist instead.

    Args:
        inline: Inline number of each trace in the order of the file.
        crossline: Crossline number of each trace.
        numbers: Number of each trace in the file, counted from 0; None: all of it.

    Raises:
        GeometryError: Some places have two traces. The message does not name the file, nor does the next one.
        NotLineNumbersError: The numbers are constant, mostly repeat, or do not span a grid.
    """
    count = len(inline)
    inlines, inline_note = _axis(inline, "inline")
    crosslines, crossline_note = _axis(crossline, "crossline")
    if count > 1 and len(inlines) == len(crosslines) == 1:
        what = "zero" if inline[0] == crossline[0] == 0 else f"constant ({inline[0]} and {crossline[0]})"
        raise NotLineNumbersError(f"the inline and crossline numbers of all {count} traces are {what}")
    cells = len(inlines) * len(crosslines)
    lonely = count > 3 and len(np.unique(inline)) == count and len(np.unique(crossline)) == count
    if lonely or (count < SPARSEST * cells and cells > 10_000):
        raise NotLineNumbersError(
            f"{count} traces are spread over {len(inlines)} inlines and {len(crosslines)} crosslines, "
            "which is no grid"
        )

    place = np.searchsorted(inlines, inline) * len(crosslines) + np.searchsorted(crosslines, crossline)
    numbers = np.arange(count) if numbers is None else numbers
    trace_index = np.full(cells, -1, dtype=np.int64)
    trace_index[place] = numbers
    _refuse_duplicates(inline, crossline, numbers, place, trace_index)
    inline_sorted = np.count_nonzero(np.diff(inline)) <= np.count_nonzero(np.diff(crossline))
    notes = [inline_note, crossline_note, _end_note(inline, crossline, bool(inline_sorted))]
    return Grid(
        inlines,
        crosslines,
        trace_index.reshape(len(inlines), len(crosslines)),
        bool(inline_sorted),
        tuple(note for note in notes if note),
    )


def _axis(numbers: NDArray[np.int32], name: str) -> tuple[NDArray[np.int32], str]:
    present = np.unique(numbers)
    if len(present) < 3:
        return present, ""
    first, last = int(present[0]), int(present[-1])
    gaps = np.diff(present.astype(np.int64))
    step = int(np.gcd.reduce(gaps))
    sizes, counts = np.unique(gaps, return_counts=True)
    usual = int(sizes[counts.argmax()])
    between = int(np.count_nonzero(gaps % usual))
    if step < usual and between <= FEW_BETWEEN * len(gaps):
        return present, (
            f"The {name} numbers {first} to {last} are {usual} apart but for {between} gaps, where lines lie "
            "between; neighbours there are not evenly spaced."
        )
    count = (last - first) // step + 1
    missing = count - len(present)
    if missing == 0:
        return present, ""
    if count <= 2 * len(present):
        axis = np.arange(first, last + 1, step, dtype=np.int32)
        return axis, f"{missing} of {count} {name}s hold no trace; they are kept as dead lines."
    return present, (
        f"The {name} numbers {first} to {last} have large gaps, which are left out: "
        f"neighbours among the {len(present)} {name}s are not evenly spaced."
    )


def _refuse_duplicates(
    inline: NDArray[np.int32],
    crossline: NDArray[np.int32],
    numbers: NDArray[np.int64],
    place: NDArray[np.int64],
    trace_index: NDArray[np.int64],
) -> None:
    hidden = np.flatnonzero(trace_index[place] != numbers)
    if len(hidden) == 0:
        return
    first = hidden[0]
    second = np.flatnonzero(place == place[first])[1]
    pair = f"{numbers[first] + 1} and {numbers[second] + 1}"
    message = (
        f"{len(hidden)} of {len(place)} traces have the inline and crossline of another one, the first being "
        f"traces {pair}, both at inline {inline[first]}, crossline {crossline[first]}"
    )
    if 2 * len(hidden) >= len(place):
        raise NotLineNumbersError(
            f"{message}: they are gathers before stack, or these are not the line numbers"
        )
    raise GeometryError(message)


def _end_note(inline: NDArray[np.int32], crossline: NDArray[np.int32], inline_sorted: bool) -> str:
    """Say so if the last line of the file stops early where the two before it end at the same number."""
    slow, fast = (inline, crossline) if inline_sorted else (crossline, inline)
    names = ("inline", "crossline") if inline_sorted else ("crossline", "inline")
    starts = np.flatnonzero(np.diff(slow)) + 1
    if len(starts) < 2:
        return ""
    bounds = [0, *starts[-3:], len(fast)]
    earlier, before, last = (fast[start:end] for start, end in pairwise(bounds[-4:]))
    if last[0] != before[0] or len(last) >= len(before) or before[-1] != earlier[-1]:
        return ""
    return (
        f"The file may be cut short: its last {names[0]} {slow[-1]} ends at {names[1]} {last[-1]}, "
        f"the one before at {before[-1]}."
    )
