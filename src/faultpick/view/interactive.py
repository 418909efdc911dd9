"""A survey and its faults in the browser, by neuroglancer."""

import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from faultpick.errors import ConfigError
from faultpick.picks.store import FAULT_ID, read_picks
from faultpick.view.grid import ViewGrid
from faultpick.view.scene import State, fault_layer, probability_layer, restored, scene, seismic_layer
from faultpick.volume import Geometry, Volume, open_volume
from faultpick.volume.alike import check_same_grid
from faultpick.volume.part import covering


def require_neuroglancer() -> None:
    """Check that the package that only the viewer needs is installed.

    Raises:
        ConfigError: It is not.
    """
    if find_spec("neuroglancer") is None:
        raise ConfigError("The viewer needs neuroglancer: pip install neuroglancer.")


@contextmanager
def serve(
    survey: Volume,
    *,
    probability: Volume | None = None,
    picks: Path | None = None,
    port: int = 0,
    link: str | None = None,
) -> Iterator[str]:
    """Serve a survey to a browser on this machine until the block ends.

    Args:
        survey: The seismic; read where it is looked at. Where the others are of a part of it, that part.
        probability: Fault probability on the survey's grid.
        picks: Folder of picks; its volume of fault ids is shown on the sections if it holds one.
        port: On the loopback address; 0 takes a free one.
        link: Start with the view of this link.

    Yields:
        The address to open. Nobody who does not know it can read the survey.

    Raises:
        ConfigError: The port is taken, the link shows no view or neuroglancer is not installed.
        VolumeError: The probability or the picks have another shape than the survey, or other lines.
        PicksError: The folder holds no picks.
    """
    require_neuroglancer()
    from faultpick.view.server import serve_scene
    from faultpick.view.source import FaultSource, VolumeSource

    found = None if picks is None else read_picks(picks)
    for made in (probability, found):
        survey = survey if made is None else covering(survey, made.geometry)
    grid = ViewGrid.of(survey.geometry)
    clip = usual_amplitude(survey)
    sources, layers = [VolumeSource(survey, grid, "mean")], [lambda url: seismic_layer(grid, url, clip)]
    with ExitStack() as stack:
        if probability is not None:
            _check_made_from(survey, probability.path, probability.geometry)
            sources.append(VolumeSource(probability, grid, "max"))
            layers.append(lambda url: probability_layer(grid, url))
        if picks is not None and found is not None:
            _check_made_from(survey, picks, found.geometry)
            volume = picks / FAULT_ID
            ids = stack.enter_context(open_volume(volume)) if volume.exists() else None
            if ids is not None:
                _check_made_from(survey, volume, ids.geometry)
            numbers = [fault.id for fault in found.faults]
            sources.append(FaultSource(ids, found.faults, grid))
            layers.append(lambda url: fault_layer(grid, url, numbers, on_sections=ids is not None))

        def first_view(urls: list[str]) -> State:
            state = scene(
                f"{survey.path.name} - faultpick",
                grid,
                [layer(url) for layer, url in zip(layers, urls, strict=True)],
            )
            return state if link is None else restored(state, link)

        yield stack.enter_context(serve_scene(first_view, sources, port))


def show_in_browser(address: str) -> None:
    """Open the address where there is a screen; a browser in the terminal could not show it."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)


def usual_amplitude(volume: Volume) -> float:
    """99th percentile of the size of amplitudes that are not zero, from 16 places; 1 if there are none."""
    rows, columns = (((np.arange(4) + 0.5) * size / 4).astype(int) for size in volume.shape[:2])
    boxes = [
        volume.read(slice(row, row + 4), slice(column, column + 8), slice(None))
        for row in rows
        for column in columns
    ]
    sizes = np.abs(np.concatenate([box.ravel() for box in boxes]))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    return float(f"{np.percentile(sizes, 99):.2g}") if len(sizes) else 1.0


def _check_made_from(survey: Volume, path: Path, geometry: Geometry) -> None:
    advice = "what is shown over a survey has to be made from it."
    check_same_grid(path, geometry, survey.path, survey.geometry, advice)
