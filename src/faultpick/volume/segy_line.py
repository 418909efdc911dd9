"""A single 2D line, whose trace headers number no grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.coordinates import apply_scalar
from faultpick.volume.segy_layout import header_field

CDP = 21
JUMP = 3.0  # times the distance of most neighbours
STANDING = 0.3
"""Share of neighbours at one place from which on traces without numbers are gathers that nobody stacked."""


@dataclass(frozen=True, eq=False)
class Line:
    """The traces of a single line.

    Attributes:
        numbers: Of each trace in the order of the file, int32, ascending or descending.
        numbered: Whether they are CDP numbers, or else count the traces of the file.
        placed: Whether X and Y say that neighbours in the file are neighbours on the ground.
    """

    numbers: NDArray[np.int32]
    numbered: bool
    placed: bool

    @property
    def origin(self) -> str:
        """What the numbers are."""
        return f"CDP number (byte {CDP})" if self.numbered else "order in the file"


def find_line(headers: NDArray[np.uint8], byte_order: str, xy_bytes: tuple[int, int]) -> Line | None:
    """Number the traces of a single line by their CDP numbers, in order where only X and Y differ.

    Args:
        headers: All trace headers in the order of the file, shape (traces, 240).
        byte_order: ">" or "<".
        xy_bytes: First bytes of X and Y.

    Returns:
        None if they are none of a line: their CDP numbers go up and down, the distances between neighbours
        differ much, all are alike, or many without numbers lie at one place.
    """
    numbers = header_field(headers, CDP, byte_order)
    numbered = bool((numbers != numbers[0]).any())
    if not numbered:
        numbers = np.arange(1, len(headers) + 1, dtype=np.int32)
    ahead = np.diff(numbers.astype(np.int64))
    if not ((ahead > 0).all() or (ahead < 0).all()):
        return None

    scalar = header_field(headers, 71, byte_order)
    x, y = (apply_scalar(header_field(headers, byte, byte_order), scalar) for byte in xy_bytes)
    steps = np.hypot(np.diff(x), np.diff(y)) / np.abs(ahead)
    placed = bool(steps.any())
    if placed and not numbered and (steps == 0).mean() > STANDING:
        return None
    if not (placed or numbered) or (placed and steps.max() > JUMP * np.median(steps[steps > 0])):
        return None
    return Line(numbers, numbered, placed)
