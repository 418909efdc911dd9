"""Train every row of configs/race from scratch under one protocol and score it on the test cubes.

The same training cubes and crops for all, and as many steps as an hour of processor time was enough for on
one machine; one row after the other, of each seed first those that teach others. What is finished is left
alone and what was killed is taken up, so that the command can be repeated until it has nothing left to do,
also beside another one with other rows, or on another machine with the results of the first: a row whose
curve and scores lie there is not run again. Each row leaves

    RUNS/NAME-seedN/                         what its training wrote
    RESULTS/training/NAME-seedN.csv          its learning curve
    RESULTS/race.csv                         its scores, without and with test-time augmentation

Usage: python benchmarks/race.py [--rows a,b] [--seeds 0,1,2] [--minutes 60] [--runs runs/race]

With `--minutes` each row has so many minutes of this machine in place of its steps.
"""

import argparse
import shutil
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from faultpick.benchmark import read_rows, run_benchmark, series, suite_cubes, write_rows
from faultpick.errors import ConfigError, FaultpickError
from faultpick.train.config import TrainConfig, differences, read, read_config
from faultpick.train.distill import DistillConfig, distill, verify_distillation
from faultpick.train.run import CHECKPOINT, HISTORY, SETTINGS, train
from faultpick.zoo import load_model

SUITE = "wu2019-v1"
FIRST = "-first-"
TTA = ("none", "mirror")


def race(
    configs: Sequence[TrainConfig], runs: Path, results: Path, cubes: int | None, tta: Sequence[str]
) -> None:
    """Train and score each config that is not finished, in the order of teachers before students."""
    left = [config for config in configs if not recorded(config, results, cubes, tta)]
    teachers = {
        Path(model) for config in left if isinstance(config, DistillConfig) for model in config.teacher.models
    }
    for config in sorted(configs, key=lambda config: (config.seed, isinstance(config, DistillConfig))):
        folder = run_folder(runs, config.name, config.seed)
        weights = folder / f"{config.name}.safetensors"
        if config not in left and weights not in teachers:
            continue
        if not finished(config, folder):
            print(f"{folder}: {'going on' if (folder / CHECKPOINT).exists() else 'starting'}", flush=True)
            train_row(config, folder)
        if config in left:
            curve = results / "training" / f"{folder.name}.csv"
            curve.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / HISTORY, curve)
            score(weights, results / "race.csv", cubes, tta)


def run_folder(runs: Path, row: str, seed: int) -> Path:
    return runs / f"{row}-seed{seed}"


def row_config(path: Path, runs: Path, seed: int, minutes: float | None) -> TrainConfig:
    """A row's settings with the seed and the time of this race, its teachers the runs of the same seed."""
    is_student = "teacher" in tomllib.loads(path.read_text(encoding="utf-8"))
    config = read(path, DistillConfig, verify_distillation) if is_student else read_config(path)
    config = config.model_copy(update={"seed": seed})
    if minutes is not None:
        budget = config.budget.model_copy(update={"steps": None, "minutes": minutes})
        config = config.model_copy(update={"budget": budget})
    if not isinstance(config, DistillConfig):
        return config
    names = (Path(model).stem for model in config.teacher.models)
    teachers = tuple(str(run_folder(runs, name, seed) / f"{name}.safetensors") for name in names)
    return config.model_copy(update={"teacher": config.teacher.model_copy(update={"models": teachers})})


def recorded(config: TrainConfig, results: Path, cubes: int | None, tta: Sequence[str]) -> bool:
    """Whether the results hold the curve of the whole training and all scores of a row."""
    curve, scores = results / "training" / f"{config.name}-seed{config.seed}.csv", results / "race.csv"
    if not (curve.exists() and scores.exists()):
        return False
    last, budget = read_rows(curve)[-1], config.budget
    whole = int(last["step"]) >= (budget.steps or 0) and float(last["minutes"]) >= (budget.minutes or 0.0)
    wanted = {(suite_of(cubes), config.name, str(config.seed), mode, "none") for mode in tta}
    return whole and wanted <= {series(row) for row in read_rows(scores)}


def finished(config: TrainConfig, folder: Path) -> bool:
    """Whether the run in the folder has come to its end.

    Raises:
        ConfigError: It is a run with other settings.
    """
    if not (folder / f"{config.name}.safetensors").exists():
        return False
    before = type(config).model_validate_json((folder / SETTINGS).read_text(encoding="utf-8"))
    changed = differences(before, config)
    if changed:
        raise ConfigError(f"{folder} was run with another {', '.join(changed)}: choose other --runs.")
    return True


def train_row(config: TrainConfig, folder: Path) -> None:
    resume = (folder / SETTINGS).exists()
    if isinstance(config, DistillConfig):
        distill(config, folder, resume=resume)
    else:
        train(config, folder, resume=resume)


def score(weights: Path, path: Path, cubes: int | None, tta: Sequence[str]) -> None:
    """Add the rows of a model, or put them in the place of older ones."""
    model = load_model(weights)
    for mode in tta:
        rows = run_benchmark([model], suite_cubes(SUITE, cubes), suite_of(cubes), tta=(mode,), gain=False)
        write_rows(rows, path)


def suite_of(cubes: int | None) -> str:
    """What rows are called that are of all test cubes, or of the first of them alone."""
    return SUITE if cubes is None else f"{SUITE}{FIRST}{cubes}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configs", type=Path, default=Path("configs/race"), help="folder of the rows")
    parser.add_argument("--rows", help="names of rows, with commas; all by default")
    parser.add_argument("--seeds", default="0", help="seeds, with commas")
    parser.add_argument(
        "--minutes", type=float, help="processor time of each training, in place of its steps"
    )
    parser.add_argument("--runs", type=Path, default=Path("runs/race"))
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--cubes", type=int, help="score on the first test cubes alone")
    parser.add_argument("--no-tta", action="store_true", help="score without test-time augmentation alone")
    arguments = parser.parse_args()
    try:
        paths = {path.stem: path for path in sorted(arguments.configs.glob("*.toml"))}
        wanted = arguments.rows.split(",") if arguments.rows else list(paths)
        unknown = [row for row in wanted if row not in paths]
        if unknown:
            raise ConfigError(f"There is no row {unknown[0]!r}: choose from {', '.join(paths)}.")
        seeds = [int(seed) for seed in arguments.seeds.split(",")]
        configs = [
            row_config(paths[row], arguments.runs, seed, arguments.minutes)
            for seed in seeds
            for row in wanted
        ]
        tta = TTA[:1] if arguments.no_tta else TTA
        race(configs, arguments.runs, arguments.results, arguments.cubes, tta)
    except FaultpickError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
