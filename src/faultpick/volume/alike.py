"""Whether volumes belong together, and whether an output would destroy one."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import OutputError, VolumeError
from faultpick.volume.noise import patches
from faultpick.volume.volume import Geometry, Volume, is_plain

ROUNDING = 1e-6
"""By how much rounding may take a probability out of [0, 1]."""


def check_same_grid(
    name: str | Path, geometry: Geometry, other_name: str | Path, other: Geometry, advice: str
) -> None:
    """Refuse volumes that do not cover the same lines and samples.

    Args:
        name: Of the one, for the message.
        geometry: Of the one.
        other_name: Of the other.
        other: Of the other.
        advice: What to do, the end of the message.

    Raises:
        VolumeError: Their shapes differ; or both have line numbers that say more than positions, or times or
            depths, and not the same ones.
    """
    if geometry.shape != other.shape:
        raise VolumeError(f"{name} has shape {geometry.shape}, {other_name} {other.shape}: {advice}")
    for axis, lines, others in differing_lines(geometry, other):
        raise VolumeError(
            f"{name} has {axis} {lines[0]} to {lines[-1]}, {other_name} {others[0]} to {others[-1]}, "
            f"or others between: {advice}"
        )
    if (axes := differing_samples(geometry, other)) is not None:
        raise VolumeError(f"{name} has samples {axes[0]}, {other_name} {axes[1]}: {advice}")


def check_same_unit(name: str | Path, geometry: Geometry, other_name: str | Path, other: Geometry) -> None:
    """Refuse volumes of which one has times and the other depths, or metres and feet, before one is measured.

    Raises:
        VolumeError: They have.
    """
    units = geometry.samples.unit, other.samples.unit
    if units[0] != units[1] and "samples" not in units:
        raise VolumeError(
            f"{name} is in {units[0]}, {other_name} in {units[1]}: give --unit with every command that reads "
            "a SEG-Y file, `predict` too, which writes it into a Zarr volume."
        )


def differing_lines(
    first: Geometry, second: Geometry
) -> Iterator[tuple[str, NDArray[np.int32], NDArray[np.int32]]]:
    """Axes along which both have line numbers that say more than positions, and not the same ones."""
    for axis in ("inlines", "crosslines"):
        lines = getattr(first, axis), getattr(second, axis)
        numbered = all(not np.array_equal(each, np.arange(len(each))) for each in lines)
        if numbered and not np.array_equal(*lines):
            yield axis, *lines


def differing_samples(first: Geometry, second: Geometry) -> tuple[str, str] | None:
    """Both vertical axes in words, where both are times or both depths and they are half a sample apart."""
    axes = first.samples, second.samples
    if axes[0].unit != axes[1].unit or axes[0].unit == "samples":
        return None
    ends = [(axis.values[0], axis.values[-1]) for axis in axes]
    apart = max(abs(one - other) for one, other in zip(*ends, strict=True))
    if apart < 0.5 * min(abs(axis.step) for axis in axes):
        return None
    one, other = (f"from {axis.start:g} every {axis.step:g} {axis.unit}" for axis in axes)
    return one, other


def check_no_input(out: Path, inputs: Iterable[str | Path | None]) -> None:
    """See that an output would not replace an input, or a folder that holds one.

    Raises:
        OutputError: It would.
    """
    for path in inputs:
        if path is not None and Path(path).resolve().is_relative_to(out.resolve()):
            raise OutputError(f"{out} is the input or holds it; give the output another name.")


def check_no_survey(existing: Volume) -> None:
    """See that a volume which an output would replace is no survey, at the places that `patches` are.

    Raises:
        OutputError: As of `check_no_amplitudes`.
        VolumeError: It cannot be read.
    """
    for inlines, crosslines in patches(existing.shape):
        check_no_amplitudes(existing.read(inlines, crosslines, slice(None)), existing.path)


def check_no_amplitudes(samples: NDArray[np.float32], path: Path) -> None:
    """See that samples of a file which an output would replace are none of a survey.

    Args:
        samples: Any shape.
        path: The file, for the message.

    Raises:
        OutputError: Some are not finite or outside [0, 1], as no fault probability, mask or spread is.
    """
    if not np.isfinite(samples).all() or np.abs(samples - 0.5).max(initial=0.0) > 0.5 + ROUNDING:
        raise OutputError(f"{path} holds a survey, which would be lost; give the output another name.")


def check_probability(block: NDArray[np.floating], name: str | Path) -> None:
    """Refuse what lies outside of [0, 1], as a survey in place of a probability does.

    Args:
        block: A part of the volume; NaN is not looked at.
        name: Of the volume, for the message.

    Raises:
        VolumeError: A value is less than 0 or more than 1.
    """
    low, high = float(block.min()), float(block.max())
    if low < -ROUNDING or high > 1 + ROUNDING:
        raise VolumeError(
            f"{name} ranges from {low:.8g} to {high:.8g}: a fault probability lies between 0 and 1; give "
            "what `faultpick predict` wrote."
        )


def placed_by(like: Geometry, own: Geometry) -> Geometry:
    """The geometry of another volume of the same survey, or the own one where that is a plain array."""
    return own if is_plain(like) else like
