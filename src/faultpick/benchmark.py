"""Scores of models on the test cubes, as a CSV, and the README's table made from it."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from faultpick.data import splits
from faultpick.errors import DataError
from faultpick.metrics import evaluate
from faultpick.prediction import predict
from faultpick.synth import Recipe, find_recipe, synthesize
from faultpick.volume.staging import output_errors, staged
from faultpick.zoo import LoadedModel

CUBES = 20
SHAPE = (128, 128, 128)
MEASURES = {
    "iou": "Mean IoU",
    "tol_iou_2": "Mean Tol-IoU@2",
    "asd": "Mean surface distance",
    "hd95": "Mean HD95",
}

Row = dict[str, str | int | float]


def run_benchmark(
    models: Sequence[LoadedModel],
    recipe: str | Recipe = "wu2019-v1",
    *,
    cubes: int = CUBES,
    tta: Sequence[bool] = (False,),
    progress: Callable[[int, int], None] | None = None,
) -> list[Row]:
    """Score each model on the first test cubes of a recipe, whole cubes at a threshold of the model's card.

    Args:
        models: Loaded models.
        recipe: Recipe of the test cubes.
        cubes: How many of the test seeds to use.
        tta: With test-time augmentation, without, or both.
        progress: Called after each prediction with the number done and their total.

    Returns:
        One row for each cube, model and entry of `tta`: suite, cube, seed, model, tta and every score.
    """
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    rows: list[Row] = []
    for number, seed in enumerate(splits.test_seeds(cubes)):
        cube = synthesize(seed, recipe, SHAPE)
        for model in models:
            for augmented in tta:
                probability = predict(cube.seismic, model, tta=augmented)
                scores = evaluate(probability, cube.fault, threshold=model.card.threshold)
                row: Row = {"suite": recipe.name, "cube": number, "seed": seed, "model": model.card.name}
                rows.append(row | {"tta": int(augmented)} | asdict(scores))
                if progress:
                    progress(len(rows), cubes * len(models) * len(tta))
    return rows


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write rows into a CSV, numbers with five digits after the point.

    Rows that the file holds already are kept, but for those of the same suite, model and augmentation.

    Raises:
        OutputError: The file cannot be written.
    """
    texts = [{k: f"{v:.5f}" if isinstance(v, float) else str(v) for k, v in row.items()} for row in rows]
    new = {_series(row) for row in texts}
    kept = [row for row in read_rows(path) if _series(row) not in new] if path.exists() else []
    with staged(path) as temporary, output_errors(path), temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(texts[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept + texts)


def _series(row: dict[str, str]) -> tuple[str, str, str]:
    return row["suite"], row["model"], row["tta"]


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


def markdown_table(rows: Iterable[dict[str, str]]) -> str:
    """Strict IoU with cubes down and models across, then the means of the other measures."""
    columns: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        name = row["model"] + (" + TTA" if row["tta"] == "1" else "")
        columns.setdefault(name, {})[row["cube"]] = row
    cubes = sorted({cube for column in columns.values() for cube in column}, key=int)
    lines = ["| Cube | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for cube in cubes:
        values = (
            f"{float(column[cube]['iou']):.3f}" if cube in column else "" for column in columns.values()
        )
        lines.append(f"| {cube} | " + " | ".join(values) + " |")
    for measure, title in MEASURES.items():
        means = (fmean(float(row[measure]) for row in column.values()) for column in columns.values())
        lines.append(f"| **{title}** | " + " | ".join(f"**{mean:.3f}**" for mean in means) + " |")
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
