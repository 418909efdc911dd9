"""Separating: which points belong to the same fault.

Points are gathered into patches a few voxels wide, and patches are joined into faults. Two patches attract
each other by every pair of their points that lie in each other's plane and face the same way, and repel each
other by every pair that lie over one another or face different ways. The pair of groups that attract each
other most is joined first, its attractions and repulsions added up, until no two groups attract each other
(greedy additive edge contraction, Keuper et al. 2015, ICCV). So an X becomes two faults, as each arm is
attracted by the arm across from it and repelled by those beside it, and the branch of a Y cannot
be joined to a trunk that already goes on into the other branch; a curved fault stays one.

Where faults meet, normals are ambiguous: those points are left out at first and given to the fault whose
plane they lie in at the end.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from faultpick.picks.points import Cells, Points, near

PATCH = 8  # side of a patch in voxels
TOUCHING = 2.3  # distance in voxels between neighbours on a sheet one voxel thick
AMBIGUOUS = 0.3  # share of odd neighbours from which a point is left out at first
REACH = 28.0  # distance in voxels over which patches attract or repel at least
NEAR = 12.0  # distance in voxels over which they do so less by a factor of 0.6
NOISE = 0.5  # voxels by which a patch may miss the plane of another
IN_PLANE = 2.5  # distance in voxels from the plane of a patch at which another still lies in it
BESIDE = 3.0  # distance in voxels at which a group clings to another
SLIVER = 0.6  # share of its points that do so from which it is no fault of its own
SHARPEST = 2.0  # bend in degrees per voxel at which they no longer attract


def strong_only(points: Points, cells: Cells, high: float) -> NDArray[np.bool_]:
    """Which points are connected to one whose probability is at least `high` (hysteresis), (points,)."""
    everything = np.zeros(len(points), np.int64)
    label = _touching(points.position, points.normal, everything, -1.0, cells.order, cells.start, cells.shape)
    strong = np.zeros(len(points), bool)
    strong[label[points.probability >= high]] = True
    return strong[label]


def separate(points: Points, ambiguity: NDArray[np.float32], cells: Cells, gap: float) -> NDArray[np.int32]:
    """Give each point the number of its fault, (points,): 0 and up in no order, -1 for none.

    Args:
        points: With fitted normals.
        ambiguity: Of each normal, (points,).
        cells: To look up neighbours.
        gap: Width in voxels of a gap that a fault may have.
    """
    patch = _patches(points, ambiguity, cells)
    if (patch < 0).all():
        return np.full(len(points), -1, np.int32)
    patches = _described(points, patch)
    group = _within_gap(patches, contracted(len(patches.size), *_ties(patches, gap)), gap)
    label = np.where(patch >= 0, group[patch], -1).astype(np.int32)
    label = _reattached(points, label, cells)
    return _reattached(points, _without_slivers(points, label, cells), cells)


def _without_slivers(points: Points, label: NDArray[np.int32], cells: Cells) -> NDArray[np.int32]:
    """Groups that cling to larger ones are dissolved: the points where two faults cross, seen as a third."""
    size = np.bincount(label[label >= 0])
    clings = _beside_larger(
        points.position, label, np.append(size, 0)[label], cells.order, cells.start, cells.shape
    )
    share = np.bincount(label[label >= 0], clings[label >= 0]) / np.maximum(size, 1)
    return np.where((label >= 0) & (share[label] > SLIVER), -1, label).astype(np.int32)


@njit(cache=True)
def _beside_larger(position, label, size, order, start, shape):
    """Which points have one of a larger group within `BESIDE` voxels; `size` is that of the own group."""
    result = np.zeros(len(label), np.bool_)
    found = np.empty(1024, np.int32)
    for n in range(len(label)):
        if label[n] < 0:
            continue
        count = near(position[n], BESIDE, position, order, start, shape, found)
        for place in range(count):
            other = found[place]
            if label[other] != label[n] and size[other] > size[n]:
                result[n] = True
    return result


def _patches(points: Points, ambiguity: NDArray[np.float32], cells: Cells) -> NDArray[np.int64]:
    """Connected, facing alike, within one cube of `PATCH` voxels: the patch of each point, -1 for none."""
    place = (points.voxel // PATCH).astype(np.int64)
    cube = (place[:, 0] * (place[:, 1].max() + 1) + place[:, 1]) * (place[:, 2].max() + 1) + place[:, 2]
    cube[ambiguity > AMBIGUOUS] = -1
    label = _touching(points.position, points.normal, cube, 0.9, cells.order, cells.start, cells.shape)
    _, patch, count = np.unique(label, return_inverse=True, return_counts=True)
    patch[(cube < 0) | (count[patch] < 4)] = -1
    kept, patch = np.unique(patch, return_inverse=True)
    return patch - (kept[0] == -1)


@njit(cache=True)
def _touching(position, normal, group, facing, order, start, shape):
    """Connected components of neighbours of the same group that face alike and lie in each other's plane.

    Groups below 0 have no neighbours; `facing` is the least cosine, below 0 for any direction and offset.
    The label of a component is the index of its first point.
    """
    parent = np.arange(len(position))
    found = np.empty(1024, np.int32)
    for n in range(len(position)):
        if group[n] < 0:
            continue
        count = near(position[n], TOUCHING, position, order, start, shape, found)
        for place in range(count):
            other = found[place]
            if other <= n or group[other] != group[n]:
                continue
            if facing >= 0.0:
                cosine, ahead, behind = 0.0, 0.0, 0.0
                for axis in range(3):
                    away = position[other, axis] - position[n, axis]
                    cosine += normal[n, axis] * normal[other, axis]
                    ahead += away * normal[n, axis]
                    behind += away * normal[other, axis]
                if abs(cosine) < facing or max(abs(ahead), abs(behind)) > 1.1:
                    continue
            a, b = n, other
            while parent[a] != a:
                parent[a] = parent[parent[a]]
                a = parent[a]
            while parent[b] != b:
                parent[b] = parent[parent[b]]
                b = parent[b]
            parent[max(a, b)] = min(a, b)
    for n in range(len(position)):
        parent[n] = parent[parent[n]]
    return parent


@dataclass(frozen=True, eq=False)
class Patches:
    """Pieces of faults about as large as `PATCH` voxels.

    Attributes:
        centre: Mean position, (patches, 3).
        normal: Mean unit normal, (patches, 3).
        size: Number of points, (patches,).
        radius: From the centre to the farthest point, (patches,).
    """

    centre: NDArray[np.float64]
    normal: NDArray[np.float64]
    size: NDArray[np.int64]
    radius: NDArray[np.float64]


def _described(points: Points, patch: NDArray[np.int64]) -> Patches:
    inside = patch >= 0
    patch, position, normal = patch[inside], points.position[inside], points.normal[inside]
    size = np.bincount(patch)
    centre = np.stack([np.bincount(patch, column) for column in position.T], axis=1) / size[:, None]
    first = np.unique(patch, return_index=True)[1]
    normal = normal * np.sign((normal * normal[first][patch]).sum(axis=1))[:, None]
    mean = np.stack([np.bincount(patch, column) for column in normal.T], axis=1)
    radius = np.zeros(len(size))
    np.maximum.at(radius, patch, np.linalg.norm(position - centre[patch], axis=1))
    return Patches(centre, mean / np.linalg.norm(mean, axis=1, keepdims=True), size, radius)


def _ties(patches: Patches, gap: float) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of patches within reach, and how much each speaks for one fault (above 0) or for two (below).

    A pair that lies on a circle has the same angle between the normals and twice the angle between chord and
    plane, so bending is taken for a distance; the straightest continuation attracts most.
    """
    pairs = KDTree(patches.centre).query_pairs(max(REACH, gap + 2 * PATCH), output_type="ndarray")
    pairs = pairs[np.lexsort(pairs.T[::-1])]
    first, second = pairs.T
    away = patches.centre[second] - patches.centre[first]
    distance = np.maximum(np.linalg.norm(away, axis=1), 1e-6)
    cosine = np.abs((patches.normal[first] * patches.normal[second]).sum(axis=1))
    offset = np.maximum(
        np.abs((away * patches.normal[first]).sum(axis=1)),
        np.abs((away * patches.normal[second]).sum(axis=1)),
    )
    turn = np.degrees(np.arccos(np.minimum(cosine, 1.0)))
    climb = np.degrees(np.arcsin(np.minimum(np.maximum(offset - NOISE, 0.0) / distance, 1.0)))
    bend = np.hypot(np.maximum(turn - 4.0, 0.0), 2.0 * climb) / np.maximum(distance, PATCH)
    straight = np.clip(1.0 - bend / SHARPEST, -1.0, 1.0)
    stacked = (climb > 35.0) | (turn > 40.0)
    small = np.minimum(patches.size[first], patches.size[second])
    weight = np.where(stacked, -1.0, straight) * np.exp(-0.5 * (distance / NEAR) ** 2)
    return first, second, weight * np.minimum(small, 60) / 60


def _within_gap(patches: Patches, group: NDArray[np.int64], gap: float) -> NDArray[np.int64]:
    """Groups that fall apart where no two of their patches are within `gap` voxels of each other.

    Where another fault crosses, its patches in the plane of the group count as the group's own.
    """
    reach = gap + 2.0 * float(patches.radius.max())
    pairs = KDTree(patches.centre).query_pairs(reach, output_type="ndarray")
    first, second = np.concatenate([pairs, pairs[:, ::-1]]).T
    away = patches.centre[second] - patches.centre[first]
    near = np.linalg.norm(away, axis=1) <= gap + patches.radius[first] + patches.radius[second]
    crosses = near & (np.abs((away * patches.normal[first]).sum(axis=1)) <= IN_PLANE)
    own = group[first] == group[second]
    lent = crosses & ~own
    count = len(group)
    borrowed, place = np.unique(group[first[lent]] * count + second[lent], return_inverse=True)
    label = _components(
        count + len(borrowed),
        np.concatenate([first[near & own], first[lent]]),
        np.concatenate([second[near & own], count + place]),
    )
    return np.unique(label[:count], return_inverse=True)[1]


def _components(count: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    links = coo_array((np.ones(len(first), np.int8), (first, second)), shape=(count, count))
    return connected_components(links, directed=False)[1].astype(np.int64)


def contracted(
    count: int, first: NDArray[np.int64], second: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Join the two groups that attract each other most, again and again; gives the group of each node."""
    ties: list[dict[int, float]] = [{} for _ in range(count)]
    for a, b, w in zip(first.tolist(), second.tolist(), weight.tolist(), strict=True):
        ties[a][b] = ties[b][a] = w
    queue = [(-w, a, b) for a, tie in enumerate(ties) for b, w in tie.items() if a < b and w > 0]
    heapq.heapify(queue)
    joined_a, joined_b = [], []
    while queue:
        negative, a, b = heapq.heappop(queue)
        if ties[a].get(b) != -negative:
            continue
        if len(ties[a]) < len(ties[b]):
            a, b = b, a
        joined_a.append(a)
        joined_b.append(b)
        del ties[a][b], ties[b][a]
        for other, w in ties[b].items():
            del ties[other][b]
            summed = ties[a].get(other, 0.0) + w
            ties[a][other] = ties[other][a] = summed
            if summed > 0:
                heapq.heappush(queue, (-summed, min(a, other), max(a, other)))
        ties[b] = {}
    return _components(count, np.array(joined_a, np.int64), np.array(joined_b, np.int64))


def _reattached(points: Points, label: NDArray[np.int32], cells: Cells) -> NDArray[np.int32]:
    """Points without a fault take that of the points around in whose planes they lie, from the rim in."""
    for _ in range(4):
        label = _grown(points.position, points.normal, label, cells.order, cells.start, cells.shape)
    return label


@njit(cache=True)
def _grown(position, normal, label, order, start, shape):
    result = label.copy()
    found = np.empty(1024, np.int32)
    for n in range(len(label)):
        if label[n] >= 0:
            continue
        best = 0.9
        count = near(position[n], 3.0, position, order, start, shape, found)
        for place in range(count):
            other = found[place]
            if label[other] < 0:
                continue
            offset = 0.0
            for axis in range(3):
                offset += (position[other, axis] - position[n, axis]) * normal[other, axis]
            if abs(offset) < best:
                best = abs(offset)
                result[n] = label[other]
    return result
