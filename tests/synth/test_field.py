"""The recipe `field`: its parts can be switched off, and its labels lie where layers are offset."""

import time

import numpy as np
import pytest
from scipy import ndimage

from faultpick.synth import FIELD, FieldRecipe, synthesize
from faultpick.synth.field_recipe import Faulting, Imaging, Layers, Noise

SHAPE = (48, 48, 64)
PLAIN = FieldRecipe(
    name="plain",
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
def test_a_cube_takes_less_than_a_second():
    synthesize(0, FIELD, (16, 16, 16))
    start = time.process_time()
    for seed in range(8):
        synthesize(seed, FIELD)
    assert (time.process_time() - start) / 8 < 1.0
