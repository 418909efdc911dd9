"""What the viewer gets when it asks."""

import io
import tracemalloc
import zlib

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from faultpick.view.grid import ViewGrid
from faultpick.volume import open_volume

pytest.importorskip("neuroglancer")

from neuroglancer.local_volume import InvalidObjectIdForMesh

from faultpick.view.source import FaultSource, VolumeSource, reduce_box


def ask(source, start, end, factor=(1, 1, 1)):
    key = ",".join(map(str, factor))
    answer, _ = source.get_encoded_subvolume("npz", np.array(start), np.array(end), key)
    return np.load(io.BytesIO(zlib.decompress(answer)))


@settings(max_examples=30, deadline=None)
@given(
    arrays(np.float32, (5, 4, 7), elements=st.sampled_from([-2.0, 0.0, 0.5, 3.0, np.nan])),
    st.tuples(*[st.integers(1, 4)] * 3),
    st.sampled_from(["mean", "max"]),
)
def test_a_coarser_sample_is_the_mean_or_the_largest_of_what_it_covers(box, factor, kept):
    coarse = reduce_box(box, np.array(factor), kept)
    assert coarse.shape == tuple(-(-size // each) for size, each in zip(box.shape, factor, strict=True))
    for place in np.ndindex(coarse.shape):
        part = box[tuple(slice(p * f, (p + 1) * f) for p, f in zip(place, factor, strict=True))]
        part = part[~np.isnan(part)]
        expected = np.nan if not len(part) else part.mean() if kept == "mean" else part.max()
        np.testing.assert_allclose(coarse[place], expected, rtol=1e-6)


def test_a_box_at_full_and_at_lower_resolution(small):
    with open_volume(small.survey) as volume:
        source = VolumeSource(volume, ViewGrid.of(volume.geometry), "mean")
        np.testing.assert_array_equal(ask(source, (1, 2, 3), (4, 8, 5)), small.amplitudes[1:4, 2:8, 3:5])
        coarse = ask(source, (3, 1, 1), (4, 6, 4), (1, 2, 2))
    assert coarse.shape == (1, 5, 3)
    assert coarse[0, 0, 0] == small.amplitudes[3, 2:4, 2:4].mean()
    assert coarse[0, 4, 2] == small.amplitudes[3, 10:12, 6:7].mean()


@pytest.mark.parametrize(
    ("start", "end", "key"),
    [
        ((0, 0, 0), (10, 1, 1), "1,1,1"),
        ((-1, 0, 0), (1, 1, 1), "1,1,1"),
        ((2, 0, 0), (1, 1, 1), "1,1,1"),
        ((0, 0, 0), (1, 1, 1), "0,1,1"),
        ((0, 0, 0), (1, 1, 1), "1,1"),
        ((0, 0, 0), (1, 1, 1), "1,1,x"),
        ((0, 0, 0), (1, 1, 1), "1000000,1000000,1"),
        ((0, 0), (1, 1), "1,1,1"),
    ],
)
def test_a_box_that_is_not_there_is_refused(small, start, end, key):
    with open_volume(small.survey) as volume:
        source = VolumeSource(volume, ViewGrid.of(volume.geometry), "mean")
        with pytest.raises(ValueError, match=r"box|invalid literal"):
            source.get_encoded_subvolume("npz", np.array(start), np.array(end), key)


def test_a_section_of_a_volume_larger_than_memory_costs_what_the_section_holds(tmp_path):
    shape = (6000, 3000, 1500)
    array = zarr.create_array(tmp_path / "v.zarr", shape=shape, chunks=(32, 128, 128), dtype="float32")
    array[4000:4032, 128:256, 256:384] = 7
    with open_volume(tmp_path / "v.zarr") as volume:
        source = VolumeSource(volume, ViewGrid.of(volume.geometry), "mean")
        tracemalloc.start()
        section = ask(source, (4001, 0, 0), (4002, 94, 47), (1, 32, 32))
        piece = ask(source, (4001, 0, 0), (4002, 512, 512))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (section == 7).sum() == 4 * 4
    assert (piece == 7).sum() == 128 * 128
    assert peak < 128e6, "108 GB, of which a section is 18 MB"


def test_ids_stay_whole_and_thin_faults_stay_visible(small):
    with open_volume(small.picks / "fault_id.zarr") as ids:
        source = FaultSource(ids, small.faults, ViewGrid.of(ids.geometry))
        whole = ask(source, (0, 0, 0), small.ids.shape)
        coarse = ask(source, (0, 0, 0), (3, 3, 2), (4, 4, 4))
    assert whole.dtype == np.uint32
    np.testing.assert_array_equal(whole, small.ids)
    assert coarse[0, 2, 1] == 2


def test_a_surface_lies_where_its_voxels_are(small):
    source = FaultSource(None, small.faults, ViewGrid.of(small.geometry))
    mesh = source.get_object_mesh(1)
    count = int(np.frombuffer(mesh, "<u4", 1)[0])
    vertices = np.frombuffer(mesh, "<f4", 3 * count, offset=4).reshape(-1, 3)
    triangles = np.frombuffer(mesh, "<u4", offset=4 + 12 * count).reshape(-1, 3)
    np.testing.assert_array_equal(vertices, small.faults[0].vertices + 0.5)
    np.testing.assert_array_equal(triangles, small.faults[0].triangles)
    assert not ask(source, (0, 0, 0), small.ids.shape).any()
    with pytest.raises(InvalidObjectIdForMesh):
        source.get_object_mesh(3)
