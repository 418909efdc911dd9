"""Options that several verbs share."""

from typing import Annotated, Literal

import typer

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
