"""Which bytes of the trace headers look like line numbers, for a message to somebody who gave others."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.segy_layout import TWO_BYTE_FIELDS, header_field

MOST = 3
COORDINATES = frozenset([37, 73, 77, 81, 85, 181, 185])
"""And the offset of unstacked traces: no line number either."""
FIELDS = sorted({*range(1, 29, 4), *range(37, 69, 4), *range(181, 238, 4), 205, 225} | TWO_BYTE_FIELDS)


def likely_line_bytes(headers: NDArray[np.uint8], byte_order: str) -> str:
    """Name the pairs of header fields that number some traces like a grid of lines.

    Args:
        headers: Trace headers of traces that follow each other in the file, shape (traces, 240).
        byte_order: ">" or "<".

    Returns:
        The pairs in words, "" if there are none.
    """
    numbers: dict[int, NDArray[np.int32]] = {}
    for byte in FIELDS:
        values = header_field(headers, byte, byte_order)
        distinct = len(np.unique(values))
        repeats = any(np.array_equal(values, other) for other in numbers.values())
        if byte not in COORDINATES and 1 < distinct < len(values) and not repeats:
            numbers[byte] = values
    fullness = {}
    for first, second in combinations(numbers, 2):
        a, b = numbers[first].astype(np.int64), numbers[second].astype(np.int64)
        cells = len(np.unique(a)) * len(np.unique(b))
        if cells <= 4 * len(a) and len(np.unique(a * (1 << 32) + b)) == len(a):
            fullness[first, second] = len(a) / cells
    if not fullness:
        return ""
    best = sorted(fullness, key=lambda pair: -fullness[pair])[:MOST]
    pairs = [
        f"{first} and {second} ({numbers[first].min()}..{numbers[first].max()} and "
        f"{numbers[second].min()}..{numbers[second].max()})"
        for first, second in best
    ]
    return ", or ".join(pairs)
