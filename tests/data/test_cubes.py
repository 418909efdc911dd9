import json

import numpy as np
import pytest

from faultpick.data.cubes import FolderCubes, SyntheticCubes, find_pairs, read_pair
from faultpick.data.surfaces import THROW_STEP
from faultpick.errors import DataError
from faultpick.normalise import normalise_array
from faultpick.synth import find_recipe, synthesize
from faultpick.synth.dataset import write_cubes
from faultpick.volume import Geometry, SampleAxis, create_volume

SHAPE = (16, 20, 24)


def full_size(tmp_path, number=0):
    """A pair of flat files of 128^3, as the published data; the label's ones are a plane."""
    rng = np.random.default_rng(number)
    seismic = rng.standard_normal((128, 128, 128), dtype=np.float32)
    fault = np.zeros((128, 128, 128), "<f4")
    fault[:, 10 + number] = 1
    for part, array in (("seis", seismic), ("fault", fault)):
        (tmp_path / part).mkdir(exist_ok=True)
        array.astype("<f4").tofile(tmp_path / part / f"{number}.dat")
    return seismic, fault


def test_synthetic_cubes_are_made_once_each_and_normalised():
    cubes = SyntheticCubes([find_recipe("wu2019-v1")], range(4, 7), SHAPE)
    assert len(cubes) == 3
    image, label = cubes[1]
    cube = synthesize(5, shape=SHAPE)
    np.testing.assert_array_equal(image, normalise_array(cube.seismic).astype(np.float16))
    np.testing.assert_array_equal(label, cube.fault)
    assert cubes[1][0] is image
    with pytest.raises(IndexError):
        cubes[3]


def test_a_folder_in_the_published_layout(tmp_path):
    seismic, fault = full_size(tmp_path)
    cubes = FolderCubes(tmp_path)
    assert len(cubes) == 1
    image, label = cubes[0]
    assert (image.dtype, label.dtype) == (np.float16, np.uint8)
    np.testing.assert_array_equal(image, normalise_array(seismic).astype(np.float16))
    np.testing.assert_array_equal(label, fault)
    assert cubes[0][0] is image


@pytest.mark.parametrize("layout", ["dat", "npz"])
def test_a_folder_that_synth_wrote(tmp_path, layout):
    write_cubes(tmp_path, range(3, 5), shape=SHAPE, layout=layout, workers=1)
    cubes, made = FolderCubes(tmp_path), SyntheticCubes([find_recipe("wu2019-v1")], range(3, 5), SHAPE)
    assert len(cubes) == 2
    for number in range(2):
        for read, fresh in zip(cubes[number], made[number], strict=True):
            np.testing.assert_array_equal(read, fresh)


def labelled(folder, seismic, fault, first_inline=100):
    """A survey and its label, in a format each, on lines from 100 and 300 on."""
    for part, array, suffix in (("seis", seismic, "sgy"), ("fault", fault, "zarr")):
        (folder / part).mkdir()
        lines = [
            np.arange(first, first + n, dtype=np.int32)
            for first, n in zip((first_inline, 300), SHAPE, strict=False)
        ]
        geometry = Geometry(lines[0], lines[1], SampleAxis(0.0, 4.0, SHAPE[2], "ms"))
        with create_volume(folder / part / f"survey.{suffix}", geometry) as writer:
            writer.write(0, array)
        first_inline = 100


def test_a_labelled_survey_in_any_format(tmp_path):
    cube = synthesize(5, shape=SHAPE)
    labelled(tmp_path, cube.seismic, cube.fault.astype(np.float32))
    ((image, label),) = FolderCubes(tmp_path)
    np.testing.assert_array_equal(image, normalise_array(cube.seismic).astype(np.float16))
    np.testing.assert_array_equal(label, cube.fault)


def test_the_label_of_other_lines_is_refused(tmp_path):
    labelled(tmp_path, np.ones(SHAPE, np.float32), np.zeros(SHAPE, np.float32), first_inline=101)
    with pytest.raises(DataError, match=r"survey\.sgy has inlines 101 to 116, .*survey\.zarr 100 to 115"):
        FolderCubes(tmp_path)[0]


def test_two_files_of_one_name_are_refused(tmp_path):
    full_size(tmp_path)
    np.save(tmp_path / "fault/0.npy", np.zeros(SHAPE))
    with pytest.raises(DataError, match=r"fault holds both 0\.dat and 0\.npy: keep one"):
        find_pairs(tmp_path)


def test_cubes_come_in_the_order_of_their_numbers(tmp_path):
    for part in ("seis", "fault"):
        (tmp_path / part).mkdir()
        for number in (10, 2, 0, 100):
            (tmp_path / part / f"{number}.dat").touch()
    pairs = find_pairs(tmp_path)
    assert [seismic.name for seismic, _ in pairs] == ["0.dat", "2.dat", "10.dat", "100.dat"]
    assert all(seismic.parent.name == "seis" and fault.parent.name == "fault" for seismic, fault in pairs)
    assert all(seismic.name == fault.name for seismic, fault in pairs)


def test_npz_files_need_no_numbers(tmp_path):
    for name in ("b.npz", "a.npz", "12.npz", "3_x.npz"):
        (tmp_path / name).touch()
    assert [path.name for path, _ in find_pairs(tmp_path)] == ["a.npz", "b.npz", "3_x.npz", "12.npz"]


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        (["fault/1.dat"], r"fault/1\.dat is missing: each"),
        (["seis/2.dat"], r"seis/2\.dat is missing: each"),
        (["fault/1.dat", "seis/2.dat", "fault/0.dat"], r"fault/0\.dat is missing \(and 2 more\)"),
    ],
)
def test_files_without_their_other_half_are_named(tmp_path, missing, says):
    for part in ("seis", "fault"):
        (tmp_path / part).mkdir()
        for number in range(3):
            (tmp_path / part / f"{number}.dat").touch()
    for name in missing:
        (tmp_path / name).unlink()
    with pytest.raises(DataError, match=says):
        find_pairs(tmp_path)


def test_a_half_of_the_layout_is_missing(tmp_path):
    (tmp_path / "seis").mkdir()
    (tmp_path / "seis/0.dat").touch()
    with pytest.raises(DataError, match=r"fault/0\.dat is missing"):
        find_pairs(tmp_path)


@pytest.mark.parametrize("parts", [[], ["seis", "fault"]])
def test_an_empty_folder_is_refused(tmp_path, parts):
    for part in parts:
        (tmp_path / part).mkdir()
    with pytest.raises(DataError, match="holds no cubes"):
        FolderCubes(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        FolderCubes(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="is not a folder"):
        FolderCubes(tmp_path / "file")


def test_a_flat_file_of_another_size_is_refused(tmp_path):
    write_cubes(tmp_path, range(1), shape=SHAPE, workers=1)
    (tmp_path / "recipe.json").unlink()
    size = 4 * np.prod(SHAPE)
    with pytest.raises(
        DataError, match=rf"seis/0\.dat has {size} bytes, but 128 x 128 x 128 float32 samples take 8388608"
    ):
        FolderCubes(tmp_path)[0]


def test_a_cut_label_is_refused(tmp_path):
    write_cubes(tmp_path, range(1), shape=SHAPE, workers=1)
    label = tmp_path / "fault/0.dat"
    label.write_bytes(label.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"fault/0\.dat has"):
        FolderCubes(tmp_path)[0]


def test_a_file_that_went_missing_is_named(tmp_path):
    write_cubes(tmp_path, range(1), shape=SHAPE, workers=1)
    cubes = FolderCubes(tmp_path)
    (tmp_path / "fault/0.dat").unlink()
    with pytest.raises(DataError, match=r"fault/0\.dat cannot be read: No such file"):
        cubes[0]


def test_a_description_of_something_else_is_refused(tmp_path):
    full_size(tmp_path)
    (tmp_path / "recipe.json").write_text(json.dumps({"flour": "500 g"}))
    with pytest.raises(DataError, match=r"recipe\.json does not describe"):
        FolderCubes(tmp_path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "cannot be read as a cube"),
        (b"not a zip file", "cannot be read as a cube"),
        ({"seismic": np.zeros((4, 4, 4), np.float32)}, "fault is not a file"),
        ({"seismic": np.zeros((4, 4)), "fault": np.zeros((4, 4))}, "three axes"),
        ({"seismic": np.zeros((4, 4, 4)), "fault": np.zeros((4, 4, 5))}, "one shape"),
        ({"seismic": np.array([{}]), "fault": np.zeros(1)}, "cannot be read as a cube"),
        ({"seismic": np.zeros((4, 4, 4)), "fault": np.full((4, 4, 4), "no")}, "cannot be read as a cube"),
        ({"seismic": np.zeros((4, 4, 0)), "fault": np.zeros((4, 4, 0))}, "none empty"),
        ({"seismic": np.zeros((4, 4, 4)), "fault": np.full((4, 4, 4), -1.0)}, "negative values or NaN"),
        ({"seismic": np.zeros((4, 4, 4)), "fault": np.full((4, 4, 4), np.nan)}, "negative values or NaN"),
    ],
)
def test_an_npz_file_that_is_no_cube_is_refused(tmp_path, content, says):
    path = tmp_path / "0.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, **content)
    with pytest.raises(DataError, match=says) as caught:
        FolderCubes(tmp_path)[0]
    assert str(path) in str(caught.value)


def test_a_single_array_called_npz_is_refused(tmp_path):
    with (tmp_path / "0.npz").open("wb") as file:
        np.save(file, np.zeros((4, 4, 4)))
    with pytest.raises(DataError, match=r"0\.npz cannot be read as a cube"):
        FolderCubes(tmp_path)[0]


def test_labels_too_thick_to_be_zoomed_are_refused(tmp_path):
    seismic = np.random.default_rng(0).standard_normal((16, 16, 16), dtype=np.float32)
    for number, thickness in enumerate((4, 6)):
        fault = np.zeros((16, 16, 16), np.uint8)
        fault[5 : 5 + thickness] = 1
        np.savez(tmp_path / f"{number}.npz", seismic=seismic, fault=fault)
    cubes = FolderCubes(tmp_path)
    cubes.surfaces(0)
    with pytest.raises(DataError, match=r"1\.npz has labels more than four voxels thick"):
        cubes.surfaces(1)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.float64])
def test_labels_of_any_kind_become_masks(tmp_path, kind):
    fault = np.arange(27).reshape(3, 3, 3) % 4 == 0
    np.savez(tmp_path / "0.npz", seismic=np.ones((3, 3, 3), np.float64), fault=fault.astype(kind))
    seismic, mask, live = read_pair(tmp_path / "0.npz", tmp_path / "0.npz")
    assert live.all()
    assert (seismic.dtype, mask.dtype) == (np.float32, np.uint8)
    np.testing.assert_array_equal(mask, fault)


@pytest.mark.parametrize(("value", "says"), [(np.nan, "NaN"), (None, "constant")])
def test_seismic_that_cannot_be_normalised_is_named(tmp_path, value, says):
    seismic = np.ones((4, 4, 4), np.float32)
    if value is not None:
        seismic = np.random.default_rng(0).standard_normal((4, 4, 4), dtype=np.float32)
        seismic[1, 2, 3] = value
    np.savez(tmp_path / "7.npz", seismic=seismic, fault=np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(DataError, match=says) as caught:
        FolderCubes(tmp_path)[0]
    assert "7.npz" in str(caught.value)


def test_several_recipes_take_turns():
    recipes = [find_recipe("field"), find_recipe("wu2019-v1")]
    cubes = SyntheticCubes(recipes, range(4), SHAPE)
    for number in range(4):
        alone = SyntheticCubes([recipes[number % 2]], range(4), SHAPE)
        np.testing.assert_array_equal(cubes[number][0], alone[number][0])


def test_files_that_a_system_hides_are_no_cubes(tmp_path):
    cube = np.random.default_rng(0).standard_normal((4, 5, 6)).astype(np.float32)
    for part in ("seis", "fault"):
        (tmp_path / "pairs" / part).mkdir(parents=True)
        np.save(tmp_path / "pairs" / part / "0.npy", np.abs(cube))
        (tmp_path / "pairs" / part / "._0.npy").write_bytes(b"Mac OS X")
    (tmp_path / "._0.npz").write_bytes(b"Mac OS X")
    np.savez(tmp_path / "0.npz", seismic=cube, fault=np.zeros((4, 5, 6)))
    assert len(find_pairs(tmp_path / "pairs")) == len(find_pairs(tmp_path)) == 1


def test_the_throw_of_a_file_is_known(tmp_path):
    cube = np.random.default_rng(0).standard_normal((12, 12, 12)).astype(np.float32)
    fault, throw = np.zeros((12, 12, 12)), np.full((12, 12, 12), 2.0, np.float32)
    fault[5:7] = 1
    np.savez(tmp_path / "0.npz", seismic=cube, fault=fault, throw=throw)
    np.savez(tmp_path / "1.npz", seismic=cube, fault=fault)
    cubes = FolderCubes(tmp_path)
    found = cubes.surfaces(0).throw
    assert found is not None
    assert found[6, 6, 6] * THROW_STEP == pytest.approx(2.0, abs=0.01)
    assert cubes.surfaces(1).throw is None
    np.savez(tmp_path / "2.npz", seismic=cube, fault=fault, throw=np.array([object()]))
    with pytest.raises(DataError, match=r"The throw in .*2\.npz cannot be read"):
        FolderCubes(tmp_path).surfaces(2)


def test_where_the_label_has_no_trace_there_is_nothing_to_learn(tmp_path, segy):
    cube = np.random.default_rng(0).standard_normal((6, 8, 10)).astype(np.float32)
    for part in ("seis", "fault"):
        (tmp_path / part).mkdir()
    segy(cube, "seis/0.sgy")
    present = np.ones((6, 8), dtype=bool)
    present[:3, :4] = False
    segy(np.ones_like(cube), "fault/0.sgy", live=present)
    seismic, fault = FolderCubes(tmp_path)[0]
    assert (seismic[~present] == 0).all()
    assert seismic[present].any(axis=1).all()
    assert (fault == present[..., None]).all()
