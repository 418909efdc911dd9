"""Sections through faults: where to cut, and where the surfaces meet the plane."""

import numpy as np
from numpy.typing import NDArray

from faultpick.picks import Fault, Picks
from faultpick.picks.attributes import grid_normal, line_across, scale_of, triangle_normals
from faultpick.picks.settings import PickSettings
from faultpick.view.sections import Section, axes_of

_ASIDE = 1e-3
"""Voxels by which a plane is moved off the vertices that would lie in it."""


def sections_through(picks: Picks, count: int = 3) -> list[Section]:
    """Sections through the middles of the largest faults, each on the line that is closest to their dip.

    Where that would lie beside a section that is there already, a fault is cut as far from it as the middle
    half of the fault allows, or not at all. Of a single line, the section is that line.
    """
    inlines, crosslines, samples = axes_of(picks.geometry)
    scale = scale_of(picks.geometry, PickSettings().velocity)
    whole = slice(None)
    chosen = [(axis, 0) for axis in range(2) if picks.geometry.shape[axis] == 1]
    for fault in picks.faults:
        if len(fault.triangles):
            _, areas = triangle_normals(fault.vertices, fault.triangles)
            centre = np.average(fault.vertices[fault.triangles].mean(axis=1), axis=0, weights=areas)
            axis = line_across(grid_normal(fault.vertices, fault.triangles, scale), scale)
            size = picks.geometry.shape[axis]
            taken = [at for other, at in chosen if other == axis]
            low, high = fault.vertices[:, axis].min(), fault.vertices[:, axis].max()
            within = [centre[axis], *np.quantile([low, high], (0.25, 0.75))]
            places = np.clip(np.round(within).astype(int), 0, size - 1)
            apart = [min((abs(place - at) for at in taken), default=size) for place in places]
            best = 0 if apart[0] >= size / 8 else int(np.argmax(apart))
            if apart[best] >= size / 8:
                chosen.append((axis, int(places[best])))
    return [
        Section((at, whole, whole), crosslines, samples, f"Inline {inlines.values[at]}")
        if axis == 0
        else Section((whole, at, whole), inlines, samples, f"Crossline {crosslines.values[at]}")
        for axis, at in chosen[:count]
    ]


def busiest_slice(picks: Picks) -> Section:
    """The slice that most faults cross; of several, the one nearest the middle."""
    inlines, crosslines, samples = axes_of(picks.geometry)
    levels = np.arange(picks.geometry.samples.count)
    crossed = np.zeros(len(levels), int)
    for fault in picks.faults:
        if len(fault.vertices):
            low, high = fault.vertices[:, 2].min(), fault.vertices[:, 2].max()
            crossed += (levels >= low) & (levels <= high)
    busiest = np.flatnonzero(crossed == crossed.max())
    t = int(busiest[np.abs(busiest - len(levels) // 2).argmin()])
    unit = "" if picks.geometry.samples.unit == "samples" else f" {picks.geometry.samples.unit}"
    level = f"{samples.label.split(' ')[0].capitalize()} {samples.values[t]:g}{unit}"
    return Section((slice(None), slice(None), t), crosslines, inlines, level)


def trace_on(fault: Fault, section: Section) -> NDArray[np.float64]:
    """Where a fault meets a section: (pieces, 2 ends, 2), across and down as its picture has them."""
    axis, position = next((axis, key) for axis, key in enumerate(section.key) if isinstance(key, int))
    across, down = (1, 0) if axis == 2 else ((1, 2) if axis == 0 else (0, 2))
    if len(fault.triangles):
        cut = _cut(fault.vertices, fault.triangles, axis, position + _ASIDE)
    else:
        cut = _sticks_in(fault.sticks, axis, position)
    return np.stack(
        [
            np.interp(cut[..., column], np.arange(len(places)), places)
            for column, places in ((across, section.across.places), (down, section.down.places))
        ],
        axis=-1,
    )


def _sticks_in(sticks: list[NDArray[np.float32]], axis: int, position: int) -> NDArray[np.float64]:
    """Segments, (pieces, 2, 3), of the sticks that lie in the plane where `axis` is `position`."""
    pieces = [
        np.stack([stick[:-1], stick[1:]], axis=1) for stick in sticks if (stick[:, axis] == position).all()
    ]
    return np.concatenate(pieces).astype(np.float64) if pieces else np.empty((0, 2, 3))


def _cut(
    vertices: NDArray[np.floating], triangles: NDArray[np.integer], axis: int, position: float
) -> NDArray[np.float64]:
    """Segments, (pieces, 2, 3), along which triangles meet the plane where `axis` is `position`."""
    corners = np.asarray(vertices, np.float64)[triangles]
    above = corners[..., axis] > position
    corners, above = (each[above.any(axis=1) & ~above.all(axis=1)] for each in (corners, above))
    alone = above == (above.sum(axis=1) == 1)[:, None]
    tip = np.argmax(alone, axis=1)
    rows = np.arange(len(corners))
    start = corners[rows, tip]
    ends = []
    for step in (1, 2):
        other = corners[rows, (tip + step) % 3]
        share = (position - start[:, axis]) / (other[:, axis] - start[:, axis])
        ends.append(start + share[:, None] * (other - start))
    return np.stack(ends, axis=1)
