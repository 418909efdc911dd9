"""Where labelled cubes come from: made on the fly, or read from a folder."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faultpick.data.surfaces import Surfaces, find_surfaces, too_thick
from faultpick.errors import DataError, GeometryError, VolumeError
from faultpick.normalise import normalise_array
from faultpick.npz import NPZ_ERRORS
from faultpick.synth import Cube, Recipe, synthesize
from faultpick.synth.dataset import read_cube_set
from faultpick.volume import Geometry, open_volume
from faultpick.volume.alike import check_same_grid
from faultpick.volume.create import SUFFIXES

LabelledCube = tuple[NDArray[np.float16], NDArray[np.uint8]]
"""Normalised amplitudes and fault mask, both `(inline, crossline, sample)`."""

FLAT = (".dat", ".bin")


class Cubes(Protocol):
    """A sequence of labelled cubes."""

    def __len__(self) -> int:
        """How many cubes there are."""
        ...

    def __getitem__(self, index: int) -> LabelledCube:
        """The cube at this position."""
        ...

    def surfaces(self, index: int) -> Surfaces:
        """The fault surfaces of the cube at this position."""
        ...

    def name(self, index: int) -> str:
        """What messages call the cube at this position."""
        ...


class SyntheticCubes:
    """Cubes of recipes in turn, one a seed, each made when first asked for and kept in memory.

    One of 128^3 takes 6 MB, and 4 MB more if its surfaces are asked for; ask for them before the cube itself,
    or it is made twice.
    """

    def __init__(self, recipes: Sequence[Recipe], seeds: range, shape: tuple[int, int, int]) -> None:
        self.recipes, self.seeds, self.shape = recipes, seeds, shape
        self._made: dict[int, LabelledCube] = {}
        self._surfaces: dict[int, Surfaces] = {}

    def __len__(self) -> int:
        return len(self.seeds)

    def __getitem__(self, index: int) -> LabelledCube:
        if index not in self._made:
            self._make(index)
        return self._made[index]

    def surfaces(self, index: int) -> Surfaces:
        """The fault surfaces of a cube, with their throw."""
        if index not in self._surfaces:
            cube = self._make(index)
            self._surfaces[index] = find_surfaces(cube.fault, cube.throw)
        return self._surfaces[index]

    def name(self, index: int) -> str:
        """The seed of a cube."""
        return f"The cube of seed {self.seeds[index]}"

    def _make(self, index: int) -> Cube:
        recipe = self.recipes[index % len(self.recipes)]
        cube = synthesize(self.seeds[index], recipe, self.shape)
        self._made[index] = normalise_array(cube.seismic).astype(np.float16), cube.fault
        return cube


class FolderCubes:
    """Cubes of a folder, read when first asked for and kept in memory.

    Two layouts are understood: `seis/N.dat` beside `fault/N.dat` (flat float32, little endian, the vertical
    axis fastest, as Wu's published data; 128 x 128 x 128 unless the folder's `recipe.json` says otherwise),
    or in their place volumes of any other format, such as `seis/N.sgy`; and `N.npz` files with the arrays
    `seismic` and `fault`.
    """

    def __init__(self, folder: Path) -> None:
        self.pairs = find_pairs(folder)
        described = read_cube_set(folder)
        self.shape = described.shape if described else None
        self._read: dict[int, LabelledCube] = {}
        self._surfaces: dict[int, Surfaces] = {}

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> LabelledCube:
        if index not in self._read:
            seismic, fault, live = read_pair(*self.pairs[index], self.shape)
            seismic[~live] = 0  # where nobody has looked for faults there is nothing to learn
            try:
                self._read[index] = normalise_array(seismic).astype(np.float16), fault
            except VolumeError as error:
                raise DataError(f"{self.pairs[index][0]} cannot be normalised: {error}") from error
        return self._read[index]

    def surfaces(self, index: int) -> Surfaces:
        """The fault surfaces of a cube; their throw is known if an `.npz` file holds `throw`.

        Raises:
            DataError: The labels are too thick to have one surface in the middle.
        """
        if index not in self._surfaces:
            fault = self[index][1]
            if too_thick(fault):
                raise DataError(
                    f"{self.pairs[index][1]} has labels more than four voxels thick, which cannot be zoomed: "
                    "make them thinner, or leave out augmentation.resampled."
                )
            self._surfaces[index] = find_surfaces(fault, _throw(self.pairs[index][0], fault.shape))
        return self._surfaces[index]

    def name(self, index: int) -> str:
        """The file of a cube's amplitudes."""
        return str(self.pairs[index][0])


def find_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Seismic and label file of each cube of a folder, in the order of their numbers; one `.npz` is both.

    Raises:
        DataError: The folder is missing or empty, or its seismic and label files do not pair up.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder: give one that holds seis/ and fault/, or .npz files.")
    if (folder / "seis").is_dir() or (folder / "fault").is_dir():
        seismic, fault = _volumes(folder / "seis"), _volumes(folder / "fault")
        unpaired = sorted(seismic.keys() ^ fault.keys(), key=_number)
        if unpaired:
            where, there = ("seis", fault) if unpaired[0] in fault else ("fault", seismic)
            more = f" (and {len(unpaired) - 1} more)" if len(unpaired) > 1 else ""
            raise DataError(
                f"{folder / where / there[unpaired[0]].name} is missing{more}: each volume in seis needs its "
                "label of that name in fault and the other way round."
            )
        pairs = [(seismic[name], fault[name]) for name in sorted(seismic, key=_number)]
    else:
        cubes = sorted(folder.glob("[!.]*.npz"), key=lambda path: _number(path.name))
        pairs = [(path, path) for path in cubes]
    if not pairs:
        raise DataError(f"{folder} holds no cubes: put seis/N.dat and fault/N.dat there, or N.npz files.")
    return pairs


def _volumes(folder: Path) -> dict[str, Path]:
    """The volumes in a folder by their names without suffix."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            if path.stem in found:
                raise DataError(f"{folder} holds both {found[path.stem].name} and {path.name}: keep one.")
            found[path.stem] = path
    return found


def read_pair(
    seismic_path: Path, fault_path: Path, shape: tuple[int, int, int] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.bool_]]:
    """Amplitudes and fault mask of one cube, as they are on disk, and where both files have a trace.

    Args:
        seismic_path: A volume or an `.npz` file.
        fault_path: The label's file; the same again for `.npz`.
        shape: Of flat files; 128 x 128 x 128 if None.

    Raises:
        DataError: A file cannot be read, the two differ in shape, lines or times, or the label holds negative
            values or NaN.
    """
    lives: list[NDArray[np.bool_] | None] = []
    if seismic_path.suffix == ".npz":
        try:
            with np.load(seismic_path) as arrays:
                seismic, fault = (arrays[name].astype(np.float32) for name in ("seismic", "fault"))
        except NPZ_ERRORS as error:
            raise DataError(
                f"{seismic_path} cannot be read as a cube ({error}): it should hold the arrays seismic and "
                "fault."
            ) from error
    else:
        seismic, geometry = _read_volume(seismic_path, shape or (128, 128, 128))
        fault, other = _read_volume(fault_path, shape or (128, 128, 128))
        try:
            check_same_grid(seismic_path, geometry, fault_path, other, "give the label of that survey.")
        except VolumeError as error:
            raise DataError(str(error)) from error
        lives = [geometry.live, other.live]
    if seismic.ndim != 3 or not seismic.size:
        raise DataError(f"{seismic_path} has shape {seismic.shape}: a cube has three axes, none empty.")
    if seismic.shape != fault.shape:
        raise DataError(
            f"{fault_path} has shape {fault.shape} and its seismic {seismic.shape}: give files of one shape."
        )
    if not fault.min() >= 0:
        raise DataError(
            f"{fault_path} holds negative values or NaN as a label: it should be 1 at faults and 0 elsewhere."
        )
    live = np.ones(seismic.shape[:2], dtype=bool)
    for each in lives:
        if each is not None:
            live &= each
    return seismic, (fault > 0.5).astype(np.uint8), live


def _throw(path: Path, shape: tuple[int, ...]) -> NDArray[np.float32] | None:
    """The throw beside the amplitudes of an `.npz` file; None if there is none of this shape."""
    if path.suffix != ".npz":
        return None
    try:
        with np.load(path) as arrays:
            throw = arrays.get("throw")
    except NPZ_ERRORS as error:
        raise DataError(f"The throw in {path} cannot be read ({error}): write the file again.") from error
    return throw if throw is not None and throw.shape == shape else None


def read_flat_cube(path: Path, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """A flat file of one cube: float32, little endian, C order, the vertical axis fastest.

    Raises:
        DataError: The file cannot be read or has another size.
    """
    return _read_volume(path, shape)[0]


def _read_volume(path: Path, shape: tuple[int, int, int]) -> tuple[NDArray[np.float32], Geometry]:
    """Samples of a volume, and where they lie; a flat file has this shape."""
    try:
        size, expected = path.stat().st_size, 4 * math.prod(shape)
        if path.suffix.lower() in FLAT and size != expected:
            sides = " x ".join(map(str, shape))
            raise DataError(
                f"{path} has {size} bytes, but {sides} float32 samples take {expected}: give cubes of other "
                "shapes as .npz files."
            )
        with open_volume(path, shape=shape) as volume:
            return volume[:, :, :], volume.geometry
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except (VolumeError, GeometryError) as error:
        aside = (
            " Cubes are read without options: write it as .npz, .npy or .zarr." if "--" in str(error) else ""
        )
        raise DataError(f"{error}{aside}") from error


def _number(name: str) -> tuple[int, str]:
    digits = re.match(r"\d+", name)
    return (int(digits.group()) if digits else -1, name)
