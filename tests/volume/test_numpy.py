import numpy as np
import pytest

from faultpick.errors import VolumeError
from faultpick.volume import open_volume


@pytest.mark.parametrize("dtype", ["f2", "<f4", ">f4", "f8", "i1", "u1", ">i2", "u2", "i4", "u8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_real_type_and_order(tmp_path, numbers, dtype, order):
    cube = numbers((3, 4, 5)).astype(dtype)
    np.save(tmp_path / "a.npy", np.asarray(cube, order=order))
    with open_volume(tmp_path / "a.npy") as volume:
        assert volume.format == "npy"
        assert volume[:, :, :].dtype == np.float32
        np.testing.assert_array_equal(volume[1:, 2:, :3], cube[1:, 2:, :3].astype(np.float32))


def test_two_axes_are_a_single_inline(tmp_path, numbers):
    section = numbers((4, 5))
    np.save(tmp_path / "a.npy", section)
    with open_volume(tmp_path / "a.npy") as volume:
        assert volume.shape == (1, 4, 5)
        np.testing.assert_array_equal(volume[0, 1:, :], section[1:])


def test_geometry_is_positions(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers((3, 4, 5)))
    with open_volume(tmp_path / "a.npy") as volume:
        geometry = volume.geometry
    np.testing.assert_array_equal(geometry.inlines, range(3))
    np.testing.assert_array_equal(geometry.crosslines, range(4))
    assert (geometry.samples.unit, geometry.corners, geometry.live) == ("samples", None, None)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(3), r"has shape \(3,\)"),
        (np.zeros((3, 0, 4)), r"has shape \(3, 0, 4\)"),
        (np.zeros((2, 2, 2), dtype=complex), "real numbers"),
        (np.full((2, 2, 2), "a"), "real numbers"),
        (np.full((2, 2, 2), None), "whole .npy file"),
    ],
)
def test_what_is_no_volume(tmp_path, array, words):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(VolumeError, match=words):
        open_volume(tmp_path / "a.npy")


@pytest.mark.parametrize("keep", [0, 5, 60, 200, 600])
def test_a_cut_file(tmp_path, numbers, keep):
    np.save(tmp_path / "a.npy", numbers((5, 5, 6)))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:keep])
    with pytest.raises(VolumeError, match=r"a\.npy is not a whole \.npy file"):
        open_volume(tmp_path / "a.npy")


def test_a_damaged_header(tmp_path, numbers):
    np.save(tmp_path / "a.npy", numbers((3, 4, 5)))
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data.replace(b"}", b"("))
    with pytest.raises(VolumeError, match=r"a\.npy is not a whole \.npy file"):
        open_volume(tmp_path / "a.npy")
