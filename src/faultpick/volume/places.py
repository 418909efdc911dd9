"""Where positions between the voxels of a grid lie: line numbers, map coordinates, times or depths."""

import numpy as np
from numpy.typing import NDArray

from faultpick.volume.volume import Geometry, between_corners


def line_numbers(geometry: Geometry, positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inline and crossline numbers, interpolated between lines and continued beyond the last.

    Args:
        geometry: The grid.
        positions: (points, 3 or 2), the first two columns on the first two axes, in voxels.

    Returns:
        Shape (points, 2).
    """
    axes = geometry.inlines, geometry.crosslines
    return np.stack([_between_lines(lines, positions[:, axis]) for axis, lines in enumerate(axes)], axis=1)


def map_coordinates(geometry: Geometry, positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """X and Y from the corners by line number, as `grid_coordinates` has them at whole positions.

    Args:
        geometry: The grid.
        positions: As in `line_numbers`.

    Returns:
        Shape (points, 2), in the survey's own coordinates.

    Raises:
        ValueError: The corners are not known.
    """
    if geometry.corners is None:
        raise ValueError("the corners are not known")
    numbers = line_numbers(geometry, positions)
    u, v = (
        (numbers[:, axis] - lines[0]) / max(int(lines[-1]) - int(lines[0]), 1)
        for axis, lines in enumerate((geometry.inlines, geometry.crosslines))
    )
    return between_corners(geometry.corners, u, v)


def sample_values(geometry: Geometry, positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Time or depth at the third column of `positions`, shape (points,), in the unit of the sample axis."""
    axis = geometry.samples
    return axis.start + axis.step * positions[:, 2].astype(np.float64)


def _between_lines(lines: NDArray[np.int32], positions: NDArray[np.floating]) -> NDArray[np.float64]:
    positions = positions.astype(np.float64)
    if len(lines) == 1:
        return lines[0] + positions
    before = np.clip(np.floor(positions).astype(np.intp), 0, len(lines) - 2)
    return lines[before] + (positions - before) * (lines[before + 1] - lines[before])
