"""What may happen to the amplitudes of a survey without moving a fault: wavelet, gain and noise.

Tensors are `(1, inline, crossline, sample)`. Each filter along an axis is one matrix product.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

TINY = 1e-6
NEGLIGIBLE = 1e-12


def filtered(image: Tensor, phase: float, low: float, high: float) -> Tensor:
    """Turn the wavelet's phase and keep a band of its frequencies; the deviation stays what it was.

    The traces are mirrored at their ends, so that no step arises there.

    Args:
        image: Amplitudes.
        phase: In degrees; 90 is the Hilbert transform, 180 the other polarity.
        low: Cycles per sample below which frequencies fade, 0 for none (Butterworth, 24 dB per octave).
        high: Those above which they fade.
    """
    samples = image.shape[-1]
    frequency = np.fft.rfftfreq(2 * samples)
    response = np.exp(1j * np.radians(phase)) / (1 + (frequency / high) ** 8)
    response /= 1 + (low / np.maximum(frequency, TINY)) ** 8
    impulses = np.eye(samples)
    mirrored = np.concatenate((impulses, impulses[:, ::-1]), axis=1)
    matrix = np.fft.irfft(np.fft.rfft(mirrored) * response)[:, :samples]
    return _as_strong_as(image, _along(image, matrix, 3))


def blurred(image: Tensor, width: float) -> Tensor:
    """Smear over the traces by a bell of this deviation in traces; the image's own stays what it was."""
    smeared = image
    for axis in (1, 2):
        bell = _bell(image.shape[axis], width)
        smeared = _along(smeared, bell / bell.sum(axis=0), axis)
    return _as_strong_as(image, smeared)


def gain_curve(image: Tensor, vertical: float, lateral: float, rng: np.random.Generator) -> Tensor:
    """Multiply by smooth positive curves, one along the samples and one over the traces.

    Args:
        image: Amplitudes.
        vertical: Deviation of the curve's logarithm along the samples.
        lateral: That of the other curve over the traces.
        rng: What the curves are drawn from.
    """
    _, inlines, crosslines, samples = image.shape
    if vertical:
        width = samples / rng.uniform(3, 8)
        image = image * torch.exp(vertical * _field(rng, (1, 1, 1, samples), {3: _bell(samples, width)}))
    if lateral:
        width = max(inlines, crosslines) / rng.uniform(3, 8)
        bells = {1: _bell(inlines, width), 2: _bell(crosslines, width)}
        image = image * torch.exp(lateral * _field(rng, (1, inlines, crosslines, 1), bells))
    return image


def weaker_part(image: Tensor, times: float, rng: np.random.Generator) -> Tensor:
    """Make what lies beyond a random plane, or beyond two, so many times weaker.

    A shadow is like that, a unit without contrasts, or the other one of two merged surveys. The edge is half
    a voxel to 8 voxels wide.
    """
    part = torch.ones(())
    for _ in range(rng.integers(1, 3)):
        normal = rng.standard_normal(3)
        normal /= np.linalg.norm(normal)
        places = [np.arange(size) - rng.uniform(0, size) for size in image.shape[1:]]
        first, second, third = (step * place for step, place in zip(normal, places, strict=True))
        distance = first[:, None, None] + second[:, None] + third
        width = np.exp(rng.uniform(np.log(0.5), np.log(8.0)))
        part = part * torch.sigmoid(torch.from_numpy((distance / width).astype(np.float32)))
    return image * torch.exp(-float(np.log(times)) * part)


def automatic_gain(image: Tensor, window: int) -> Tensor:
    """Divide by the root mean square within a window along the trace; the deviation stays what it was."""
    samples = np.arange(image.shape[-1])
    near = (np.abs(samples[:, None] - samples) <= window // 2).astype(float)
    power = _along(image.square(), near / near.sum(axis=0), 3)
    floor = 0.0025 * image.square().mean() + TINY**2
    return _as_strong_as(image, image / (power + floor).sqrt())


def coherent_noise(shape: tuple[int, ...], rng: np.random.Generator) -> Tensor:
    """Noise of unit deviation within a random band along the samples, smeared over the traces.

    Its period is between 5 and 22 samples; along inlines and along crosslines it reaches over up to 6 traces,
    each its own number.
    """
    _, inlines, crosslines, samples = shape
    reach = np.exp(rng.uniform(np.log(0.5), np.log(6.0), 2))
    filters = {
        1: _bell(inlines, reach[0]),
        2: _bell(crosslines, reach[1]),
        3: _ricker(samples, np.exp(rng.uniform(np.log(1.2), np.log(5.0)))),
    }
    return _field(rng, shape, filters)


def _field(
    rng: np.random.Generator, shape: tuple[int, ...], filters: dict[int, NDArray[np.float64]]
) -> Tensor:
    """White noise filtered along axes; its expected variance stays 1 everywhere."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(int(rng.integers(2**63))))
    for axis, matrix in filters.items():
        noise = _along(noise, matrix / np.sqrt(np.square(matrix).sum(axis=0)), axis)
    return noise


def _bell(size: int, width: float) -> NDArray[np.float64]:
    places = np.arange(size)
    return np.exp(-0.5 * ((places[:, None] - places) / width) ** 2)


def _ricker(size: int, width: float) -> NDArray[np.float64]:
    places = np.arange(size)
    square = ((places[:, None] - places) / width) ** 2
    return (1 - square) * np.exp(-0.5 * square)


def _along(image: Tensor, matrix: NDArray[np.float64], axis: int) -> Tensor:
    """Multiply the rows along an axis by a matrix (from, to).

    What is negligible in it becomes zero: the far ends of a bell are numbers so small that processors
    multiply them many times slower than others.
    """
    matrix = np.where(np.abs(matrix) < NEGLIGIBLE * np.abs(matrix).max(), 0.0, matrix)
    rows = image.movedim(axis, -1) @ torch.from_numpy(matrix.astype(np.float32))
    return rows.movedim(-1, axis)


def _as_strong_as(image: Tensor, changed: Tensor) -> Tensor:
    return changed * (image.std() / (changed.std() + TINY))
