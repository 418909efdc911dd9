"""What goes wrong with outputs; each format's own tests are beside this file."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faultpick.errors import OutputError
from faultpick.volume import Geometry, create_volume, open_volume, plain_geometry
from faultpick.volume.create import check_output

NAMES = ["a.sgy", "a.SEGY", "a.zarr", "a.npy", "a.dat", "a.bin"]


def write(path, cube, **options):
    with create_volume(path, plain_geometry(cube.shape), **options) as writer:
        for first in range(0, len(cube), 2):
            writer.write(first, cube[first : first + 2])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=st.tuples(st.integers(1, 5), st.integers(2, 5), st.integers(1, 9)), seed=st.integers(0, 99))
def test_what_is_written_is_read(tmp_path, name, shape, seed):
    cube = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    before = cube.copy()
    write(tmp_path / name, cube)
    with open_volume(tmp_path / name, shape=shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], cube)
    np.testing.assert_array_equal(cube, before)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_an_error_leaves_nothing_behind(tmp_path, numbers, name):
    cube = numbers((4, 3, 5))

    def interrupted(stop):
        with create_volume(tmp_path / name, plain_geometry(cube.shape)) as writer:
            writer.write(0, cube[:2])
            raise stop

    for stop in (RuntimeError("stop"), KeyboardInterrupt()):
        with pytest.raises(type(stop)):
            interrupted(stop)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_behind_a_link_is_replaced_and_not_the_link(tmp_path, numbers, name):
    (tmp_path / "big").mkdir()
    link, target = tmp_path / name, tmp_path / "big" / name
    write(target, numbers((4, 3, 5), 1))
    link.symlink_to(target)
    new = numbers((4, 3, 5), 2)
    write(link, new)
    assert link.is_symlink()
    with open_volume(target, shape=new.shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], new)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["big", name])
    assert [path.name for path in (tmp_path / "big").iterdir()] == [name]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_write_protected_stays(tmp_path, numbers, name, monkeypatch):
    old = numbers((4, 3, 5), 1)
    write(tmp_path / name, old)
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != name and access(path, mode))
    with pytest.raises(OutputError, match=f"{name} is write-protected"):
        write(tmp_path / name, numbers((4, 3, 5), 2))
    monkeypatch.undo()
    with open_volume(tmp_path / name, shape=old.shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], old)


def test_a_zarr_group_of_several_volumes_is_not_replaced(tmp_path, numbers):
    cube = numbers((4, 3, 5))
    write(tmp_path / "a.zarr", cube)
    write(tmp_path / "a.zarr", cube)  # an older output is
    zarr.open_group(tmp_path / "a.zarr").create_array("velocity", data=cube)
    with pytest.raises(OutputError, match="is a Zarr group of several volumes"):
        write(tmp_path / "a.zarr", cube)
    assert set(zarr.open_group(tmp_path / "a.zarr")) >= {"amplitude", "velocity"}


@pytest.mark.parametrize("name", NAMES)
def test_an_older_output_is_replaced_only_by_a_whole_one(tmp_path, numbers, name):
    old, new = numbers((4, 3, 5), 1), numbers((4, 3, 5), 2)
    write(tmp_path / name, old)
    with pytest.raises(ValueError, match="2 of 4 lines"):
        write_half(tmp_path / name, new)
    with open_volume(tmp_path / name, shape=old.shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], old)
    write(tmp_path / name, new)
    with open_volume(tmp_path / name, shape=old.shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], new)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def write_half(path, cube):
    with create_volume(path, plain_geometry(cube.shape)) as writer:
        writer.write(0, cube[:2])


@pytest.mark.parametrize("name", NAMES)
def test_folders_that_cannot_be_written_in(tmp_path, numbers, name, monkeypatch):
    cube = numbers((2, 3, 4))
    with pytest.raises(OutputError, match=r"the folder .*nowhere does not exist"):
        write(tmp_path / "nowhere" / name, cube)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        write(tmp_path / "file" / name, cube)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OutputError, match=f"no permission in {tmp_path}"):
        write(tmp_path / name, cube)


def test_a_folder_that_is_no_output(tmp_path, numbers):
    (tmp_path / "a.sgy").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path / "a.sgy", numbers((2, 3, 4)))
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").write_text("x")
    with pytest.raises(OutputError, match="is a folder"):
        write(tmp_path / "a.zarr", numbers((2, 3, 4)))
    assert (tmp_path / "a.zarr" / "thesis.txt").exists()


def test_a_file_where_a_zarr_folder_is_to_be(tmp_path):
    (tmp_path / "a.zarr").write_text("x")
    with pytest.raises(OutputError, match=r"a\.zarr is a file, not a Zarr folder"):
        check_output(tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr").read_text() == "x"


@pytest.mark.parametrize("name", ["a.tif", "a"])
def test_unknown_formats(tmp_path, numbers, name):
    with pytest.raises(OutputError, match=r"is no format of a volume; name it \.sgy, \.segy, \.zarr"):
        write(tmp_path / name, numbers((2, 3, 4)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.sgy", "a.npy", "a.dat"])
def test_a_full_disk_shows_before_the_work(tmp_path, numbers, monkeypatch, name):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with (
        pytest.raises(OutputError, match="no space left on the disk") as caught,
        create_volume(tmp_path / name, plain_geometry((2, 3, 4))),
    ):
        pytest.fail("the block was entered")
    assert str(tmp_path / name) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_cannot_reserve_space(tmp_path, numbers, monkeypatch):
    def cannot(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", cannot)
    write(tmp_path / "a.npy", numbers((2, 3, 4)))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), numbers((2, 3, 4)))


def test_a_disk_that_fills_up_under_a_zarr(tmp_path, numbers, monkeypatch):
    from zarr.storage import LocalStore

    async def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OutputError, match="no space left on the disk"):  # noqa: PT012, SIM117
        with create_volume(tmp_path / "a.zarr", plain_geometry((2, 3, 4))) as writer:
            monkeypatch.setattr(LocalStore, "set", full)
            writer.write(0, numbers((2, 3, 4)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_the_system_itself_says_the_disk_is_full(monkeypatch, tmp_path, numbers):
    monkeypatch.setattr(Path, "open", lambda *_, **__: os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", 0))
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: None)
    with pytest.raises(OutputError, match="no space left on the disk"):
        write(tmp_path / "a.dat", numbers((2, 3, 4)))


@pytest.mark.parametrize("name", NAMES)
def test_missing_traces_stay_dead(tmp_path, numbers, disc, name):
    cube, live = numbers((7, 7, 5)), disc(7, 7)
    plain = plain_geometry(cube.shape)
    geometry = Geometry(plain.inlines, plain.crosslines, plain.samples, live=live)
    with create_volume(tmp_path / name, geometry) as writer:
        writer.write(0, cube[:3])
        writer.write(3, cube[3:])
    with open_volume(tmp_path / name, shape=cube.shape) as volume:
        np.testing.assert_array_equal(volume[:, :, :], np.where(live[..., None], cube, 0))
        np.testing.assert_array_equal(volume.live_traces(), live & (np.ptp(cube, axis=2) > 0))


def test_the_input_is_never_the_output(segy, numbers):
    path = segy(numbers((4, 5, 6)))
    before = path.read_bytes()
    with open_volume(path) as volume, pytest.raises(OutputError, match="is the input or holds it"):
        write(path, volume[:, :, :], like=volume)
    assert path.read_bytes() == before


def test_nor_is_what_holds_the_input(numbers, tmp_path):
    write(tmp_path / "in.zarr", numbers((4, 5, 6)))
    with (
        open_volume(tmp_path / "in.zarr" / "amplitude") as volume,
        pytest.raises(OutputError, match="is the input or holds it"),
    ):
        write(tmp_path / "in.zarr", volume[:, :, :], like=volume)
    with open_volume(tmp_path / "in.zarr") as volume:
        np.testing.assert_array_equal(volume[:, :, :], numbers((4, 5, 6)))


def test_made_from_a_big_endian_file_a_flat_file_is_big_endian(numbers, tmp_path):
    cube = numbers((4, 5, 6))
    cube.astype(">f4").tofile(tmp_path / "in.dat")
    with open_volume(tmp_path / "in.dat", shape=cube.shape, byte_order="big") as volume:
        write(tmp_path / "out.dat", volume[:, :, :], like=volume)
        write(tmp_path / "out.npy", volume[:, :, :], like=volume)
    assert (tmp_path / "out.dat").read_bytes() == (tmp_path / "in.dat").read_bytes()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), cube)


def test_a_copy_has_the_shape_of_its_source(segy, numbers, tmp_path):
    with open_volume(segy(numbers((4, 5, 6)))) as volume, pytest.raises(ValueError, match="has shape"):
        write(tmp_path / "out.sgy", numbers((3, 5, 6)), like=volume)


def test_files_have_the_usual_permissions(tmp_path, numbers):
    write(tmp_path / "a.npy", numbers((2, 3, 4)))
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a.npy").stat().st_mode == (tmp_path / "b").stat().st_mode
