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


def line_steps(geometry: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """X and Y of the step from an inline to the next and from a crossline to the next, each (2,).

    Where line numbers are uneven, as beside a gap, the step is the median one; of a single line it is 0.

    Raises:
        ValueError: The corners are not known.
    """
    if geometry.corners is None:
        raise ValueError("the corners are not known")
    first, along_crosslines, along_inlines, _ = geometry.corners
    return (
        (along_inlines - first) * _share_of_a_step(geometry.inlines),
        (along_crosslines - first) * _share_of_a_step(geometry.crosslines),
    )


def _share_of_a_step(lines: NDArray[np.int32]) -> float:
    """The median step between neighbouring lines, as a share of the way from the first to the last."""
    return float(np.median(np.diff(lines)) / (lines[-1] - lines[0])) if len(lines) > 1 else 0.0
