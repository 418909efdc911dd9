import numpy as np
import pytest

import spoilt
from faultpick.benchmark import suite_cubes
from faultpick.data import splits
from spoilt import WAYS


@pytest.fixture(scope="module")
def cube():
    (cube,) = suite_cubes("field-20", 1)
    return cube


@pytest.mark.parametrize("way", WAYS)
def test_a_cube_is_spoilt_alike_each_time_and_keeps_its_labels_but_on_dead_traces(cube, way):
    whole = cube.read()
    image, label = whole.seismic, whole.fault
    made = spoilt.spoilt(cube, way)
    assert (made.name, made.seed) == (way, cube.seed)
    found = made.read()
    spoiled, left = found.seismic, found.fault
    np.testing.assert_array_equal(spoiled, made.read().seismic)
    assert found.earth is None  # its faults would count on dead traces too
    dead = (spoiled == 0).all(axis=2)
    assert dead.mean() == pytest.approx(
        {"one trace in ten dead": 0.1}.get(way, 1 / 9 if "hole" in way else 0), abs=0.02
    )
    np.testing.assert_array_equal(left[~dead], label[~dead])
    assert not left[dead].any()
    normal = (image - np.median(image)) / image.std()
    same = np.isclose(spoiled, normal, atol=1e-4).mean()
    assert same == 1 if way == "as they are" else same < 0.9995


def test_each_way_is_of_the_same_cubes_on_the_seeds_asked_for():
    made = spoilt.cubes(2, 0)
    assert [cube.name for cube in made] == 2 * list(WAYS)
    assert {cube.seed for cube in made} == {splits.TEST, splits.TEST + 1}
    assert {cube.seed for cube in spoilt.cubes(2, 1)} == {splits.VALIDATION, splits.VALIDATION + 1}
