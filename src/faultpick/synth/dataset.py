"""Synthetic cubes and surveys as files.

A folder of cubes says in its `recipe.json` what it holds. Making cubes in a folder that already holds some of
the same series adds those that are missing, so that a run that was stopped can be taken up by repeating it.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from faultpick.errors import ConfigError, DataError, OutputError
from faultpick.synth.cube import Cube, check_request
from faultpick.synth.field_recipe import FieldRecipe
from faultpick.synth.recipe import Recipe, find_recipe
from faultpick.synth.synthesis import synthesize
from faultpick.synth.wu2019_recipe import WuRecipe
from faultpick.threads import interrupts_withheld, usable_cores
from faultpick.volume import Geometry, SampleAxis, create_volume
from faultpick.volume.staging import output_errors, staged

Shape = tuple[int, int, int]
Progress = Callable[[int, int], None]
"""Called after each cube with the number of cubes that are there and their total."""

DESCRIPTION = "recipe.json"

_WRITING = threading.Lock()
"""Held while a process makes a cube and writes its files."""


class CubeSet(BaseModel):
    """What a folder of cubes holds: cube N is made from seed `first_seed` + N."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(description="Version of faultpick that made the cubes.")
    recipe: WuRecipe | FieldRecipe
    first_seed: int
    cubes: int
    shape: Shape = Field(description="Inlines, crosslines and samples.")
    layout: Literal["dat", "npz"] = Field(
        description="dat: seis/N.dat and fault/N.dat, flat little-endian float32, each trace in one piece; "
        "npz: N.npz with the arrays seismic, fault, fault_id, distance, normal, throw and rgt."
    )

    def paths(self, folder: Path, number: int) -> list[Path]:
        """The files of one cube; the last of them is written last."""
        if self.layout == "npz":
            return [folder / f"{number}.npz"]
        return [folder / part / f"{number}.dat" for part in ("fault", "seis")]


def read_cube_set(folder: Path) -> CubeSet | None:
    """What `recipe.json` says of a folder of cubes; None if there is no such file.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / DESCRIPTION
    try:
        return CubeSet.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValidationError) as error:
        raise DataError(f"{path} does not describe a set of cubes: restore it, or leave it out.") from error


def write_cubes(
    folder: str | Path,
    seeds: range,
    recipe: str | Recipe = "wu2019-v1",
    shape: Shape = (128, 128, 128),
    *,
    layout: Literal["dat", "npz"] = "dat",
    workers: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Write one cube a seed, numbered from 0, in several processes of one thread each.

    Each file appears whole or not at all. Cubes that the folder already holds are left as they are; a folder
    that holds other cubes is refused. With more than one process, a script that calls this needs Python's
    usual `if __name__ == "__main__":`.

    Args:
        folder: Where the cubes go; made if missing.
        seeds: Consecutive seeds.
        recipe: What the cubes are drawn from.
        shape: Inlines, crosslines and samples of each cube.
        layout: "dat": `seis/N.dat` and `fault/N.dat`, flat float32, little endian, as Wu's published data;
            "npz": `N.npz` with every array of a `Cube`, compressed.
        workers: Number of processes; None: one for each core that may be used.
        progress: Called after each cube.

    Returns:
        How many cubes were made; the others were there.

    Raises:
        ConfigError: No seeds, a seed or shape that makes no sense or is too large, or no recipe of this name.
        DataError: The folder's `recipe.json` is damaged.
        OutputError: The folder holds other cubes, cannot be written in or is full.
    """
    folder = Path(folder)
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    if not seeds or seeds.step != 1:
        raise ConfigError(f"{len(seeds)} cubes were asked for: ask for one or more, from consecutive seeds.")
    check_request(seeds[0], shape)
    assert isinstance(recipe, WuRecipe | FieldRecipe)
    wanted = CubeSet(
        version=version("faultpick"),
        recipe=recipe,
        first_seed=seeds[0],
        cubes=len(seeds),
        shape=shape,
        layout=layout,
    )
    _claim(folder, wanted)
    missing = [n for n in range(len(seeds)) if not all(path.exists() for path in wanted.paths(folder, n))]
    write = partial(_write_cube, folder, wanted)
    workers = min(workers or usable_cores(), len(missing))
    made = map(write, missing) if workers <= 1 else _in_processes(write, missing, workers, wanted.recipe)
    for done, _ in enumerate(made, len(seeds) - len(missing) + 1):
        if progress is not None:
            progress(done, len(seeds))
    return len(missing)


def write_survey(
    path: str | Path,
    seed: int,
    recipe: str | Recipe = "wu2019-v1",
    shape: Shape = (256, 256, 256),
    live: NDArray[np.bool_] | None = None,
) -> Path:
    """Write one cube as a survey, with line numbers and coordinates, and its fault label beside it.

    The label is a volume of 0 and 1 of the same geometry and format, `NAME_fault.sgy` beside `NAME.sgy`.

    Args:
        path: The survey, in the format of its name, such as .sgy.
        seed: Of the cube.
        recipe: What the cube is drawn from.
        shape: Inlines, crosslines and samples.
        live: Where there is a trace, `(inlines, crosslines)`; None: everywhere.

    Returns:
        Path of the label.

    Raises:
        ConfigError: A seed or shape that makes no sense or is too large, or no recipe of this name.
        OutputError: The name has no known format, or its folder refuses it or is full.
    """
    path = Path(path)
    label_file = label_path(path)
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    check_request(seed, shape)
    geometry = survey_geometry(shape, live)
    with (
        create_volume(path, geometry, name="synthetic seismic") as seismic,
        create_volume(label_file, geometry, name="fault label") as label,
    ):
        cube = _synthesize(seed, recipe, shape)
        seismic.write(0, cube.seismic)
        label.write(0, cube.fault.astype(np.float32))
    return label_file


def label_path(survey: Path) -> Path:
    """Where the fault label of a synthetic survey goes."""
    return survey.with_stem(f"{survey.stem}_fault")


def survey_geometry(shape: Shape, live: NDArray[np.bool_] | None = None) -> Geometry:
    """Where a synthetic survey lies: even inline numbers, bins of 25 x 12.5 m turned by 30 degrees, 4 ms."""
    inline_azimuth = np.radians(30.0)  # of growing crossline numbers along an inline, east of north
    along_inline = 12.5 * np.array([np.sin(inline_azimuth), np.cos(inline_azimuth)])
    across_inlines = 25.0 * np.array([np.cos(inline_azimuth), -np.sin(inline_azimuth)])
    places = np.array([(i, j) for i in (0, shape[0] - 1) for j in (0, shape[1] - 1)])
    return Geometry(
        inlines=np.arange(shape[0], dtype=np.int32) * 2 + 1200,
        crosslines=np.arange(shape[1], dtype=np.int32) + 400,
        samples=SampleAxis(0.0, 4.0, shape[2], "ms"),
        corners=np.array([612_400.0, 6_081_600.0]) + places @ np.stack([across_inlines, along_inline]),
        live=live,
    )


def irregular_traces(shape: Shape, seed: int) -> NDArray[np.bool_]:
    """Where an irregular survey has traces, `(inlines, crosslines)`: a corner and one in 200 are missing.

    Raises:
        ConfigError: The seed or the shape makes no sense.
    """
    check_request(seed, shape)
    inlines, crosslines = shape[:2]
    from_corner = np.add.outer(
        (inlines - 1 - np.arange(inlines)) / inlines, (crosslines - 1 - np.arange(crosslines)) / crosslines
    )
    scattered = np.random.default_rng((seed, 1)).random((inlines, crosslines)) < 0.005
    return (from_corner > 0.4) & ~scattered


def _claim(folder: Path, wanted: CubeSet) -> None:
    """Make the folder and its `recipe.json`, unless it holds something else."""
    found = read_cube_set(folder)
    if found is None:
        if (
            any(folder.glob("[0-9]*.npz"))
            or any(folder.glob("seis/*.dat"))
            or any(folder.glob("fault/*.dat"))
        ):
            raise OutputError(f"{folder} holds cubes without a {DESCRIPTION}: choose another folder.")
    elif found != wanted.model_copy(update={"cubes": found.cubes}):
        raise OutputError(f"{folder} holds cubes of {_differences(found, wanted)}: choose another folder.")
    elif found.cubes >= wanted.cubes:
        return
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for path in wanted.paths(folder, 0):
        with output_errors(path):
            path.parent.mkdir(exist_ok=True)
    with staged(folder / DESCRIPTION) as temporary, output_errors(folder / DESCRIPTION):
        temporary.write_text(wanted.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _differences(found: CubeSet, wanted: CubeSet) -> str:
    """In what a folder's cubes are not those that are wanted."""
    parts = []
    for field in ("version", "first_seed", "shape", "layout"):
        there, asked = getattr(found, field), getattr(wanted, field)
        if there != asked:
            parts.append(f"{field.replace('_', ' ')} {there}, not {asked}")
    if found.recipe != wanted.recipe:
        parts.append(f"another recipe ({found.recipe.name})")
    return " and of ".join(parts)


def _write_cube(folder: Path, wanted: CubeSet, number: int) -> None:
    with _WRITING:
        _write_files(folder, wanted, number)


def _write_files(folder: Path, wanted: CubeSet, number: int) -> None:
    cube = _synthesize(wanted.first_seed + number, wanted.recipe, wanted.shape)
    paths = wanted.paths(folder, number)
    if wanted.layout == "npz":
        with staged(paths[0]) as temporary, output_errors(paths[0]), temporary.open("xb") as file:
            np.savez_compressed(
                file,
                seismic=cube.seismic,
                fault=cube.fault,
                fault_id=cube.fault_id,
                distance=cube.distance,
                normal=cube.normal,
                throw=cube.throw,
                rgt=cube.rgt,
            )
    else:
        for path, array in zip(paths, (cube.fault, cube.seismic), strict=True):
            with staged(path) as temporary, output_errors(path):
                temporary.write_bytes(array.astype("<f4").tobytes())


def _synthesize(seed: int, recipe: Recipe, shape: Shape) -> Cube:
    try:
        return synthesize(seed, recipe, shape)
    except MemoryError as error:
        sides = " x ".join(map(str, shape))
        raise ConfigError(
            f"A cube of shape {sides} does not fit into memory: choose a smaller one."
        ) from error


def _in_processes(
    write: Callable[[int], None], numbers: list[int], workers: int, recipe: Recipe
) -> Iterator[None]:
    synthesize(0, recipe, (8, 8, 8))  # compiled once here, and not by each process for itself
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_start_worker)
    try:
        with interrupts_withheld():
            coming = [pool.submit(write, number) for number in numbers]
        for cube in as_completed(coming):
            yield cube.result()
    except BrokenProcessPool as error:
        raise OutputError(
            "A process making cubes was killed, perhaps for want of memory: repeat this with fewer workers."
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Leave it to the parent to react to Ctrl-C, and see to it that the process ends with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        with _WRITING:
            os._exit(1)
