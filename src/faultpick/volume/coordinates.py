"""Where a survey lies: its corners from the X and Y in trace headers."""

import numpy as np
from numpy.typing import NDArray

FAR = 5.0  # times the median miss: beyond that, and half a line spacing, X and Y count as wrong
MOST_WRONG = 0.05
ROUNDS = 10
CLOSE, CLOSEST = 3.0, 0.02
"""Metres or feet between lines below which X and Y are seconds of arc, if told so, and degrees if not."""
ANGLES_NOTE = "X and Y of the traces are angles and left out; put map coordinates there for true dips."
FLATTEST = 0.01  # sine of the angle between inlines and crosslines up to which they are no grid


def apply_scalar(values: NDArray[np.int32], scalar: NDArray[np.int32]) -> NDArray[np.float64]:
    """Coordinates with SEG-Y's scalar: positive multiplies, negative divides, zero does nothing."""
    wide = scalar.astype(np.int64)
    return values * np.where(wide > 0, wide, 1) / np.where(wide < 0, -wide, 1)


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
        The corners, shape (4, 2), in the order of `Geometry.corners`, and a note. A few traces far from where
        the others say are left out, and the note says how many. The corners are None if the coordinates do
        not vary, miss the map by more than one line spacing (root mean square), or have inlines and
        crosslines run the same way, as where X or Y is missing: then the note says so.
    """
    known = (xy != 0).any(axis=1)
    if len(np.unique(xy[known], axis=0)) < 2:
        return None, ""
    centre = np.array([inlines.mean(), crosslines.mean()])
    scale = np.array([max(np.ptp(inlines), 1), max(np.ptp(crosslines), 1)])
    lines = (np.stack([inline, crossline], axis=1)[known] - centre) / scale
    design, xy = np.column_stack([np.ones(len(lines)), lines]), xy[known]
    intervals = np.array([max(len(inlines) - 1, 1), max(len(crosslines) - 1, 1)])

    kept = _without_outliers(design, xy, intervals)
    affine, misses, spacing = _fit(design, xy, intervals, kept)
    misfit = np.sqrt(np.square(misses[kept]).mean())
    if misfit > spacing:
        return None, f"The X and Y in the headers miss a regular grid by {misfit:.4g}; they are left out."
    if min(len(inlines), len(crosslines)) > 1 and _nearly_parallel(affine[1], affine[2]):
        return None, "The X and Y in the headers put all lines upon one another; they are left out."
    wrong = np.count_nonzero(~kept)
    note = (
        f"The X and Y of {wrong} of {len(kept)} traces looked at miss the grid of the others by up to "
        f"{misses.max():.4g}; they are left out."
    )
    ends = np.array([[i, x] for i in (inlines[0], inlines[-1]) for x in (crosslines[0], crosslines[-1])])
    corners = np.column_stack([np.ones(4), (ends - centre) / scale]) @ affine
    return corners, note if wrong else ""


def are_angles(corners: NDArray[np.float64], shape: tuple[int, ...], *, told: bool) -> bool:
    """Whether traces lie closer than any survey's, so that X and Y are degrees, or seconds where it is told.

    Args:
        corners: Of the survey, shape (4, 2), in the order of `Geometry.corners`.
        shape: Inlines and crosslines of the survey.
        told: The file says that they are angles.
    """
    sides = np.hypot(*(corners[1:3] - corners[0]).T)
    spacing = max(sides / np.maximum([shape[1] - 1, shape[0] - 1], 1))
    return bool(spacing < (CLOSE if told else CLOSEST))


def _nearly_parallel(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    lengths = np.hypot(*first) * np.hypot(*second)
    return abs(first[0] * second[1] - first[1] * second[0]) <= FLATTEST * lengths


def _without_outliers(
    design: NDArray[np.float64], xy: NDArray[np.float64], intervals: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which traces to fit, shape (traces,): all, unless a few are far from where the others say."""
    kept = np.ones(len(xy), dtype=bool)
    for _ in range(ROUNDS):
        _, misses, spacing = _fit(design, xy, intervals, kept)
        near = misses <= max(FAR * np.median(misses), spacing / 2)
        if (near == kept).all():
            break
        kept = near
    return kept if np.mean(~kept) <= MOST_WRONG else np.ones_like(kept)


def _fit(
    design: NDArray[np.float64],
    xy: NDArray[np.float64],
    intervals: NDArray[np.int64],
    kept: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """The affine map of the kept traces, by how much each trace misses it, and the wider line spacing."""
    origin = xy[kept].mean(axis=0)
    affine, *_ = np.linalg.lstsq(design[kept], xy[kept] - origin, rcond=None)
    affine[0] += origin
    return affine, np.hypot(*(design @ affine - xy).T), float((np.hypot(*affine[1:].T) / intervals).max())
