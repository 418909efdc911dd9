"""From a survey to its fault probabilities, tile by tile.

A row of tiles at a time is read, normalised, sent through the network and blended into an accumulator that
spans the row; inlines that no later row adds to are handed on. Memory is that of one tile and of the
accumulator, which lies in a file when the result goes to one.
"""

import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import ConfigError, OutputError, VolumeError
from faultpick.normalise import Normalisation, live_traces, normalise
from faultpick.prediction.engine import Engine, choose_device, prepared, probabilities
from faultpick.prediction.gaps import Gaps, find_gaps
from faultpick.prediction.tiles import Row, Tile, rows, weights
from faultpick.prediction.tta import AS_IT_IS, MIRRORED, Attitude
from faultpick.volume import Volume, create_volume
from faultpick.volume.staging import output_errors
from faultpick.zoo import LoadedModel, load_model

TILE = 192
HALO = 36
LINES = 16  # inlines handed on at once

Model = LoadedModel | str | Path
Progress = Callable[[int, int], None]
"""Called after each tile with the number of tiles done and their total."""


@dataclass(frozen=True)
class Summary:
    """What a prediction that went to a file did.

    Attributes:
        shape: Inlines, crosslines and samples.
        tiles: Tiles that went through the network; those without a live trace do not.
        threshold: Probability from which a voxel counts as fault.
        fault_share: Share of fault voxels among those of live traces.
    """

    shape: tuple[int, int, int]
    tiles: int
    threshold: float
    fault_share: float


def predict(
    volume: Volume | NDArray[np.floating],
    model: Model | Sequence[Model],
    *,
    tta: bool = False,
    device: str | None = None,
    engine: Engine = "auto",
    tile: int = TILE,
    halo: int = HALO,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Fault probabilities of a volume, in memory.

    Args:
        volume: Opened volume, or an array (inline, crossline, sample).
        model: A model of the zoo by name, a weights file, a loaded model; of several, the mean is taken.
        tta: Average over each tile as it is and mirrored along the inline axis, the crossline axis and both,
            in four times the time.
        device: Where to compute: "cpu", "cuda", ...; None: a GPU where there is one. Loaded models stay put.
        engine: What computes: "torch"; "openvino"; "int8": OpenVINO with convolutions in 8 bits, faster and
            nearly the same; "auto": OpenVINO on a CPU where it is installed, else PyTorch.
        tile: Largest side of a tile in voxels; memory grows with its cube.
        halo: Context in voxels that each result has at least within its tile; a wide one costs time, a narrow
            one lets the result depend on where the tiles lie.
        progress: Called after each tile.

    Returns:
        Probabilities of the volume's shape; dead traces are 0.

    Raises:
        VolumeError: NaN or infinite samples, or a constant volume.
        ModelError: The model is unknown or damaged.
        ConfigError: There is no such device or engine.
    """
    members = _members(model, device, engine)
    source = _source(volume)
    plan = _plan(source.shape, members, tile, halo)
    out = np.empty(source.shape, dtype=np.float32)
    accumulator = np.zeros(_accumulator_shape(plan, source.shape, 1), dtype=np.float32)
    for first, slab in _slabs(source, members, plan, _attitudes(tta), accumulator, progress):
        out[first : first + slab.shape[1]] = slab[0]
    return out


def predict_to_file(
    volume: Volume,
    model: Model | Sequence[Model],
    out: str | Path,
    *,
    uncertainty: str | Path | None = None,
    threshold: float | None = None,
    tta: bool = False,
    device: str | None = None,
    engine: Engine = "auto",
    tile: int = TILE,
    halo: int = HALO,
    progress: Progress | None = None,
) -> Summary:
    """Write the fault probabilities of a volume of any size, in memory bounded by the tile.

    Arguments that `predict` has too mean the same. Files appear whole or not at all.

    Args:
        volume: Opened volume.
        model: One model or several.
        out: The file to write, in the format of its name; a SEG-Y volume's headers are kept in SEG-Y.
        uncertainty: Where to write the standard deviation of the probability between several models.
        threshold: Write a mask, 1 from this probability on and 0 below, in place of probabilities.
        tta: Average over four mirrorings of each tile.
        device: Where to compute.
        engine: What computes.
        tile: Largest side of a tile.
        halo: Least context of a result within its tile.
        progress: Called after each tile.

    Raises:
        VolumeError: NaN or infinite samples, or a constant volume.
        ModelError: The model is unknown or damaged.
        OutputError: An output is the input, has no known format, or its folder refuses it or is full.
        ConfigError: There is no such device or engine, the threshold is not within 0 and 1, or uncertainty is
            asked of one model.
    """
    out = Path(out)
    members = _members(model, device, engine)
    if threshold is not None and not 0 < threshold < 1:
        raise ConfigError(f"The threshold {threshold:g} is no probability: choose one between 0 and 1.")
    if uncertainty is not None and len(members) < 2:
        raise ConfigError("Uncertainty is the spread between models: give two models or more.")
    if uncertainty is not None and Path(uncertainty).resolve() == out.resolve():
        raise OutputError(f"{out} is to hold both probability and uncertainty: give them two names.")
    decision = fmean(member.card.threshold for member in members) if threshold is None else threshold
    plan = _plan(volume.shape, members, tile, halo)
    fault_voxels = 0
    with ExitStack() as stack:
        name = "fault_probability" if threshold is None else "fault_mask"
        writers = [stack.enter_context(create_volume(out, volume.geometry, like=volume, name=name))]
        if uncertainty is not None:
            spread = create_volume(uncertainty, volume.geometry, like=volume, name="fault_uncertainty")
            writers.append(stack.enter_context(spread))
        source = _source(volume)
        shape = _accumulator_shape(plan, source.shape, len(writers))
        accumulator = stack.enter_context(_scratch(out, shape))
        for first, slab in _slabs(source, members, plan, _attitudes(tta), accumulator, progress):
            faults = slab[0] >= decision
            fault_voxels += int(np.count_nonzero(faults))
            if threshold is not None:
                slab[0] = faults
            for writer, values in zip(writers, slab, strict=True):
                writer.write(first, values)
    live_voxels = int(np.count_nonzero(source.live)) * source.shape[2]
    return Summary(source.shape, _tile_count(plan, source.live), decision, fault_voxels / live_voxels)


@dataclass(frozen=True)
class _Source:
    """Amplitudes to read by box, and what to know to normalise them."""

    read: Callable[[slice, slice, slice], NDArray[np.floating]]
    shape: tuple[int, int, int]
    live: NDArray[np.bool_]
    normalisation: Normalisation
    gaps: Gaps | None

    def tile(self, tile: Tile) -> NDArray[np.float32]:
        """The normalised amplitudes of a tile, reflected where it reaches beyond the volume, gaps filled."""
        boxes = [slice(int(w.sources.min()), int(w.sources.max()) + 1) for w in tile.windows]
        inlines, crosslines, samples = boxes
        if self.gaps is not None:
            inlines, crosslines = (
                self.gaps.wider(box, size) for box, size in zip(boxes[:2], self.shape, strict=False)
            )
        amplitudes = self.read(inlines, crosslines, samples)
        block = normalise(amplitudes, self.normalisation, self.live[inlines, crosslines])
        if self.gaps is not None:
            block = self.gaps.filled(block, (inlines, crosslines), (boxes[0], boxes[1]))
        return block[np.ix_(*(w.sources - box.start for w, box in zip(tile.windows, boxes, strict=True)))]


def _source(volume: Volume | NDArray[np.floating]) -> _Source:
    if isinstance(volume, Volume):
        normalisation = Normalisation.from_statistics(volume.statistics(), str(volume.path))
        live = volume.live_traces()
        return _Source(volume.read, volume.shape, live, normalisation, find_gaps(live))
    if volume.ndim != 3 or 0 in volume.shape:
        raise VolumeError(f"The array of shape {volume.shape} is no volume: three axes without a zero are.")
    normalisation = Normalisation.from_array(volume, "the array")
    live = live_traces(volume)
    return _Source(lambda *box: volume[box], volume.shape, live, normalisation, find_gaps(live))


def _members(model: Model | Sequence[Model], device: str | None, engine: Engine) -> list[LoadedModel]:
    models = [model] if isinstance(model, LoadedModel | str | Path) else list(model)
    if not models:
        raise ConfigError("No model is given: name one.")
    place = choose_device(device)
    loaded = [one if isinstance(one, LoadedModel) else load_model(one, place) for one in models]
    return [prepared(member, engine) for member in loaded]


def _attitudes(tta: bool) -> tuple[Attitude, ...]:
    return MIRRORED if tta else AS_IT_IS


def _plan(shape: tuple[int, int, int], members: list[LoadedModel], tile: int, halo: int) -> list[Row]:
    return rows(shape, tile, halo, math.lcm(*(member.info.multiple for member in members)))


def _with_traces(row: Row, live: NDArray[np.bool_]) -> list[Tile]:
    """The tiles that add to a live trace."""
    return [tile for tile in row.tiles if live[tile.inline.target, tile.crossline.target].any()]


def _tile_count(plan: list[Row], live: NDArray[np.bool_]) -> int:
    return sum(len(_with_traces(row, live)) for row in plan)


def _slabs(
    source: _Source,
    members: list[LoadedModel],
    plan: list[Row],
    attitudes: tuple[Attitude, ...],
    accumulator: NDArray[np.float32],
    progress: Progress | None,
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Slabs of whole inlines in ascending order: position of the first line, and the lines.

    A slab is (quantity, inline, crossline, sample): the members' mean probability and, where the accumulator
    holds two quantities, its spread. It is a part of the accumulator, overwritten when the next is asked for.
    """
    total = _tile_count(plan, source.live)
    done = 0
    for row in plan:
        for tile in _with_traces(row, source.live):
            values = _quantities(probabilities(members, source.tile(tile), attitudes), len(accumulator))
            _add(values, tile, row.first, accumulator)
            done += 1
            if progress is not None:
                progress(done, total)
        for start in range(row.first, row.complete, LINES):
            stop = min(start + LINES, row.complete)
            slab = accumulator[:, start - row.first : stop - row.first]
            np.clip(slab, 0.0, 1.0, out=slab)
            slab[:, ~source.live[start:stop]] = 0.0
            yield start, slab
        _shift(accumulator, row.complete - row.first, row.stop - row.complete)


def _quantities(members: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Mean over the members and, if two are asked for, standard deviation between them."""
    mean = members.mean(axis=0)
    return mean[None] if count == 1 else np.stack((mean, members.std(axis=0)))


def _add(values: NDArray[np.float32], tile: Tile, first: int, accumulator: NDArray[np.float32]) -> None:
    """Blend a tile into the accumulator, whose line 0 is the volume's line `first`."""
    inline, crossline, sample = tile.windows
    lines = slice(inline.target.start - first, inline.target.stop - first)
    accumulator[:, lines, crossline.target, sample.target] += values[
        :, inline.use, crossline.use, sample.use
    ] * weights(tile)


def _shift(accumulator: NDArray[np.float32], by: int, keep: int) -> None:
    """Bring the `keep` lines after the first `by`, which the next row adds to, to the front; clear others."""
    for line in range(keep):
        accumulator[:, line] = accumulator[:, line + by]
    accumulator[:, keep:] = 0.0


def _accumulator_shape(
    plan: list[Row], shape: tuple[int, int, int], quantities: int
) -> tuple[int, int, int, int]:
    """As high as a row of tiles."""
    return quantities, max(row.stop - row.first for row in plan), shape[1], shape[2]


@contextmanager
def _scratch(beside: Path, shape: tuple[int, ...]) -> Iterator[NDArray[np.float32]]:
    """An array of zeros in a file that has no name, so that nothing is left however the process ends."""
    with ExitStack() as stack:
        with output_errors(beside):
            file = stack.enter_context(tempfile.TemporaryFile(dir=beside.parent))
            size = 4 * math.prod(shape)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
        yield np.memmap(file, dtype=np.float32, mode="r+", shape=shape)
