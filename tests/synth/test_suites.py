import numpy as np
import pytest

from faultpick.data import splits
from faultpick.errors import ConfigError
from faultpick.synth.suites import SUITES, TRIES, TRIES_APART, SuiteCube, emphasised, find_suite


@pytest.mark.parametrize(("name", "count"), [("wu2019-v1", 20), ("field-20", 20), ("scale-12", 12)])
def test_a_suite_has_so_many_cubes_each_named_once(name, count):
    cubes = find_suite(name, splits.TEST)
    assert len(cubes) == count
    assert len({cube.name for cube in cubes}) == count
    assert min(cube.seed for cube in cubes) >= splits.TEST


def test_choosing_and_reporting_share_no_seed():
    for name in SUITES:
        chosen, reported = (
            {cube.seed for cube in find_suite(name, first)} for first in (splits.VALIDATION, splits.TEST)
        )
        assert not chosen & reported
        assert max(chosen) < splits.TEST


def test_an_unknown_suite_is_refused_with_the_nearest_one():
    with pytest.raises(ConfigError, match=r"did you mean 'field-20'\?"):
        find_suite("field20", 0)


def test_the_old_name_still_means_the_frozen_suite():
    assert find_suite("wu2019", 0) == find_suite("wu2019-v1", 0)


def test_every_cube_of_field_20_has_faults():
    for cube in find_suite("field-20", splits.VALIDATION):
        small = SuiteCube(cube.name, cube.seed, cube.recipe, (64, 64, 64))
        assert len(small.make().faults) > 0, cube.name


def test_a_cube_with_hardly_a_label_gives_way_to_the_next_seed():
    recipe = emphasised({"faulting": {"few": 0.0, "several": 0.0, "dense": 1.0}})
    shares = []
    for seed in range(6):
        tries = [
            SuiteCube("one", seed + attempt * TRIES_APART, recipe, (32, 32, 32)).make().fault.mean()
            for attempt in range(TRIES)
        ]
        expected = next((share for share in tries if share >= 0.01), tries[-1])
        made = SuiteCube("enough", seed, recipe, (32, 32, 32), labelled=0.01).make()
        assert made.fault.mean() == expected
        shares.append(tries[0])
    assert min(shares) < 0.01 < max(shares)


def test_scales_show_one_earth():
    cubes = find_suite("scale-12", splits.VALIDATION)
    named = {cube.name: cube for cube in cubes}
    fine, coarse = named["period 7, bins 0.75"], named["period 7, bins 1.5"]
    one, other = fine.make(), coarse.make()
    np.testing.assert_allclose(one.rgt[::2, ::2], other.rgt, atol=0.05)
    np.testing.assert_array_equal(one.faults, other.faults)
    assert other.period == pytest.approx(7.0, rel=0.3)


def test_emphasis_keeps_the_rest():
    recipe = emphasised({"imaging": {"salt": 1.0}})
    assert recipe.imaging.salt == 1.0
    assert recipe.noise == emphasised({}).noise
