"""Sections through a volume as a picture, with faults over them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from faultpick.errors import GeometryError, OutputError
from faultpick.volume import Geometry, Volume
from faultpick.volume.alike import check_no_input, check_probability, check_same_grid
from faultpick.volume.part import covering
from faultpick.volume.staging import check_target, output_errors, staged

FAULT_COLOURS = LinearSegmentedColormap.from_list(
    "faults", [(1.0, 0.75, 0.0, 0.0), (1.0, 0.35, 0.0, 0.75), (0.85, 0.0, 0.1, 0.9)]
)
"""Transparent where the probability is 0, yellow to red above."""


class Axis(NamedTuple):
    """An axis of a picture: its values at voxel centres, and what they are."""

    values: NDArray
    label: str

    @property
    def even(self) -> bool:
        """Whether all steps between the values are alike; line numbers have larger ones beside gaps."""
        steps = np.diff(self.values)
        return np.allclose(steps, steps[:1])

    @property
    def places(self) -> NDArray:
        """Where the picture has the voxel centres: at their values, or side by side if these are uneven."""
        return self.values if self.even else np.arange(len(self.values))

    @property
    def edges(self) -> tuple[float, float]:
        """Outer edges of the first and the last voxel in the picture."""
        first, last = float(self.places[0]), float(self.places[-1])
        half = (last - first) / max(len(self.values) - 1, 1) / 2 or 0.5
        return first - half, last + half


class Section(NamedTuple):
    """A plane through a volume.

    Attributes:
        key: What to read.
        across: Horizontal axis of the picture.
        down: Vertical axis of the picture.
        title: Where the plane lies.
    """

    key: tuple[slice | int, slice | int, slice | int]
    across: Axis
    down: Axis
    title: str

    def read(self, volume: Volume) -> NDArray[np.float32]:
        """The picture, vertical axis first."""
        picture = volume[self.key]
        return picture if self.horizontal else picture.T

    def dead(self, live: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where the picture shows dead traces; broadcasts against it."""
        return ~live if self.horizontal else ~live[self.key[:2]]

    @property
    def horizontal(self) -> bool:
        """Whether this is a slice at one time or depth."""
        return isinstance(self.key[2], int)


def draw_sections(
    volume: Volume,
    path: str | Path,
    *,
    probability: Volume | None = None,
    inline: int | None = None,
    crossline: int | None = None,
    sample: float | None = None,
) -> None:
    """Draw an inline section, a crossline section and a slice into a PNG file; time points down.

    Of a single line that section alone is drawn. Lines beside a gap in their numbers stand side by side.
    Grey values are clipped at the 1st and 99th percentile, symmetric about zero; dead traces are blue. With a
    probability the sections are drawn twice: as they are, and with the faults over them.

    Args:
        volume: The survey.
        path: The PNG file.
        probability: Fault probability in 0..1 on the survey's grid; of a part of it, that part is drawn.
        inline: Line number of the inline section; else the line with the most traces nearest the middle.
        crossline: Line number of the crossline section; likewise.
        sample: Time or depth of the slice in the survey's unit (the nearest sample is drawn); else the
            middle one.

    Raises:
        VolumeError: The probability has another shape than the survey, or other lines.
        GeometryError: The survey has no such line, time or depth.
        OutputError: The file is not called .png, is one of these, or cannot be written.
    """
    path = Path(path)
    check_picture(path, [volume] if probability is None else [volume, probability])
    if probability is not None:
        volume = covering(volume, probability.geometry)
    everywhere = np.ones(volume.shape[:2], dtype=bool)
    sections_at(volume.geometry, everywhere, inline, crossline, sample)  # refuses before all is read
    if probability is not None:
        check_same_grid(
            probability.path,
            probability.geometry,
            volume.path,
            volume.geometry,
            "a probability is drawn over the survey it was made from.",
        )
    live = volume.live_traces()
    sections = sections_at(volume.geometry, live, inline, crossline, sample)
    wide = [each for each in sections if min(len(each.across.values), len(each.down.values)) > 1]
    sections = wide or sections
    percentiles = volume.statistics().percentiles
    limit = max(abs(percentiles[1]), abs(percentiles[99])) or 1.0
    rows = 1 if probability is None else 2
    figure = Figure(figsize=(15, 5 * rows), layout="constrained")
    panels = figure.subplots(rows, len(sections), squeeze=False)
    for section, column in zip(sections, panels.T, strict=True):
        image, dead = section.read(volume), section.dead(live)
        hidden = np.broadcast_to(dead, image.shape) | ~np.isfinite(image)
        look = {"extent": (*section.across.edges, *reversed(section.down.edges)), "aspect": "auto"}
        for panel in column:
            panel.set_facecolor("lightsteelblue")
            panel.set_title(section.title)
            label_axes(panel, section)
            grey = np.ma.masked_array(image, hidden)
            panel.imshow(grey, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest", **look)
        if probability is not None:
            faults = section.read(probability)
            check_probability(faults, probability.path)
            column[1].imshow(faults, cmap=FAULT_COLOURS, vmin=0, vmax=1, interpolation="nearest", **look)
    figure.colorbar(panels[0, 0].images[0], ax=panels[0], label="amplitude")
    if probability is not None:
        figure.colorbar(panels[1, 0].images[1], ax=panels[1], label="fault probability")
    figure.suptitle(volume.path.name.encode(errors="replace").decode(), parse_math=False)
    with staged(path) as temporary, output_errors(path):
        FigureCanvasAgg(figure).print_png(temporary)


def check_picture(path: Path, volumes: Sequence[Volume]) -> None:
    """See that a picture can be drawn into a file, before volumes are read for it.

    Raises:
        OutputError: The file is not called .png, is one of the volumes, or cannot be written.
    """
    check_no_input(path, [volume.path for volume in volumes])
    if path.suffix.lower() != ".png":
        raise OutputError(f"{path} would be a PNG file: name it .png.")
    check_target(path)


def sections_at(
    geometry: Geometry,
    live: NDArray[np.bool_],
    inline: int | None = None,
    crossline: int | None = None,
    sample: float | None = None,
) -> tuple[Section, Section, Section]:
    """The three sections at these line numbers and this time or depth, else where `draw_sections` says.

    Raises:
        GeometryError: The survey has no such line, time or depth.
    """
    inlines, crosslines, samples = axes_of(geometry)
    i = _fullest(live.sum(axis=1)) if inline is None else _position(inlines, inline)
    x = _fullest(live.sum(axis=0)) if crossline is None else _position(crosslines, crossline)
    t = geometry.samples.count // 2 if sample is None else _position(samples, sample)
    unit = "" if geometry.samples.unit == "samples" else f" {geometry.samples.unit}"
    level = f"{samples.label.split(' ')[0]} {samples.values[t]:g}{unit}"
    whole = slice(None)
    return (
        Section((i, whole, whole), crosslines, samples, f"inline {inlines.values[i]}"),
        Section((whole, x, whole), inlines, samples, f"crossline {crosslines.values[x]}"),
        Section((whole, whole, t), crosslines, inlines, level),
    )


def label_axes(panel: Axes, section: Section) -> None:
    """Label the axes of a section's picture; lines have ticks at whole numbers, each with its own number."""
    for side, axis in ((panel.xaxis, section.across), (panel.yaxis, section.down)):
        side.set_label_text(axis.label)
        if axis.values.dtype.kind == "i":
            side.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
            side.set_major_formatter(FuncFormatter(_line_number(axis)))


def _line_number(axis: Axis) -> Callable[[float, int], str]:
    """The number of the line at a place in the picture."""
    if axis.even:
        return lambda place, _: f"{place:.0f}"
    return lambda place, _: f"{axis.values[int(np.clip(place, 0, len(axis.values) - 1))]}"


def axes_of(geometry: Geometry) -> tuple[Axis, Axis, Axis]:
    """The three axes of a volume with their labels."""
    vertical = {"ms": "time (ms)", "m": "depth (m)", "ft": "depth (ft)"}.get(geometry.samples.unit, "sample")
    return (
        Axis(geometry.inlines, "inline"),
        Axis(geometry.crosslines, "crossline"),
        Axis(geometry.samples.values, vertical),
    )


def _fullest(traces: NDArray[np.int64]) -> int:
    """Position of the line with the most live traces; of several, the one nearest the middle."""
    full = np.flatnonzero(traces == traces.max())
    return int(full[np.abs(full - len(traces) // 2).argmin()])


def _position(axis: Axis, at: float) -> int:
    nearest = int(np.abs(axis.values - at).argmin())
    steps = np.diff(axis.values)
    is_line = axis.values.dtype.kind == "i"
    if not abs(axis.values[nearest] - at) <= (0 if is_line else (steps.min() if len(steps) else 1) / 2):
        raise GeometryError(
            f"There is no {axis.label} {at:.10g}: choose one from {axis.values[0]:.10g} to "
            f"{axis.values[-1]:.10g}; the nearest is {axis.values[nearest]:.10g}."
        )
    return nearest
