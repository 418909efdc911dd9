"""Scores of models on test cubes, as a CSV, and the README's table made from it."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import cast

import numpy as np
from numpy.typing import NDArray

from faultpick.data import splits
from faultpick.data.cubes import find_pairs, read_flat_cube, read_pair
from faultpick.errors import ConfigError, DataError
from faultpick.metrics import Matching, Scores, bootstrap_interval, evaluate
from faultpick.picks.score import score_probability, thinned_scores
from faultpick.prediction import predict
from faultpick.prediction.tta import Reduce
from faultpick.synth import Cube
from faultpick.synth.dataset import read_cube_set
from faultpick.synth.suites import SuiteCube, find_suite
from faultpick.volume.staging import output_errors, staged
from faultpick.zoo import LoadedModel

MEASURES = {
    "iou": "Mean IoU",
    "tol_iou_2": "Mean Tol-IoU@2",
    "asd": "Mean surface distance",
    "hd95": "Mean HD95",
}
PUBLISHED = "published"
PUBLISHED_THRESHOLD = 0.9
COUNTED = Matching(minimum_throw=5.0)

Row = dict[str, str | int | float]
Progress = Callable[[int, int], None]
"""Called after each prediction with the number done and their total."""


@dataclass(frozen=True)
class BenchmarkCube:
    """A cube to score models on.

    Attributes:
        name: Its name in the table, such as its number.
        seed: What it was drawn from; None for a cube of a folder.
        read: Its amplitudes and fault mask, (inline, crossline, sample), and its earth where that is known.
        published: A fault probability that others published, if there is one.
    """

    name: str
    seed: int | None
    read: Callable[[], tuple[NDArray[np.floating], NDArray[np.uint8], Cube | None]]
    published: Callable[[], NDArray[np.float32]] | None = None


def suite_cubes(name: str, count: int | None = None) -> list[BenchmarkCube]:
    """The first cubes of a suite, all of them if no count is given, on test seeds.

    Raises:
        ConfigError: No suite has this name.
    """

    def of_suite(cube: SuiteCube) -> BenchmarkCube:
        def read() -> tuple[NDArray[np.floating], NDArray[np.uint8], Cube | None]:
            made = cube.make()
            return made.seismic, made.fault, made

        return BenchmarkCube(cube.name, cube.seed, read)

    return [of_suite(cube) for cube in find_suite(name, splits.TEST)[:count]]


def folder_cubes(folder: Path, count: int | None = None) -> list[BenchmarkCube]:
    """The cubes of a folder: `seis/N.dat` and `fault/N.dat`, or `N.npz`, in the order of their numbers.

    The flat files are those that Wu et al. published: float32, little endian, C order with the vertical axis
    fastest, 128 x 128 x 128 unless the folder's `recipe.json` says otherwise. `predict/N.dat`, where it is
    there, is a published fault probability.

    Raises:
        DataError: The folder is missing or empty, or its files do not pair up.
    """
    described = read_cube_set(folder)
    shape = described.shape if described else (128, 128, 128)

    def of_pair(seismic: Path, fault: Path) -> BenchmarkCube:
        path = folder / "predict" / f"{seismic.stem}.dat"
        published = (lambda: read_flat_cube(path, shape)) if path.exists() else None
        return BenchmarkCube(seismic.stem, None, lambda: (*read_pair(seismic, fault, shape), None), published)

    return [of_pair(*pair) for pair in find_pairs(folder)[:count]]


def run_benchmark(
    models: Sequence[LoadedModel],
    cubes: Sequence[BenchmarkCube],
    suite: str,
    *,
    tta: Sequence[str] = ("none",),
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
        picks: Pick the faults of each prediction too and count those found, missed and made up, where the
            earth of a cube is known; faults with a median throw under 5 samples do not count.
        progress: Called after each prediction.

    Returns:
        One row for each cube, model and entry of `tta`: suite, cube, its seed, model, its seed, tta and
        every score.

    Raises:
        ConfigError: Two models have the same name and seed.
        DataError: A cube cannot be read.
    """
    names = [(model.card.name, model.card.seed) for model in models]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ConfigError(f"Two models are called {twice[0]!r} with seed {twice[1]}: rename one in its card.")
    rows: list[Row] = []
    for cube in cubes:
        seismic, fault, earth = cube.read()

        def row(model: str, model_seed: int | str, mode: str, scores: Scores, cube=cube) -> Row:
            place: Row = {"suite": suite, "cube": cube.name, "seed": "" if cube.seed is None else cube.seed}
            return place | {"model": model, "model_seed": model_seed, "tta": mode} | asdict(scores)

        if cube.published:
            scores = evaluate(cube.published(), fault, threshold=PUBLISHED_THRESHOLD)
            rows.append(row(PUBLISHED, "", "none", scores))
        for model in models:
            for mode in tta:
                attitudes, _, reduce = mode.partition("-")
                probability = predict(
                    seismic, model, tta=attitudes, tta_reduce=cast(Reduce, reduce or "mean")
                )
                scores = evaluate(probability, fault, threshold=model.card.threshold)
                rows.append(row(model.card.name, model.card.seed, mode, scores))
                if picks and earth is not None:
                    rows[-1] |= score_probability(probability, earth, matching=COUNTED).row()
                    rows[-1] |= thinned_scores(probability, fault, model.card.threshold)
                if progress:
                    done = sum(each["model"] != PUBLISHED for each in rows)
                    progress(done, len(cubes) * len(models) * len(tta))
    return rows


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows into a CSV, numbers with five digits after the point.

    Rows that the file holds already are kept, but for those of the same suite, model, seed and augmentation.

    Raises:
        OutputError: The file cannot be written.
    """
    texts = [{k: f"{v:.5f}" if isinstance(v, float) else str(v) for k, v in row.items()} for row in rows]
    new = {series(row) for row in texts}
    kept = [row for row in read_rows(path) if series(row) not in new] if path.exists() else []
    with staged(path) as temporary, output_errors(path), temporary.open("w", newline="") as file:
        names = dict.fromkeys(name for row in texts + kept for name in row)
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + texts)


def series(row: dict[str, str]) -> tuple[str, str, str, str]:
    """What the rows of one model on the cubes of one suite share."""
    return row["suite"], row["model"], row["model_seed"], row["tta"]


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read rows that `write_rows` wrote.

    Raises:
        DataError: There is no such file.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}): run faultpick benchmark first."
        ) from error


Column = dict[str, list[dict[str, str]]]
"""Rows of one model by cube, one for each seed of its training."""


def columns_of(rows: Iterable[dict[str, str]]) -> dict[str, Column]:
    """Rows by column of the table: a model, its seeds together, with one mode of augmentation."""
    columns: dict[str, Column] = {}
    for row in rows:
        name = row["model"] + _AUGMENTED.get(row["tta"], f" + TTA ({row['tta']})")
        columns.setdefault(name, {}).setdefault(row["cube"], []).append(row)
    return columns


_AUGMENTED = {"none": "", "mirror": " + TTA"}


def mean_of_seeds(column: Column, measure: str) -> dict[str, float]:
    """A measure by cube, the mean over the seeds of a model."""
    return {cube: fmean(float(row[measure]) for row in rows) for cube, rows in column.items()}


def seed_spread(column: Column, measure: str) -> float | None:
    """Standard deviation between the seeds of a model of a measure's mean over cubes; None for one seed."""
    seeds: dict[str, list[float]] = {}
    for rows in column.values():
        for row in rows:
            seeds.setdefault(row["model_seed"], []).append(float(row[measure]))
    return stdev(map(fmean, seeds.values())) if len(seeds) > 1 else None


def markdown_table(rows: Iterable[dict[str, str]]) -> str:
    """Strict IoU with cubes down and models across, then the means of the measures.

    Of a model with several seeds the mean is shown, and below the means the standard deviation between seeds
    of the mean IoU. The interval is that of the mean IoU within which 95 % of draws of cubes with
    replacement lie.
    """
    columns = columns_of(rows)
    cubes = list(dict.fromkeys(cube for column in columns.values() for cube in column))
    lines = ["| Cube | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]

    def line(title: str, cells: Iterable[str]) -> None:
        lines.append(f"| {title} | " + " | ".join(cells) + " |")

    by_cube = [mean_of_seeds(column, "iou") for column in columns.values()]
    for cube in cubes:
        line(cube, (f"{values[cube]:.3f}" if cube in values else "" for values in by_cube))
    for measure, title in MEASURES.items():
        means = (fmean(mean_of_seeds(column, measure).values()) for column in columns.values())
        line(f"**{title}**", (f"**{mean:.3f}**" for mean in means))
        if measure == "iou":
            intervals = (bootstrap_interval(list(values.values())) for values in by_cube)
            line("95 % interval", (f"{low:.3f} to {high:.3f}" for low, high in intervals))
            spreads = [seed_spread(column, "iou") for column in columns.values()]
            if any(spread is not None for spread in spreads):
                line("Spread over seeds", ("" if each is None else f"{each:.3f}" for each in spreads))
    return "\n".join(lines)


def put_table(page: Path, name: str, table: str) -> None:
    """Replace what stands between the markers `<!-- table: NAME -->` and `<!-- end -->` of a page.

    Raises:
        DataError: The page does not have these markers.
    """
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise DataError(
            f"{page} has no place for the table {name!r}: put <!-- table: {name} --> and <!-- end --> there."
        )
    page.write_text(pattern.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text), encoding="utf-8")
