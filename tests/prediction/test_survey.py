import errno
import math
import os
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import nn

from faultpick.blocks import cover
from faultpick.errors import ConfigError, ModelError, OutputError, VolumeError
from faultpick.models import ModelInfo
from faultpick.prediction import predict, predict_to_file
from faultpick.prediction.over_scales import OverScales
from faultpick.prediction.source import source_of
from faultpick.prediction.task import PredictBlock
from faultpick.prediction.tiles import Axis
from faultpick.prediction.tta import AS_IT_IS
from faultpick.volume import open_volume
from faultpick.volume.period import dominant_period
from faultpick.zoo import Card, LoadedModel


class Local(nn.Module):
    """A strided network that looks 5 voxels far: as a U-Net's, its result depends on the tile's phase."""

    def __init__(self, seed: int, multiple: int = 4) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.down = nn.Conv3d(1, 4, multiple, stride=multiple)
        self.up = nn.ConvTranspose3d(4, 1, multiple, stride=multiple)
        self.local = nn.Conv3d(1, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 3 * self.local(x + self.up(torch.tanh(3 * self.down(x))))


def loaded(seed: int = 0, multiple: int = 4) -> LoadedModel:
    network = Local(seed, multiple).eval()
    info = ModelInfo("local", lambda: network, multiple=multiple, exact_tiles=True, paper="")
    return LoadedModel(network, Card(name="local", network="local"), info, torch.device("cpu"))


@pytest.fixture
def cube():
    return np.random.default_rng(5).normal(size=(40, 27, 51)).astype(np.float32)


@pytest.fixture
def volume(cube, tmp_path):
    np.save(tmp_path / "in.npy", cube)
    with open_volume(tmp_path / "in.npy") as opened:
        yield opened


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_probabilities_have_the_shape_and_range(cube):
    result = predict(cube, loaded())
    assert result.shape == cube.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert result.std() > 0.05


@pytest.mark.parametrize("tta", [False, True])
def test_tiles_agree_with_the_whole(cube, tta):
    whole = predict(cube, loaded(), tta=tta, tile=64)
    steps = []
    tiled = predict(cube, loaded(), tta=tta, tile=32, halo=8, progress=lambda *step: steps.append(step))
    assert len(steps) > 8
    assert steps[0] == (0, steps[-1][0])
    assert steps[-1][0] == steps[-1][1]
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 5, 7), (1, 40, 30), (16, 16, 1000)])
def test_volumes_smaller_than_a_tile_or_thin_are_padded(shape):
    cube = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    result = predict(cube, loaded(multiple=16))
    assert result.shape == shape
    assert np.isfinite(result).all()


def test_the_whole_is_what_the_network_says_of_the_normalised_volume(cube):
    from faultpick.normalise import normalise_array

    model = loaded()
    cube = cube[:, :24, :48]
    with torch.inference_mode():
        expected = torch.sigmoid(model.network(torch.from_numpy(normalise_array(cube))[None, None]))[0, 0]
    np.testing.assert_allclose(predict(cube, model, smooth="none", gain=False), expected, atol=1e-6)


def test_amplitude_scale_and_offset_do_not_matter(cube):
    np.testing.assert_allclose(predict(cube * 1e4 + 7e3, loaded()), predict(cube, loaded()), atol=2e-3)


def test_a_mirrored_survey_gives_the_mirrored_result_with_augmentation(cube):
    cube = cube[:, :26]
    straight = predict(cube, loaded(), tta=True)
    np.testing.assert_allclose(predict(cube[::-1], loaded(), tta=True)[::-1], straight, atol=1e-5)
    np.testing.assert_allclose(predict(cube[:, ::-1], loaded(), tta=True)[:, ::-1], straight, atol=1e-5)
    assert np.abs(predict(cube[::-1], loaded())[::-1] - predict(cube, loaded())).max() > 0.05


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_a_turned_and_negated_survey_gives_the_turned_result_with_full_augmentation(cube, reduce):
    cube = cube[:, :26, :32]
    straight = predict(cube, loaded(), tta="full", tta_reduce=reduce)
    turned = predict(-np.rot90(cube, axes=(0, 1)), loaded(), tta="full", tta_reduce=reduce)
    np.testing.assert_allclose(turned, np.rot90(straight, axes=(0, 1)), atol=1e-4)
    plain = predict(np.rot90(cube, axes=(0, 1)), loaded(), tta="mirror", tta_reduce=reduce)
    assert np.abs(plain - np.rot90(straight, axes=(0, 1))).max() > 0.01


def test_the_maximum_over_attitudes_is_nowhere_below_their_mean(cube):
    mean, largest = (predict(cube, loaded(), tta=True, tta_reduce=each) for each in ("mean", "max"))
    assert (largest >= mean - 1e-6).all()
    assert (largest > mean + 0.01).any()
    with pytest.raises(ConfigError, match="did you mean 'mirror'"):
        predict(cube, loaded(), tta="mirrored")


def test_dead_traces_are_zero_and_dead_tiles_cost_nothing(cube):
    full, steps = [], []
    predict(cube, loaded(), tile=24, halo=2, progress=lambda *step: full.append(step))
    cube[:, 9:] = 0
    result = predict(cube, loaded(), tile=24, halo=2, progress=lambda *step: steps.append(step))
    assert not result[:, 9:].any()
    assert (result[:, :9] > 0).all()
    assert len(steps) < len(full)
    assert steps[-1][1] < full[-1][1]


def test_an_ensemble_is_the_mean_of_its_members(cube):
    one, two = loaded(1), loaded(2, multiple=8)
    both = predict(cube[:, :24, :48], [one, two])
    alone = [predict(cube[:, :24, :48], model) for model in (one, two)]
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-6)


@pytest.mark.parametrize("suffix", [".npy", ".dat"])
def test_a_file_holds_what_the_array_would(volume, cube, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    summary = predict_to_file(volume, loaded(), out, tile=32, halo=8)
    expected = predict(volume, loaded(), tile=32, halo=8)
    with open_volume(out, shape=cube.shape if suffix == ".dat" else None) as result:
        np.testing.assert_array_equal(result[:, :, :], expected)
    assert summary.shape == cube.shape
    assert summary.tiles == 8
    assert summary.fault_share == pytest.approx((expected >= 0.5).mean())
    assert names(tmp_path) == sorted(["in.npy", out.name])


def test_a_gain_is_that_of_the_survey_in_every_tile(cube, tmp_path):
    decayed = cube * np.float32(0.05) ** np.linspace(0, 1, cube.shape[2], dtype=np.float32)
    decayed[: len(cube) // 3] *= 8.0
    decayed[5, 6] *= 40.0
    np.save(tmp_path / "in.npy", decayed)
    with open_volume(tmp_path / "in.npy") as volume:
        predict_to_file(volume, loaded(), tmp_path / "out.npy", tile=32, halo=8)
    written = np.load(tmp_path / "out.npy")
    np.testing.assert_allclose(written, predict(decayed, loaded()), atol=2e-3)
    assert np.abs(written - predict(decayed, loaded(), gain=False)).max() > 0.1


def test_an_irregular_segy_survey_keeps_its_headers_and_dead_traces(cube, segy, disc, tmp_path):
    live = disc(40, 27)
    path = segy(cube, live=live, order="random")
    out = tmp_path / "out.sgy"
    with open_volume(path) as volume:
        expected = predict(volume, loaded(), tile=32, halo=8)
        predict_to_file(volume, loaded(), out, tile=32, halo=8)
    with open_volume(out) as result:
        np.testing.assert_array_equal(result[:, :, :], expected)
    assert not expected[~live].any()
    assert (expected[live] > 0).all()
    before, after = (file.read_bytes()[:3600] for file in (path, out))
    assert before == after
    trace = 240 + 4 * cube.shape[2]
    before, after = (
        np.frombuffer(file.read_bytes()[3600:], np.uint8).reshape(-1, trace)[:, :240] for file in (path, out)
    )
    np.testing.assert_array_equal(before, after)


def test_a_zarr_survey_goes_in_and_out(volume, tmp_path):
    predict_to_file(volume, loaded(), tmp_path / "out.zarr", tile=32, halo=8)
    with open_volume(tmp_path / "out.zarr") as result:
        np.testing.assert_array_equal(result[:, :, :], predict(volume, loaded(), tile=32, halo=8))
        again = predict(result, loaded(), tile=32, halo=8)
    assert again.std() > 0.01


def test_real_surveys_go_through(shared, tmp_path):
    for name in ("f3_small.sgy", "f3_slab.npy"):
        with open_volume(shared / name) as volume:
            summary = predict_to_file(volume, loaded(multiple=16), tmp_path / "out.sgy")
            with open_volume(tmp_path / "out.sgy") as result:
                assert result.shape == volume.shape == summary.shape
                assert np.ptp(result[:, :, :]) > 0.1


def test_a_threshold_gives_a_mask(volume, tmp_path):
    summary = predict_to_file(volume, loaded(), tmp_path / "mask.npy", threshold=0.6)
    mask = np.load(tmp_path / "mask.npy")
    np.testing.assert_array_equal(mask, predict(volume, loaded()) >= 0.6)
    assert summary.fault_share == pytest.approx(mask.mean())
    assert 0 < mask.mean() < 1
    assert summary.threshold == 0.6


def test_uncertainty_is_the_spread_of_the_members(volume, tmp_path):
    members = [loaded(1), loaded(2), loaded(3)]
    predict_to_file(
        volume, members, tmp_path / "p.npy", uncertainty=tmp_path / "u.npy", threshold=0.5, tile=32, halo=8
    )
    alone = np.stack([predict(volume, member, tile=32, halo=8) for member in members])
    np.testing.assert_allclose(np.load(tmp_path / "u.npy"), alone.std(axis=0), atol=1e-5)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy") == 1, alone.mean(axis=0) >= 0.5)


def test_an_existing_output_is_replaced_at_the_end_only(volume, tmp_path):
    out = tmp_path / "out.npy"
    np.save(out, np.zeros(3))
    predict_to_file(volume, loaded(), out, progress=lambda *_: _same(np.load(out), np.zeros(3)))
    assert np.load(out).shape == volume.shape


def _same(a, b):
    assert np.array_equal(a, b)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_a_run_interrupted_before_its_first_block_leaves_nothing(volume, tmp_path, error):
    def stop(*_):
        raise error

    with pytest.raises(error):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", progress=stop)
    assert names(tmp_path) == ["in.npy"]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite_are_refused(cube, tmp_path, bad):
    cube[3, 4, 5] = bad
    np.save(tmp_path / "in.npy", cube)
    with open_volume(tmp_path / "in.npy") as volume, pytest.raises(VolumeError, match=r"in\.npy holds 1 NaN"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy")
    with pytest.raises(VolumeError, match="holds 1 NaN"):
        predict(cube, loaded())
    assert names(tmp_path) == ["in.npy"]


def test_arrays_that_are_no_volume_are_refused():
    with pytest.raises(VolumeError, match=r"shape \(4, 4\)"):
        predict(np.ones((4, 4), dtype=np.float32), loaded())
    with pytest.raises(VolumeError, match="constant"):
        predict(np.ones((4, 4, 4), dtype=np.float32), loaded())


def test_outputs_that_cannot_be_are_refused_before_the_work(volume, tmp_path):
    def never(done, total):
        pytest.fail("worked")

    for out, message in [
        (tmp_path / "in.npy", "is the input"),
        (tmp_path / "no" / "out.npy", "does not exist"),
        (tmp_path / "out.xyz", "is no format"),
    ]:
        with pytest.raises(OutputError, match=message):
            predict_to_file(volume, loaded(), out, progress=never)
    two = [loaded(1), loaded(2)]
    with pytest.raises(OutputError, match="two names"):
        predict_to_file(volume, two, tmp_path / "o.npy", uncertainty=tmp_path / "o.npy", progress=never)
    with pytest.raises(OutputError, match="is the input"):
        predict_to_file(volume, two, tmp_path / "o.npy", uncertainty=tmp_path / "in.npy", progress=never)
    assert names(tmp_path) == ["in.npy"]


def test_too_little_room_for_the_output_is_seen_before_the_work(volume, tmp_path, monkeypatch):
    def never(done, total):
        pytest.fail("worked")

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(OutputError, match=r"out\.npy cannot be written: no space left"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", progress=never)
    assert names(tmp_path) == ["in.npy"]


def test_outputs_need_their_room_together(volume, tmp_path, monkeypatch):
    one = 4 * math.prod(volume.shape)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1.5 * one))
    models, out = [loaded(1), loaded(2)], tmp_path / "p.npy"
    with pytest.raises(OutputError, match=r"u\.npy cannot be written: no space left"):
        predict_to_file(volume, models, out, uncertainty=tmp_path / "u.npy")
    predict_to_file(volume, models, out, uncertainty=tmp_path / "u.zarr")


@pytest.fixture
def other_disk():
    """A folder on another disk than the temporary ones."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is one disk alone")
    folder = Path(tempfile.mkdtemp(dir=shm))
    yield folder
    shutil.rmtree(folder)


def test_zarr_on_another_disk_needs_room_there(volume, tmp_path, other_disk, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    predict_to_file(volume, loaded(), tmp_path / "p.zarr")
    models, away = [loaded(1), loaded(2)], other_disk / "u.zarr"
    with pytest.raises(OutputError, match=r"u\.zarr cannot be written: no space left"):
        predict_to_file(volume, models, tmp_path / "p.zarr", uncertainty=away)
    (tmp_path / "link.zarr").symlink_to(away)
    with pytest.raises(OutputError, match=r"link\.zarr cannot be written: no space left"):
        predict_to_file(volume, models, tmp_path / "p.zarr", uncertainty=tmp_path / "link.zarr")


def test_an_output_that_another_disk_refuses_costs_no_work(volume, tmp_path, other_disk, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    models, out, away = [loaded(1), loaded(2)], tmp_path / "p.zarr", other_disk / "u.zarr"
    copytree = shutil.copytree
    monkeypatch.setattr("shutil.copytree", full)
    with pytest.raises(OutputError, match=r"u\.zarr .* no space left"):
        predict_to_file(volume, models, out, uncertainty=away, tile=32, halo=8)
    monkeypatch.setattr("shutil.copytree", copytree)
    assert names(other_disk) == []
    assert names(tmp_path) == [".p.zarr.partial", "in.npy"]
    said = []
    summary = predict_to_file(volume, models, out, uncertainty=away, tile=32, halo=8, say=said.append)
    assert summary.resumed == summary.tiles > 1
    assert (names(tmp_path), names(other_disk)) == (["in.npy", "p.zarr"], ["u.zarr"])
    alone = np.stack([predict(volume, model, tile=32, halo=8) for model in models])
    with open_volume(away) as uncertainty:
        np.testing.assert_allclose(uncertainty[:, :, :], alone.std(axis=0), atol=1e-5)


def test_settings_that_make_no_sense_are_refused(volume, tmp_path):
    with pytest.raises(ConfigError, match=r"threshold 1\.5"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", threshold=1.5)
    with pytest.raises(ConfigError, match="two models"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", uncertainty=tmp_path / "u.npy")
    with pytest.raises(ConfigError, match="no device 'quantum'"):
        predict(volume, loaded(), device="quantum")
    with pytest.raises(ConfigError, match="three factors"):
        predict(volume, loaded(), scale=(1.0, 0.0, 1.0))
    with pytest.raises(ConfigError, match="device 'hpu'"):
        predict(volume, loaded(), device="hpu")
    with pytest.raises(ConfigError, match="halo of -8"):
        predict(volume, loaded(), halo=-8)
    with pytest.raises(ConfigError, match="'median'"):
        predict(volume, loaded(), scales=(1.0, 1.5), scales_reduce="median")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigError, match="not to both"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", workers=2, cluster="tcp://127.0.0.1:1")
    with pytest.raises(ConfigError, match="0 workers"):
        predict_to_file(volume, loaded(), tmp_path / "out.npy", workers=0)
    with pytest.raises(ConfigError, match="No model is given"):
        predict(volume, [])
    with pytest.raises(ModelError, match="No model is called 'nobody'"):
        predict(volume, "nobody")


def test_a_network_whose_tiles_depend_on_size_is_said_so(volume, tmp_path):
    inexact = replace(loaded(), info=replace(loaded().info, exact_tiles=False, name="shifty"))
    said = []
    predict_to_file(volume, inexact, tmp_path / "out.npy", tile=32, halo=8, smooth="none", say=said.append)
    assert ["shifty" in sentence and "InstanceNorm" in sentence for sentence in said] == [True]
    predict_to_file(volume, loaded(), tmp_path / "out.npy", tile=32, halo=8, smooth="none", say=said.append)
    predict_to_file(volume, inexact, tmp_path / "out.npy", smooth="none", say=said.append)
    assert len(said) == 1


def test_exact_tiles_take_all_the_context_there_is(cube):
    whole = predict(cube, loaded(), tile=64)
    np.testing.assert_allclose(predict(cube, loaded(), tile=16, halo=0, exact=True), whole, atol=1e-5)
    assert np.abs(predict(cube, loaded(), tile=16, halo=0) - whole).max() > 1e-2


@pytest.mark.parametrize("scale", [(1.5, 1.0, 1.0), (0.7, 0.7, 1.5), (1.0, 1.0, 0.7)])
def test_scaled_tiles_agree_with_the_scaled_whole(cube, scale):
    whole = predict(cube, loaded(), tile=90, scale=scale)
    steps = []
    tiled = predict(cube, loaded(), tile=32, halo=8, scale=scale, progress=lambda *step: steps.append(step))
    assert len(steps) > 4
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_a_scale_of_one_is_the_path_without(cube):
    np.testing.assert_array_equal(predict(cube, loaded(), scale=(1.0, 1.0, 1.0)), predict(cube, loaded()))


def test_what_is_found_on_another_grid_lies_where_it_is(tmp_path):
    """A network that only squashes amplitudes says of a smooth survey what lies on its own voxels."""
    i, x, t = np.meshgrid(*(np.arange(n) for n in (30, 26, 41)), indexing="ij")
    smooth = (np.sin(i / 5) + np.cos(x / 4) + np.sin(t / 6)).astype(np.float32)

    class Squash(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    squash = replace(loaded(), network=Squash())
    straight = predict(smooth, squash)
    for scale in [(1.5, 1.5, 1.5), (0.7, 0.7, 0.7), (2.0, 1.0, 0.5)]:
        found = predict(smooth, squash, scale=scale)
        error = np.abs(found - straight)[3:-3, 3:-3, 3:-3]
        assert error.max() < 0.02
        moved = np.abs(found[1:] - straight[:-1])[3:-3, 3:-3, 3:-3]
        assert moved.max() > 0.04


def ringing(period, shape=(16, 16, 160)):
    """Traces that ring at this period."""
    pole = 0.93 * np.exp(2j * np.pi / period)
    noise = np.random.default_rng(0).standard_normal(shape)
    return np.asarray(lfilter([1, 0, -1], [1, -2 * pole.real, abs(pole) ** 2], noise)).astype(np.float32)


def trained_on(low, high):
    model = loaded()
    return replace(model, card=model.card.model_copy(update={"period": (low, high)}))


def test_a_survey_far_from_the_training_is_resampled_to_it_and_the_user_told(tmp_path):
    np.save(tmp_path / "long.npy", ringing(40.0))
    said, model = [], trained_on(8.0, 16.0)
    with open_volume(tmp_path / "long.npy") as survey:
        period = dominant_period(survey.read, survey.shape)
        assert period is not None
        factor = round(16 / period, 3)
        predict_to_file(survey, model, tmp_path / "p.npy", scale="auto", say=said.append)
        expected = predict(survey, model, scale=(1.0, 1.0, factor))
        np.testing.assert_allclose(predict(survey, model, scale="auto"), expected, atol=1e-6)
        np.testing.assert_array_equal(predict(survey, model), predict(survey, model, scale="auto"))
        unscaled = predict(survey, model, scale="none")
        np.testing.assert_array_equal(unscaled, predict(survey, model, scale=(1.0, 1.0, 1.0)))
    np.testing.assert_allclose(np.load(tmp_path / "p.npy"), expected, atol=1e-6)
    assert np.abs(expected - unscaled).max() > 0.05
    (note,) = [note for note in said if "period" in note]
    assert f"{period:.1f} samples" in note
    assert f"{factor:.2f} samples for one" in note


def test_a_survey_like_the_training_goes_through_as_it_is(tmp_path):
    np.save(tmp_path / "near.npy", ringing(12.0))
    said, model = [], trained_on(8.0, 16.0)
    with open_volume(tmp_path / "near.npy") as survey:
        predict_to_file(survey, model, tmp_path / "p.npy", scale="auto", smooth="none", say=said.append)
        np.testing.assert_array_equal(
            np.load(tmp_path / "p.npy"), predict(survey, model, scale="none", smooth="none")
        )
    assert not said


@pytest.mark.parametrize(("reduce", "together"), [("mean", np.mean), ("max", np.max)])
def test_several_scales_are_put_together(volume, cube, tmp_path, reduce, together):
    model, scales = loaded(), (0.7, 1.0, 1.5)
    each = [predict(cube, model, scale=(factor, factor, factor)) for factor in scales]
    expected = together(each, axis=0)
    assert np.abs(expected - each[1]).max() > 0.05
    options = {"scales": scales, "scales_reduce": reduce}
    np.testing.assert_allclose(predict(cube, model, **options), expected, atol=1e-5)
    out, mask = tmp_path / "p.npy", tmp_path / "m.npy"
    predict_to_file(volume, model, out, tile=40, halo=8, **options)
    np.testing.assert_allclose(np.load(out), expected, atol=0.02)
    summary = predict_to_file(volume, model, mask, threshold=0.5, **options)
    np.testing.assert_array_equal(np.load(mask), expected >= 0.5)
    assert summary.fault_share == pytest.approx((expected >= 0.5).mean())


def test_scales_are_times_the_scale(cube):
    model = loaded()
    np.testing.assert_allclose(
        predict(cube, model, scale=(1.0, 1.0, 1.5), scales=(0.8,)),
        predict(cube, model, scale=(0.8, 0.8, 1.2)),
        atol=1e-5,
    )


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_over_scales_each_model_is_put_together_before_their_spread(volume, tmp_path, reduce):
    members = [loaded(0), loaded(1)]
    options = {"scales": (1.0, 1.3), "scales_reduce": reduce}
    out, uncertainty = tmp_path / "p.npy", tmp_path / "u.npy"
    predict_to_file(volume, members, out, uncertainty=uncertainty, **options)
    alone = np.stack([predict(volume, member, **options) for member in members])
    np.testing.assert_allclose(np.load(out), alone.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(np.load(uncertainty), alone.std(axis=0), atol=1e-5)


class Watched(nn.Module):
    """A slow network that knows how many calls were in it at once, on all its grids."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = self.most = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.inside += 1
        self.most = max(self.most, self.inside)
        time.sleep(0.05)
        self.inside -= 1
        return x


def test_one_block_at_a_time_goes_through_at_all_scales(cube):
    network = Watched()
    model, source = replace(loaded(), network=network), source_of(cube, gain=False)

    def at(factor: float) -> PredictBlock:
        inline, crossline, sample = (Axis(count, 4, model.info.multiple, factor) for count in cube.shape)
        return PredictBlock(source, (inline, crossline, sample), [model], AS_IT_IS, "mean", 0.5)

    task = OverScales((at(1.3), at(1.0)), "mean")
    blocks = cover(cube.shape, (20, 27, 51))
    with ThreadPoolExecutor(2) as pool:
        found = [result.values[0] for result in pool.map(task, blocks)]
    assert len(found) == 2
    assert network.most == 1


def test_no_scale_is_refused(cube):
    with pytest.raises(ConfigError, match="no scales"):
        predict(cube, loaded(), scales=())
