"""Verbs that make cubes, train networks on them and score what was learned."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from faultpick.cli.app import app, console
from faultpick.data import splits
from faultpick.errors import ConfigError, OutputError

SUITE = "wu2019-v1"
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace weights of that name.")]


@app.command()
def synth(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write training cubes into this folder.")
    ] = None,
    cubes: Annotated[int | None, typer.Option("-n", show_default="200", help="How many cubes.")] = None,
    segy: Annotated[
        Path | None,
        typer.Option(metavar="OUT.sgy", help="Write one survey, and its fault label to OUT_fault.sgy."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a survey of that name, and its label.")
    ] = False,
    irregular: Annotated[
        bool, typer.Option("--irregular", help="Leave a corner and some traces out of the survey.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            show_default=f"{splits.TRAINING}, with --segy {splits.TEST}",
            help=f"Of the first cube. Models in the box are trained on seeds from {splits.TRAINING}, "
            f"chosen on those from {splits.VALIDATION} and reported on those from {splits.TEST}.",
        ),
    ] = None,
    recipe: Annotated[str, typer.Option(help="What the earth is drawn from.")] = "wu2019-v1",
    shape: Annotated[
        tuple[int, int, int] | None,
        typer.Option(
            metavar="IL XL SAMPLES",
            show_default="128 128 128, with --segy 256 256 256",
            help="Inlines, crosslines and samples.",
        ),
    ] = None,
    layout: Annotated[
        Literal["dat", "npz"] | None,
        typer.Option(
            "--format",
            show_default="dat",
            help="dat: seis/N.dat, fault/N.dat; npz: N.npz with all that is known.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, show_default="one for each core", help="Number of processes.")
    ] = None,
) -> None:
    """Make synthetic cubes to train on, or a synthetic survey; what is in the folder already is kept."""
    from rich.progress import Progress

    from faultpick.synth import dataset

    if (out is None) == (segy is None):
        raise ConfigError("Say where to: either -o DIR for cubes, or --segy OUT.sgy for one survey.")
    if out is not None and (irregular or overwrite):
        raise ConfigError(
            "Cubes in a folder are whole and are kept: --irregular and --overwrite are for --segy."
        )
    if segy is not None and not (cubes is layout is workers is None):
        raise ConfigError("A survey is one and is SEG-Y: -n, --format and --workers are for cubes with -o.")
    if segy is not None:
        for path in (segy, dataset.label_path(segy)):
            _check_new(path, overwrite)
        seed, shape = splits.TEST if seed is None else seed, shape or (256, 256, 256)
        live = dataset.irregular_traces(shape, seed) if irregular else None
        label = dataset.write_survey(segy, seed, recipe, shape, live)
        typer.echo(f"{segy}: survey of {' x '.join(map(str, shape))} voxels; {label}: its faults")
    elif out is not None:
        seed, shape = splits.TRAINING if seed is None else seed, shape or (128, 128, 128)
        cubes = 200 if cubes is None else cubes
        errors = Console(stderr=True)
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("making cubes", total=cubes)
            made = dataset.write_cubes(
                out,
                range(seed, seed + cubes),
                recipe,
                shape,
                layout=layout or "dat",
                workers=workers,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
            )
        typer.echo(f"{out}: {cubes} cubes, {made} of them new")


@app.command()
def train(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="Settings; see --print-schema.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for all files; runs/NAME by default.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the training in the folder.")] = False,
    print_schema: Annotated[
        bool, typer.Option("--print-schema", help="Print every setting, as a TOML file to start from.")
    ] = False,
) -> None:
    """Train a network on synthetic cubes or a folder of cubes; killed, it goes on with --resume."""
    from faultpick.train import require_lightning
    from faultpick.train.config import TrainConfig, read_config
    from faultpick.train.schema import describe

    if print_schema:
        typer.echo(describe(TrainConfig), nl=False)
        return
    if config is None:
        raise ConfigError("Give a CONFIG.toml with the settings: --print-schema prints one to start from.")
    require_lightning()
    settings = read_config(config)
    from faultpick.train.run import is_main_process, train

    folder = output or Path("runs") / settings.name
    if is_main_process():
        typer.echo(f"training {settings.network} into {folder}; watch it with: tensorboard --logdir {folder}")
    with _goes_on(folder, is_main_process):
        trained = train(settings, folder, resume=resume)
    if is_main_process():
        typer.echo(f"weights: {trained.weights}\nvalidation IoU: {trained.validation_iou:.4f}")


@contextmanager
def _goes_on(folder: Path, is_main_process: Callable[[], bool]) -> Iterator[None]:
    """Say of a training that is stopped, by Ctrl-C or a cluster's queue, how it goes on."""
    from faultpick.train.config import SETTINGS

    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if is_main_process() and any(folder.rglob(SETTINGS)):
            Console(stderr=True, soft_wrap=True).print(
                "Stopped: the same command with --resume goes on from the last epoch that was finished.",
                markup=False,
                highlight=False,
            )
        raise


@app.command()
def distill(
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="Settings; see --print-schema.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for all files; runs/NAME by default.")
    ] = None,
    generations: Annotated[
        int | None, typer.Option(min=1, help="Number of students, each taught by the one before.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in the folder.")] = False,
    print_schema: Annotated[
        bool, typer.Option("--print-schema", help="Print every setting, as a TOML file to start from.")
    ] = False,
) -> None:
    """Train a student on labels, on what a trained model says and on unlabelled volumes."""
    from faultpick.train import require_lightning

    require_lightning()
    from faultpick.train.config import read
    from faultpick.train.distill import DistillConfig, distill, verify_distillation, with_generations
    from faultpick.train.run import is_main_process
    from faultpick.train.schema import describe

    if print_schema:
        typer.echo(describe(DistillConfig), nl=False)
        return
    if config is None:
        raise ConfigError("Give a CONFIG.toml with the settings: --print-schema prints one to start from.")
    settings = read(config, DistillConfig, verify_distillation)
    if generations is not None:
        settings = with_generations(settings, generations)
    folder = output or Path("runs") / settings.name
    if is_main_process():
        typer.echo(f"training {settings.network} into {folder}; watch it with: tensorboard --logdir {folder}")
    with _goes_on(folder, is_main_process):
        students = distill(settings, folder, resume=resume)
    for trained in students:
        if is_main_process():
            typer.echo(f"weights: {trained.weights}\nvalidation IoU: {trained.validation_iou:.4f}")


@app.command()
def benchmark(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="CSV, one row a cube and model; rows of other models stay.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a model or path of its weights; or semblance, an attribute without training, its "
            "threshold chosen on validation cubes; repeatable."
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            show_default="wu2019-v1",
            help="Which test cubes: wu2019-v1, field-20 or scale-12. With --data: those whose validation "
            "cubes the threshold of semblance is chosen on.",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Score on the volumes of this folder instead: seis/N.dat and fault/N.dat or of any other "
            "format, and as a column of its own what predict/N.dat says, a fault from 0.9 on.",
        ),
    ] = None,
    cubes: Annotated[
        int | None, typer.Option(min=1, show_default="all", help="Score on the first cubes alone.")
    ] = None,
    validation: Annotated[
        int,
        typer.Option(
            min=0,
            max=20,
            metavar="DRAWS",
            help="Score on so many draws of the suite from validation seeds instead, to choose a model by: "
            "test cubes are for reports alone.",
        ),
    ] = 0,
    tta: Annotated[bool, typer.Option("--tta", help="Score with test-time augmentation as well.")] = False,
    tta_mode: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODE",
            help="Score with this one as well: mirror (as --tta), turns or full, or mirror-max and so on "
            "for the maximum over the attitudes; repeatable.",
        ),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            metavar="auto|none|I,X,S",
            help="Resample for the network, as `predict` does; rows of another scale stay.",
        ),
    ] = "none",
    picks: Annotated[
        bool, typer.Option("--picks", help="Pick the faults as well, and count those found and made up.")
    ] = False,
    page: Annotated[
        list[Path] | None,
        typer.Option(
            help="Page whose tables, named as the CSV (and -scores, -cubes, -scales), are to be replaced; "
            "repeatable."
        ),
    ] = None,
) -> None:
    """Score models on test cubes, which no model was trained or chosen on, or on validation cubes to choose.

    Of several models the differences from the first are printed as well, with their intervals.
    """
    from rich.markdown import Markdown
    from rich.progress import Progress

    from faultpick import baseline, tables
    from faultpick import benchmark as bench
    from faultpick.prediction.scale import parse_scale
    from faultpick.synth.suites import SUITES
    from faultpick.volume.staging import output_errors
    from faultpick.zoo import load_model

    names = model or []
    if data is None:
        name, whole = suite or SUITE, len(bench.suite_cubes(suite or SUITE, None, validation))
        scored_on = bench.suite_cubes(suite or SUITE, cubes, validation)
    elif validation:
        raise ConfigError("The cubes of a folder have no validation seeds: leave out --validation or --data.")
    elif suite is not None and baseline.NAME not in names:
        raise ConfigError("The cubes of a folder are of no suite: leave out --suite or --data.")
    elif data.resolve().name in SUITES:
        raise ConfigError(f"{data} is called as a suite is, and its rows would be taken for that: rename it.")
    else:
        name, whole = data.resolve().name, len(bench.folder_cubes(data))
        scored_on = bench.folder_cubes(data, cubes)
    name += f"-validation-{validation}" if validation else ""
    name += f"-first-{cubes}" if len(scored_on) < whole else ""
    if not model and not any(cube.published for cube in scored_on):
        raise ConfigError("There is nothing to score: name a model with --model.")
    grid = parse_scale(scale)
    models = [load_model(each) for each in names if each != baseline.NAME]
    with output_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    bench.rows_so_far(out)
    for each in page or []:
        tables.tables_of(each, out.stem)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Scoring")
        threshold = None
        if baseline.NAME in names:
            cubes_of_suite = cubes if data is None else None
            threshold = baseline.validated_threshold(suite or SUITE, cubes_of_suite, draw=validation)
        rows = bench.run_benchmark(
            models,
            scored_on,
            name,
            tta=list(dict.fromkeys(["none", *(["mirror"] if tta else []), *(tta_mode or [])])),
            scale=grid,
            semblance=threshold,
            picks=picks,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    bench.write_rows(rows, out)
    written = [row for row in bench.read_rows(out) if row["suite"] == name]
    for each in page or []:
        tables.put_tables(each, out.stem, written)
    console.print(Markdown(tables.cubes_table(written)))
    console.print(Markdown(tables.scores_table(written)))
    if len(tables.columns_of(written)) > 1:
        console.print(Markdown(tables.differences_table(written)))


@app.command()
def calibrate(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name of a model or path of its weights.")],
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Calibrate on the labelled cubes of this folder.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option(show_default="that of its training", help="Recipe of the cubes.")
    ] = None,
    cubes: Annotated[int, typer.Option(min=2, help="How many validation cubes.")] = 20,
    picture: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the reliability before and after.")
    ] = None,
) -> None:
    """Fit the temperature of a model on validation cubes and write it into its card, if it mends anything."""
    from rich.progress import Progress

    from faultpick import calibration
    from faultpick.benchmark import folder_cubes
    from faultpick.metrics.curves import calibration_error
    from faultpick.view.reliability import draw_reliability
    from faultpick.view.sections import check_picture
    from faultpick.volume.staging import check_target
    from faultpick.zoo import card_path, load_model, update_card

    if data is not None and recipe is not None:
        raise ConfigError("The cubes of a folder are of no recipe: leave out --recipe or --data.")
    if picture is not None:
        check_picture(picture, [])
    loaded = load_model(model)
    check_target(card_path(model))
    volumes = (
        calibration.validation_cubes(loaded.card, cubes, recipe)
        if data is None
        else ((cube.seismic, cube.fault) for cube in (each.read() for each in folder_cubes(data, cubes)))
    )
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Calibrating", total=cubes)
        found = calibration.calibrate(loaded, volumes, lambda done: bar.update(task, completed=done))
    if picture:
        draw_reliability({"before": found.before, "after": found.after}, picture)
    before, after = (calibration_error(table) for table in (found.before, found.after))
    if after < before:
        update_card(model, temperature=found.temperature, threshold=found.threshold)
    typer.echo(
        f"{loaded.card.name}: temperature {found.temperature:g}; calibration error {before:.4f} before, "
        f"{after:.4f} after, on every other cube, which the temperature was not fitted on"
        + ("" if after < before else "; the card stays as it was: take more cubes")
    )


@app.command("models")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the models in the box, and the networks: size, cost, how far they see, whether tiles are exact."""
    import json
    from dataclasses import asdict

    from rich.table import Table

    from faultpick import models, zoo
    from faultpick.models.profile import profile

    rows = [(models.info(name), profile(name)) for name in models.names()]
    boxed = {name: zoo.load_model(name).card.network for name in zoo.available()}
    if as_json:
        facts = [
            {
                "name": info.name,
                **asdict(measures),
                "multiple": info.multiple,
                "exact_tiles": info.exact_tiles,
                "licence": info.licence,
                "paper": info.paper,
            }
            for info, measures in rows
        ]
        shipped = [{"name": name, "network": network} for name, network in boxed.items()]
        typer.echo(json.dumps({"models": shipped, "networks": facts}, indent=2))
        return
    typer.echo("Models in the box, to predict with (--model NAME):")
    for name, network in boxed.items():
        typer.echo(f"  {name}, a {network}")
    typer.echo("\nNetworks, to train:")
    table = Table(box=None, pad_edge=False)
    for heading in ("network", "param.", "GMAC", "field", "multiple", "exact\ntiles", "licence"):
        table.add_column(heading, no_wrap=True)
    table.add_column("paper", overflow="fold")
    for info, measures in rows:
        table.add_row(
            info.name,
            f"{measures.parameters / 1e6:5.2f} M",
            f"{measures.gmac:5.1f}",
            f"{measures.receptive_field:5d}",
            f"{info.multiple:8d}",
            "yes" if info.exact_tiles else "no",
            info.licence,
            info.paper,
        )
    console.print(table, markup=False, highlight=False)
    typer.echo("GMAC: of a cube of 128 voxels a side. field: voxels a side that a result depends on.")


@app.command()
def convert(
    path: Annotated[
        Path, typer.Argument(metavar="OLD.pkl", help='Checkpoint of "Fault picking with 3D U-Nets".')
    ],
    network: Annotated[str, typer.Option(help="vnet, vnet_modified, unet_res1 or unet_ds.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="W.safetensors", help="Weights to write.")],
    overwrite: Overwrite = False,
) -> None:
    """Turn an old checkpoint into weights and a card of our own, without running code from it."""
    from faultpick.models.convert import convert as read_old
    from faultpick.zoo import Card, save_model

    _check_new(out, overwrite)
    old = read_old(path, network)
    epoch = "" if old.epoch is None else f", epoch {old.epoch}"
    card = Card(
        name=out.stem,
        network=network,
        description=f"Converted from {path.name}{epoch}; how its training amplitudes were scaled is unknown.",
        licence="that of the original checkpoint",
    )
    save_model(old.network, card, out)
    typer.echo(f"{out}: {network} with the weights of {path}{epoch}")
    if old.skipped:
        typer.echo(f"skipped, because the network never uses them: {', '.join(old.skipped)}")


@app.command()
def average(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Names or weights files.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="W.safetensors", help="Weights to write.")],
    share: Annotated[
        list[float] | None, typer.Option(help="Of each model in the mean, in their order; alike by default.")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Average the weights of trainings that started from the same weights into one model."""
    from faultpick.zoo import load_model, save_model
    from faultpick.zoo.average import average as mean_of

    if out.resolve() in [Path(model).resolve() for model in models]:
        raise OutputError(f"{out} is one of the models to average: choose another name for their mean.")
    _check_new(out, overwrite)
    network, card = mean_of([load_model(model) for model in models], share)
    save_model(network, card.model_copy(update={"name": out.stem}), out)
    typer.echo(f"{out}: {card.description} Make its probabilities right with `faultpick calibrate`.")


def _check_new(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists: give another name, or replace it with --overwrite.")
