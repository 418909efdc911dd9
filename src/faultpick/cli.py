"""The command: one verb per function; each parses, calls the API and prints."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from faultpick.data import splits
from faultpick.errors import ConfigError, FaultpickError

app = typer.Typer(
    name="faultpick",
    help="Pick faults in 3D seismic images.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()

InlineByte = Annotated[int, typer.Option(help="SEG-Y: first byte of the inline number in a trace header.")]
CrosslineByte = Annotated[int, typer.Option(help="SEG-Y: first byte of the crossline number.")]
XByte = Annotated[int, typer.Option(help="SEG-Y: first byte of the X coordinate.")]
YByte = Annotated[int, typer.Option(help="SEG-Y: first byte of the Y coordinate.")]
FormatCode = Annotated[
    int | None,
    typer.Option(
        help="SEG-Y: sample format code to use instead of the file's (1 IBM float, 5 IEEE float, ...)."
    ),
]
Shape = Annotated[
    tuple[int, int, int] | None,
    typer.Option(metavar="IL XL SAMPLES", help="Flat files: numbers of inlines, crosslines and samples."),
]
ByteOrder = Annotated[Literal["little", "big"], typer.Option(help="Flat files: byte order of the floats.")]


def main() -> None:
    """Run the command; trouble the user can mend is one sentence on standard error and exit code 2."""
    try:
        app()
    except FaultpickError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"error: {error}", style="red", markup=False, highlight=False
        )
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


@app.command()
def info(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="SEG-Y, Zarr, .npy or flat .dat volume.")],
    png: Annotated[Path | None, typer.Option(help="Draw three sections into this PNG file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
) -> None:
    """Print what was understood of a volume: geometry, sampling, amplitudes, dead traces."""
    import json

    from rich.table import Table
    from rich.text import Text

    from faultpick.volume import describe, open_volume
    from faultpick.volume.description import description_rows

    with open_volume(
        path,
        shape=shape,
        byte_order=byte_order,
        inline_byte=inline_byte,
        crossline_byte=crossline_byte,
        x_byte=x_byte,
        y_byte=y_byte,
        format_code=format_code,
    ) as volume:
        facts = describe(volume)
        if png is not None:
            from faultpick.view.sections import draw_sections

            draw_sections(volume, png)
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    table = Table(box=None, show_header=False)
    for label, text in description_rows(facts):
        table.add_row(label, Text(text))
    console.print(table)


@app.command()
def evaluate(
    prediction: Annotated[Path, typer.Argument(metavar="PRED", help="Fault probability, or a mask.")],
    label: Annotated[Path, typer.Argument(metavar="LABEL", help="Fault label of the same shape: 0 and 1.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=1, help="A fault is where the probability is at least this.")
    ] = 0.5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
) -> None:
    """Score a fault probability against a fault label: strict, tolerant and distance scores."""
    import json
    import math
    from dataclasses import asdict
    from functools import partial

    from rich.table import Table

    from faultpick.metrics import MEANING, evaluate_volumes
    from faultpick.volume import open_volume

    opened = partial(
        open_volume,
        shape=shape,
        byte_order=byte_order,
        inline_byte=inline_byte,
        crossline_byte=crossline_byte,
    )
    with opened(prediction) as probability, opened(label) as truth:
        scores = asdict(evaluate_volumes(probability, truth, threshold))
    if as_json:
        finite = {name: value if math.isfinite(value) else None for name, value in scores.items()}
        typer.echo(json.dumps({"threshold": threshold, **finite}, indent=2))
        return
    table = Table("score", "value", "meaning", box=None)
    for name, value in scores.items():
        table.add_row(name, f"{value:.4f}", MEANING[name])
    console.print(table, markup=False, highlight=False)


@app.command()
def predict(
    path: Annotated[Path, typer.Argument(metavar="IN", help="SEG-Y, Zarr, .npy or flat .dat volume.")],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="OUT", help="Output; its format is that of its name."),
    ],
    model: Annotated[
        list[str],
        typer.Option(
            default_factory=lambda: ["unet_res2"],
            show_default="unet_res2",
            help="Name of a model, or a .safetensors file; the mean of several, if repeated.",
        ),
    ],
    tta: Annotated[
        bool, typer.Option("--tta", help="Average over four mirrorings, in four times the time.")
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="Write a mask: 1 where the probability is at least this, else 0.")
    ] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(help="Also write the spread between the models, as a volume.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, ...; without it, a GPU if there is one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
) -> None:
    """Write the fault probability of a volume."""
    import json
    import math
    import time

    from rich.progress import Progress

    from faultpick.prediction import predict_to_file
    from faultpick.volume import open_volume

    start = time.perf_counter()
    errors = Console(stderr=True)
    with (
        open_volume(
            path,
            shape=shape,
            byte_order=byte_order,
            inline_byte=inline_byte,
            crossline_byte=crossline_byte,
            x_byte=x_byte,
            y_byte=y_byte,
            format_code=format_code,
        ) as volume,
        Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar,
    ):
        for note in volume.notes:
            errors.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
        task = bar.add_task("reading amplitudes", total=None)
        summary = predict_to_file(
            volume,
            model,
            out,
            uncertainty=uncertainty,
            threshold=threshold,
            tta=tta,
            device=device,
            progress=lambda done, total: bar.update(
                task, description="picking faults", completed=done, total=total
            ),
        )
    seconds = time.perf_counter() - start
    rate = math.prod(summary.shape) / seconds
    if as_json:
        facts = {
            "input": str(path),
            "output": str(out),
            "uncertainty": None if uncertainty is None else str(uncertainty),
            "shape": summary.shape,
            "models": model,
            "tta": tta,
            "mask": threshold is not None,
            "threshold": summary.threshold,
            "fault_share": summary.fault_share,
            "tiles": summary.tiles,
            "seconds": round(seconds, 3),
            "voxels_per_second": round(rate),
        }
        typer.echo(json.dumps(facts, indent=2))
        return
    size = " x ".join(str(count) for count in summary.shape)
    typer.echo(
        f"{out}: {size} voxels in {seconds:.1f} s ({rate / 1e6:.2f} million a second); "
        f"{summary.fault_share:.2%} are fault at {summary.threshold:g}"
    )


@app.command()
def show(
    path: Annotated[Path, typer.Argument(metavar="SURVEY", help="SEG-Y, Zarr, .npy or flat .dat volume.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="PNG file to draw.")],
    probability: Annotated[
        Path | None, typer.Option(help="Fault probability to draw over the sections.")
    ] = None,
    inline: Annotated[int | None, typer.Option(help="Number of the inline section.")] = None,
    crossline: Annotated[int | None, typer.Option(help="Number of the crossline section.")] = None,
    sample: Annotated[float | None, typer.Option(help="Time or depth of the slice.")] = None,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
) -> None:
    """Draw an inline, a crossline and a slice, with the faults over them; the middle ones unless told."""
    from contextlib import ExitStack
    from functools import partial

    from faultpick.view.sections import draw_sections
    from faultpick.volume import open_volume

    open_alike = partial(
        open_volume,
        shape=shape,
        byte_order=byte_order,
        inline_byte=inline_byte,
        crossline_byte=crossline_byte,
        x_byte=x_byte,
        y_byte=y_byte,
    )
    with ExitStack() as stack:
        survey = stack.enter_context(open_alike(path, format_code=format_code))
        over = stack.enter_context(open_alike(probability)) if probability else None
        draw_sections(survey, out, probability=over, inline=inline, crossline=crossline, sample=sample)
    console.print(f"Drew {out}", markup=False, highlight=False)


@app.command()
def benchmark(
    model: Annotated[list[str], typer.Option(help="Name of a model or path of its weights; repeatable.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="CSV, one row a cube and model; rows of other models stay.")
    ],
    recipe: Annotated[str, typer.Option(help="Recipe of the test cubes.")] = "wu2019",
    cubes: Annotated[int, typer.Option(min=1, help="Number of test cubes.")] = 20,
    tta: Annotated[bool, typer.Option(help="Score with test-time augmentation as well.")] = False,
    readme: Annotated[
        Path | None, typer.Option(help="Page whose table of this recipe is to be replaced.")
    ] = None,
) -> None:
    """Score models on test cubes that no model was trained or chosen on."""
    from rich.markdown import Markdown
    from rich.progress import Progress

    from faultpick import benchmark as bench
    from faultpick.synth import find_recipe
    from faultpick.volume.staging import output_errors
    from faultpick.zoo import load_model

    suite = find_recipe(recipe)
    models = [load_model(name) for name in model]
    with output_errors(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Scoring")
        rows = bench.run_benchmark(
            models,
            suite,
            cubes=cubes,
            tta=(False, True) if tta else (False,),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    bench.write_rows(rows, out)
    table = bench.markdown_table(bench.read_rows(out))
    if readme:
        bench.put_table(readme, suite.name, table)
    console.print(Markdown(table))


@app.command()
def synth(
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write training cubes into this folder.")
    ] = None,
    cubes: Annotated[int, typer.Option("-n", help="How many cubes.")] = 200,
    segy: Annotated[
        Path | None,
        typer.Option(metavar="OUT.sgy", help="Write one survey, and its fault label to OUT_fault.sgy."),
    ] = None,
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
    recipe: Annotated[str, typer.Option(help="What the earth is drawn from.")] = "wu2019",
    shape: Annotated[
        tuple[int, int, int] | None,
        typer.Option(
            metavar="IL XL SAMPLES",
            show_default="128 128 128, with --segy 256 256 256",
            help="Inlines, crosslines and samples.",
        ),
    ] = None,
    layout: Annotated[
        Literal["dat", "npz"],
        typer.Option("--format", help="dat: seis/N.dat, fault/N.dat; npz: N.npz with all that is known."),
    ] = "dat",
    workers: Annotated[
        int | None, typer.Option(min=1, show_default="one for each core", help="Number of processes.")
    ] = None,
) -> None:
    """Make synthetic cubes to train on, or a synthetic survey; what is in the folder already is kept."""
    from rich.progress import Progress

    from faultpick.synth import dataset

    if (out is None) == (segy is None):
        raise ConfigError("Say where to: either -o DIR for cubes, or --segy OUT.sgy for one survey.")
    if segy is not None:
        seed, shape = splits.TEST if seed is None else seed, shape or (256, 256, 256)
        live = dataset.irregular_traces(shape, seed) if irregular else None
        label = dataset.write_survey(segy, seed, recipe, shape, live)
        typer.echo(f"{segy}: survey of {' x '.join(map(str, shape))} voxels; {label}: its faults")
    elif out is not None:
        seed, shape = splits.TRAINING if seed is None else seed, shape or (128, 128, 128)
        errors = Console(stderr=True)
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
            task = bar.add_task("making cubes", total=cubes)
            made = dataset.write_cubes(
                out,
                range(seed, seed + cubes),
                recipe,
                shape,
                layout=layout,
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
    trained = train(settings, folder, resume=resume)
    if is_main_process():
        typer.echo(f"weights: {trained.weights}\nvalidation IoU: {trained.validation_iou:.4f}")


@app.command("models")
def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the networks: size, cost, how far they see, and whether tiles agree with the whole volume."""
    import json
    from dataclasses import asdict

    from rich.table import Table

    from faultpick import models
    from faultpick.models.profile import profile

    rows = [(models.info(name), profile(name)) for name in models.names()]
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
        typer.echo(json.dumps(facts, indent=2))
        return
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
) -> None:
    """Turn an old checkpoint into weights and a card of our own, without running code from it."""
    from faultpick.models.convert import convert as read_old
    from faultpick.zoo import Card, save_model

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
    for trained in distill(settings, folder, resume=resume):
        if is_main_process():
            typer.echo(f"weights: {trained.weights}\nvalidation IoU: {trained.validation_iou:.4f}")
