import numpy as np
import pytest
import segyio

from faultpick.errors import OutputError, PicksError, VolumeError
from faultpick.picks.export import export_faults
from faultpick.picks.store import DIP, FAULT_ID
from faultpick.volume import create_volume, open_volume

SHAPE = (30, 40, 50)


@pytest.fixture
def volumes(folder, picks):
    """The folder with fault ids 1, 2, 12 in slabs of crosslines and a dip that counts voxels."""
    ids = np.zeros(SHAPE, np.float32)
    ids[:, 5:10], ids[:, 15:20], ids[:, 25:30] = 1, 2, 12
    dip = np.arange(ids.size, dtype=np.float32).reshape(SHAPE)
    for name, values in ((FAULT_ID, ids), (DIP, dip)):
        with create_volume(folder / name, picks.geometry) as writer:
            writer.write(0, values)
    return ids, dip


@pytest.mark.parametrize("suffix", [".sgy", ".zarr", ".npy"])
def test_a_volume_is_copied_with_the_picks_geometry(suffix, volumes, folder, picks, tmp_path):
    export_faults(folder, tmp_path / f"dip{suffix}", file_format="dip")
    with open_volume(tmp_path / f"dip{suffix}") as copy:
        np.testing.assert_array_equal(copy[:, :, :], volumes[1])
        if suffix != ".npy":
            np.testing.assert_array_equal(copy.geometry.crosslines, picks.geometry.crosslines)
            assert copy.geometry.corners is not None
            np.testing.assert_allclose(copy.geometry.corners, np.array(picks.geometry.corners), atol=0.01)
            assert copy.geometry.samples == picks.geometry.samples


def test_segy_has_the_surveys_headers_byte_for_byte(volumes, folder, picks, segy, tmp_path):
    lines = {"inlines": picks.geometry.inlines, "crosslines": picks.geometry.crosslines}
    survey = segy(np.ones(SHAPE, np.float32), order="random", extended=1, interval=4000, delay=400, **lines)
    with open_volume(survey) as like:
        export_faults(folder, tmp_path / "id.sgy", file_format="fault-id", like=like)
        with open_volume(tmp_path / "id.sgy") as copy:
            np.testing.assert_array_equal(copy[:, :, :], volumes[0])
    with (
        segyio.open(str(survey), ignore_geometry=True) as one,
        segyio.open(str(tmp_path / "id.sgy"), ignore_geometry=True) as two,
    ):
        assert [bytes(text) for text in one.text] == [bytes(text) for text in two.text]
        assert all(dict(a) == dict(b) for a, b in zip(one.header, two.header, strict=True))


def test_a_plain_array_knows_less_of_where_the_survey_lies_than_the_picks(volumes, folder, picks, tmp_path):
    np.save(tmp_path / "survey.npy", np.ones(SHAPE, np.float32))
    with open_volume(tmp_path / "survey.npy") as like:
        export_faults(folder, tmp_path / "id.sgy", file_format="fault-id", like=like)
    with open_volume(tmp_path / "id.sgy") as copy:
        np.testing.assert_array_equal(copy.geometry.inlines, picks.geometry.inlines)
        assert copy.geometry.samples == picks.geometry.samples
        assert copy.geometry.corners is not None


def test_chosen_faults_keep_their_voxels(volumes, folder, tmp_path):
    ids, dip = volumes
    export_faults(folder, tmp_path / "dip.npy", file_format="dip", faults=[2, 12])
    np.testing.assert_array_equal(np.load(tmp_path / "dip.npy"), np.where(ids >= 2, dip, 0))
    with pytest.raises(PicksError, match="No fault has the id 5"):
        export_faults(folder, tmp_path / "id.npy", file_format="fault-id", faults=[5])


def test_trouble_leaves_nothing(volumes, folder, picks, segy, tmp_path):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PicksError, match=r"holds no strike\.zarr"):
        export_faults(folder, tmp_path / "strike.sgy", file_format="strike")
    with pytest.raises(OutputError, match=r"\.doc is no format of a volume"):
        export_faults(folder, tmp_path / "dip.doc", file_format="dip")
    assert sorted(tmp_path.iterdir()) == before
    small = segy(np.ones((4, 5, 50), np.float32))
    with open_volume(small) as like, pytest.raises(VolumeError, match=r"\(4, 5, 50\)"):
        export_faults(folder, tmp_path / "dip.sgy", file_format="dip", like=like)
    with pytest.raises(OutputError, match="part of the picks"):
        export_faults(folder, folder / DIP, file_format="dip", faults=[1])
    assert sorted(tmp_path.iterdir()) == sorted([*before, small])
