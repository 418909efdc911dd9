"""Verbs that read a survey: what it is, how it looks, what would be found in it."""

from pathlib import Path
from typing import Annotated

import typer

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
)


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
    unit: Unit = "ms",
) -> None:
    """Print what was understood of a volume: geometry, sampling, amplitudes, dead traces."""
    import json

    from rich.table import Table
    from rich.text import Text

    from faultpick.volume import describe
    from faultpick.volume.description import description_rows

    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with layout.survey(path) as volume:
        if png is not None:
            from faultpick.view.sections import check_picture

            check_picture(png, [volume])
        facts = describe(volume)
        if as_json:
            typer.echo(json.dumps(facts, indent=2))
        else:
            table = Table(box=None, show_header=False)
            for label, text in description_rows(facts):
                table.add_row(label, Text(text))
            console.print(table)
        if png is not None:
            from faultpick.view.sections import draw_sections

            draw_sections(volume, png)


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
    unit: Unit = "ms",
) -> None:
    """Draw an inline, a crossline and a slice, with the faults over them; the middle ones unless told."""
    from contextlib import ExitStack

    from faultpick.view.sections import draw_sections

    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with ExitStack() as stack:
        survey = stack.enter_context(layout.survey(path))
        over = stack.enter_context(layout.made_from_it(probability)) if probability else None
        draw_sections(survey, out, probability=over, inline=inline, crossline=crossline, sample=sample)
    console.print(f"Drew {out}", markup=False, highlight=False)


@app.command()
def detectability(
    path: Annotated[Path, typer.Argument(metavar="SURVEY", help="SEG-Y, Zarr, .npy or flat .dat volume.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="CSV", help="Also write the table here.")
    ] = None,
    model: Annotated[str, typer.Option(help="Name of a model, or a .safetensors file.")] = "unet_res2",
    throw: Annotated[
        list[float] | None,
        typer.Option(
            help="Throw to plant, in samples; may be repeated.", show_default="1, 1.5, 2, 3, 4, 6, 10, 16"
        ),
    ] = None,
    dip: Annotated[
        tuple[float, float],
        typer.Option(metavar="LOW HIGH", help="Their dips in degrees, voxels taken as cubes."),
    ] = (50.0, 85.0),
    faults: Annotated[int, typer.Option(help="How many faults to plant with each throw.")] = 24,
    seed: Annotated[int, typer.Option(help="Of where they are planted.")] = 0,
    inline_byte: InlineByte = 189,
    crossline_byte: CrosslineByte = 193,
    x_byte: XByte = 181,
    y_byte: YByte = 185,
    format_code: FormatCode = None,
    shape: Shape = None,
    byte_order: ByteOrder = "little",
    unit: Unit = "ms",
) -> None:
    """Plant faults in a survey and see from which throw on a model finds them there."""
    import csv

    from rich.console import Console
    from rich.table import Table

    from faultpick.cli.progress import TileProgress
    from faultpick.detectability import THROWS, plant_and_find, sentence_of, table_of
    from faultpick.volume.alike import check_no_input
    from faultpick.volume.staging import check_target, output_errors, staged

    if out is not None:
        check_no_input(out, [path])
        check_target(out, replaceable=lambda _: False)
    layout = Layout(shape, byte_order, inline_byte, crossline_byte, x_byte, y_byte, format_code, unit)
    with (
        layout.survey(path) as volume,
        TileProgress(Console(stderr=True), "loading the model", "planting faults", "done") as bar,
    ):
        result = plant_and_find(
            volume, model, throws=throw or THROWS, dips=dip, faults=faults, seed=seed, progress=bar.update
        )
        samples = volume.geometry.samples
    header, *rows = table_of(result, samples)
    table = Table(*header, box=None)
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False, highlight=False)
    typer.echo(sentence_of(result, samples))
    if out is not None:
        with staged(out) as temporary, output_errors(out), temporary.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])
