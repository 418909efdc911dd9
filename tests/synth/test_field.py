"""The recipe `field`: its parts can be switched off, and its labels lie where layers are offset."""

import time
from typing import cast

import numpy as np
import pytest
from scipy import ndimage

from faultpick.synth import FIELD, FieldRecipe, synthesize
from faultpick.synth.field_layers import PER_SAMPLE, bedded_reflectivity
from faultpick.synth.field_recipe import STYLES, Faulting, Imaging, Layers, Noise, Styles
from faultpick.synth.imaging import drowned
from faultpick.volume.noise import noise_share

SHAPE = (48, 48, 64)
PLAIN = FieldRecipe(
    name="plain",
    styles=Styles(coarse=0, sparse=0, steep=0, grainy=0),
    layers=Layers(facies=0, channels=0, unconformity=0, chaos=0, blocky=0),
    faulting=Faulting(few=0, several=0, dense=0, none=1, relay=0, splay=0, scatter=0),
    imaging=Imaging(
        phase=0, asymmetric=0, tilted=0, blur=(0, 0), salt=0, water=0, gain=(0, 0), agc=0, dead=0
    ),
    noise=Noise(level=(1e-6, 1.1e-6), coloured=0, streaks=0, waves=0, footprint=0, smiles=0),
)


def switched(group, **fields):
    """The plain recipe with some fields of a group set."""
    changed = getattr(PLAIN, group).model_copy(update=fields)
    return PLAIN.model_copy(update={group: changed})


def test_the_same_seed_gives_the_same_cube():
    for seed in range(4):
        once, again = synthesize(seed, "field", SHAPE), synthesize(seed, "field", SHAPE)
        for name in ("seismic", "fault", "fault_id", "distance", "normal", "throw", "rgt"):
            np.testing.assert_array_equal(getattr(once, name), getattr(again, name))


@pytest.mark.parametrize("shape", [(16, 40, 33), (1, 30, 50), (30, 1, 20), (5, 7, 150)])
def test_any_shape(shape):
    for seed in range(6):
        cube = synthesize(seed, "field", shape)
        for name in ("seismic", "fault", "fault_id", "distance", "throw", "rgt"):
            array = getattr(cube, name)
            assert array.shape == shape
            assert np.isfinite(array).all(), (seed, name)


def test_the_parts_of_a_cube_agree():
    for seed in range(12):
        cube = synthesize(seed, "field", SHAPE)
        labelled = cube.fault == 1
        np.testing.assert_array_equal(labelled, cube.fault_id > 0)
        np.testing.assert_array_equal(labelled, cube.distance <= 1)
        length = np.linalg.norm(cube.normal, axis=-1)
        np.testing.assert_allclose(length[labelled], 1, atol=1e-4)
        assert not length[~labelled].any()
        assert not cube.throw[~labelled].any()
        assert cube.fault_id.max() <= len(cube.faults)
        assert cube.seismic.std() == pytest.approx(1, abs=0.05)


def test_all_parts_off_leave_an_image_of_layers_alone():
    cube = synthesize(3, PLAIN, SHAPE)
    assert len(cube.faults) == 0
    assert not cube.fault.any()
    assert (cube.distance == 4).all()


@pytest.mark.parametrize(
    ("group", "part"),
    [
        *(("layers", part) for part in ("blocky", "facies", "channels", "unconformity", "chaos")),
        *(("imaging", part) for part in ("phase", "asymmetric", "tilted", "salt", "water", "agc", "dead")),
        *(("noise", part) for part in ("footprint",)),
    ],
)
def test_each_part_changes_the_image(group, part):
    def difference(share):
        changed = switched(group, **{part: share})
        return max(
            float(
                np.abs(
                    synthesize(seed, changed, SHAPE).seismic - synthesize(seed, PLAIN, SHAPE).seismic
                ).max()
            )
            for seed in range(3)
        )

    assert difference(0.0) == 0.0
    assert difference(1.0) > 0.1


@pytest.mark.parametrize("part", ["coloured", "streaks", "waves", "smiles"])
def test_each_kind_of_noise_has_another_spectrum(part):
    loud = PLAIN.model_copy(update={"noise": PLAIN.noise.model_copy(update={"level": (3.0, 3.1)})})
    other = loud.model_copy(update={"noise": loud.noise.model_copy(update={part: 1.0})})

    def peak(recipe, seed):
        spectrum = np.abs(np.fft.rfftn(synthesize(seed, recipe, SHAPE).seismic))[1:] ** 2
        return np.percentile(spectrum, 99) / np.median(spectrum)

    assert max(peak(other, seed) / peak(loud, seed) for seed in range(4)) > 1.3


def test_labels_are_two_voxels_thick_whatever_the_bins():
    recipe = switched("faulting", none=0, few=1, listric=0, growth=0, strike_slip=0, throw=(10, 12), drag=0)
    thick = []
    for seed in range(8):
        cube = synthesize(seed, recipe, SHAPE)
        shell = (cube.distance < 3.0).sum()
        if shell > 500:
            thick.append(cube.fault.sum() / shell)
    assert np.median(thick) == pytest.approx(2 / 6, abs=0.05)


def test_layers_are_offset_by_the_throw_at_a_label():
    recipe = switched("faulting", none=0, few=1, listric=0, growth=0, strike_slip=0, throw=(8, 9), drag=0)
    flat = recipe.model_copy(
        update={
            "shape": recipe.shape.model_copy(
                update={"fold_height": (1e-6, 1.1e-6), "slope": (0.0, 0.0), "ripple": (0.0, 0.0)}
            )
        }
    )
    errors = []
    for seed in range(30):
        cube = synthesize(seed, flat, SHAPE)
        if len(cube.faults) != 1 or not cube.fault.any():
            continue
        inner = np.argwhere(cube.fault[6:-6, 6:-6, 16:-16]) + np.array((6, 6, 16))
        across = cube.normal[tuple(inner.T)] * 3.0
        sides = [ndimage.map_coordinates(cube.rgt, (inner + way * across).T, order=1) for way in (1.0, -1.0)]
        vertical = 6.0 * cube.normal[tuple(inner.T)][:, 2]
        offset = sides[0] - sides[1] - vertical
        errors += list(np.abs(-offset - cube.throw[tuple(inner.T)]))
    assert len(errors) > 500
    assert np.median(errors) < 0.5


def test_no_label_where_the_layers_are_not_offset():
    hidden = switched("faulting", none=0, several=1, visible=100.0)
    for seed in range(4):
        assert not synthesize(seed, hidden, SHAPE).fault.any()


def test_no_label_where_the_throw_is_a_trifle_of_the_period():
    recipe = switched("faulting", none=0, several=1, throw=(1.0, 6.0), visible=0.8, visible_periods=0.2)
    recipe = recipe.model_copy(update={"imaging": recipe.imaging.model_copy(update={"period": (16.0, 16.1)})})
    labelled = 0
    for seed in range(6):
        cube = synthesize(seed, recipe, SHAPE)
        throws = np.abs(cube.throw[cube.fault == 1])
        labelled += throws.size
        assert (throws > 0.2 * cube.period * 0.75).all()
    assert labelled > 500


def test_no_label_on_a_surface_that_lies_flat():
    def least_slope(flattest):
        recipe = switched(
            "faulting", none=0, few=1, listric=1.0, growth=0, throw=(15, 16), dip=(38, 40), flattest=flattest
        )
        slopes = [1.0]
        for seed in range(8):
            cube = synthesize(seed, recipe, SHAPE)
            slopes += list(np.abs(cube.normal[cube.fault == 1][:, 2]))
        return max(slopes[1:])

    steepest = np.cos(np.radians(35.0))
    assert least_slope(35.0) <= steepest + 1e-5
    assert least_slope(0.0) > steepest


def test_no_label_where_noise_hides_the_layers():
    image = np.zeros((24, 24, 96), np.float32)
    image[:, :, 40:48] = 2.0
    noise = np.full_like(image, 1.0)
    hidden = drowned(image, noise, 8.0, 0.5)
    assert not hidden[:, :, 32:56].any()
    assert hidden[:, :, :20].all()
    assert hidden[:, :, 76:].all()
    assert not drowned(image + 1.0, noise, 8.0, 0.5).any()
    assert drowned(image, 0.0 * noise, 8.0, 0.5)[:, :, :20].all()

    faulted = switched("faulting", none=0, several=1, throw=(8, 20))
    buried = faulted.model_copy(update={"noise": PLAIN.noise.model_copy(update={"level": (20.0, 21.0)})})
    assert any(synthesize(seed, faulted, SHAPE).fault.any() for seed in range(3))
    assert not any(synthesize(seed, buried, SHAPE).fault.any() for seed in range(3))


def test_no_fragments_of_labels():
    def pieces(smallest):
        sizes = []
        for seed in range(6):
            cube = synthesize(seed, switched("faulting", none=0, dense=1, smallest=smallest), SHAPE)
            numbers, _ = cast("tuple[np.ndarray, int]", ndimage.label(cube.fault))
            sizes += list(np.bincount(numbers.ravel())[1:])
        return min(sizes)

    assert pieces(150) >= 150
    assert pieces(0) < 150


def test_styles_are_as_frequent_as_asked_for_and_come_whole():
    def only(*names):
        return FIELD.with_parts({"styles": {style: float(style in names) for style in STYLES}})

    def share_of_noise(cube):
        return noise_share(lambda *box: cube.seismic[box], shape)

    shape = (24, 24, 64)
    slopes, shares = [], []
    for seed in range(5):
        dense, blocky, steep, grainy, usual = (
            synthesize(seed, only(*names), shape) for names in (*((style,) for style in STYLES), ())
        )
        assert len(dense.faults) > 1
        assert dense.period > 12.0 / 1.35
        assert blocky.period > 14.0 / 1.35
        assert np.ptp(blocky.rgt[:, :, 32] - blocky.rgt[:, :, 32].mean()) > 1.0
        slopes.append([np.abs(np.gradient(cube.rgt, axis=0)).mean() for cube in (steep, usual)])
        shares.append([share_of_noise(cube) for cube in (grainy, usual)])
    assert np.median(slopes, axis=0)[0] > 1.5 * np.median(slopes, axis=0)[1]
    assert np.median(shares, axis=0)[0] > np.median(shares, axis=0)[1] + 0.1
    same = sum(
        np.array_equal(synthesize(seed, FIELD, shape).seismic, synthesize(seed, only(), shape).seismic)
        for seed in range(40)
    )
    assert 12 <= same <= 29


def test_blocky_layers_are_no_thicker_than_asked_for_and_equally_strong():
    layers = Layers(blocky=1.0, thickness=(9.9, 10.0), quiet=0.0)
    series = bedded_reflectivity(np.random.default_rng(0), 20_000, layers, 12.0)
    strong = np.abs(series[series != 0])
    assert np.count_nonzero(series) / PER_SAMPLE / 20_000 > 1 / 12.0 / 2
    assert np.percentile(strong, 90) < 12 * np.median(strong)


def test_no_label_in_salt_and_water():
    for part in ("salt", "water"):
        recipe = switched("faulting", none=0, several=1)
        recipe = recipe.model_copy(update={"imaging": recipe.imaging.model_copy(update={part: 1.0})})
        with_part = [synthesize(seed, recipe, SHAPE).fault.sum() for seed in range(4)]
        without = [
            synthesize(seed, switched("faulting", none=0, several=1), SHAPE).fault.sum() for seed in range(4)
        ]
        assert sum(with_part) < sum(without)


def test_faults_older_than_an_unconformity_end_at_it():
    recipe = switched(
        "faulting", none=0, few=1, buried=1.0, throw=(15, 16), growth=0, listric=0, strike_slip=0
    )
    recipe = recipe.model_copy(update={"layers": recipe.layers.model_copy(update={"unconformity": 1.0})})
    tops = []
    for seed in range(6):
        cube = synthesize(seed, recipe, SHAPE)
        tops.append(cube.fault[:, :, :6].mean())
        assert (cube.faults["buried"] == 1).all()
    assert np.median(tops) == 0


@pytest.mark.slow
def test_a_cube_takes_less_than_two_seconds_on_any_machine():
    synthesize(0, FIELD, (16, 16, 16))
    start = time.process_time()
    for seed in range(8):
        synthesize(seed, FIELD)
    assert (time.process_time() - start) / 8 < 2.0
