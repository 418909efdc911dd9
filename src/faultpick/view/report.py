"""A report on picked faults: one HTML page that needs nothing else, to read, print and send."""

import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from faultpick.errors import FaultpickError, OutputError
from faultpick.picks import Picks
from faultpick.picks.export.write import PICKS_FILES
from faultpick.picks.store import FAULTS_JSON, read_picks
from faultpick.view import report_figures as figures
from faultpick.view.fault_sections import busiest_slice, sections_through
from faultpick.view.report_page import Picture, render_page
from faultpick.volume import Volume, open_volume
from faultpick.volume.alike import check_no_input, check_same_grid
from faultpick.volume.part import covering
from faultpick.volume.staging import check_target, output_errors, staged

LINES_READ = 64
SAMPLES_KEPT = 10_000_000
"""Inlines at most that the clip of the seismic and the histogram of the probability are taken from."""

DPI = 200
"""Of the PNG files."""

Opener = Callable[[str], Volume]


def write_report(
    directory: str | Path,
    out: str | Path,
    *,
    seismic: Volume | None = None,
    probability: Volume | None = None,
    open_seismic: Opener = open_volume,
    open_probability: Opener = open_volume,
    card: Mapping[str, Any] | None = None,
    png: bool = False,
) -> list[Path]:
    """Write a report on a folder of picks.

    Args:
        directory: Folder that `faultpick.picks.write_picks` wrote.
        out: The HTML file.
        seismic: The survey, or one that the picks' is a part of; else the file that the picks' settings name,
            if it is still there.
        probability: The fault probability; likewise.
        open_seismic: Opens the seismic that the settings name.
        open_probability: Opens their probability.
        card: Of the model that the probability is from, as JSON-ready data.
        png: Also write each figure as a PNG file beside the page, `NAME-FIGURE.png`.

    Returns:
        The files written, the page first.

    Raises:
        PicksError: There are no picks, or they are damaged.
        VolumeError: The seismic or the probability has another shape than what was picked, or other lines.
        OutputError: A file is one of these, or a part of the picks, or cannot be written; `out` is not called
            .html.
    """
    picks, out = read_picks(directory), Path(out)
    picked_with = json.loads((Path(directory) / FAULTS_JSON).read_text(encoding="utf-8")).get("version", "")
    missing: list[str] = []
    with ExitStack() as stack, mpl.rc_context(figures.STYLE):
        seismic = seismic or _from_settings(picks, "seismic", open_seismic, stack, missing)
        probability = probability or _from_settings(picks, "probability", open_probability, stack, missing)
        seismic = seismic and covering(seismic, picks.geometry)
        for volume in (seismic, probability):
            if volume is not None:
                check_same_grid(
                    volume.path,
                    volume.geometry,
                    f"the survey picked in {directory}",
                    picks.geometry,
                    "a report needs the volumes that they were made from.",
                )
        inputs = [volume and volume.path for volume in (seismic, probability)]
        inputs += [Path(directory) / name for name in PICKS_FILES]
        _check_target(out, inputs)
        _check_page(out)
        pictures = _pictures(picks, seismic, probability)
        page = render_page(picks, pictures, missing, card, picked_with)
        files = {out: page.encode(errors="replace")}
        for picture in pictures if png else ():
            files |= {out.parent / f"{out.stem}-{name}.png": data for name, data in _pngs(picture)}
    for path in files:
        _check_target(path, inputs)
    for path, data in files.items():
        with staged(path) as temporary, output_errors(path):
            temporary.write_bytes(data)
    return list(files)


def _check_page(path: Path) -> None:
    if path.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"{path} would be an HTML page: name it .html, which a browser prints to PDF.")


def _check_target(path: Path, inputs: Sequence[Path | None]) -> None:
    check_no_input(path, inputs)
    check_target(path, replaceable=lambda _: False)


def _from_settings(
    picks: Picks, name: str, opened: Opener, stack: ExitStack, missing: list[str]
) -> Volume | None:
    """The volume of this name that the picks were made from, or None and a sentence on why not."""
    path = picks.settings.get(name)
    if path is None:
        missing.append(f"The settings of the picks name no {name}: what needs it is left out.")
        return None
    try:
        return stack.enter_context(opened(path))
    except FaultpickError as error:
        missing.append(f"What needs the {name} is left out. {error}")
        return None


def _pictures(picks: Picks, seismic: Volume | None, probability: Volume | None) -> list[Picture]:
    pictures = []
    if seismic is not None:
        amplitudes = np.abs(_sampled(seismic))
        limit = float(np.percentile(amplitudes, 98)) if amplitudes.size else 0.0
        sections = sections_through(picks)
        if min(picks.geometry.shape[:2]) > 1:
            sections.append(busiest_slice(picks))
        for number, section in enumerate(sections, start=1):
            figure = figures.draw_section(section, seismic, probability, picks, limit or 1.0)
            pictures.append(Picture("sections", f"section-{number}", figure, section.title))
    if any(math.isfinite(fault.strike) for fault in picks.faults):
        pictures += [
            Picture("orientation", "strike", figures.draw_rose(picks), "Strike"),
            Picture("orientation", "poles", figures.draw_stereonet(picks), "Poles"),
        ]
    if picks.faults:
        pictures.append(Picture("orientation", "dip", figures.draw_dips(picks), "Dip"))
    throws = figures.draw_throws(picks)
    if throws is not None:
        pictures.append(Picture("throw", "throw", throws, ""))
    if probability is not None:
        edges = np.linspace(0, 1, 51)
        counts, _ = np.histogram(_sampled(probability), edges)
        figure = figures.draw_probabilities(edges, counts, _thresholds(picks))
        pictures.append(Picture("probability", "probability", figure, ""))
    return pictures


def _sampled(volume: Volume) -> NDArray[np.float32]:
    """The finite samples of live traces on at most `LINES_READ` inlines spread over a volume, (samples,).

    Every n-th of these traces where they would be more than about `SAMPLES_KEPT` samples.
    """
    count = volume.shape[0]
    lines = np.unique(np.linspace(0, count - 1, min(count, LINES_READ)).round().astype(int))
    every = -(-len(lines) * volume.shape[1] * volume.shape[2] // SAMPLES_KEPT)
    parts = []
    for line in lines:
        values = volume[int(line), :, :]
        if volume.geometry.live is not None:
            values = values[volume.geometry.live[line]]
        values = values[line % every :: every]
        parts.append(values[np.isfinite(values)])
    return np.concatenate(parts)


def _thresholds(picks: Picks) -> dict[str, float]:
    """The settings that are probabilities: those that the picking was cut at."""
    found = {name: picks.settings.get(name) for name in ("low", "high")}
    return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}


def _pngs(picture: Picture) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of a figure's files; a section is there with the faults and without."""
    figure = picture.figure
    if picture.title:
        figure.suptitle(picture.title, x=0.01, y=1, ha="left", va="bottom", fontsize=10, fontweight="bold")
    yield picture.name, _png(figure)
    over = figure.findobj(lambda artist: str(artist.get_gid()).startswith(figures.OVERLAY))
    for artist in over:
        artist.set_visible(False)
    if over:
        yield f"{picture.name}-seismic", _png(figure)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(file, format="png", dpi=DPI, bbox_inches="tight", pad_inches=0.08)
    return file.getvalue()
