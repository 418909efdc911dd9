"""Options that several verbs share, and the volumes that they open."""

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from faultpick.errors import ConfigError, OutputError, VolumeError

if TYPE_CHECKING:
    from faultpick.volume import Volume
    from faultpick.volume.part import Range

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
Unit = Annotated[
    Literal["ms", "m", "ft"],
    typer.Option(help="SEG-Y: unit of the vertical axis, which the file does not hold: m or ft for depth."),
]


def parse_range(text: str | None, option: str) -> "Range":
    """The first and last number of `FIRST:LAST`, either of which may be missing; one number is both.

    Raises:
        ConfigError: It is none.
    """
    if text is None:
        return None, None
    first, colon, last = text.partition(":")
    try:
        low = float(first) if first.strip() else None
        high = (float(last) if last.strip() else None) if colon else low
        ends = [end for end in (low, high) if end is not None]
        if not ends or not all(map(math.isfinite, ends)) or ends != sorted(ends):
            raise ValueError(text)
    except ValueError as error:
        raise ConfigError(
            f"{text!r} is no range for {option}: write the first and the last, such as 100:250."
        ) from error
    return low, high


@dataclass(frozen=True)
class Layout:
    """How the file of a survey is laid out, as the options say."""

    shape: tuple[int, int, int] | None
    byte_order: Literal["little", "big"]
    inline_byte: int
    crossline_byte: int
    x_byte: int = 181
    y_byte: int = 185
    format_code: int | None = None
    unit: Literal["ms", "m", "ft"] = "ms"

    def survey(self, path: str | Path) -> "Volume":
        """Open the survey."""
        from faultpick.volume import open_volume

        return open_volume(path, **asdict(self))

    def check_replaced(self, path: Path) -> None:
        """See that what an output replaces, if anything is there, is an earlier output or empty.

        Raises:
            OutputError: It is a survey, or cannot be read as what was made from one.
        """
        from faultpick.volume.alike import check_no_amplitudes, check_no_survey
        from faultpick.volume.flat import some_samples
        from faultpick.volume.staging import is_zarr_folder

        is_volume = is_zarr_folder(path) if path.is_dir() else path.exists() and path.stat().st_size > 0
        if not is_volume:
            return
        try:
            if path.suffix.lower() in (".dat", ".bin"):
                check_no_amplitudes(some_samples(path, self.byte_order), path)
            else:
                with self.made_from_it(path) as existing:
                    check_no_survey(existing)
        except VolumeError as error:
            raise OutputError(
                f"{path} is there and cannot be read as an earlier output; give the output another name, "
                "or remove what is there."
            ) from error

    def made_from_it(self, path: str | Path) -> "Volume":
        """Open what was made from it: the same headers, but for the format of the samples."""
        return replace(self, format_code=None).survey(path)
