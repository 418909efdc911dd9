"""What is done voxel by voxel, compiled: interpolation, and following a point back to before a fault."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(inline="always")
def between(series, position):
    """Linear interpolation in a series, the ends held."""
    position = min(max(position, np.float32(0.0)), np.float32(len(series) - 2))
    below = int(position)
    weight = position - np.float32(below)
    return series[below] + weight * (series[below + 1] - series[below])


@njit(inline="always")
def at(grid, x, y):
    """Bilinear interpolation on a grid, the edges held."""
    x = min(max(x, np.float32(0.0)), np.float32(grid.shape[0] - 2))
    y = min(max(y, np.float32(0.0)), np.float32(grid.shape[1] - 2))
    i, j = int(x), int(y)
    a, b = x - np.float32(i), y - np.float32(j)
    near = grid[i, j] + b * (grid[i, j + 1] - grid[i, j])
    far = grid[i + 1, j] + b * (grid[i + 1, j + 1] - grid[i + 1, j])
    return near + a * (far - near)


@njit(cache=True, error_model="numpy")
def undo_fault(
    fault: NDArray[np.float32],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    z: NDArray[np.float32],
    distance: NDArray[np.float32],
    slip: NDArray[np.float32],
    slope_along: NDArray[np.float32],
    slope_down: NDArray[np.float32],
) -> None:
    """Move the points of one trace back to before the fault.

    Gives their distance to the surface, and the slip and the surface's slopes along strike and dip beside
    them. Written without branches, so that it runs as vector instructions. `fault` holds the numbers of one
    `FAULT` in their order: centre from 0, the unit vectors from 3, 6 and 9, bend from 12, then the scalars.
    """
    zero, one, two, tail = np.float32(0.0), np.float32(1.0), np.float32(2.0), np.float32(1.0 / 32.0)
    centre0, centre1, centre2 = fault[0], fault[1], fault[2]
    along0, along1 = fault[3], fault[4]
    down0, down1, down2 = fault[6], fault[7], fault[8]
    out0, out1, out2 = fault[9], fault[10], fault[11]
    bend0, bend1, bend2 = fault[12], fault[13], fault[14]
    largest, gradient = fault[15], fault[16]
    per_extent0, per_extent1, per_reach = one / fault[17], one / fault[18], one / fault[19]
    hanging, foot = one - fault[20], -fault[20]
    sideways, drag, per_drag = fault[23], fault[24], one / fault[25]
    for k in range(len(x)):
        dx, dy, dz = x[k] - centre0, y[k] - centre1, z[k] - centre2
        u = dx * along0 + dy * along1
        v = dx * down0 + dy * down1 + dz * down2
        height = bend0 * u * u + bend1 * u * v + bend2 * v * v
        d = dx * out0 + dy * out1 + dz * out2 - height
        a, b = u * per_extent0, v * per_extent1
        bump = one - (a * a + b * b) * tail
        bump = bump if bump > zero else zero
        bump *= bump
        bump *= bump
        bump *= bump
        bump *= bump
        ramp = one + gradient * v
        amount = largest * (ramp if ramp > zero else zero) * bump
        ratio = d * per_reach
        near = d * per_drag
        bent = drag / (one + near * near)
        back = amount * (hanging - bent if d >= zero else foot + bent) / (one + ratio * ratio)
        aside = back * sideways
        w, s = v - back, u - aside
        lift = bend0 * s * s + bend1 * s * w + bend2 * w * w - height
        x[k] += lift * out0 - back * down0 - aside * along0
        y[k] += lift * out1 - back * down1 - aside * along1
        z[k] += lift * out2 - back * down2
        distance[k] = d
        slip[k] = amount
        slope_along[k] = two * bend0 * u + bend1 * v
        slope_down[k] = bend1 * u + two * bend2 * v


@njit(inline="always")
def unit_normal(fault, slope_along, slope_down, result):
    """The unit normal of a fault's surface into the hanging wall, where the surface has these slopes."""
    length = np.sqrt(np.float32(1.0) + slope_along * slope_along + slope_down * slope_down)
    for axis in range(3):
        vector = fault[9 + axis] - slope_along * fault[3 + axis] - slope_down * fault[6 + axis]
        result[axis] = vector / length
