"""Where a survey lies: its corners from the X and Y in trace headers."""

import numpy as np
from numpy.typing import NDArray


def apply_scalar(values: NDArray[np.int32], scalar: NDArray[np.int32]) -> NDArray[np.float64]:
    """Coordinates with SEG-Y's scalar: positive multiplies, negative divides, zero does nothing."""
    scalar = scalar.astype(np.float64)
    return values * np.where(scalar > 0, scalar, 1) / np.where(scalar < 0, -scalar, 1)


def fit_corners(
    inline: NDArray[np.int32],
    crossline: NDArray[np.int32],
    xy: NDArray[np.float64],
    inlines: NDArray[np.int32],
    crosslines: NDArray[np.int32],
) -> tuple[NDArray[np.float64] | None, str]:
    """Least-squares affine map from line numbers to X and Y, at the corners of the grid.

    Args:
        inline: Inline number of each of some traces.
        crossline: Crossline number of each.
        xy: X and Y of each, shape (traces, 2); traces at (0, 0) are left out.
        inlines: Line numbers of the grid's first axis.
        crosslines: Line numbers of the grid's second axis.

    Returns:
        The corners, shape (4, 2), in the order of `Geometry.corners`, and a note. The corners are None if
        the coordinates do not vary, or miss the map by more than one line spacing (root mean square): then
        the note says so.
    """
    known = (xy != 0).any(axis=1)
    if len(np.unique(xy[known], axis=0)) < 2:
        return None, ""
    centre = np.array([inlines.mean(), crosslines.mean()])
    scale = np.array([max(np.ptp(inlines), 1), max(np.ptp(crosslines), 1)])
    lines = (np.stack([inline, crossline], axis=1)[known] - centre) / scale
    origin = xy[known].mean(axis=0)
    design = np.column_stack([np.ones(len(lines)), lines])
    affine, *_ = np.linalg.lstsq(design, xy[known] - origin, rcond=None)

    misfit = np.sqrt(np.square(design @ affine + origin - xy[known]).sum(axis=1).mean())
    spacing = np.hypot(*affine[1:].T) / [max(len(inlines) - 1, 1), max(len(crosslines) - 1, 1)]
    if misfit > spacing.max():
        return None, f"The X and Y in the headers miss a regular grid by {misfit:.4g}; they are left out."
    ends = np.array([[i, x] for i in (inlines[0], inlines[-1]) for x in (crosslines[0], crosslines[-1])])
    return np.column_stack([np.ones(4), (ends - centre) / scale]) @ affine + origin, ""
