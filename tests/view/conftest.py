"""A small survey with picks, in which every axis and every direction can be told from every other."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from numpy.typing import NDArray

from faultpick.picks import Fault, Picks
from faultpick.picks.store import FAULT_ID, new_picks_folder, write_into
from faultpick.volume import Geometry, SampleAxis, create_volume

SHAPE = (9, 12, 7)


def view_in(page: str) -> tuple[str, dict[str, Any]]:
    """Address and state of the view that a page of the viewer's leads to."""
    (address,) = re.findall(r"location\.replace\((.*)\)</script>", page)
    path, state = json.loads(address).split("#!")
    return path, json.loads(unquote(state))


@dataclass(frozen=True)
class Small:
    """Files of a survey and what is in them."""

    survey: Path
    probability: Path
    picks: Path
    geometry: Geometry
    amplitudes: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    ids: NDArray[np.int32]
    faults: list[Fault]


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Inlines 100, 102, ...; crosslines 31, 34, ...; samples from 400 ms every 4 ms; one trace is missing.

    Amplitudes are whole numbers from -2 to 2 at random. The probability grows downwards on one crossline.
    Fault 1 is a plane half-way between the fifth and the sixth inline, fault 2 one on the second; as ids the
    first has as many voxels as its plane is large, the second has one.
    """
    folder = tmp_path_factory.mktemp("view")
    rng = np.random.default_rng(5)
    live = np.ones(SHAPE[:2], dtype=bool)
    live[8, 11] = False
    geometry = Geometry(
        np.arange(100, 118, 2, dtype=np.int32),
        np.arange(31, 67, 3, dtype=np.int32),
        SampleAxis(400.0, 4.0, SHAPE[2], "ms"),
        live=live,
    )
    amplitudes = rng.integers(-2, 3, SHAPE).astype(np.float32)
    probabilities = np.zeros(SHAPE, dtype=np.float32)
    probabilities[:, 3, :] = np.linspace(0.4, 1.0, SHAPE[2])
    ids = np.zeros(SHAPE, dtype=np.int32)
    ids[4, 2:9, 1:5] = 1
    ids[1, 10, 5] = 2
    faults = [_rectangle(1, 4.5, (2, 8), (1, 4)), _rectangle(2, 1, (9, 11), (4, 6))]
    for name, values in (("survey.sgy", amplitudes), ("probability.zarr", probabilities)):
        with create_volume(folder / name, geometry) as writer:
            writer.write(0, values)
    with new_picks_folder(folder / "picks") as picks:
        write_into(Picks(faults, geometry, "voxels"), picks)
        with create_volume(picks / FAULT_ID, geometry) as writer:
            writer.write(0, ids.astype(np.float32))
    return Small(
        folder / "survey.sgy",
        folder / "probability.zarr",
        folder / "picks",
        geometry,
        amplitudes,
        probabilities,
        ids,
        faults,
    )


def _rectangle(number: int, inline: float, crosslines: tuple[int, int], samples: tuple[int, int]) -> Fault:
    corners = [(inline, x, t) for x in crosslines for t in samples]
    return Fault(
        id=number,
        vertices=np.array(corners, dtype=np.float32),
        triangles=np.array([(0, 1, 2), (1, 3, 2)], dtype=np.int32),
        sticks=[],
        strike=90.0,
        dip=90.0,
        area=1.0,
        length=1.0,
        height=1.0,
        mean_probability=0.9,
        minimum_probability=0.5,
    )
