"""From a survey to its fault probabilities, block by block.

A survey in a file goes through as a graph of independent tasks, on this machine or on a cluster, and what is
done is kept: a run that was stopped goes on where it was. Memory is that of one tile in each process.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from faultpick.blocks import Block, BlockStore, Place, Receipt, called, cover, run_blocks, working_folder
from faultpick.errors import ConfigError
from faultpick.models.profile import context
from faultpick.prediction.compiled import engine_of, plain
from faultpick.prediction.cut import cut_for
from faultpick.prediction.engine import Engine, choose_device, prepared
from faultpick.prediction.kept import input_facts, kept_cut, kept_source
from faultpick.prediction.outputs import check_space, outputs_of, put_in_place
from faultpick.prediction.over_scales import OverScales
from faultpick.prediction.plan import (
    Axes,
    Size,
    largest_tile,
    section,
)
from faultpick.prediction.scale import Scale, chosen_scale
from faultpick.prediction.smooth import Smoothing, chosen_smoothing
from faultpick.prediction.source import source_of
from faultpick.prediction.task import PredictBlock
from faultpick.prediction.tiles import Axis
from faultpick.prediction.tta import Reduce, attitudes_of
from faultpick.volume import Volume
from faultpick.volume.create import check_output
from faultpick.volume.noise import noise_share
from faultpick.volume.period import dominant_period
from faultpick.volume.staging import output_errors
from faultpick.volume.statistics import Read
from faultpick.zoo import LoadedModel, load_model

HALO = 88
MEMORY = 2e9
MOST_SCALED = 10.0

Model = LoadedModel | str | Path
Progress = Callable[[int, int], None]
"""Called at the start and after each tile: voxels that have been through the network, and how many will."""
Say = Callable[[str], None]
"""Called with a sentence that the user may want to read."""


@dataclass(frozen=True)
class Summary:
    """What a prediction that went to a file did.

    Attributes:
        shape: Inlines, crosslines and samples.
        tiles: Tiles that went through the network; those without a live trace do not.
        largest_tile: Voxels of the largest tile.
        network_voxels: Voxels of all tiles, on the network's grid; over those of the volume, what halos cost.
        resumed: Tiles of these that an earlier run had done.
        threshold: Probability from which a voxel counts as fault.
        fault_share: Share of fault voxels among those of live traces.
    """

    shape: tuple[int, int, int]
    tiles: int
    largest_tile: int
    network_voxels: int
    resumed: int
    threshold: float
    fault_share: float


def predict(
    volume: Volume | NDArray[np.floating],
    model: Model | Sequence[Model],
    *,
    tta: bool | str = False,
    tta_reduce: Reduce = "mean",
    device: str | None = None,
    engine: Engine = "auto",
    tile: int | None = None,
    halo: int = HALO,
    exact: bool = False,
    memory: float = MEMORY,
    scale: Scale | Literal["auto", "none"] = "auto",
    scales: Sequence[float] = (1.0,),
    scales_reduce: Reduce = "mean",
    smooth: Smoothing | Literal["auto", "none"] = "auto",
    gain: bool = True,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Fault probabilities of a volume, in memory.

    Args:
        volume: Opened volume, or an array (inline, crossline, sample).
        model: A model of the zoo by name, a weights file, a loaded model; of several, the mean is taken.
        tta: Show each tile in several attitudes: "mirror" or True, as it is and mirrored along the inline
            axis, the crossline axis and both, in four times the time; "turns", quarter turns as well, in
            eight; "full", negated as well, in sixteen.
        tta_reduce: Take the mean over the attitudes, or the maximum.
        device: Where to compute: "cpu", "cuda", ...; None: a GPU where there is one. Loaded models stay put.
        engine: What computes: "torch"; "openvino"; "int8": OpenVINO with convolutions in 8 bits, faster and
            nearly the same; "auto": OpenVINO on a CPU where it is installed, else PyTorch.
        tile: Largest side of a tile in voxels; None: what fits in `memory`.
        halo: Context in voxels that each result has at least within its tile; a wide one costs time, a narrow
            one lets the result depend on where the tiles lie.
        exact: Take all the context that the networks can see instead, so that it does not.
        memory: Bytes that a process, or on a GPU its tiles, may take.
        scale: Voxels of the network's grid for each of the survey's along each axis: the survey is resampled
            to that grid, and the probability back. "auto": as little as brings a survey whose vertical period
            is far from those the models were trained on to them; "none": the survey's own grid.
        scales: Predict at each of these factors times `scale`, on all axes; a factor f takes f^3 of the time.
        scales_reduce: Take the mean over them, or the maximum.
        smooth: Standard deviations of a Gaussian along inlines, crosslines and samples, in voxels, that the
            models see the survey smoothed by. "auto": none, unless two fifths of its energy or more are noise
            of single traces, and more the more of it is; "none": as it comes.
        gain: Even out amplitudes: what all lose or gain with depth, by one slow curve for the whole survey,
            and parts of the survey and single traces that are stronger or weaker than others.
        progress: Called at the start and after each tile.

    Returns:
        Probabilities of the volume's shape; dead traces are 0.

    Raises:
        VolumeError: NaN or infinite samples, a value that stands for no data, or a constant volume.
        ModelError: The model is unknown or damaged.
        ConfigError: There is no such device or engine, the scale makes no sense, or no tile fits in the
            memory.
    """
    members = _members(model, device, engine)
    source = source_of(volume, gain)
    scale, _ = _scale(scale, source.read, source.shape, members)
    smoothing, _ = _smoothing(smooth, source.read, source.shape)
    source = source.smooth(smoothing)
    grids = _grids(source.shape, members, halo, exact, scale, scales)
    attitudes = attitudes_of(tta)
    cut = cut_for(grids, members, attitudes, tile, memory)
    blocks = sorted(cover(source.shape, cut.size), key=lambda block: (block.number[1:], block.number))
    tasks = [
        PredictBlock(source, axes, members, attitudes, tta_reduce, decision=0.5, flows=cut.flows)
        for axes in grids
    ]
    task = tasks[0] if len(tasks) == 1 else OverScales(tuple(tasks), scales_reduce)
    out = np.empty(source.shape, dtype=np.float32)
    meter = _Meter(task, blocks, progress)
    for block in blocks:
        (out[block.box],) = task(block).values
        meter.add(block)
    return out


def predict_to_file(
    volume: Volume,
    model: Model | Sequence[Model],
    out: str | Path,
    *,
    uncertainty: str | Path | None = None,
    threshold: float | None = None,
    tta: bool | str = False,
    tta_reduce: Reduce = "mean",
    device: str | None = None,
    engine: Engine = "auto",
    tile: int | None = None,
    halo: int = HALO,
    exact: bool = False,
    memory: float = MEMORY,
    scale: Scale | Literal["auto", "none"] = "auto",
    scales: Sequence[float] = (1.0,),
    scales_reduce: Reduce = "mean",
    smooth: Smoothing | Literal["auto", "none"] = "auto",
    gain: bool = True,
    workers: int | None = None,
    cluster: str | None = None,
    restart: bool = False,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Summary:
    """Write the fault probabilities of a volume of any size, in memory bounded by the tile.

    Arguments that `predict` has too mean the same. Files appear whole or not at all. Until they do, finished
    blocks are kept in a folder beside the output, `.NAME.partial`: a run that was stopped, by whatever, goes
    on from them when it is started again, and gives the same bytes.

    Args:
        volume: Opened volume.
        model: One model or several.
        out: The file to write, in the format of its name; a SEG-Y volume's headers are kept in SEG-Y.
        uncertainty: Where to write the standard deviation of the probability between several models.
        threshold: Write a mask, 1 from this probability on and 0 below, in place of probabilities.
        tta: Show each tile in several attitudes.
        tta_reduce: Take the mean over them, or the maximum.
        device: Where to compute.
        engine: What computes.
        tile: Largest side of a tile.
        halo: Least context of a result within its tile.
        exact: As much context as the networks can see.
        memory: Bytes that each process may take.
        scale: Voxels of the network's grid for each of the survey's, "auto" or "none".
        scales: Factors on it.
        scales_reduce: Mean or maximum over them.
        smooth: How the models see it smoothed, "auto" or "none".
        gain: Even out amplitudes.
        workers: Compute in this many processes of one thread each, rather than in this one. The program must
            then be importable: keep what it does under `if __name__ == "__main__":`.
        cluster: Compute on the cluster of the dask scheduler at this address, whose workers see the same
            files.
        restart: Forget what an earlier run has done.
        progress: Called at the start and after each tile.
        say: Called with what the user may want to know.

    Raises:
        VolumeError: NaN or infinite samples, a value that stands for no data, or a constant volume.
        ModelError: The model is unknown or damaged.
        OutputError: An output is the input, has no known format, its folder refuses it or is full, or it has
            an unfinished run of other settings.
        ConfigError: There is no such device or engine, the threshold is not within 0 and 1, no tile fits in
            the memory, or uncertainty is asked of one model.
        BlockError: A block could not be computed; the message says where it lies.
        ClusterError: The scheduler cannot be reached or was lost.
    """
    outputs = outputs_of(Path(out), None if uncertainty is None else Path(uncertainty), threshold)
    out = Path(out)
    for path in outputs.values():
        check_output(path, volume)
    place = Place(workers, cluster)
    members = _members(model, device if place.is_here else device or "cpu", engine)
    if threshold is not None and not 0 < threshold < 1:
        raise ConfigError(f"The threshold {threshold:g} is no probability: choose one between 0 and 1.")
    if uncertainty is not None and len(members) < 2:
        raise ConfigError("Uncertainty is the spread between models: give two models or more.")
    decision = fmean(member.card.threshold for member in members) if threshold is None else threshold
    attitudes = attitudes_of(tta)
    scale, why = _scale(scale, volume.read, volume.shape, members)
    smoothing, why_smooth = _smoothing(smooth, volume.read, volume.shape)
    grids = _grids(volume.shape, members, halo, exact, scale, scales)
    axes = grids[0]
    settings = {
        **input_facts(volume),
        "model": [member.card.sha256 or member.card.name for member in members],
        "temperature": [member.card.temperature for member in members],
        "device": members[0].device.type,
        "engine": engine_of(members[0].network),
        "output": {name: str(path.resolve()) for name, path in outputs.items()},
        "threshold": decision,
        "augmentation": [asdict(attitude) for attitude in attitudes],
        "reduced to": tta_reduce,
        "halo": axes[0].halo,
        "scale": scale,
        "scales": [list(scales), scales_reduce],
        "smoothing": smoothing,
        "gain": gain,
        "tile": tile,
        "memory": memory,
        "version": version("faultpick"),
    }
    with (
        working_folder(out, settings, restart=restart) as folder,
        called(place, [PredictBlock.__module__]) as crew,
    ):
        source = kept_source(volume, folder, gain).smooth(smoothing)
        for sentence in (why, why_smooth):
            if sentence is not None and say is not None:
                say(sentence)
        cut = kept_cut(
            folder,
            partial(
                cut_for,
                grids,
                members,
                attitudes,
                tile,
                memory,
                max(crew.workers, 1),
                scattered=cluster is not None,
            ),
        )
        blocks = cover(volume.shape, cut.size)
        _warn_of_inexact(members, len(blocks), say)
        mask, spread = threshold is not None, uncertainty is not None
        tasks = [
            PredictBlock(source, axes, members, attitudes, tta_reduce, decision, mask, spread, cut.flows)
            for axes in grids
        ]
        task = tasks[0] if len(tasks) == 1 else OverScales(tuple(tasks), scales_reduce)
        store = BlockStore(folder.absolute(), tuple(outputs))
        with output_errors(out):
            store.create(volume.geometry, cut.size)
        check_space(outputs.values(), volume.shape, folder)
        receipts = {block: store.finished(block) for block in blocks}
        faults = {block: receipt.facts["faults"] for block, receipt in receipts.items() if receipt}
        if faults and say is not None:
            say(f"An earlier run has done {len(faults)} of {len(blocks)} blocks; going on from there.")
        if say is not None and crew.workers == 0:
            say(f"The scheduler at {cluster} has no worker yet; the first block waits for one.")
        meter = _Meter(task, blocks, progress, done=list(faults))
        resumed = sum(task.has_traces(block) for block in faults)

        def done(block: Block, receipt: Receipt) -> None:
            faults[block] = receipt.facts["faults"]
            meter.add(block)

        run_blocks(
            task,
            [block for block in blocks if block not in faults],
            store,
            volume.geometry,
            crew,
            out=out,
            done=done,
            in_columns=cut.flows,
            at_once=task.at_once,
        )
        put_in_place(store, outputs, volume)
    live = int(np.count_nonzero(source.live)) * volume.shape[2]
    return Summary(
        volume.shape,
        meter.tiles,
        section(axes, cut.size) * axes[0].multiple if cut.flows else largest_tile(axes, cut.size),
        meter.total,
        resumed,
        decision,
        sum(faults.values()) / live,
    )


class _Meter:
    """Counts the tiles that go through the network, and their voxels, for whoever shows progress."""

    def __init__(
        self,
        task: PredictBlock | OverScales,
        blocks: Sequence[Block],
        progress: Progress | None,
        done: Sequence[Block] = (),
    ) -> None:
        self._voxels = {block: task.voxels(block) if task.has_traces(block) else 0 for block in blocks}
        self._progress = progress
        self._done = sum(self._voxels[block] for block in done)
        self.tiles = sum(voxels > 0 for voxels in self._voxels.values())
        self.total = sum(self._voxels.values())
        self._tell()

    def add(self, block: Block) -> None:
        """A block is done."""
        if self._voxels[block]:
            self._done += self._voxels[block]
            self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            self._progress(self._done, self.total)


def _members(model: Model | Sequence[Model], device: str | None, engine: Engine) -> list[LoadedModel]:
    models = [model] if isinstance(model, LoadedModel | str | Path) else list(model)
    if not models:
        raise ConfigError("No model is given: name one.")
    place = choose_device(device)
    loaded = [one if isinstance(one, LoadedModel) else load_model(one, place) for one in models]
    return [prepared(member, engine) for member in loaded]


def _scale(
    wanted: Scale | Literal["auto", "none"], read: Read, shape: Size, members: list[LoadedModel]
) -> tuple[Scale, str | None]:
    period = dominant_period(read, shape) if wanted == "auto" else None
    return chosen_scale(wanted, period, [member.card for member in members])


def _smoothing(
    wanted: Smoothing | Literal["auto", "none"], read: Read, shape: Size
) -> tuple[Smoothing, str | None]:
    return chosen_smoothing(wanted, noise_share(read, shape) if wanted == "auto" else None)


def _grids(
    shape: Size, members: list[LoadedModel], halo: int, exact: bool, scale: Scale, scales: Sequence[float]
) -> list[Axes]:
    """The axes on the network's grid at each of the scales, the finest grid first."""
    if not scales:
        raise ConfigError("There are no scales to predict at: give one or more.")
    if halo < 0:
        raise ConfigError(f"A halo of {halo} voxels is none: give 0 or more.")
    return [
        _axes(shape, members, halo, exact, (scale[0] * factor, scale[1] * factor, scale[2] * factor))
        for factor in sorted(set(scales), reverse=True)
    ]


def _axes(shape: Size, members: list[LoadedModel], halo: int, exact: bool, scale: Scale) -> Axes:
    if not all(MOST_SCALED >= factor >= 1 / MOST_SCALED for factor in scale):
        raise ConfigError(
            f"A survey cannot be resampled by {scale}: choose three factors from {1 / MOST_SCALED:g} to "
            f"{MOST_SCALED:g}."
        )
    multiple = math.lcm(*(member.info.multiple for member in members))
    if exact:
        halo = max(context(plain(member.network), member.info.multiple) for member in members)
    inline, crossline, sample = (
        Axis(count, halo, multiple, factor) for count, factor in zip(shape, scale, strict=True)
    )
    return inline, crossline, sample


def _warn_of_inexact(members: list[LoadedModel], tiles: int, say: Say | None) -> None:
    names = sorted({member.info.name for member in members if not member.info.exact_tiles})
    if names and tiles > 1 and say is not None:
        say(
            f"{' and '.join(names)} normalises by the mean of each tile (InstanceNorm), so results depend on "
            "the size of the tiles and seams may show; a network with BatchNorm, such as unet_res2, has none."
        )
