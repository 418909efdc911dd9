"""Fault surfaces as a smooth field, from which a mask two voxels thick can be made at any scale.

Resampling a mask would thicken its faults as it zooms in and thin them as it zooms out. What is kept instead
is a potential: half the squared distance to the nearest fault surface, in square voxels. It needs nothing but
the mask. Blurred by a Gaussian, the mask of a sheet has very nearly the profile g of a Gaussian, whose
variance s^2 is that of the blur plus that of the sheet; so -s^2 log g is half the squared distance plus a
constant, and its gradient is the vector from the surface to the voxel. Unlike a distance, signed or not, that
vector can be interpolated: it has neither a kink at the surface nor a side.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

from faultpick.data.window import Window

HALF_THICKNESS = 1.0
BLUR = 1.25
LOWEST, HIGHEST = -1.5, 8.0
STEP = (HIGHEST - LOWEST) / 255
FAR = 6.0
"""Potential, in square voxels, beyond which there is no surface to be near to."""
FLAT = 0.25
"""Laplacian of the potential below which it has no valley; that of a surface is 1."""
DEEP = 2.5
"""Voxels from the background beyond which a label has no one surface in its middle."""
FEW = 0.1
"""Share of a label that may lie that deep, as where faults cross."""
THROW_STEP = 0.013
VISIBLE_THROW = 0.8
"""Samples of throw below which no fault is labelled."""


@dataclass(frozen=True)
class Surfaces:
    """Fault surfaces of a cube; arrays are `(inline, crossline, sample)`.

    Attributes:
        potential: uint8, half the squared distance to the surface in units of `STEP` above `LOWEST`.
        throw: uint8, the throw near faults in units of `THROW_STEP`, at most 255 of them, which is visible at
            every zoom; None if unknown.
    """

    potential: NDArray[np.uint8]
    throw: NDArray[np.uint8] | None


def find_surfaces(mask: NDArray[np.uint8], throw: NDArray[np.float32] | None = None) -> Surfaces:
    """The surfaces in the middle of a mask.

    Args:
        mask: 1 within about a voxel of a fault surface, (inline, crossline, sample).
        throw: Vertical offset in samples where the mask is 1, of either sign.
    """
    blurred = _blur(mask.astype(np.float32))
    middle = special.erf(HALF_THICKNESS / (np.sqrt(2) * BLUR))
    potential = -_variance() * np.log(np.maximum(blurred, 1e-6) / middle)
    code = _whole((potential - LOWEST) / STEP)
    if throw is None:
        return Surfaces(code, None)
    amount = _blur(np.where(mask > 0, np.minimum(np.abs(throw), 255 * THROW_STEP), 0).astype(np.float32))
    amount /= np.maximum(blurred, 1e-6)
    return Surfaces(code, _whole(amount / THROW_STEP))


def too_thick(mask: NDArray[np.uint8]) -> bool:
    """Whether a mask is of sheets more than four voxels thick: two surfaces would be found in one of six."""
    reach = np.indices((5, 5, 5)) - 2
    inside = ndimage.binary_erosion(mask, np.square(reach).sum(axis=0) <= DEEP**2, border_value=1)
    return bool(np.count_nonzero(inside) > FEW * np.count_nonzero(mask))


def mask_in(surfaces: Surfaces, window: Window) -> NDArray[np.float32]:
    """The fault mask of a crop, two voxels of the crop thick across the fault, whatever its scale.

    A fault whose throw is invisible in the crop, because its samples are longer, is not labelled.

    Returns:
        1 at faults and 0 elsewhere, of the shape of the crop.
    """
    potential = surfaces.potential[window.box] * np.float32(STEP) + np.float32(LOWEST)
    gradient: list[NDArray[np.float32]] = list(np.gradient(potential))  # pyright: ignore[reportAssignmentType]
    inline, crossline, vertical = (np.square(window.linear(part)) for part in gradient)
    horizontal = inline + crossline
    length = horizontal + vertical
    # A normal n of the cube has the length t in the crop's voxels: a distance d of the cube is d / t there.
    stretched = horizontal / window.lateral**2 + vertical / window.vertical**2
    within: NDArray[np.bool_] = np.square(length) <= HALF_THICKNESS**2 * stretched
    # Midway between two faults the vectors cancel too, but there the potential has a ridge, not a valley.
    curvature = np.where(potential < FAR, ndimage.laplace(potential, mode="nearest"), -1)
    within &= window.linear(curvature) > FLAT
    if surfaces.throw is not None and window.vertical < 1:
        throw = window.linear(surfaces.throw[window.box].astype(np.float32)) * THROW_STEP
        within &= (throw < VISIBLE_THROW) | (throw * window.vertical >= VISIBLE_THROW)
    return np.asarray(within, np.float32)


def _variance() -> float:
    return BLUR**2 + HALF_THICKNESS**2 / 3


def _whole(array: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.clip(array, 0, 255).round().astype(np.uint8)


def _blur(array: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred = np.empty_like(array)
    ndimage.gaussian_filter(array, BLUR, output=blurred, mode="nearest", truncate=4.0)
    return blurred
