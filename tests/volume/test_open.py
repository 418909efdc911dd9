import builtins
from pathlib import Path

import pytest

from faultpick.errors import VolumeError
from faultpick.volume import open_volume


@pytest.mark.parametrize("name", ["a.sgy", "a.segy", "a.zarr", "a.npy", "a.dat", "a.bin", "a.tif", "a"])
def test_a_missing_file(tmp_path, name):
    with pytest.raises(VolumeError, match=r"does not exist; check the name\.$") as caught:
        open_volume(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)


def test_a_folder(tmp_path):
    (tmp_path / "a.sgy").mkdir()
    for path in (tmp_path, tmp_path / "a.sgy"):
        with pytest.raises(VolumeError, match="is a folder, not a volume"):
            open_volume(path)


def test_a_file_named_as_zarr(tmp_path):
    (tmp_path / "a.zarr").write_text("x")
    with pytest.raises(VolumeError, match="is a file, not a volume"):
        open_volume(tmp_path / "a.zarr")


@pytest.mark.parametrize("name", ["a.tif", "a"])
def test_unknown_formats(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(VolumeError, match=r"is no format of a volume; known are \.sgy"):
        open_volume(tmp_path / name)


@pytest.mark.parametrize("name", ["a.sgy", "a.npy", "a.dat"])
def test_empty_files(tmp_path, name):
    (tmp_path / name).touch()
    with pytest.raises(VolumeError, match=r"empty|not a whole|has 0 bytes"):
        open_volume(tmp_path / name)


def test_a_path_below_a_file(tmp_path):
    (tmp_path / "a.sgy").touch()
    with pytest.raises(VolumeError, match="cannot be read: Not a directory"):
        open_volume(tmp_path / "a.sgy" / "b.sgy")


@pytest.mark.parametrize("name", ["a.sgy", "a.npy"])
def test_no_permission(tmp_path, numbers, segy, monkeypatch, name):
    segy(numbers((2, 3, 4)), name=name)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    with pytest.raises(VolumeError, match=r"cannot be read: no permission\."):
        open_volume(tmp_path / name)


def test_names_in_capitals(segy, numbers):
    with open_volume(segy(numbers((2, 3, 4)), name="A.SGY")) as volume:
        assert volume.shape == (2, 3, 4)
