"""Tables of the documentation, from the rows of a benchmark."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

import numpy as np
from numpy.typing import NDArray

from faultpick.errors import DataError
from faultpick.metrics import Statistic, ThresholdCurve, bootstrap_statistic, weighted_mean
from faultpick.volume.staging import check_target, output_errors, staged

Row = dict[str, str]
Column = dict[str, list[Row]]
"""Rows of one model by cube, one for each seed of its training."""
Counts = NDArray[np.float64]

MEASURES = {
    "iou": "Mean IoU",
    "tol_iou_2": "Mean Tol-IoU@2",
    "asd": "Mean surface distance",
    "hd95": "Mean HD95",
}
_AUGMENTED = {"none": "", "mirror": " + TTA"}


def columns_of(rows: Iterable[Row]) -> dict[str, Column]:
    """Rows by column of the table: a model, its seeds together, augmented in one way at one scale."""
    columns: dict[str, Column] = {}
    for row in rows:
        name = row["model"] + _AUGMENTED.get(row["tta"], f" + TTA ({row['tta']})")
        scale = row.get("scale") or "none"
        name += "" if scale == "none" else f", scale {scale}"
        columns.setdefault(name, {}).setdefault(row["cube"], []).append(row)
    return columns


def mean_of_seeds(column: Column, measure: str) -> dict[str, float]:
    """A measure by cube, the mean over the seeds of a model."""
    return {cube: fmean(float(row[measure]) for row in rows) for cube, rows in column.items()}


def seed_spread(column: Column, measure: str) -> float | None:
    """Standard deviation between the seeds of a model of a measure's mean over cubes; None for one seed."""
    seeds = [[float(row[measure]) for row in rows] for rows in _by_seed(column)]
    return stdev(map(fmean, seeds)) if len(seeds) > 1 else None


def cubes_table(rows: Iterable[Row]) -> str:
    """Strict IoU with cubes down and models across, then the means of the measures.

    Of a model with several seeds the mean is shown, and below the means the standard deviation between seeds
    of the mean IoU; of cubes of one name, drawn several times, likewise. The interval is that of the mean IoU
    within which 95 % of draws of cubes with replacement lie.
    """
    columns = columns_of(rows)
    cubes = list(dict.fromkeys(cube for column in columns.values() for cube in column))
    by_cube = [mean_of_seeds(column, "iou") for column in columns.values()]
    lines = [
        (cube, *(f"{values[cube]:.3f}" if cube in values else "" for values in by_cube)) for cube in cubes
    ]
    for measure, title in MEASURES.items():
        means = (fmean(mean_of_seeds(column, measure).values()) for column in columns.values())
        lines.append((f"**{title}**", *(f"**{mean:.3f}**" for mean in means)))
        if measure == "iou":
            intervals = (_interval(column, Mean("iou")) for column in columns.values())
            lines.append(("95 % interval", *intervals))
            spreads = [seed_spread(column, "iou") for column in columns.values()]
            if any(spread is not None for spread in spreads):
                lines.append(("Spread over seeds", *("" if one is None else f"{one:.3f}" for one in spreads)))
    return _markdown(("Cube", *columns), lines)


@dataclass(frozen=True)
class Mean:
    """The mean of a column of the CSV over the cubes; cubes where it is not defined are left out."""

    name: str

    def __call__(self, rows: Sequence[Row], times: Counts) -> Counts:
        """Its value for each draw, of how often each row's cube is drawn."""
        values = np.array([float(row[self.name]) for row in rows])
        known = ~np.isnan(values)
        return weighted_mean(times[:, known], values[known])

    def known(self, row: Row) -> bool:
        """Whether a row has what it needs."""
        return bool(row.get(self.name))


@dataclass(frozen=True)
class FoundShare:
    """Faults found over faults there, of all cubes together."""

    def __call__(self, rows: Sequence[Row], times: Counts) -> Counts:
        """Its value for each draw."""
        found, faults = (np.array([float(row[name]) for row in rows]) for name in ("found", "faults"))
        with np.errstate(invalid="ignore"):
            return (times @ found) / (times @ faults)

    def known(self, row: Row) -> bool:
        """Whether a row has what it needs."""
        return bool(row.get("faults"))


@dataclass(frozen=True)
class BestF1:
    """ODS, or OIS where each cube has its own threshold (`faultpick.metrics.best_dataset_f1`)."""

    own: bool

    def __call__(self, rows: Sequence[Row], times: Counts) -> Counts:
        """Its value for each draw."""
        found, right = (
            np.array([row[name].split() for row in rows]).astype(np.int64)
            for name in ("curve_found", "curve_right")
        )
        real = np.array([int(row["curve_real"]) for row in rows])[:, None]
        if self.own:
            best = ThresholdCurve(found, right, real, right).f1.argmax(axis=1)[:, None]
            found, right = (np.take_along_axis(each, best, axis=1) for each in (found, right))
        drawn = (times.astype(np.int64) @ each for each in (found, right, real, right))
        return ThresholdCurve(*drawn).f1.max(axis=1)

    def known(self, row: Row) -> bool:
        """Whether a row has what it needs."""
        return bool(row.get("curve_found"))


Measure = Mean | FoundShare | BestF1

SCORES: dict[str, Measure] = {
    "Strict IoU": Mean("iou"),
    "Average precision": Mean("average_precision"),
    "ODS": BestF1(own=False),
    "OIS": BestF1(own=True),
    "Tol-F1@1": Mean("tol_f1_1"),
    "Tol-F1@2": Mean("tol_f1_2"),
    "Tol-F1@3": Mean("tol_f1_3"),
    "Tol-IoU@2": Mean("tol_iou_2"),
    "Average surface distance": Mean("asd"),
    "HD95": Mean("hd95"),
    "Calibration error": Mean("calibration_error"),
    "Share of larger faults found": FoundShare(),
    "False faults a cube": Mean("false_per_cube"),
}
SHORT = (
    "Strict IoU",
    "Tol-IoU@2",
    "Average surface distance",
    "Share of larger faults found",
    "False faults a cube",
)


def scores_table(rows: Iterable[Row], names: Iterable[str] = tuple(SCORES)) -> str:
    """Measures down and models across, each over all cubes and with the interval of its bootstrap over cubes.

    Of a model with several seeds the mean over them is shown. A measure that no row has is left out.
    """
    columns = columns_of(rows)

    def cell(column: Column, measure: Measure) -> str:
        found = _over_seeds(column, measure)
        return _with_interval(*found, "{:.3f}") if found else ""

    lines = [(name, *(cell(column, SCORES[name]) for column in columns.values())) for name in names]
    return _markdown(("", *columns), [line for line in lines if any(line[1:])])


def differences_table(rows: Iterable[Row]) -> str:
    """Measures down and models across: each model less the first one, on the same cubes.

    Cubes differ more from each other than models do, so that models which are far from each other here can
    have intervals that overlap in `scores_table`. The bootstrap draws the cubes of both alike. What the two
    do not have for the same cubes is left blank, a measure without any difference left out.
    """
    (first, base), *others = columns_of(rows).items()

    def cell(column: Column, measure: Measure) -> str:
        one, other = _over_seeds(base, measure), _over_seeds(column, measure)
        if one is None or other is None or one[0] != other[0]:
            return ""

        def difference(times: Counts) -> Counts:
            with np.errstate(invalid="ignore"):
                return other[1](times) - one[1](times)

        if np.isnan(difference(np.ones((1, len(one[0]))))).any():  # infinite for both
            return ""
        return _with_interval(one[0], difference, "{:+.3f}")

    lines = [(name, *(cell(column, SCORES[name]) for _, column in others)) for name in SHORT]
    header = (f"Less {first}", *(name for name, _ in others))
    return _markdown(header, [line for line in lines if any(line[1:])])


Cubes = list[tuple[str, str]]
"""Name and seed of each."""


def _over_seeds(column: Column, measure: Measure) -> tuple[Cubes, Statistic] | None:
    """The cubes of a model, and its measure, the mean over its seeds, for draws of these; None without it."""
    seeds = [rows for rows in _by_seed(column) if all(measure.known(row) for row in rows)]
    if not seeds or len({len(rows) for rows in seeds}) > 1:
        return None
    cubes = [(row["cube"], row["seed"]) for row in seeds[0]]
    return cubes, lambda times: np.mean([measure(rows, times) for rows in seeds], axis=0)


def _interval(column: Column, measure: Measure) -> str:
    found = _over_seeds(column, measure)
    return "{:.3f} to {:.3f}".format(*bootstrap_statistic(found[1], len(found[0]))) if found else ""


def _with_interval(cubes: Cubes, statistic: Statistic, form: str) -> str:
    (value,) = statistic(np.ones((1, len(cubes))))
    low, high = bootstrap_statistic(statistic, len(cubes))
    return f"{form} ({form} to {form})".format(value, low, high)


def _by_seed(column: Column) -> list[list[Row]]:
    """The rows of each seed, in the order of the cubes."""
    seeds: dict[str, list[Row]] = {}
    for rows in column.values():
        for row in rows:
            seeds.setdefault(row["model_seed"], []).append(row)
    return list(seeds.values())


SCALE_CUBE = re.compile(r"period (?P<period>[\d.]+), bins (?P<bins>[\d.]+)")


def scales_table(rows: Iterable[Row]) -> str:
    """Strict IoU of one earth, periods of the wavelet down and bin sizes across, model by model.

    Below each model stands its worst cell over its best, of strict IoU and of Tol-IoU@2.

    Raises:
        DataError: The cubes are not those of such a suite.
    """
    lines, bins = [], {}
    for name, column in columns_of(rows).items():
        strict, tolerant = (mean_of_seeds(column, measure) for measure in ("iou", "tol_iou_2"))
        periods: dict[str, dict[str, str]] = {}
        for cube, value in strict.items():
            cell = SCALE_CUBE.fullmatch(cube)
            if cell is None:
                raise DataError(
                    f"The cube {cube!r} has no period and bins in its name: take a suite of scales."
                )
            periods.setdefault(cell["period"], {})[cell["bins"]] = f"{value:.3f}"
            bins[cell["bins"]] = None
        lines += [(name, period, cells) for period, cells in periods.items()]
        worst = [min(each.values()) / max(each.values()) for each in (strict, tolerant)]
        lines.append((name, f"worst / best: {worst[0]:.2f}; of Tol-IoU@2 {worst[1]:.2f}", {}))
    header = ("Model", "Period, samples", *(f"bins {size}" for size in bins))
    return _markdown(
        header, [(name, period, *(cells.get(b, "") for b in bins)) for name, period, cells in lines]
    )


def _markdown(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    return markdown((header, ("---", *("---:" for _ in header[1:])), *lines))


def markdown(lines: Iterable[Sequence[object]]) -> str:
    """A table in Markdown: the first line is its header, the second the header's ruler."""
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def put_tables(page: Path, name: str, rows: Sequence[Row]) -> None:
    """Replace those tables of a set of cubes that a page has markers for.

    They are called NAME (a few measures), NAME-scores (all of them), NAME-cubes (cube by cube) and
    NAME-scales (periods and bin sizes).

    Raises:
        DataError: The page cannot be read or has no marker of these.
    """
    makers = {
        name: lambda: scores_table(rows, SHORT),
        f"{name}-scores": lambda: scores_table(rows),
        f"{name}-cubes": lambda: cubes_table(rows),
        f"{name}-scales": lambda: scales_table(rows),
    }
    for each in tables_of(page, name):
        put_table(page, each, makers[each]())


def tables_of(page: Path, name: str) -> list[str]:
    """Names of the tables of a set of cubes that a page has markers for.

    Raises:
        DataError: The page cannot be read or has no marker of these.
        OutputError: Its folder cannot be written in.
    """
    check_target(page)
    text = _text_of(page)
    names = [name, *(f"{name}-{part}" for part in ("scores", "cubes", "scales"))]
    found = [each for each in names if _place_of(each).search(text)]
    if not found:
        raise _no_place(page, name)
    return found


def put_table(page: Path, name: str, table: str) -> None:
    """Replace what stands between the markers `<!-- table: NAME -->` and `<!-- end -->` of a page.

    Raises:
        DataError: The page cannot be read or does not have these markers.
        OutputError: It cannot be written.
    """
    text = _text_of(page)
    pattern = _place_of(name)
    if not pattern.search(text):
        raise _no_place(page, name)
    text = pattern.sub(lambda match: f"{match[1]}{table}\n{match[2]}", text)
    with staged(page) as temporary, output_errors(page):
        temporary.write_text(text, encoding="utf-8")


def _place_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)


def _no_place(page: Path, name: str) -> DataError:
    return DataError(
        f"{page} has no place for the table {name!r}: put <!-- table: {name} --> and <!-- end --> there."
    )


def _text_of(page: Path) -> str:
    try:
        return page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise DataError(f"{page} cannot be read ({reason}): give the page of the tables.") from error
