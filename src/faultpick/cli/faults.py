"""Verbs that find faults in a survey."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from faultpick.cli.app import app, console
from faultpick.cli.options import (
    ByteOrder,
    CrosslineByte,
    FormatCode,
    InlineByte,
    Layout,
    Shape,
    Unit,
    XByte,
    YByte,
    parse_range,
)
from faultpick.errors import ConfigError, FaultpickError, OutputError

if TYPE_CHECKING:
    from faultpick.picks import Picks

EXPORT_FORMATS = (
    "opendtect, opendtect-single, charisma, kingdom, iesx, gocad, obj, ply, vtp, skins, "
    "fault-id, likelihood, strike, dip"
)

NO_COORDINATES = "The survey has no coordinates: X and Y are inline and crossline numbers."
LEAST_MEMORY = 10**8
"""Bytes; less is a slip, such as a number without its unit."""


def _say(note: str) -> None:
    Console(stderr=True, soft_wrap=True).print(f"note: {note}", markup=False, highlight=False)


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
    inlines: Annotated[
        str | None,
        typer.Option(metavar="FIRST:LAST", help="Only these inlines, by number.", show_default="all"),
    ] = None,
    crosslines: Annotated[
        str | None,
        typer.Option(metavar="FIRST:LAST", help="Only these crosslines.", show_default="all"),
    ] = None,
    samples: Annotated[
        str | None,
        typer.Option(metavar="FIRST:LAST", help="Only these times or depths.", show_default="all"),
    ] = None,
    tta: Annotated[
        bool, typer.Option("--tta", help="Average over four mirrorings, in four times the time.")
    ] = False,
    tta_mode: Annotated[
        Literal["mirror", "turns", "full"] | None,
        typer.Option(
            help="Average over more: turns, quarter turns as well (8 times the time); full, negated as well "
            "(16 times). mirror is --tta."
        ),
    ] = None,
    tta_reduce: Annotated[
        Literal["mean", "max"], typer.Option(help="Take the mean over these attitudes, or the maximum.")
    ] = "mean",
    threshold: Annotated[
        float | None, typer.Option(help="Write a mask: 1 where the probability is at least this, else 0.")
    ] = None,
    uncertainty: Annotated[
        Path | None, typer.Option(help="Also write the spread between the models, as a volume.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, ...; without it, a GPU if there is one.")
    ] = None,
    engine: Annotated[
        Literal["auto", "torch", "openvino", "int8"],
        typer.Option(
            help="What computes; auto: OpenVINO on a CPU where it is installed; int8: OpenVINO with "
            "convolutions in 8 bits, faster and nearly the same."
        ),
    ] = "auto",
    scale: Annotated[
        str,
        typer.Option(
            metavar="auto|none|I,X,S",
            help="Resample for the network: auto, along the samples, where the vertical period is far from "
            "those of its training; or factors along inlines, crosslines and samples.",
        ),
    ] = "auto",
    scales: Annotated[
        str,
        typer.Option(
            metavar="F,F,...",
            help="Predict at several scales, such as 0.7,1,1.4 times that of --scale, and put them together.",
        ),
    ] = "1",
    scales_reduce: Annotated[
        Literal["mean", "max"], typer.Option(help="The mean over --scales, or the maximum.")
    ] = "mean",
    smooth: Annotated[
        str,
        typer.Option(
            metavar="auto|none|I,X,S",
            help="Smooth the survey for the network: auto, where much of it is noise of single traces; or by "
            "standard deviations in voxels along inlines, crosslines and samples.",
        ),
    ] = "auto",
    gain: Annotated[
        bool,
        typer.Option(
            help="Even out amplitudes: what all lose or gain with depth, by one slow curve, and parts of the "
            "survey and single traces that are stronger or weaker than others."
        ),
    ] = True,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Tiles with all the context the network sees; slower, needs memory."),
    ] = False,
    memory: Annotated[
        str, typer.Option(help="What each process may take, such as 4GB; larger tiles waste less.")
    ] = "2GB",
    scheduler: Annotated[
        Literal["threads", "processes"],
        typer.Option(help="This process with its threads, or processes of one thread each."),
    ] = "threads",
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="This many processes; without it, --scheduler processes takes one a core."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A dask scheduler to use, such as tcp://host:8786.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin afresh, whatever a run that was stopped has done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Write the fault probability of a volume; a run that was stopped goes on when it is repeated."""
    import json
    import math
    import time

    from dask.system import CPU_COUNT
    from dask.utils import parse_bytes

    from faultpick.cli.progress import TileProgress
    from faultpick.prediction import predict_to_file
    from faultpick.prediction.scale import parse_factors, parse_scale
    from faultpick.prediction.smooth import parse_smoothing
    from faultpick.volume import part_of

    try:
        allowed = parse_bytes(memory)
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{memory!r} is no amount of memory: write 4GB, for instance.") from error
    if allowed < LEAST_MEMORY:
        raise ConfigError(f"{memory!r} is too little memory for any survey: write 4GB, for instance.")
    factors = parse_factors(scales)
    if tta_reduce == "max" and not tta and tta_mode is None:
        raise ConfigError("--tta-reduce has nothing to put together: give --tta or --tta-mode too.")
    if scales_reduce == "max" and len(factors) == 1:
        raise ConfigError("--scales-reduce has nothing to put together: give --scales several factors.")
    if scheduler == "processes" and workers is None and cluster is None:
        workers = CPU_COUNT
    part = {
        "inlines": parse_range(inlines, "--inlines"),
        "crosslines": parse_range(crosslines, "--crosslines"),
        "samples": parse_range(samples, "--samples"),
    }
    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    start = time.perf_counter()
    errors = Console(stderr=True)
    with (
        layout.survey(path) as survey,
        TileProgress(errors, "reading amplitudes", "picking faults", f"writing {out.name}") as bar,
    ):

        def say(note: str) -> None:
            errors.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)

        for note in survey.notes:
            say(note)
        volume = part_of(survey, **part)
        if volume is not survey and out.suffix.lower() in (".npy", ".dat", ".bin"):
            say(f"{out.name} holds no line numbers, so it does not say which part it is; .zarr does.")
        for output in (out, uncertainty):
            if output is not None and output.resolve() != path.resolve():
                layout.check_replaced(output)
        segy = (".sgy", ".segy")
        kept = path.suffix.lower() in segy  # the headers, whatever they say
        if out.suffix.lower() in segy and not kept and volume.geometry.samples.unit == "samples":
            say(f"{path.name} does not say how far samples are apart: 1 ms is written into {out.name}.")
        summary = predict_to_file(
            volume,
            model,
            out,
            uncertainty=uncertainty,
            threshold=threshold,
            tta=tta_mode or tta,
            tta_reduce=tta_reduce,
            device=device,
            engine=engine,
            scale=parse_scale(scale),
            scales=factors,
            scales_reduce=scales_reduce,
            smooth=parse_smoothing(smooth),
            gain=gain,
            exact=exact,
            memory=allowed,
            workers=workers,
            cluster=cluster,
            restart=restart,
            progress=bar.update,
            say=say,
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
            "tta": tta_mode or ("mirror" if tta else "none"),
            "gain": gain,
            "mask": threshold is not None,
            "threshold": summary.threshold,
            "fault_share": summary.fault_share,
            "tiles": summary.tiles,
            "largest_tile": summary.largest_tile,
            "network_voxels": summary.network_voxels,
            "resumed": summary.resumed,
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
def pick(
    probability: Annotated[Path, typer.Argument(metavar="PROBABILITY", help="What `predict` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder to make.")],
    seismic: Annotated[
        Path | None,
        typer.Option(metavar="SURVEY", help="The survey it was predicted from, to measure throw."),
    ] = None,
    low: Annotated[float, typer.Option(help="Least probability of a fault's voxel.")] = 0.3,
    high: Annotated[float, typer.Option(help="Probability that a fault has to reach somewhere.")] = 0.6,
    min_area: Annotated[float, typer.Option(help="Smallest area of a fault, in square voxels.")] = 400.0,
    gap: Annotated[float, typer.Option(help="Width of a gap that a fault may have, in voxels.")] = 8.0,
    stick_spacing: Annotated[int, typer.Option(help="Lines between sticks.")] = 8,
    velocity: Annotated[
        float, typer.Option(help="Metres a second; turns two-way time into depth for dip and area.")
    ] = 2000.0,
    volumes: Annotated[
        bool, typer.Option(help="Also write fault id, thinned probability, strike and dip as Zarr volumes.")
    ] = True,
    export_format: Annotated[
        list[str] | None,
        typer.Option(
            "--export",
            metavar="FORMAT",
            help="Also write sticks or surfaces in this format of `export` into the folder; may be repeated.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the picks of another run.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Turn a fault probability into separate faults: surfaces and sticks with strike, dip and throw."""
    import json
    import time
    from contextlib import ExitStack

    from faultpick.picks.export import IN_VOXELS, export_faults, usual_files
    from faultpick.picks.picking import pick_to_folder
    from faultpick.picks.settings import PickSettings

    start = time.perf_counter()
    settings = PickSettings(low, high, min_area, gap, stick_spacing, velocity)
    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with ExitStack() as stack:
        volume = stack.enter_context(layout.made_from_it(probability))
        survey = seismic and stack.enter_context(layout.survey(seismic))
        for note in dict.fromkeys((*volume.notes, *(survey.notes if survey else ()))):
            _say(note)
        exports = usual_files(export_format or [], volume.shape)
        picks = pick_to_folder(
            volume,
            out,
            seismic=survey,
            settings=settings,
            volumes=volumes,
            overwrite=overwrite,
        )
    failed = []
    for name, file in exports.items() if picks.faults else ():
        try:
            export_faults(picks, out / file, file_format=name)
        except FaultpickError as error:
            failed.append(str(error))
    if exports and not picks.faults:
        _say("No fault was picked, so nothing was exported.")
    elif set(exports).difference(IN_VOXELS) and picks.geometry.corners is None:
        _say(NO_COORDINATES)
    seconds = time.perf_counter() - start
    if as_json:
        facts = {"output": str(out), "faults": len(picks.faults), "seconds": round(seconds, 3)}
        typer.echo(json.dumps(facts, indent=2))
    else:
        typer.echo(f"{out}: {_counted(len(picks.faults))} in {seconds:.1f} s{_largest(picks)}")
    if failed:
        raise OutputError(f"The picks are in {out}, and not all exports: {' '.join(failed)}")


def _counted(faults: int) -> str:
    return f"{faults} {'fault' if faults == 1 else 'faults'}"


def _largest(picks: "Picks") -> str:
    """What the largest fault is like."""
    import math

    if not picks.faults:
        return ""
    fault = picks.faults[0]
    if not math.isfinite(fault.area):
        return f"; the largest dips {fault.dip:.0f} degrees along the line"
    square = "square voxels" if picks.length_unit == "voxels" else f"{picks.length_unit}^2"
    strike = round(fault.strike) % 360
    return f"; the largest has {fault.area:.4g} {square}, strike {strike} and dip {fault.dip:.0f}"


@app.command()
def view(
    path: Annotated[Path, typer.Argument(metavar="SURVEY", help="SEG-Y, Zarr, .npy or flat .dat volume.")],
    probability: Annotated[Path | None, typer.Option(help="Fault probability to lay over it.")] = None,
    picks: Annotated[Path | None, typer.Option(help="Folder of picks: faults on sections and in 3D.")] = None,
    link: Annotated[
        str | None, typer.Option(help="Start with the view of this link, the address of an earlier window.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, show_default="a free one", help="Port on this machine.")
    ] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser, or only print the address.")] = True,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Show a survey and its faults in the browser: three sections and the space."""
    from contextlib import ExitStack, suppress
    from threading import Event

    from faultpick.view.interactive import serve, show_in_browser

    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with ExitStack() as stack:
        survey = stack.enter_context(layout.survey(path))
        over = stack.enter_context(layout.made_from_it(probability)) if probability else None
        address = stack.enter_context(serve(survey, probability=over, picks=picks, port=port, link=link))
        with suppress(KeyboardInterrupt):
            typer.echo(f"{path} is shown at {address}\nCtrl-C ends it.")
            if browser:
                show_in_browser(address)
            Event().wait()


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
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
) -> None:
    """Score a fault probability against a fault label: strict, tolerant and distance scores."""
    import json
    import math
    from dataclasses import asdict

    from rich.table import Table

    from faultpick.metrics import MEANING, evaluate_volumes

    layout = Layout(shape, byte_order, inline_byte, crossline_byte, format_code=format_code)
    with layout.made_from_it(prediction) as probability, layout.survey(label) as truth:
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
def export(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of picks.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="Output file; a folder for skins.")],
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help=f"{EXPORT_FORMATS}; without it, that of a name ending in .ts, .obj, .ply or .vtp.",
        ),
    ] = None,
    fault: Annotated[list[int] | None, typer.Option(help="Id of a fault to write; may be repeated.")] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="SURVEY",
            help="Take line numbers and coordinates, and a volume's headers, from this survey.",
        ),
    ] = None,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Write picked faults for other programs: sticks, surfaces, or volumes."""
    from contextlib import ExitStack

    from faultpick.picks.export import IN_VOXELS, export_faults

    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with ExitStack() as stack:
        survey = like and stack.enter_context(layout.survey(like))
        exported = export_faults(directory, out, file_format=file_format, faults=fault, like=survey)
    typer.echo(f"{out}: {_counted(len(exported.faults))} as {exported.format}")
    if not exported.has_coordinates and exported.format not in IN_VOXELS:
        _say(NO_COORDINATES)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of picks.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="HTML", help="The page.", show_default="DIR/report.html"),
    ] = None,
    png: Annotated[
        bool, typer.Option("--png", help="Also write the figures as PNG files beside it.")
    ] = False,
    seismic: Annotated[
        Path | None,
        typer.Option(help="The survey that was picked.", show_default="as the picks' settings say"),
    ] = None,
    probability: Annotated[
        Path | None,
        typer.Option(help="The fault probability.", show_default="as the picks' settings say"),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model that the probability is from, to print its card.")
    ] = None,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Write a report on picked faults: one HTML page to read, print and send."""
    from contextlib import ExitStack

    from faultpick.view.report import write_report

    card = None
    if model is not None:
        from faultpick.zoo import load_model

        card = load_model(model).card.model_dump(mode="json")
    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with ExitStack() as stack:
        written = write_report(
            directory,
            out or directory / "report.html",
            seismic=seismic and stack.enter_context(layout.survey(seismic)),
            probability=probability and stack.enter_context(layout.made_from_it(probability)),
            open_seismic=layout.survey,
            open_probability=layout.made_from_it,
            card=card,
            png=png,
        )
    for path in written:
        typer.echo(str(path))
