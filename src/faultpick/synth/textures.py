"""Smooth random functions of one, two and three coordinates."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, zoom


def smoothed(values: NDArray[np.floating], deviation: float, axis: int) -> NDArray[np.float32]:
    """Convolved with a Gaussian along one axis."""
    return np.asarray(gaussian_filter1d(values, deviation, axis, truncate=2.5), dtype=np.float32)


def smooth_series(rng: np.random.Generator, count: int, width: float) -> NDArray[np.float32]:
    """`count` values of mean 0 and deviation 1 that change over about `width` of them."""
    margin = int(4 * width) + 1
    series = smoothed(rng.standard_normal(count + 2 * margin), width, 0)[margin : margin + count]
    return _standardised(series)


def smooth_map(rng: np.random.Generator, shape: tuple[int, int], width: float) -> NDArray[np.float32]:
    """A map of mean 0 and deviation 1 whose hills are about `width` wide."""
    step = max(1.0, width / 2.0)
    coarse = rng.standard_normal([int(side / step) + 4 for side in shape])
    coarse = smoothed(smoothed(coarse, width / step, 0), width / step, 1)
    factors = [(side + 2) / size for side, size in zip(shape, coarse.shape, strict=True)]
    fine = np.asarray(zoom(coarse, factors, order=1), dtype=np.float32)
    return _standardised(fine[: shape[0], : shape[1]])


def lattice(rng: np.random.Generator, shape: tuple[int, int, int], cell: float) -> NDArray[np.float32]:
    """Random numbers of deviation 1, one every `cell` voxels, to be interpolated between."""
    return rng.standard_normal([int(side / cell) + 3 for side in shape], dtype=np.float32)


def _standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = values.std()
    return ((values - values.mean()) / (spread if spread > 0 else 1.0)).astype(np.float32)
