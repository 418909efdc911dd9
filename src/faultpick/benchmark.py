"""Scores of models on test cubes, as rows of a CSV."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from faultpick import baseline
from faultpick.data import splits
from faultpick.data.cubes import find_pairs, read_flat_cube, read_pair
from faultpick.errors import ConfigError, DataError
from faultpick.metrics import Matching, evaluate, threshold_curve
from faultpick.normalise import Normalisation
from faultpick.picks.score import score_probability, thinned_scores
from faultpick.prediction import predict
from faultpick.prediction.compiled import Compiled
from faultpick.prediction.engine import prepared
from faultpick.prediction.plan import Size
from faultpick.prediction.scale import UNSCALED, Scale, chosen_scale
from faultpick.prediction.tta import Reduce, attitudes_of
from faultpick.synth import Cube
from faultpick.synth.dataset import read_cube_set
from faultpick.synth.suites import SuiteCube, find_suite
from faultpick.volume.period import dominant_period
from faultpick.volume.staging import check_target, output_errors, staged
from faultpick.zoo import LoadedModel

PUBLISHED = "published"
PUBLISHED_THRESHOLD = 0.9
MEMORY = 8e9  # bytes, so that cubes are seen whole
COUNTED = Matching(minimum_throw=5.0)

CURVE_STEP = 5  # of the 99 thresholds of a curve: 0.05, 0.10, ... 0.95

Row = dict[str, str | int | float]
Progress = Callable[[int, int], None]
"""Called after each prediction with the number done and their total."""


@dataclass(frozen=True)
class BenchmarkCube:
    """A cube to score models on.

    Attributes:
        name: Its name in the table, such as its number.
        seed: What it was drawn from; None for a cube of a folder.
        read: What is known of it.
        published: A fault probability of its shape that others published, if there is one.
    """

    name: str
    seed: int | None
    read: Callable[[], "Labelled"]
    published: Callable[[Size], NDArray[np.float32]] | None = None


@dataclass(frozen=True)
class Labelled:
    """A labelled volume.

    Attributes:
        seismic: Amplitudes, (inline, crossline, sample).
        fault: Fault mask of its shape.
        live: Where it has a trace, (inline, crossline); None: everywhere.
        earth: The synthetic earth that it is an image of, where there is one.
    """

    seismic: NDArray[np.floating]
    fault: NDArray[np.uint8]
    live: NDArray[np.bool_] | None = None
    earth: Cube | None = None

    @property
    def shape(self) -> Size:
        """Numbers of inlines, crosslines and samples."""
        inlines, crosslines, samples = self.seismic.shape
        return inlines, crosslines, samples


def suite_cubes(name: str, count: int | None = None, validation: int = 0) -> list[BenchmarkCube]:
    """The first cubes of a suite, all of them if no count is given, on test seeds.

    Args:
        name: Of the suite.
        count: How many of its cubes.
        validation: To choose models by: so many draws of these cubes on validation seeds in place of the one
            on test seeds, one draw after the other.

    Raises:
        ConfigError: No suite has this name.
    """

    def of_suite(cube: SuiteCube) -> BenchmarkCube:
        def read() -> Labelled:
            made = cube.make()
            return Labelled(made.seismic, made.fault, earth=made)

        return BenchmarkCube(cube.name, cube.seed, read)

    firsts = [splits.VALIDATION + draw * splits.DRAWS_APART for draw in range(validation)] or [splits.TEST]
    return [of_suite(cube) for first in firsts for cube in find_suite(name, first)[:count]]


def folder_cubes(folder: Path, count: int | None = None) -> list[BenchmarkCube]:
    """The cubes of a folder: `seis/N.dat` and `fault/N.dat`, or `N.npz`, in the order of their numbers.

    The flat files are those that Wu et al. published: float32, little endian, C order with the vertical axis
    fastest, 128 x 128 x 128 unless the folder's `recipe.json` says otherwise. Volumes of any other format may
    stand in their place. `predict/N.dat`, where it is there, is a published fault probability, flat too.

    Raises:
        DataError: The folder is missing or empty, or its files do not pair up.
    """
    described = read_cube_set(folder)
    shape = described.shape if described else (128, 128, 128)

    def of_pair(seismic: Path, fault: Path) -> BenchmarkCube:
        path = folder / "predict" / f"{seismic.stem}.dat"
        published = partial(read_flat_cube, path) if path.exists() else None

        def read() -> Labelled:
            image, label, live = read_pair(seismic, fault, shape)
            Normalisation.from_array(image, str(seismic))  # refuses what no model can see, by its name
            return Labelled(image, label, live)

        return BenchmarkCube(seismic.stem, None, read, published)

    return [of_pair(*pair) for pair in find_pairs(folder)[:count]]


@dataclass(frozen=True)
class Entry:
    """What of a contestant is scored: how it was asked and what it said.

    Attributes:
        model: Its name.
        model_seed: Of its training; empty where there was none.
        tta: Mode of test-time augmentation.
        scale: As asked for: "none", "auto" or three factors.
        grid: The three factors that were taken.
        threshold: From which a voxel counts as fault.
    """

    model: str
    model_seed: int | str = ""
    tta: str = "none"
    scale: str = "none"
    grid: str = "1,1,1"
    threshold: float = 0.5


def run_benchmark(
    models: Sequence[LoadedModel],
    cubes: Sequence[BenchmarkCube],
    suite: str,
    *,
    tta: Sequence[str] = ("none",),
    scale: Scale | Literal["auto", "none"] = "none",
    gain: bool = True,
    semblance: float | None = None,
    picks: bool = False,
    progress: Progress | None = None,
) -> list[Row]:
    """Score models, and what others published, on whole cubes, at the threshold of each model's card.

    Args:
        models: Loaded models; several seeds of one training differ in the seed of their cards.
        cubes: What to score on.
        suite: Name of the set of cubes.
        tta: Modes of test-time augmentation, "none" among them if wanted; "mirror-max" takes the maximum over
            the attitudes of "mirror" in place of the mean, and so on.
        scale: On which grid models predict, as in `faultpick.predict`.
        gain: Let models see amplitudes evened out over depth, as in `faultpick.predict`.
        semblance: Score semblance too, a fault where the discontinuity is at least this
            (`faultpick.baseline.validated_threshold`).
        picks: Pick the faults of each prediction too and count those found, missed and made up, where the
            earth of a cube is known; faults with a median throw under 5 samples do not count.
        progress: Called after each prediction.

    Returns:
        One row for each cube, model and entry of `tta`: suite, cube, its seed, the fields of `Entry`, every
        score, and counts of voxels at thresholds from 0.05 to 0.95 for ODS and OIS.

    Raises:
        ConfigError: Two models have the same name and seed, or there is no such mode of augmentation.
        DataError: A cube cannot be read.
    """
    names = [(model.card.name, model.card.seed) for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"Two models are called {twice[0]!r} with seed {twice[1]}: rename one in its card.")
    modes = {mode: _mode(mode) for mode in tta}
    models = [prepared(model) for model in models]
    rows: list[Row] = []
    total = len(cubes) * (len(models) * len(modes) + (semblance is not None))
    for cube in cubes:
        known = cube.read()
        seismic = known.seismic

        def score(entry: Entry, said: NDArray[np.float32], cube=cube, known=known) -> None:
            place: Row = {"suite": suite, "cube": cube.name, "seed": "" if cube.seed is None else cube.seed}
            rows.append(place | asdict(entry) | scores_of(said, known.fault, entry.threshold, known.live))
            if picks and known.earth is not None:
                rows[-1] |= score_probability(said, known.earth, matching=COUNTED).row()
                rows[-1] |= thinned_scores(said, known.fault, entry.threshold)
            if progress and entry.model != PUBLISHED:
                progress(sum(each["model"] != PUBLISHED for each in rows), total)

        if cube.published:
            score(Entry(PUBLISHED, threshold=PUBLISHED_THRESHOLD), cube.published(known.shape))
        if semblance is not None:
            score(Entry(baseline.NAME), baseline.fault_score(seismic, semblance))
            rows[-1]["threshold"] = semblance
        for model in models:
            card, grid = model.card, grid_of(seismic, model, scale)
            for mode, (attitudes, reduce) in modes.items():
                entry = Entry(card.name, card.seed, mode, scale_text(scale), scale_text(grid), card.threshold)
                said = predict(
                    seismic, model, tta=attitudes, tta_reduce=reduce, memory=MEMORY, scale=grid, gain=gain
                )
                score(entry, said)
            if isinstance(model.network, Compiled):
                model.network.rest()  # the next model needs the memory
    return rows


def _mode(mode: str) -> tuple[str, Reduce]:
    """The attitudes of a mode of test-time augmentation and what is taken over them."""
    attitudes, _, reduce = mode.partition("-")
    attitudes_of(attitudes)
    if reduce not in ("", *get_args(Reduce)):
        raise ConfigError(
            f"There is no test-time augmentation {mode!r}: put -max or -mean behind mirror, turns or full."
        )
    return attitudes, cast(Reduce, reduce or "mean")


def grid_of(
    seismic: NDArray[np.floating], model: LoadedModel, scale: Scale | Literal["auto", "none"]
) -> Scale:
    """The factors that a scale means for a cube and a model."""
    if scale != "auto":
        return UNSCALED if scale == "none" else scale
    period = dominant_period(lambda *box: seismic[box].astype(np.float32), seismic.shape)
    return chosen_scale("auto", period, [model.card])[0]


def scale_text(scale: Scale | Literal["auto", "none"]) -> str:
    """A scale as the command takes it."""
    return scale if isinstance(scale, str) else ",".join(f"{factor:g}" for factor in scale)


def scores_of(
    said: NDArray[np.float32],
    fault: NDArray[np.uint8],
    threshold: float,
    live: NDArray[np.bool_] | None = None,
) -> Row:
    """Every score of a probability, where there are traces, and what ODS and OIS need of each cube."""
    valid = None if live is None else np.broadcast_to(live[..., None], fault.shape)
    curve = threshold_curve(said, fault > 0, valid)
    found, right = curve.found[CURVE_STEP - 1 :: CURVE_STEP], curve.found_right[CURVE_STEP - 1 :: CURVE_STEP]
    counts: Row = {
        "curve_found": " ".join(map(str, found)),
        "curve_right": " ".join(map(str, right)),
        "curve_real": int(curve.real[0]),
    }
    return asdict(evaluate(said, fault, threshold, valid)) | counts


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows into a CSV, numbers with five digits after the point.

    Rows that the file holds already are kept, but for those of the same suite, model, seed, augmentation and
    scale.

    Raises:
        DataError: The file holds something else.
        OutputError: The file cannot be written.
    """
    texts = [{k: f"{v:.5f}" if isinstance(v, float) else str(v) for k, v in row.items()} for row in rows]
    new = {series(row) for row in texts}
    kept = [row for row in rows_so_far(path) if series(row) not in new]
    with staged(path) as temporary, output_errors(path), temporary.open("w", newline="") as file:
        names = dict.fromkeys(name for row in texts + kept for name in row)
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + texts)


def rows_so_far(path: Path) -> list[dict[str, str]]:
    """The rows that a benchmark has written into a CSV already, if it has.

    Raises:
        DataError: The file holds something else.
        OutputError: It is in a folder that is not there or cannot be written in, or is a folder itself.
    """
    check_target(path)
    rows = read_rows(path) if path.exists() else []
    if not all(row.keys() >= {"suite", "cube", "seed", "model", "model_seed", "tta", "iou"} for row in rows):
        raise DataError(f"{path} holds something else than rows of a benchmark: give another file.")
    return rows


def series(row: dict[str, str]) -> tuple[str, str, str, str, str]:
    """What the rows of one model on the cubes of one suite share."""
    return row["suite"], row["model"], row["model_seed"], row["tta"], row.get("scale") or "none"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read rows that `write_rows` wrote.

    Raises:
        DataError: There is no such file, or it is no CSV.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): run faultpick benchmark first."
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV file ({error}): give another file.") from error
