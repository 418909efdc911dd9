"""A planted fault is found where, and as, it was put."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from faultpick.synth import WU2019, synthesize
from faultpick.synth.faults import FAULT, fault_axes, random_faults


@settings(deadline=None)
@given(st.floats(0, 360), st.floats(5, 90))
def test_axes_are_those_of_strike_and_dip(strike, dip):
    axes = np.array(fault_axes(strike, dip))
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-9)
    along, down, normal = axes
    azimuth = np.radians(strike)
    np.testing.assert_allclose(along, [np.cos(azimuth), np.sin(azimuth), 0], atol=1e-9)
    assert np.degrees(np.arcsin(min(down[2], 1.0))) == pytest.approx(dip, abs=1e-5)
    assert normal[2] <= 0  # upwards: samples grow downwards


def test_right_hand_rule():
    along, down, normal = fault_axes(0.0, 30.0)
    np.testing.assert_allclose(along, [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(down, [0, np.sqrt(3) / 2, 0.5], atol=1e-12)
    np.testing.assert_allclose(normal, [0, 0.5, -np.sqrt(3) / 2], atol=1e-12)


def test_random_faults_keep_to_the_recipe():
    recipe = WU2019
    drawn = [random_faults(np.random.default_rng(seed), (128, 100, 90), recipe) for seed in range(150)]
    counts = np.array([len(faults) for faults in drawn])
    assert (counts.min(), counts.max()) == recipe.fault_count
    faults = np.concatenate(drawn)
    throw = faults["slip"] * faults["down_dip"][:, 2]
    assert recipe.throw[0] * 0.999 <= np.abs(throw).min() <= np.abs(throw).max() <= recipe.throw[1] * 1.001
    assert recipe.dip[0] <= faults["dip"].min() <= faults["dip"].max() <= recipe.dip[1]
    assert np.mean(throw < 0) == pytest.approx(recipe.reverse, abs=0.06)
    assert np.mean(np.isfinite(faults["reach"])) == pytest.approx(recipe.patch, abs=0.06)
    assert np.mean(faults["gradient"] != 0) == pytest.approx(recipe.linear, abs=0.06)
    assert (faults["centre"] > 0).all()
    assert (faults["centre"] < [128, 100, 90]).all()


def test_a_cube_of_half_the_side_has_half_the_faults():
    recipe = WU2019.model_copy(update={"fault_count": (8, 8)})
    assert len(random_faults(np.random.default_rng(0), (64, 30, 300), recipe)) == 4


@pytest.mark.parametrize("seed", range(4))
def test_the_label_is_the_voxels_within_one_voxel_of_the_surface(one_fault, coordinates, seed):
    cube = one_fault(seed)
    distance = np.abs(coordinates(cube.faults[0], cube.seismic.shape)[2])
    assert cube.fault.any()
    assert cube.faults["bend"].any()
    certain = np.abs(distance - 1) > 1e-3
    np.testing.assert_array_equal(cube.fault[certain] == 1, (distance <= 1)[certain])
    np.testing.assert_array_equal(cube.fault_id, cube.fault)


def test_the_label_is_two_voxels_thick_along_the_normal(planted, fault):
    cube = planted(fault(25.0, 65.0, 8.0))
    planted_fault = cube.faults[0]
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-15, 15, (2, 4000))
    surface = (
        planted_fault["centre"]
        + u[:, None] * planted_fault["along_strike"]
        + v[:, None] * planted_fault["down_dip"]
    )
    steps = np.arange(-4, 4, 0.05)
    points = surface[:, None] + steps[:, None] * planted_fault["normal"]
    inside = ndimage.map_coordinates(cube.fault, points.reshape(-1, 3).T, order=0)
    assert inside.reshape(4000, -1).sum(axis=1).mean() * 0.05 == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("reverse", [0.0, 1.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_reflectors_are_offset_by_the_throw_and_the_hanging_wall_moves_as_it_should(
    one_fault, coordinates, reverse, seed
):
    cube = one_fault(seed, throw=(8.0, 8.0), bend=(0.0, 0.0), reverse=reverse)
    distance = coordinates(cube.faults[0], cube.seismic.shape)[2]
    went_down = np.arange(64) - cube.rgt
    throw = -8.0 if reverse else 8.0
    np.testing.assert_allclose(went_down[distance > 0.01], throw, atol=1e-3)
    np.testing.assert_allclose(went_down[distance < -0.01], 0.0, atol=1e-3)
    np.testing.assert_allclose(cube.throw[cube.fault == 1], throw, rtol=1e-5)
    assert not cube.throw[cube.fault == 0].any()


def test_the_image_is_offset_by_the_throw(planted, fault):
    cube = planted(fault(0.0, 80.0, 9.0), shape=(64, 64, 160))
    footwall, hanging_wall = cube.seismic[32, 2], cube.seismic[32, 61]
    match = [
        np.corrcoef(footwall[20:120], hanging_wall[20 + lag : 120 + lag])[0, 1] for lag in range(-20, 21)
    ]
    assert np.argmax(match) - 20 == 9
    assert max(match) > 0.99


@pytest.mark.parametrize("seed", range(4))
def test_a_patch_s_offset_is_its_throw_wherever_it_is_measured(one_fault, seed):
    cube = one_fault(seed, patch=1.0, throw=(10.0, 10.0), patch_size=(0.3, 0.4))
    went_down = (np.arange(64) - cube.rgt).astype(float)
    voxels = np.argwhere(cube.fault)
    normal, throw = cube.normal[tuple(voxels.T)], cube.throw[tuple(voxels.T)]
    hanging, foot = voxels + 2.9 * normal, voxels - 2.9 * normal
    inside = ((hanging > 1) & (hanging < 62) & (foot > 1) & (foot < 62)).all(axis=1)
    jump = ndimage.map_coordinates(went_down, hanging[inside].T, order=1) - ndimage.map_coordinates(
        went_down, foot[inside].T, order=1
    )
    assert inside.sum() > 300
    assert np.ptp(throw[inside]) > 3
    assert np.abs(jump - throw[inside]).mean() < 0.35
    assert np.corrcoef(jump, throw[inside])[0, 1] > 0.97


@pytest.mark.parametrize("seed", range(3))
def test_the_normal_is_the_gradient_of_the_distance(one_fault, coordinates, seed):
    cube = one_fault(seed)
    distance = coordinates(cube.faults[0], cube.seismic.shape)[2]
    gradient = np.stack(np.gradient(distance), axis=-1)
    gradient /= np.linalg.norm(gradient, axis=-1, keepdims=True)
    inner = (slice(1, -1),) * 3
    here = cube.fault[inner] == 1
    cosine = (gradient[inner][here] * cube.normal[inner][here]).sum(axis=-1)
    assert cosine.min() > 0.999
    assert not cube.normal[cube.fault == 0].any()


def test_the_normal_says_strike_and_dip_of_the_labelled_plane(planted, fault):
    cube = planted(fault(205.0, 62.0, 6.0))
    voxels = np.argwhere(cube.fault)
    normal = cube.normal[cube.fault == 1].mean(axis=0)
    fitted = np.linalg.svd(voxels - voxels.mean(axis=0), full_matrices=False)[2][2]
    assert abs(fitted @ normal) > np.cos(np.radians(0.5))
    assert np.degrees(np.arccos(-normal[2])) == pytest.approx(62.0, abs=0.1)
    assert (np.degrees(np.arctan2(normal[1], normal[0])) - 90) % 360 == pytest.approx(205.0, abs=0.1)


def test_a_later_fault_displaces_an_earlier_one(planted, fault):
    older, younger = fault(0.0, 60.0, 6.0), fault(90.0, 90.0, 10.0)
    cube = planted(older, younger)
    hanging = np.indices(cube.seismic.shape)[0] < 31.3 - 1
    foot = np.indices(cube.seismic.shape)[0] > 31.3 + 1
    assert np.sign(cube.faults[1]["normal"][0]) == -1
    depth = {}
    for side, block in (("hanging", hanging), ("foot", foot)):
        voxels = np.argwhere(
            (cube.fault_id == 1) & block & (np.abs(np.indices(cube.seismic.shape)[2] - 32) < 20)
        )
        depth[side] = np.median(voxels[:, 2] - np.tan(np.radians(60)) * voxels[:, 1])
    assert depth["hanging"] - depth["foot"] == pytest.approx(10.0, abs=0.5)
    younger_inline = np.argwhere(cube.fault_id == 2)[:, 0]
    assert set(younger_inline) == {31, 32}


def test_an_earlier_fault_does_not_displace_a_later_one(planted, fault, coordinates):
    cube = planted(fault(0.0, 60.0, 12.0), fault(180.0, 70.0, 5.0))
    distance = coordinates(cube.faults[1], cube.seismic.shape)[2]
    certain = np.abs(np.abs(distance) - 1) > 1e-3
    np.testing.assert_array_equal(
        (np.abs(distance) <= 1)[certain & (cube.fault_id != 1)],
        (cube.fault_id == 2)[certain & (cube.fault_id != 1)],
    )
    assert (np.abs(distance[cube.fault_id == 2]) < 1.01).all()
    moved = coordinates(cube.faults[0], cube.seismic.shape)[2][(cube.fault_id == 1) & (distance > 2)]
    assert moved.size > 100
    assert np.abs(moved).min() > 1


def test_there_is_no_label_where_the_throw_is_small(planted, fault, coordinates, flat):
    cube = planted(fault(40.0, 75.0, 4.0, extent=(9.0, 9.0), reach=15.0, footwall=0.4))
    u, v, distance = coordinates(cube.faults[0], cube.seismic.shape)
    radius = (u**2 + v**2) / 9.0**2
    throw = 4.0 * np.clip(1 - radius / 32, 0, None) ** 16
    near = np.abs(distance) < 0.99
    assert (cube.fault[near & (throw > flat.minimum_throw + 0.01)] == 1).all()
    assert (cube.fault[throw < flat.minimum_throw - 0.01] == 0).all()
    assert (near & (throw < flat.minimum_throw - 0.01)).sum() > 500
    labelled = cube.fault == 1
    np.testing.assert_allclose(cube.throw[labelled], throw[labelled], atol=0.01)


def test_a_patch_moves_nothing_far_from_it(planted, fault, coordinates):
    cube = planted(fault(40.0, 75.0, 10.0, extent=(5.0, 5.0), reach=4.0, footwall=0.5))
    moved = np.abs(np.arange(64) - cube.rgt)
    u, v, distance = coordinates(cube.faults[0], cube.seismic.shape)
    assert moved[(np.hypot(u, v) > 5 * np.sqrt(32) + 0.1)].max() < 1e-4
    centre = (np.hypot(u, v) < 2) & (np.abs(distance) < 1)
    assert moved[centre].mean() == pytest.approx(5.0, abs=0.7)


def test_throw_changes_down_the_dip_where_it_is_linear(planted, fault, coordinates):
    cube = planted(fault(0.0, 70.0, 6.0, gradient=0.01))
    _, v, _ = coordinates(cube.faults[0], cube.seismic.shape)
    labelled = cube.fault == 1
    np.testing.assert_allclose(cube.throw[labelled], 6.0 * (1 + 0.01 * v[labelled]), atol=0.02)


def test_the_footwall_takes_its_share(planted, fault, coordinates):
    cube = planted(fault(70.0, 60.0, 10.0, footwall=0.3))
    distance = coordinates(cube.faults[0], cube.seismic.shape)[2]
    went_down = np.arange(64) - cube.rgt
    np.testing.assert_allclose(went_down[distance > 0.01], 7.0, atol=1e-3)
    np.testing.assert_allclose(went_down[distance < -0.01], -3.0, atol=1e-3)


def test_slip_follows_a_curved_surface(planted, fault, coordinates):
    cube = planted(fault(70.0, 60.0, 10.0, bend=(0.001, -0.001, 0.002)))
    bent = {name: cube.faults[0][name].astype(float) for name in cube.faults.dtype.names}
    u, v, distance = coordinates(cube.faults[0], cube.seismic.shape)
    v_before = v - bent["slip"]
    a, b, c = bent["bend"]
    n_before = distance + a * u**2 + b * u * v_before + c * v_before**2
    before = bent["centre"][2] + v_before * bent["down_dip"][2] + n_before * bent["normal"][2]
    hanging = distance > 0.01
    np.testing.assert_allclose(cube.rgt[hanging], before[hanging], atol=0.01)
    assert np.ptp((np.arange(64) - cube.rgt)[hanging]) > 1


def test_displacement_halves_at_its_reach(planted, fault, coordinates):
    cube = planted(fault(70.0, 60.0, 12.0, footwall=0.5, reach=10.0))
    distance = coordinates(cube.faults[0], cube.seismic.shape)[2]
    went_down = np.arange(64) - cube.rgt
    expected = 6.0 * np.sign(distance) / (1 + (distance / 10.0) ** 2)
    certain = np.abs(distance) > 0.01
    np.testing.assert_allclose(went_down[certain], expected[certain], atol=1e-3)


def test_distance_is_that_to_the_surface(planted, fault, coordinates):
    cube = planted(fault(30.0, 65.0, 12.0, bend=(0.002, 0.001, -0.001)))
    off = np.abs(coordinates(cube.faults[0], cube.fault.shape)[2])
    np.testing.assert_allclose(cube.distance, np.minimum(off, 4.0), atol=1e-3)
    np.testing.assert_array_equal(cube.distance <= 1.0, cube.fault == 1)


def test_distance_is_far_where_a_throw_is_too_small_to_be_labelled(planted, fault):
    cube = planted(fault(30.0, 65.0, 0.5))
    assert (cube.distance == 4.0).all()


def test_drag_bends_the_walls_and_leaves_their_offset_far_away(planted, fault):
    def offset(apart, drag):
        numbers = list(fault(0.0, 89.9, 10.0, centre=(31.5, 31.5, 31.5)))
        numbers[13:15] = drag, 6.0
        rgt = planted(tuple(numbers)).rgt
        return float(rgt[31, 31 - apart, 32] - rgt[31, 32 + apart, 32])

    assert offset(0, 0.0) == pytest.approx(10.0, abs=0.2)
    assert offset(0, 0.2) == pytest.approx(6.0, abs=0.2)
    assert offset(28, 0.2) == pytest.approx(10.0, abs=0.3)


def test_strike_slip_moves_the_hanging_wall_along_the_strike(flat, fault, monkeypatch):
    tilted = flat.model_copy(update={"shear": (0.5, 0.5)})
    numbers = list(fault(0.0, 89.9, 0.01, centre=(31.5, 31.5, 31.5)))
    numbers[12] = 1000.0
    monkeypatch.setattr(
        "faultpick.synth.wu2019.random_faults", lambda *_: np.array([tuple(numbers)], dtype=FAULT)
    )
    rgt = synthesize(0, tilted, (64, 64, 64)).rgt
    jump = (rgt[31, 32] - rgt[31, 31] + 0.5)[20:40]
    np.testing.assert_allclose(np.abs(jump), 10.0 * 0.5, atol=0.1)
