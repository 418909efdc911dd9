"""Sticks: where the surface of a fault cuts sections that lie across it."""

import numpy as np
from numpy.typing import NDArray
from skimage.measure import approximate_polygon

from faultpick.picks.attributes import Scale, grid_normal, line_across

SHORTEST = 4.0  # voxels
TOLERANCE = 0.1  # voxels that a stick may leave the surface
ASIDE = 1e-3  # voxels that a section is moved into the surface that begins at it


def sticks_of(
    vertices: NDArray[np.float32], triangles: NDArray[np.int32], spacing: int, scale: Scale
) -> list[NDArray[np.float32]]:
    """Sticks of a surface on every `spacing`-th inline or crossline, whichever lies more across the strike.

    Sections are halved in spacing until there are two sticks. A section that cuts the surface in several
    pieces gives several sticks.

    Args:
        vertices: In voxels, (n, 3).
        triangles: With normals into the hanging wall, (m, 3).
        spacing: Lines between sections.
        scale: Of the survey.

    Returns:
        Each stick's positions from top to bottom, (points, 3), in order along the strike.
    """
    normal = grid_normal(vertices, triangles, scale)
    axis = line_across(normal, scale)
    along = normal[1] if axis == 0 else -normal[0]
    low, high = vertices[:, axis].min(), vertices[:, axis].max()
    sticks: list[NDArray[np.float32]] = []
    while spacing >= 1 and len(sticks) < 2:
        first = int(np.ceil(low / spacing)) * spacing
        sections = range(first, int(np.floor(high)) + 1, spacing)
        sticks = [
            stick
            for section in (sections if along >= 0 else sections[::-1])
            for stick in cuts_of(vertices, triangles, axis, section)
        ]
        spacing //= 2
    return sticks


def cuts_of(
    vertices: NDArray[np.float32], triangles: NDArray[np.int32], axis: int, section: float
) -> list[NDArray[np.float32]]:
    """The lines in which a section cuts the surface, those with the higher top first."""
    place = section + ASIDE if section == vertices[:, axis].min() else section
    side = vertices[:, axis] >= place
    crossed = triangles[side[triangles].any(axis=1) & ~side[triangles].all(axis=1)]
    links: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for triangle in crossed.tolist():
        ends = [
            (min(a, b), max(a, b))
            for a, b in zip(triangle, triangle[1:] + triangle[:1], strict=True)
            if side[a] != side[b]
        ]
        links.setdefault(ends[0], []).append(ends[1])
        links.setdefault(ends[1], []).append(ends[0])
    sticks = []
    for chain in _chains(links):
        a, b = (vertices[list(ends)].astype(np.float64) for ends in zip(*chain, strict=True))
        share = (place - a[:, axis]) / (b[:, axis] - a[:, axis])
        line = a + share[:, None] * (b - a)
        flat = np.delete(line if line[0, 2] <= line[-1, 2] else line[::-1], axis, axis=1)
        line = np.insert(approximate_polygon(flat, TOLERANCE), axis, section, axis=1)
        if np.linalg.norm(np.diff(line, axis=0), axis=1).sum() >= SHORTEST:
            sticks.append(line.astype(np.float32))
    return sorted(sticks, key=lambda stick: stick[0, 2])


def _chains(links: dict[tuple[int, int], list[tuple[int, int]]]) -> list[list[tuple[int, int]]]:
    """Follow the links from end to end; each node is used once."""
    chains = []
    left = dict.fromkeys(sorted(links, key=lambda node: len(links[node])))
    while left:
        node = next(iter(left))
        chain = [node]
        del left[node]
        while following := [other for other in links[chain[-1]] if other in left]:
            chain.append(following[0])
            del left[following[0]]
        if len(chain) > 1:
            chains.append(chain)
    return chains
