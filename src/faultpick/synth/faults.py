"""Faults: curved surfaces with a slip that varies over them.

A fault has a centre and three unit vectors: along the strike, down the dip, and the normal into the hanging
wall. In these coordinates `(u, v, n)` its surface is `n = h(u, v)`, a quadratic. Slip follows the surface:
a point keeps its distance `n - h(u, v)` to it. Only additions, multiplications and divisions are used per
voxel, so that a seed gives the same cube on any machine.
"""

import math

import numpy as np
from numpy.typing import NDArray

from faultpick.synth.wu2019_recipe import WuRecipe

FAULT = np.dtype(
    [
        ("centre", "f4", 3),
        ("along_strike", "f4", 3),
        ("down_dip", "f4", 3),
        ("normal", "f4", 3),
        ("bend", "f4", 3),
        ("slip", "f4"),
        ("gradient", "f4"),
        ("extent", "f4", 2),
        ("reach", "f4"),
        ("footwall", "f4"),
        ("strike", "f4"),
        ("dip", "f4"),
        ("strike_slip", "f4"),
        ("drag", "f4"),
        ("drag_reach", "f4"),
        ("buried", "f4"),
    ]
)
"""One fault.

centre: voxel coordinates; along_strike, down_dip, normal: unit vectors; bend: coefficients of u^2, uv and
v^2 in h; slip: that at the centre in voxels, negative on a reverse fault; gradient: its relative change per
voxel down the dip; extent: standard deviations of slip along strike and dip (infinite where it does not die
out); reach: distance from the fault at which its displacement has halved (infinite: it moves the whole
block); footwall: share of the slip taken by the footwall; strike, dip: degrees, right-hand rule, from the
inline axis (axis 0) towards the crossline axis; strike_slip: slip along the strike for each voxel of slip
down the dip; drag: share of the slip that each wall makes up for by bending beside the fault, over
drag_reach voxels (negative: it bends the other way); buried: 1 where the fault ends at an unconformity that
is younger, else 0.
"""

NO_DRAG = (0.0, 0.0, 1.0, 0.0)
"""The last four numbers of a `FAULT` that slips down its dip, between walls that stay straight."""


def fault_axes(
    strike: float, dip: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors (along strike, down dip, normal into the hanging wall) in `(inline, crossline, sample)`.

    Angles in degrees. The dip direction is 90 degrees clockwise of the strike: from axis 0 towards axis 1.
    """
    azimuth, angle = math.radians(strike + 90.0), math.radians(dip)
    across = np.array([math.cos(azimuth), math.sin(azimuth)])
    along_strike = np.array([across[1], -across[0], 0.0])
    down_dip = np.array([*(across * math.cos(angle)), math.sin(angle)])
    normal = np.array([*(across * math.sin(angle)), -math.cos(angle)])
    return along_strike, down_dip, normal


def as_numbers(faults: NDArray[np.void]) -> NDArray[np.float32]:
    """Faults as `(faults, numbers)`, the fields of `FAULT` in their order."""
    return faults.view(np.float32).reshape(len(faults), FAULT.itemsize // 4)


def random_faults(
    rng: np.random.Generator, shape: tuple[int, int, int], recipe: WuRecipe
) -> NDArray[np.void]:
    """Faults of one cube, oldest first, as an array of `FAULT`."""
    side = max(shape[0], shape[1])
    low, high = recipe.fault_count
    count = int(rng.integers(round(low * side / 128), round(high * side / 128), endpoint=True)) if high else 0
    main_strike = rng.uniform(0.0, 360.0)
    return np.array([_random_fault(rng, shape, recipe, main_strike) for _ in range(count)], dtype=FAULT)


def _random_fault(
    rng: np.random.Generator, shape: tuple[int, int, int], recipe: WuRecipe, main_strike: float
) -> tuple[object, ...]:
    side = max(shape[0], shape[1])
    if rng.random() < recipe.family:
        strike = main_strike + rng.uniform(-20.0, 20.0) + 180.0 * rng.integers(2)
    else:
        strike = rng.uniform(0.0, 360.0)
    dip = rng.uniform(*recipe.dip)
    centre = rng.uniform(0.05, 0.95, 3) * shape
    bend = rng.uniform(*recipe.bend, 3) / 64.0**2
    throw = math.exp(rng.uniform(*np.log(recipe.throw)))
    slip = throw / math.sin(math.radians(dip)) * (-1.0 if rng.random() < recipe.reverse else 1.0)
    kind = rng.random()
    extent, reach, footwall, gradient = (np.inf, np.inf), np.inf, 0.0, 0.0
    if kind < recipe.patch:
        extent = tuple(rng.uniform(*recipe.patch_size, 2) * side)
        reach, footwall = rng.uniform(0.5, 2.0) * min(extent), rng.uniform(0.0, 0.5)
    elif kind < recipe.patch + recipe.linear:
        gradient = rng.uniform(-0.7, 0.7) / shape[2]
    axes = fault_axes(strike, dip)
    return (centre, *axes, bend, slip, gradient, extent, reach, footwall, strike % 360.0, dip, *NO_DRAG)
