"""The figures of a report, as matplotlib figures; drawn for paper and screen alike."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.projections.polar import PolarAxes
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from faultpick.picks import Fault, Picks
from faultpick.view.fault_sections import trace_on
from faultpick.view.sections import FAULT_COLOURS, Section, label_axes
from faultpick.volume import Volume
from faultpick.volume.alike import check_probability
from faultpick.volume.places import map_coordinates

COLOURS = ("#1167b1", "#00966c", "#c2279b", "#35b1e6", "#6a35a8", "#8aa800")
"""Of faults by their ids, again and again; none is near the yellow and red of a probability."""

INK, QUIET, ACCENT = "#22282e", "#8a939b", "#2f5f7f"

STYLE: dict[Any, Any] = {
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "grid.color": "#dde2e6",
    "grid.linewidth": 0.6,
    "figure.facecolor": "white",
    "image.composite_image": False,
    "svg.fonttype": "path",
}
"""Settings of matplotlib that these figures are made and saved with."""

OVERLAY = "overlay"
"""Start of the names of what a section shows over the seismic."""

LABELLED = 12
"""Faults named on a section, the largest."""

PROFILES = 12
"""Faults whose throw is drawn, the largest."""


def colour_of(fault_id: int) -> str:
    """The colour that a fault has everywhere in a report."""
    return COLOURS[(fault_id - 1) % len(COLOURS)]


def draw_section(
    section: Section, seismic: Volume, probability: Volume | None, picks: Picks, limit: float
) -> Figure:
    """The seismic in grey, clipped at `limit`; over it the probability and where the faults meet it."""
    image = section.read(seismic)
    width, height = _size(section, picks, image.shape)
    figure = Figure(figsize=(7.6, height + 0.66))
    margins = {"left": 0.62, "right": 6.98 - width, "bottom": 0.48, "top": 0.18}
    panel = figure.add_axes(_inside(figure, **margins))
    look = {"extent": (*section.across.edges, *reversed(section.down.edges)), "aspect": "auto"}
    live = picks.geometry.live
    dead = np.zeros(image.shape, bool) if live is None else np.broadcast_to(section.dead(live), image.shape)
    grey = np.ma.masked_array(image, dead | ~np.isfinite(image))
    panel.set_facecolor("#e4eaef")
    panel.imshow(grey, cmap="gray", vmin=-limit, vmax=limit, interpolation="none", **look)
    label_axes(panel, section)
    panel.autoscale(enable=False)
    if probability is not None:
        faults = section.read(probability)
        check_probability(faults, probability.path)
        shown = np.ma.masked_array(faults, dead)
        panel.imshow(
            shown, cmap=FAULT_COLOURS, vmin=0, vmax=1, alpha=0.45, interpolation="none", gid=OVERLAY, **look
        )
    names: list[NDArray[np.float64]] = []
    for fault in picks.faults:
        pieces = trace_on(fault, section)
        if len(pieces):
            _draw_trace(panel, fault, pieces, names)
    return figure


def _draw_trace(
    panel: Axes, fault: Fault, pieces: NDArray[np.float64], names: list[NDArray[np.float64]]
) -> None:
    """Draw where a fault meets a section; its name goes where none of `names` is, in shares of the panel."""
    for colour, width, alpha in (("white", 3.6, 0.8), (colour_of(fault.id), 2.2, 1.0)):
        lines = LineCollection(
            list(pieces),
            colors=colour,
            linewidths=width,
            alpha=alpha,
            capstyle="round",
            gid=f"{OVERLAY}-{fault.id}",
        )
        panel.add_collection(lines, autolim=False)
    if fault.id <= LABELLED:
        ends = pieces.reshape(-1, 2)
        top = ends[ends[:, 1].argmin()]
        place = panel.transLimits.transform(top)
        while any((np.abs(place - other) < (0.025, 0.05)).all() for other in names):
            place = np.add(place, (0.025, 0.0))
        names.append(place)
        panel.annotate(
            str(fault.id),
            tuple(panel.transLimits.inverted().transform(place)),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
            fontweight="bold",
            color=colour_of(fault.id),
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            annotation_clip=True,
            gid=f"{OVERLAY}-name-{fault.id}",
        )


def _size(section: Section, picks: Picks, shape: tuple[int, ...]) -> tuple[float, float]:
    """Width and height of a picture in inches: a slice keeps its proportions where it can."""
    if not section.horizontal:
        return 6.86, 3.1
    inline_step, crossline_step = picks.geometry.bin_spacing or (1.0, 1.0)
    ratio = shape[0] * inline_step / (shape[1] * crossline_step)
    height = float(np.clip(6.86 * ratio, 2, 4.6))
    return float(np.clip(height / ratio, 2, 6.86)), height


def _inside(figure: Figure, **margins: float) -> tuple[float, float, float, float]:
    """Axes rectangle with margins in inches."""
    width, height = figure.get_size_inches()
    left, bottom = margins["left"] / width, margins["bottom"] / height
    return left, bottom, 1 - left - margins["right"] / width, 1 - bottom - margins["top"] / height


def draw_rose(picks: Picks) -> Figure:
    """Rose diagram: share of the total fault length by strike, in bins of 10 degrees, both ways along it."""
    figure = Figure(figsize=(2.9, 2.9))
    panel = _compass(figure, picks)
    edges = np.radians(np.arange(0, 181, 10))
    strikes = np.radians([fault.strike % 180 for fault in picks.faults])
    lengths = np.array([fault.length for fault in picks.faults])
    known = np.isfinite(strikes) & np.isfinite(lengths)
    shares, _ = np.histogram(strikes[known], edges, weights=lengths[known])
    shares = 100 * shares / max(shares.sum(), 1e-12)
    for start in (0, math.pi):
        panel.bar(
            edges[:-1] + start,
            shares,
            width=math.radians(10),
            align="edge",
            color=ACCENT,
            alpha=0.75,
            edgecolor="white",
            linewidth=0.6,
        )
    top = max(shares.max(initial=0), 1)
    panel.set_ylim(0, top * 1.05)
    ticks = [value for value in MaxNLocator(3).tick_values(0, top) if 0 < value <= top * 1.05]
    panel.set_yticks(ticks, [f"{value:g} %" for value in ticks], fontsize=7, color=QUIET)
    panel.set_rlabel_position(5 + 10 * int(shares.argmin()))
    return figure


def draw_stereonet(picks: Picks) -> Figure:
    """Poles to the faults in an equal-area net of the lower hemisphere; dots grow with the fault's area."""
    figure = Figure(figsize=(2.9, 2.9))
    panel = _compass(figure, picks)
    areas = np.array([fault.area for fault in picks.faults])
    for fault in reversed(picks.faults):
        panel.scatter(
            math.radians(fault.strike + 270),
            _net_radius(fault.dip),
            s=12 + 90 * fault.area / max(areas.max(), 1e-12),
            color=colour_of(fault.id),
            alpha=0.85,
            edgecolor="white",
            linewidth=0.6,
            clip_on=False,
        )
    dips = (30, 60, 90)
    panel.set_yticks([_net_radius(dip) for dip in dips])
    panel.set_yticklabels(["30°", "60°", ""], fontsize=7, color=QUIET)
    panel.set_ylim(0, _net_radius(90))
    panel.set_rlabel_position(22.5)
    return figure


def _net_radius(dip: float) -> float:
    """Lambert's equal-area projection of a plane's pole, 1 for a vertical plane."""
    return math.sqrt(2) * math.sin(math.radians(dip) / 2)


def _compass(figure: Figure, picks: Picks) -> PolarAxes:
    panel = figure.add_axes((0.13, 0.11, 0.74, 0.74), projection="polar")
    assert isinstance(panel, PolarAxes)
    panel.set_theta_zero_location("N")
    panel.set_theta_direction(-1)
    north = ["N", "E", "S", "W"] if picks.length_unit != "voxels" else ["IL", "XL", "", ""]
    panel.set_thetagrids([0, 90, 180, 270], north)
    panel.set_axisbelow(True)
    return panel


def draw_dips(picks: Picks) -> Figure:
    """How many faults dip how steeply, in bins of 5 degrees."""
    figure = Figure(figsize=(2.9, 2.9))
    panel = figure.add_axes(_inside(figure, left=0.5, right=0.15, bottom=0.5, top=0.35))
    panel.hist(
        [fault.dip for fault in picks.faults],
        list(range(0, 91, 5)),
        color=ACCENT,
        alpha=0.75,
        edgecolor="white",
    )
    panel.set(xlim=(0, 90), xticks=range(0, 91, 15), xlabel="dip (degrees)", ylabel="faults")
    panel.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    panel.grid(axis="y")
    panel.set_axisbelow(True)
    return figure


def draw_throws(picks: Picks) -> Figure | None:
    """Throw along the strike of the largest faults, dots paler where it is less sure; None without any."""
    faults = [
        fault
        for fault in picks.faults
        if fault.throw is not None and np.isfinite(fault.throw.samples).any() and math.isfinite(fault.strike)
    ][:PROFILES]
    if not faults:
        return None
    columns = min(3, len(faults))
    rows = math.ceil(len(faults) / columns)
    figure = Figure(figsize=(7.6, 0.55 + 1.5 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
    axis = picks.geometry.samples
    for panel, fault in zip(panels.flat, faults, strict=False):
        assert fault.throw is not None
        places = _along_strike(fault, picks)
        order = np.argsort(places, kind="stable")
        along, throw = places[order], fault.throw.samples[order] * axis.step
        colour = colour_of(fault.id)
        panel.axhline(0, color=QUIET, linewidth=0.6)
        panel.plot(along, throw, color=colour, linewidth=0.8, alpha=0.3)
        sure = np.clip(np.nan_to_num(fault.throw.confidence[order]), 0.1, 1)
        panel.scatter(along, throw, s=9, color=colour, alpha=sure, linewidths=0)
        panel.set_title(f"Fault {fault.id}", fontsize=8.5, color=colour)
        panel.grid(axis="y")
        panel.margins(x=0.02)
        panel.set_axisbelow(True)
    for panel in list(panels.flat)[len(faults) :]:
        panel.set_visible(False)
    figure.supxlabel(f"distance along the strike ({picks.length_unit})", fontsize=8.5)
    figure.supylabel(f"throw ({axis.unit})", fontsize=8.5)
    return figure


def _along_strike(fault: Fault, picks: Picks) -> NDArray[np.float64]:
    """Distance of each stick's middle from that of the first in the direction of the strike, (sticks,)."""
    middles = np.array([stick[:, :2].mean(axis=0) for stick in fault.sticks])
    if picks.length_unit == "voxels":
        north, east = middles.T
    else:
        east, north = map_coordinates(picks.geometry, middles).T
    strike = math.radians(fault.strike)
    places = north * math.cos(strike) + east * math.sin(strike)
    return places - places.min()


def draw_probabilities(
    edges: NDArray[np.float64], counts: NDArray[np.int64], thresholds: Mapping[str, float]
) -> Figure:
    """Share of the voxels by probability, logarithmic, with the thresholds of the picking by name.

    Args:
        edges: Of the bins, (bins + 1,).
        counts: Voxels in each, (bins,).
        thresholds: Probabilities to mark.
    """
    figure = Figure(figsize=(7.6, 2.2))
    panel = figure.add_axes(_inside(figure, left=0.62, right=0.12, bottom=0.46, top=0.14))
    shares = 100 * counts / max(counts.sum(), 1)
    panel.stairs(np.maximum(shares, 1e-12), edges, fill=True, color=ACCENT, alpha=0.75, baseline=1e-12)
    shown = shares[shares > 0]
    low = 10 ** math.floor(math.log10(shown.min())) if shown.size else 0.1
    panel.set(yscale="log", ylim=(low, 150), xlim=(0, 1), xlabel="fault probability", ylabel="voxels (%)")
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.minorticks_off()
    for name, value in thresholds.items():
        panel.axvline(value, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
        panel.annotate(
            f"{name} {value:g}",
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )
    panel.grid(axis="y")
    panel.set_axisbelow(True)
    return figure
