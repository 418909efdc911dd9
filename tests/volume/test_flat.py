import os
import time

import numpy as np
import pytest

from faultpick.errors import VolumeError
from faultpick.volume import open_volume


@pytest.mark.parametrize(("order", "letter"), [("little", "<"), ("big", ">")])
def test_both_byte_orders(tmp_path, numbers, order, letter):
    cube = numbers((3, 4, 5))
    cube.astype(f"{letter}f4").tofile(tmp_path / "a.dat")
    with open_volume(tmp_path / "a.dat", shape=(3, 4, 5), byte_order=order) as volume:
        np.testing.assert_array_equal(volume[:, 1:, :], cube[:, 1:])
        assert order in volume.sample_format


def test_the_shape_of_training_cubes_is_the_default(tmp_path):
    np.arange(128**3, dtype="<f4").tofile(tmp_path / "0.dat")
    with open_volume(tmp_path / "0.dat") as volume:
        assert volume.shape == (128, 128, 128)
        assert volume[1, 2, 3] == 128 * 128 + 2 * 128 + 3


def test_wrong_size(tmp_path):
    (tmp_path / "a.dat").write_bytes(bytes(100))
    with pytest.raises(VolumeError) as caught:
        open_volume(tmp_path / "a.dat")
    message = str(caught.value)
    assert "has 100 bytes" in message
    assert "128 x 128 x 128 float32 samples take 8388608" in message
    assert "--shape" in message
    with pytest.raises(VolumeError, match=r"2 x 3 x 5 float32 samples take 120; give the right shape"):
        open_volume(tmp_path / "a.dat", shape=(2, 3, 5))
    with pytest.raises(VolumeError, match="at least one"):
        open_volume(tmp_path / "a.dat", shape=(0, 3, 5))


def test_the_other_byte_order_is_recognised(tmp_path):
    cube = np.random.default_rng(0).standard_normal((8, 8, 8))
    cube.astype(">f4").tofile(tmp_path / "a.dat")
    with pytest.raises(VolumeError, match="no sense as little-endian floats; give --byte-order big"):
        open_volume(tmp_path / "a.dat", shape=(8, 8, 8))
    cube.astype("<f4").tofile(tmp_path / "a.dat")
    with pytest.raises(VolumeError, match="give --byte-order little"):
        open_volume(tmp_path / "a.dat", shape=(8, 8, 8), byte_order="big")


def test_zeros_and_nan_are_no_matter_of_byte_order(tmp_path):
    for value in (0.0, np.nan):
        np.full((4, 4, 4), value, dtype="<f4").tofile(tmp_path / "a.dat")
        with open_volume(tmp_path / "a.dat", shape=(4, 4, 4)) as volume:
            assert volume.shape == (4, 4, 4)


def test_a_huge_file_is_read_only_where_asked(tmp_path):
    """16 GB of holes on disk, one sub-box read."""
    shape = (1000, 2000, 2000)
    path = tmp_path / "huge.dat"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 4 * 1000 * 2000 * 2000)
        file.seek(4 * (500 * 2000 * 2000 + 7 * 2000 + 9))
        file.write(np.float32(3).tobytes())
    start = time.perf_counter()
    with open_volume(path, shape=shape) as volume:
        box = volume[496:504, :64, :64]
    assert time.perf_counter() - start < 2
    assert box[4, 7, 9] == 3
    assert np.count_nonzero(box) == 1
