import numpy as np
import pytest
import torch
import zarr

from faultpick.errors import VolumeError
from faultpick.normalise import Normalisation
from faultpick.prediction.resample import to_grid
from faultpick.prediction.source import Source, source_of
from faultpick.prediction.tiles import Axis, reflected


@pytest.mark.parametrize("shape", [(1, 2, 3), (5, 9, 20), (40, 17, 300)])
def test_a_tile_is_the_survey_reflected_about_its_first_and_last_positions(shape):
    rng = np.random.default_rng(0)
    survey = rng.standard_normal(shape, dtype=np.float32)
    source = Source(
        lambda *box: survey[box], shape, np.ones(shape[:2], dtype=bool), Normalisation(0.0, 1.0, 99.0)
    )
    first, second, third = (Axis(count, halo=6, multiple=8) for count in shape)
    axes = first, second, third
    padded = survey
    for number, axis in enumerate(axes):
        padded = padded.take(reflected(axis.count, axis.before, axis.total), number)
    for block in ((slice(0, 1),) * 3, tuple(slice(count - 1, count) for count in shape)):
        inline, crossline, sample = (
            axis.window(box.start, box.stop) for axis, box in zip(axes, block, strict=True)
        )
        tiles = tuple(axis.span(box.start, box.stop)[0] for axis, box in zip(axes, block, strict=True))
        tile = source.tile(axes, (inline, crossline, sample))
        np.testing.assert_array_equal(tile, padded[tiles])
        used = tile[inline.use, crossline.use, sample.use]
        np.testing.assert_array_equal(used, survey[block])


def test_planes_that_lie_in_the_padding_alone_are_reflected_too():
    rng = np.random.default_rng(0)
    survey = rng.standard_normal((300, 8, 8), dtype=np.float32)
    source = Source(
        lambda *box: survey[box], (300, 8, 8), np.ones((300, 8), dtype=bool), Normalisation(0.0, 1.0, 99.0)
    )
    axes = Axis(300, 0, 16), Axis(8, 0, 8), Axis(8, 0, 8)
    whole = axes[1].window(0, 8), axes[2].window(0, 8)
    last = slice(axes[0].total - 4, axes[0].total)  # all of them beyond the survey
    tile = source.tile(axes, (axes[0].rows(last), *whole))
    np.testing.assert_array_equal(tile, survey[axes[0].rows(last).sources])
    assert tile.flags.c_contiguous


@pytest.mark.parametrize(
    "factors", [(0.3, 1.0, 1.0), (1.0, 0.4, 0.6), (0.25, 0.25, 0.5), (1.5, 0.5, 1.0), (2.0, 1.0, 1.0)]
)
def test_a_coarser_grid_is_filled_some_inlines_at_a_time(factors, monkeypatch):
    survey = np.random.default_rng(0).standard_normal((90, 40, 30), dtype=np.float32)
    boxes = []

    def read(*box):
        boxes.append(box[0].stop - box[0].start)
        return survey[box]

    alive = np.ones((90, 40), dtype=bool)
    source = Source(read, survey.shape, alive, Normalisation(0.0, 1.0, 99.0))
    first, second, third = (Axis(n, 8, 8, factor) for n, factor in zip(survey.shape, factors, strict=True))
    axes = first, second, third
    windows = first.window(10, 85), second.window(0, 40), third.window(0, 30)
    whole = [
        to_grid(slice(0, axis.grid_count), slice(0, axis.count), axis.factor, axis.count) for axis in axes
    ]
    expected = np.einsum("ai,bj,ck,ijk->abc", *whole, survey, optimize=True)
    expected = expected[np.ix_(*(window.sources for window in windows))]
    for inlines in (1, 7, 1000):
        monkeypatch.setattr("faultpick.prediction.source.INLINES", inlines)
        boxes.clear()
        np.testing.assert_allclose(source.tile(axes, windows), expected, atol=1e-5)
        assert max(boxes) <= inlines


def test_what_is_no_plain_array(numbers):
    cube = numbers((4, 5, 6))
    expected = source_of(cube, gain=False).filled(slice(0, 4), slice(0, 5), slice(0, 6))
    for other in (torch.from_numpy(cube), zarr.array(cube)):
        source = source_of(other, gain=False)  # pyright: ignore[reportArgumentType]
        np.testing.assert_array_equal(source.filled(slice(0, 4), slice(0, 5), slice(0, 6)), expected)
    with pytest.raises(VolumeError, match="The array is masked"):
        source_of(np.ma.masked_less(cube, 5), gain=False)
    with pytest.raises(VolumeError, match="An array of bool holds no amplitudes"):
        source_of(cube > 5, gain=False)
