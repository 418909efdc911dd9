"""Which throws a model would find in a survey: faults of known throw are planted in it and looked for.

A planted fault is a plane. Its hanging wall goes down the dip by half the slip and its footwall up by half,
less and less away from the plane, and the image is smeared across it, as migration smears it. All else, the
reflectors, the noise and the wavelet, are the survey's own.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from faultpick.errors import ConfigError, VolumeError
from faultpick.metrics import bootstrap_statistic, mask_distances
from faultpick.prediction import predict
from faultpick.prediction.engine import prepared
from faultpick.synth.faults import fault_axes
from faultpick.volume import SampleAxis, Volume
from faultpick.zoo import LoadedModel, load_model

THROWS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 16.0)
DIPS = (50.0, 85.0)
FAULTS = 24
BOX = (80, 80, 128)
"""Inlines, crosslines and samples around a planted fault; less where the survey has less."""
PARTS = 3
TOLERANCE = 2.0
"""Voxels from a planted plane within which what is marked counts."""

_REACH = 64.0
_SMEARED = 1.5
_HALF = math.sqrt(0.5)
_THIN = 32
_LIVE = 0.75
_TRIES = 100

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PlantedPlane:
    """Where a fault is planted.

    Attributes:
        centre: A point of it in voxels, `(inline, crossline, sample)`.
        strike: Degrees, right-hand rule, from the inline axis (axis 0) towards the crossline axis.
        dip: Degrees, voxels taken as cubes.
    """

    centre: tuple[float, float, float]
    strike: float
    dip: float

    def distance(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Distance of each voxel of an image of this shape, in voxels, positive in the hanging wall."""
        normal = fault_axes(self.strike, self.dip)[2]
        inline, crossline, sample = (
            (np.arange(count) - middle) * slope
            for count, middle, slope in zip(shape, self.centre, normal, strict=True)
        )
        return inline[:, None, None] + crossline[:, None] + sample


def plant(seismic: NDArray[np.float32], plane: PlantedPlane, throw: float) -> NDArray[np.float32]:
    """An image as it would be with a fault in it.

    Args:
        seismic: Amplitudes, `(inline, crossline, sample)`.
        plane: Where the fault goes.
        throw: By how many samples the hanging wall lies deeper at the plane; negative: reverse.

    Returns:
        Amplitudes of the same shape; what comes from beyond the edges is reflected.
    """
    distance = plane.distance(seismic.shape)
    down_dip = fault_axes(plane.strike, plane.dip)[1]
    slip = throw / math.sin(math.radians(plane.dip))
    moved = slip * np.where(distance >= 0, 0.5, -0.5) / (1 + (distance / _REACH) ** 2)
    places = [index - moved * step for index, step in zip(np.indices(seismic.shape), down_dip, strict=True)]
    image = map_coordinates(seismic, places, order=3, mode="mirror")
    share = np.exp(-((distance / _SMEARED) ** 2) / 2).astype(np.float32)
    smeared = gaussian_filter(image, (1.0, 1.0, 0.0))
    return np.asarray(image + share * (smeared - image), dtype=np.float32)


@dataclass(frozen=True)
class Detectability:
    """How much of the planted faults was found.

    Attributes:
        throws: In samples, ascending; the first is 0, nothing planted: what is marked there anyway.
        parts: First sample of the survey and the one after the last of each part of it, from top to bottom.
        found: Voxels of each planted plane that what the model marks is near to, `(fault, throw, part)`.
        voxels: Voxels of each planted plane, `(fault, part)`.
    """

    throws: tuple[float, ...]
    parts: tuple[tuple[int, int], ...]
    found: NDArray[np.int64]
    voxels: NDArray[np.int64]

    def share(self, throw: int, part: int | None = None) -> tuple[float, float, float]:
        """Share of the planes that was found, and the ends of its 95 % interval over faults drawn again.

        Args:
            throw: Index into `throws`.
            part: Index into `parts`; None: all depths.

        Returns:
            NaN where no plane lies.
        """
        parts = slice(None) if part is None else slice(part, part + 1)
        found = self.found[:, throw, parts].sum(axis=1)
        voxels = self.voxels[:, parts].sum(axis=1)

        def statistic(times: NDArray[np.float64]) -> NDArray[np.float64]:
            with np.errstate(invalid="ignore"):
                return (times @ found) / (times @ voxels)

        return (float(statistic(np.ones((1, len(found))))[0]), *bootstrap_statistic(statistic, len(found)))

    @property
    def half_found(self) -> float | None:
        """The least throw from which on half of the planes and more was found; None where none is."""
        least = None
        for index in reversed(range(1, len(self.throws))):
            if not self.share(index)[0] >= 0.5:
                break
            least = self.throws[index]
        return least


def plant_and_find(
    volume: Volume,
    model: str | Path | LoadedModel = "unet_res2",
    *,
    throws: Sequence[float] = THROWS,
    dips: tuple[float, float] = DIPS,
    faults: int = FAULTS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Detectability:
    """Plant faults in a survey, one at a time, and see how much of each a model finds.

    Each is planted in a box of its own somewhere in the survey, with every throw in turn, and the model sees
    the box alone. A voxel of the plane is found if one within `TOLERANCE` voxels is marked.

    Args:
        volume: The survey.
        model: A model of the zoo by name, a weights file, or a loaded model.
        throws: In samples.
        dips: Least and largest dip in degrees, voxels taken as cubes; uniform. Strikes are random, but on few
            lines no fault runs along them.
        faults: How many.
        seed: The same seed plants the same faults.
        progress: Called at the start and after each prediction.

    Raises:
        ConfigError: There is no throw or no fault to plant, or the dips or the seed make no sense.
        VolumeError: The survey holds NaN or infinite samples, or has nowhere traces enough.
        ModelError: The model is unknown or damaged.
    """
    if faults < 1 or not throws or not all(0 < throw < math.inf for throw in throws):
        raise ConfigError("There is nothing to plant: give one fault or more, and throws above 0.")
    if seed < 0:
        raise ConfigError(f"The seed {seed} makes no sense: choose 0 or more.")
    if not 0 < dips[0] <= dips[1] <= 90:
        raise ConfigError(f"Dips from {dips[0]:g} to {dips[1]:g} make no sense: give two within 0 and 90.")
    member = prepared(model if isinstance(model, LoadedModel) else load_model(model))
    every = (0.0, *sorted(throws))
    edges = np.linspace(0, volume.shape[2], PARTS + 1).round().astype(int)
    found = np.zeros((faults, len(every), PARTS), np.int64)
    voxels = np.zeros((faults, PARTS), np.int64)
    done, total = 0, faults * len(every)
    if progress is not None:
        progress(done, total)
    for fault in range(faults):
        rng = np.random.default_rng([seed, fault])
        first, box, live = _random_box(volume, rng)
        plane = _random_plane(rng, box.shape, dips)
        label = (np.abs(plane.distance(box.shape)) <= _HALF) & live[..., None]
        part = np.searchsorted(edges, first + np.nonzero(label)[2], side="right") - 1
        voxels[fault] = np.bincount(part, minlength=PARTS)
        for index, throw in enumerate(every):
            image = plant(box, plane, throw) * live[..., None] if throw else box
            marked = predict(image, member) >= member.card.threshold
            near = mask_distances(marked, label).to_prediction <= TOLERANCE
            found[fault, index] = np.bincount(part[near], minlength=PARTS)
            done += 1
            if progress is not None:
                progress(done, total)
    parts = tuple((int(start), int(stop)) for start, stop in itertools.pairwise(edges))
    return Detectability(every, parts, found, voxels)


def _random_box(
    volume: Volume, rng: np.random.Generator
) -> tuple[int, NDArray[np.float32], NDArray[np.bool_]]:
    """First sample of a box somewhere in a survey, its amplitudes, and where it has traces."""
    sizes = [min(size, count) for size, count in zip(BOX, volume.shape, strict=True)]
    for _ in range(_TRIES):
        firsts = [
            int(rng.integers(count - size, endpoint=True))
            for size, count in zip(sizes, volume.shape, strict=True)
        ]
        inlines, crosslines, samples = (
            slice(first, first + size) for first, size in zip(firsts, sizes, strict=True)
        )
        box = volume.read(inlines, crosslines, samples)
        live = (box != box[..., :1]).any(axis=2)
        if live.mean() >= _LIVE:
            return firsts[2], box, live
    raise VolumeError(
        f"{volume.path} has traces enough nowhere: a fault is planted among {sizes[0]} x {sizes[1]} traces, "
        "three in four of them live."
    )


def _random_plane(
    rng: np.random.Generator, shape: tuple[int, ...], dips: tuple[float, float]
) -> PlantedPlane:
    centre = [count * rng.uniform(0.3, 0.7) for count in shape]
    strike = rng.uniform(0.0, 360.0)
    if min(shape[:2]) < _THIN:
        along = 0.0 if shape[0] < shape[1] else 90.0
        strike = along + rng.uniform(-45.0, 45.0) + 180.0 * rng.integers(2)
    return PlantedPlane((centre[0], centre[1], centre[2]), float(strike), float(rng.uniform(*dips)))


def table_of(result: Detectability, samples: SampleAxis) -> list[list[str]]:
    """Throws down, parts of the survey across: the share that was found, below a line of headings.

    Args:
        result: What was found.
        samples: The survey's vertical axis.
    """
    unit, step = samples.unit, samples.step
    scaled = unit != "samples"
    ends = [
        f"{samples.start + step * start:g} to {samples.start + step * stop:g}" for start, stop in result.parts
    ]
    header = ["throw, samples", *([f"throw, {unit}"] if scaled else [])]
    header += [f"{each} {unit}" for each in ends] + ["all", "low", "high"]
    rows = [header]
    for index, throw in enumerate(result.throws):
        parts = [result.share(index, part)[0] for part in range(len(result.parts))]
        shares = [f"{value:.2f}" for value in (*parts, *result.share(index))]
        rows.append([f"{throw:g}", *([f"{throw * step:g}"] if scaled else []), *shares])
    return rows


def sentence_of(result: Detectability, samples: SampleAxis) -> str:
    """From which throw on half of a planted fault is found."""
    least = result.half_found
    if least is None:
        found = [f"{t:g}" for n, t in enumerate(result.throws) if n and result.share(n)[0] >= 0.5]
        if not found:
            return "Of no throw that was planted half was found."
        return f"Half of a planted fault is found at throws of {', '.join(found)} samples, but less above."
    scaled = "" if samples.unit == "samples" else f" ({least * samples.step:g} {samples.unit})"
    counted = "1 sample" if least == 1 else f"{least:g} samples"
    return f"Half and more of a planted fault is found from a throw of {counted}{scaled} on."
