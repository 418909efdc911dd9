"""What each part of the earth's realism and of augmentation is worth.

The network of a config is trained for some steps with the whole recipe `field` and the config's
augmentation, then with one part of either left out at a time; all else is the same: seed, seeds of the cubes,
steps. A style of the recipe that would put the part back is left out with it. Each is scored on the
validation cubes of field-20 and scale-12, at 0.5. A row goes to results/ablation.csv as it is finished, and
the table of all so far to the page. Finished rows are left alone, and what was killed goes on. Other seeds of
`everything` show what differences mean nothing.

Usage: python benchmarks/ablation.py [--steps 2000] [--only NAME,NAME] [--seed 0] [--config FILE]
"""

import argparse
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from faultpick.data import splits
from faultpick.data.cubes import SyntheticCubes
from faultpick.metrics import mask_distances, overlap, tolerant_f1, tolerant_iou
from faultpick.prediction import predict
from faultpick.synth.field_recipe import FIELD, STYLES, FieldRecipe
from faultpick.synth.suites import SuiteCube, find_suite
from faultpick.tables import markdown, put_table
from faultpick.train.config import TrainConfig, read_config, verify
from faultpick.train.loaders import Loaders
from faultpick.train.module import FaultTraining
from faultpick.train.run import SETTINGS, fit
from faultpick.volume.staging import staged
from faultpick.zoo import LoadedModel, load_model

SUITES = ("field-20", "scale-12")
PAGE = Path("docs/reference/ablation.md")
CSV = Path("results/ablation.csv")

Row = dict[str, str]


@dataclass(frozen=True)
class Variant:
    """A part that is left out.

    Attributes:
        name: Of the row.
        without: What is left out, for the table.
        recipe: Fields of the recipe's groups, by group, that switch it off.
        augmentation: Settings of the augmentation that switch it off.
    """

    name: str
    without: str
    recipe: dict[str, dict[str, Any]] = field(default_factory=dict)
    augmentation: dict[str, Any] = field(default_factory=dict)

    def earth(self) -> FieldRecipe:
        """The recipe without the part."""
        styles = [
            style
            for style, sets in STYLES.items()
            if any(sets.get(group, {}).keys() & fields.keys() for group, fields in self.recipe.items())
        ]
        recipe = FIELD.with_parts({"styles": off(*styles)}).with_parts(self.recipe)
        return FieldRecipe.model_validate(recipe.model_dump())


def off(*names: str) -> dict[str, Any]:
    """Shares and strengths set to nothing."""
    return dict.fromkeys(names, 0.0)


VARIANTS = (
    Variant("everything", "nothing"),
    Variant(
        "plain-layers",
        "facies, channels, unconformities, crumpled intervals",
        {"layers": off("facies", "channels", "unconformity", "chaos"), "faulting": off("buried")},
    ),
    Variant("even-layers", "blocky layers, quiet packages", {"layers": off("blocky", "quiet")}),
    Variant(
        "plain-faults",
        "listric, growing, strike-slip faults, drag, scatter",
        {"faulting": off("listric", "growth", "strike_slip", "drag", "scatter")},
    ),
    Variant("single-faults", "relays and branches", {"faulting": off("relay", "splay")}),
    Variant("large-faults", "dense small faults", {"faulting": off("dense")}),
    Variant(
        "plain-wavelet",
        "phase, ringing, tilt of the wavelet",
        {"imaging": off("phase", "asymmetric", "tilted")},
    ),
    Variant(
        "one-scale",
        "other periods, bins and samplings",
        {
            "imaging": {"period": (12.0, 12.001)},
            "shape": {"bins": (1.0, 1.0), "sampling": (1.0, 1.0)},
        },
    ),
    Variant("no-bodies", "salt, water, dead traces", {"imaging": off("salt", "water", "dead")}),
    Variant("no-gain", "gain and its control in the image", {"imaging": {"gain": (0.0, 0.0), "agc": 0.0}}),
    Variant(
        "white-noise",
        "noise other than white",
        {"noise": off("coloured", "streaks", "waves", "footprint", "smiles")},
    ),
    Variant("no-noise", "strong noise", {"noise": {"level": (0.02, 0.1)}}),
    Variant("unmixed", "cubes of one style", {"styles": off(*STYLES)}),
    Variant("crops-one-scale", "zooms and small turns of crops", augmentation=off("resampled")),
    Variant("crops-one-wavelet", "phase and band of crops", augmentation=off("phase", "band_pass")),
    Variant(
        "crops-one-gain",
        "gains of crops",
        augmentation=off("gain", "gain_vertical", "gain_lateral", "weaker", "agc"),
    ),
    Variant("crops-no-noise", "noise of crops", augmentation=off("noise", "coherent_noise")),
    Variant("crops-whole", "gaps of crops", augmentation=off("dead_traces", "cut_out", "mute")),
    Variant("crops-whole-surveys", "slabs of few lines", augmentation=off("slabs")),
    Variant(
        "crops-one-attitude",
        "mirrors, quarter turns, polarity of crops",
        augmentation={"flips": False, "quarter_turns": False, "polarity": False},
    ),
)


def config_of(variant: Variant, base: TrainConfig, steps: int) -> TrainConfig:
    """The settings of a variant's training: those of the base but for the part, from random weights."""
    budget = {"steps": steps, "minutes": None, "epoch_steps": base.budget.epoch_steps}
    changed = {
        "name": variant.name,
        "weights": None,
        "budget": budget,
        "augmentation": base.augmentation.model_dump() | variant.augmentation,
        "data": base.data.model_dump() | {"recipe": "field", "validation_cubes": 1, "workers": 0},
    }
    config = TrainConfig.model_validate(base.model_dump() | changed)
    verify(config)
    return config


def trained(variant: Variant, config: TrainConfig, folder: Path) -> LoadedModel:
    """The model of a variant; a training that was killed goes on, a finished one is left alone."""

    def loaders(config: TrainConfig) -> Loaders:
        made = Loaders(config)
        side = config.data.side
        made.training = SyntheticCubes(
            [variant.earth()], splits.training_seeds(config.data.cubes), (side, side, side)
        )
        return made

    weights = folder / f"{config.name}.safetensors"
    if not weights.exists():
        fit(config, folder, FaultTraining, loaders, resume=(folder / SETTINGS).exists())
    return load_model(weights)


def scores(model: LoadedModel, cubes: Iterable[SuiteCube]) -> tuple[float, float]:
    """Mean strict IoU and Tol-IoU@2 over cubes."""
    strict, tolerant = [], []
    for cube in cubes:
        made = cube.make()
        found, label = predict(made.seismic, model, scale="none") >= 0.5, made.fault > 0
        strict.append(overlap(found, label).iou)
        tolerant.append(tolerant_iou(tolerant_f1(mask_distances(found, label), 2)))
    return fmean(strict), fmean(tolerant)


def key(row: Row) -> tuple[str, str, str, str]:
    """What tells a row from others."""
    return row["variant"], row["network"], row["steps"], row["seed"]


def alike(first: Row, second: Row) -> bool:
    """Whether two rows are of one network and as many steps, whatever their seeds."""
    return (first["network"], first["steps"]) == (second["network"], second["steps"])


def read(path: Path) -> list[Row]:
    """The rows that are finished."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(rows: Sequence[Row], path: Path) -> None:
    """Write all rows, so that the file is whole at any time."""
    with staged(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def table(rows: Sequence[Row]) -> str:
    """What is left out, and the scores; with a part left out, the difference to the mean of the whole."""
    measures = [f"{suite} {name}" for suite in SUITES for name in ("IoU", "Tol-IoU@2")]
    lines = [("Without", "Steps", "Seed", *measures), ("---", *["---:"] * (2 + len(measures)))]
    for row in rows:
        whole = [each for each in rows if each["variant"] == VARIANTS[0].name and alike(each, row)]
        if row in whole or not whole:
            values = [row[name] for name in measures]
        else:
            means = {name: fmean(float(each[name]) for each in whole) for name in measures}
            values = [f"{float(row[name]) - means[name]:+.3f}" for name in measures]
        lines.append((row["without"], row["steps"], row["seed"], *values))
    return markdown(lines)


def run(
    variants: Iterable[Variant], base: TrainConfig, steps: int, folder: Path, results: Path, page: Path
) -> None:
    """Train and score the variants that are not finished yet."""
    for variant in variants:
        row = {"variant": variant.name, "network": base.network}
        row |= {"steps": str(steps), "seed": str(base.seed), "without": variant.without}
        if key(row) in map(key, read(results)):
            continue
        place = folder / f"{variant.name}-{base.network}-{steps}-seed{base.seed}"
        model = trained(variant, config_of(variant, base, steps), place)
        for suite in SUITES:
            strict, tolerant = scores(model, find_suite(suite, splits.VALIDATION))
            row |= {f"{suite} IoU": f"{strict:.3f}", f"{suite} Tol-IoU@2": f"{tolerant:.3f}"}
        rows = [*read(results), row]
        write(rows, results)
        put_table(page, "ablation", table(rows))
        print(*row.values(), sep="\t", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=2000, help="Of each training.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", type=lambda text: text.split(","), help="Names of variants; all if left out."
    )
    parser.add_argument("--config", type=Path, default=Path("configs/unet_res2.toml"))
    parser.add_argument("--precision", default="bf16-mixed")
    parser.add_argument("--cubes", type=int, default=200, help="Different training cubes, 10 MB each.")
    parser.add_argument("--folder", type=Path, default=Path("runs/ablation"))
    arguments = parser.parse_args()
    unknown = set(arguments.only or ()) - {variant.name for variant in VARIANTS}
    if unknown:
        names = ", ".join(variant.name for variant in VARIANTS)
        parser.error(f"no variant is called {', '.join(sorted(unknown))}: choose among {names}")
    base = read_config(arguments.config)
    data = base.data.model_copy(update={"cubes": arguments.cubes})
    changed = {"precision": arguments.precision, "data": data, "seed": arguments.seed}
    base = base.model_copy(update=changed)
    variants = [each for each in VARIANTS if not arguments.only or each.name in arguments.only]
    run(variants, base, arguments.steps, arguments.folder, CSV, PAGE)


if __name__ == "__main__":
    main()
