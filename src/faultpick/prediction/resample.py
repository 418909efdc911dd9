"""Between the survey's grid and the network's, one axis after the other.

Each axis is a matrix from positions on one grid to positions on the other. Its weights depend on the
positions alone, counted from the survey's first sample, so blocks agree with the whole.
"""

import numpy as np
from numpy.typing import NDArray

from faultpick.prediction.tiles import reflected

LOBES = 3  # of the Lanczos kernel


def reach(box: slice, factor: float, count: int) -> slice:
    """The survey's positions that positions of the network's grid are interpolated from."""
    width = LOBES * max(1.0, 1.0 / factor)
    first = int(np.floor(box.start / factor - width))
    last = int(np.ceil((box.stop - 1) / factor + width))
    # reflected at an end, positions beyond it come from as many before it
    return slice(max(min(first, count - 1 - max(last - count + 1, 0)), 0), min(max(last, -first) + 1, count))


def to_grid(box: slice, read: slice, factor: float, count: int) -> NDArray[np.float32]:
    """From the survey's positions to those of the network's grid, `(box, read)`, band-limited.

    A Lanczos kernel of three lobes (Duchon 1979), stretched where the network's grid is the coarser one so
    that it holds back what that grid cannot show; the survey is reflected at its ends.

    Args:
        box: Positions k of the network's grid, which lie at k / factor.
        read: The survey's positions at hand, those of `reach`.
        factor: Positions of the network's grid for each one of the survey's.
        count: Positions of the survey.
    """
    stretch = max(1.0, 1.0 / factor)
    centres = np.arange(box.start, box.stop) / factor
    matrix = np.zeros((len(centres), read.stop - read.start))
    margin = int(np.ceil(LOBES * stretch)) + 1
    offsets = np.arange(-margin, margin + 1)
    places = np.floor(centres).astype(np.intp)[:, None] + offsets
    distance = (places - centres[:, None]) / stretch
    weights = np.where(np.abs(distance) < LOBES, np.sinc(distance) * np.sinc(distance / LOBES), 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    rows, columns = np.nonzero(weights)
    inside = _reflect(places[rows, columns], count)
    np.add.at(matrix, (rows, inside - read.start), weights[rows, columns])
    return matrix.astype(np.float32)


def from_grid(box: slice, grid: slice, factor: float) -> NDArray[np.float32]:
    """From positions of the network's grid to the survey's, `(box, grid)`: linear, 0 to 1 stays 0 to 1.

    Args:
        box: The survey's positions.
        grid: The network's positions at hand, one at least on each side of each of them.
        factor: Positions of the network's grid for each one of the survey's.
    """
    centres = np.round(np.arange(box.start, box.stop) * factor, 6)[:, None]
    places = np.arange(grid.start, grid.stop)
    return np.maximum(0.0, 1.0 - np.abs(places - centres)).astype(np.float32)


def along(
    array: NDArray[np.float32], matrices: tuple[NDArray[np.float32] | None, ...]
) -> NDArray[np.float32]:
    """Apply a matrix to each of the last three axes; None leaves an axis as it is."""
    for axis, matrix in zip((-3, -2, -1), matrices, strict=True):
        if matrix is not None:
            array = np.moveaxis(np.tensordot(array, matrix, axes=(axis, 1)), -1, axis)
    return np.ascontiguousarray(array)


def _reflect(places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Positions beyond the ends, reflected into the survey."""
    before = max(0, -int(places.min()))
    total = before + max(count, int(places.max()) + 1)
    return reflected(count, before, total)[places + before]
