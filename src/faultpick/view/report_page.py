"""The page of a report: what it says, filled into its template."""

import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from faultpick.picks import Picks
from faultpick.picks.store import fault_table
from faultpick.view.report_figures import colour_of
from faultpick.view.svg import inline_svg
from faultpick.volume import Geometry
from faultpick.volume.places import line_steps

PARTS = ("sections", "orientation", "throw", "probability")
"""Parts of the page that hold figures."""

LIBRARIES = ("faultpick", "numpy", "scipy", "matplotlib")
"""Whose versions the page tells."""

MINUS = "\N{MINUS SIGN}"

Rows = list[tuple[str, str]]


class Picture(NamedTuple):
    """A figure with its place in the page.

    Attributes:
        part: One of `PARTS`.
        name: Once in the page: letters, digits and hyphens.
        figure: As drawn.
        title: "" for none.
    """

    part: str
    name: str
    figure: Figure
    title: str


class Column(NamedTuple):
    """A column of the table of faults."""

    title: str
    unit: str
    decimals: int


class Cell(NamedTuple):
    """A number of the table: in full, and as shown."""

    value: str
    text: str


def render_page(
    picks: Picks,
    pictures: Sequence[Picture],
    missing: Sequence[str] = (),
    card: Mapping[str, Any] | None = None,
    picked_with: str = "",
) -> str:
    """The HTML page.

    Args:
        picks: What was picked.
        pictures: The figures, in the order of the page.
        missing: Sentences on what was left out.
        card: Of the model, as JSON-ready data.
        picked_with: Version of faultpick that picked.
    """
    shown: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for picture in pictures:
        svg = Markup(inline_svg(picture.figure, picture.name, picture.title or picture.name))
        box = svg.split('viewBox="', 1)[1].split('"', 1)[0]
        facts = {"name": picture.name, "title": picture.title, "svg": svg, "box": box}
        shown[picture.part].append(facts)
    header, rows = fault_table(picks)
    columns = [_column(title, [row[k] for row in rows]) for k, title in enumerate(header)]
    environment = Environment(
        loader=PackageLoader("faultpick.view", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        title=_title(picks),
        date=f"{datetime.now(UTC):%d %B %Y}".lstrip("0"),
        key_figures=_key_figures(picks),
        missing=missing,
        parts=shown,
        columns=columns,
        rows=[
            {
                "colour": colour_of(int(row[0])),
                "cells": [_cell(value, c) for value, c in zip(row, columns, strict=True)],
            }
            for row in rows
        ],
        line=1 in picks.geometry.shape[:2],
        north=picks.length_unit != "voxels",
        survey=survey_rows(picks.geometry),
        settings=list(_flat(picks.settings)),
        card=list(_flat({key: value for key, value in (card or {}).items() if key != "config"})),
        training=list(_flat((card or {}).get("config", {}))),
        versions=[
            ("picked with faultpick", picked_with),
            *((name, version(name)) for name in LIBRARIES),
            ("Python", platform.python_version()),
        ],
    )


def survey_rows(geometry: Geometry) -> Rows:
    """Label and text of what is known of a survey's grid and sampling."""
    samples = geometry.samples
    unit = "" if samples.unit == "samples" else f" {samples.unit}"
    end = samples.start + samples.step * (samples.count - 1)
    grid = geometry.shape[0] * geometry.shape[1]
    rows = [
        ("inlines", _lines(geometry.inlines)),
        ("crosslines", _lines(geometry.crosslines)),
        (
            "samples",
            f"{samples.start:g} to {end:g}{unit}, every {samples.step:g}{unit}, {samples.count} samples",
        ),
        ("traces", f"{geometry.trace_count:,}" + ("" if geometry.trace_count == grid else f" of {grid:,}")),
    ]
    if geometry.corners is not None:
        steps = zip(("inlines", "crosslines"), line_steps(geometry), strict=True)
        bins = [(lines, float(np.hypot(*step))) for lines, step in steps if step.any()]
        texts = (f"{width:.4g} {geometry.length_unit} between {lines}" for lines, width in bins)
        rows.append(("bin", ", ".join(texts)))
        ends = [(i, x) for i in geometry.inlines[[0, -1]] for x in geometry.crosslines[[0, -1]]]
        corners = {
            f"corner {inline}, {crossline}": f"X {x:,.1f}, Y {y:,.1f}"
            for (inline, crossline), (x, y) in zip(ends, geometry.corners, strict=True)
        }
        rows += corners.items()
    return rows


def _lines(numbers: NDArray[np.int32]) -> str:
    if len(numbers) == 1:
        return f"{numbers[0]} alone"
    steps = np.unique(np.diff(numbers))
    step = f", step {steps[0]}" if len(steps) == 1 and steps[0] != 1 else ", uneven steps" * (len(steps) > 1)
    return f"{numbers[0]} to {numbers[-1]}{step}, {len(numbers)} lines"


def _title(picks: Picks) -> str:
    for name in ("seismic", "probability"):
        if picks.settings.get(name):
            return Path(str(picks.settings[name])).name
    return "picked faults"


def _key_figures(picks: Picks) -> list[tuple[str, str]]:
    """Number and what it counts, for the head of the page."""
    faults, unit, axis = picks.faults, picks.length_unit, picks.geometry.samples
    figures = [(f"{len(faults)}", "fault" if len(faults) == 1 else "faults")]
    if not faults:
        return figures
    dip = f"{np.median([fault.dip for fault in faults]):.0f}°"
    if all(math.isfinite(fault.area) for fault in faults):
        figures += [
            (f"{_short(max(fault.length for fault in faults))} {unit}", "longest"),
            (_area(sum(fault.area for fault in faults), unit), "total area"),
            (dip, "median dip"),
        ]
    else:
        figures.append((dip, "median dip along the line"))
    throws = [abs(fault.throw.median) for fault in faults if fault.throw is not None]
    throws = [throw * axis.step for throw in throws if math.isfinite(throw)]
    if throws:
        figures.append((f"{np.median(throws):.1f} {axis.unit}", "median throw"))
    return figures


def _area(area: float, unit: str) -> str:
    if unit == "m" and area >= 1e5:
        return f"{_short(area / 1e6)} km²"
    return f"{_short(area)} {unit}²"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _column(header: str, values: Sequence[str]) -> Column:
    """Title, unit and digits of a column: as many for all of its numbers as its largest needs."""
    title, _, unit = header.partition(" (")
    numbers = [abs(float(value)) for value in values if value]
    if all(value.isdigit() for value in values if value):
        decimals = 0
    elif title.endswith(("probability", "confidence")):
        decimals = 2
    else:
        decimals = 1 if max(numbers) < 1000 else 0
    return Column(title, unit.rstrip(")").replace("^2", "²"), decimals)


def _cell(value: str, column: Column) -> Cell:
    return Cell(value, f"{float(value):,.{column.decimals}f}".replace("-", MINUS) if value else "")


def _flat(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf of nested settings, named by its path."""
    for key, value in tree.items():
        name = f"{before}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}: ")
        elif value is not None and value != "" and value != []:
            yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(_text, value)) if isinstance(value, list | tuple) else f"{value}"
