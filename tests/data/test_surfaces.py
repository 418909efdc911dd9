import numpy as np
import pytest

from faultpick.data.surfaces import find_surfaces, mask_in, too_thick
from faultpick.data.window import Window

SIDE = 48
MIDDLE = (SIDE - 1) / 2
SHAPE = (SIDE, SIDE, SIDE)
PLACES = np.stack(np.meshgrid(*[np.arange(SIDE) - MIDDLE] * 3, indexing="ij"), axis=-1)


def normal_of(dip, azimuth):
    dip, azimuth = np.radians(dip), np.radians(azimuth)
    return np.array((np.sin(dip) * np.cos(azimuth), np.sin(dip) * np.sin(azimuth), np.cos(dip)))


def sheet(normal, offset=0.0):
    return (np.abs(PLACES @ normal - offset) <= 1).astype(np.uint8)


def exact(window, normal, offset=0.0):
    """Distance of the crop's voxels to the plane, in voxels of the crop."""
    cos, sin = np.cos(np.radians(window.turn)), np.sin(np.radians(window.turn))
    to_cube = np.zeros((3, 3))
    to_cube[:2, :2] = np.array(((cos, -sin), (sin, cos))) / window.lateral
    to_cube[2, 2] = 1 / window.vertical
    there = to_cube.T @ normal
    places = np.stack(np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in window.crop), indexing="ij"), axis=-1)
    return (places @ there - offset) / np.linalg.norm(there)


@pytest.mark.parametrize("dip", [85, 65, 50, 25])
@pytest.mark.parametrize(
    ("lateral", "vertical", "turn"),
    [(1, 1, 0), (3, 3, 0), (0.5, 0.5, 0), (3, 0.5, 5), (0.5, 3, 0), (1.7, 0.8, 12), (1, 2.2, -15)],
)
def test_a_plane_is_two_voxels_thick_at_any_scale_and_where_it_was(dip, lateral, vertical, turn):
    crop = (20, 20, 20) if min(lateral, vertical) < 1 else (30, 30, 30)
    window = Window(SHAPE, crop, (MIDDLE, MIDDLE, MIDDLE), lateral, vertical, turn)
    thicknesses = []
    for azimuth, offset in ((0, 0.3), (17, 0.0), (50, 0.5), (80, -0.4)):
        normal = normal_of(dip, azimuth)
        distance = exact(window, normal, offset)
        mask = mask_in(find_surfaces(sheet(normal, offset)), window)
        area = np.count_nonzero(np.abs(distance) <= 4) / 8
        thicknesses.append(mask.sum() / area)
        assert abs((distance * mask).sum() / mask.sum()) < 0.25
        assert np.abs(distance[mask > 0]).max() < 1 + max(lateral, vertical) / 2  # half a voxel of the cube
    assert np.mean(thicknesses) == pytest.approx(2, rel=0.15)
    assert thicknesses == pytest.approx([2] * 4, rel=0.15 if dip < 80 else 0.25)  # steep: along the grid


def test_planes_close_to_each_other_stay_two():
    normal = normal_of(70, 20)
    surfaces = find_surfaces(sheet(normal, 3.0) | sheet(normal, -3.0))
    for lateral, vertical in ((1, 1), (3, 3), (2, 1)):
        window = Window(SHAPE, (24, 24, 24), (MIDDLE, MIDDLE, MIDDLE), lateral, vertical)
        near = np.minimum(np.abs(exact(window, normal, 3.0)), np.abs(exact(window, normal, -3.0)))
        mask = mask_in(surfaces, window)
        assert mask.sum() > 100
        assert near[mask > 0].max() < 1.8


@pytest.mark.parametrize("thickness", [1, 2, 3])
def test_masks_of_other_thickness_become_about_two_voxels_as_well(thickness):
    normal = normal_of(60, 30)
    surfaces = find_surfaces((np.abs(PLACES @ normal) <= thickness / 2).astype(np.uint8))
    window = Window(SHAPE, (24, 24, 24), (MIDDLE, MIDDLE, MIDDLE), 2, 2)
    area = np.count_nonzero(np.abs(exact(window, normal)) <= 4) / 8
    assert mask_in(surfaces, window).sum() / area == pytest.approx(2, abs=0.3 + 0.5 * abs(thickness - 2))


def test_no_fault_gives_no_mask():
    surfaces = find_surfaces(np.zeros(SHAPE, np.uint8))
    assert not mask_in(surfaces, Window(SHAPE, (9, 9, 9), (20.0, 20.0, 20.0), 2, 0.5)).any()


def test_a_throw_that_coarse_samples_hide_is_not_labelled():
    normal = normal_of(75, 10)
    mask = sheet(normal)
    throw = np.where(PLACES[:, :, :, 2] < 0, 1.2, -5.0) * mask  # small above, large and reverse below
    surfaces = find_surfaces(mask, throw.astype(np.float32))
    coarse = Window(SHAPE, (16, 16, 16), (MIDDLE, MIDDLE, MIDDLE), 1.0, 0.5)
    fine = Window(SHAPE, (16, 16, 16), (MIDDLE, MIDDLE, MIDDLE), 0.5, 1.0)
    labelled = mask_in(surfaces, coarse)
    assert not labelled[:, :, :6].any()
    assert labelled[:, :, 10:].sum() > 50
    assert mask_in(surfaces, fine)[:, :, :6].any()


@pytest.mark.parametrize("vertical", [0.25, 0.28, 0.31, 0.4])
def test_a_large_throw_is_labelled_at_every_zoom(vertical):
    mask = sheet(normal_of(80, 30))
    window = Window(SHAPE, (16, 16, 10), (MIDDLE, MIDDLE, MIDDLE), 1.0, vertical, 0.0)
    known = mask_in(find_surfaces(mask, np.full(SHAPE, 30.0, np.float32)), window)
    assert known.any()
    np.testing.assert_array_equal(known, mask_in(find_surfaces(mask), window))


def test_a_throw_smaller_than_what_is_visible_decides_nothing():
    normal = normal_of(75, 10)
    mask = sheet(normal)
    window = Window(SHAPE, (16, 16, 16), (MIDDLE, MIDDLE, MIDDLE), 1.0, 0.5)
    strike_slip = mask_in(find_surfaces(mask, np.zeros(SHAPE, np.float32)), window)
    np.testing.assert_array_equal(strike_slip, mask_in(find_surfaces(mask), window))
    assert strike_slip.any()


@pytest.mark.parametrize("dip", [90, 70, 45])
def test_sheets_of_up_to_four_voxels_have_one_surface_in_the_middle(dip):
    normal = normal_of(dip, 20)
    window = Window(SHAPE, (24, 24, 24), (MIDDLE, MIDDLE, MIDDLE))
    away = np.abs(exact(window, normal))
    for thickness in (1, 2, 3, 4):
        mask = (np.abs(PLACES @ normal) <= thickness / 2).astype(np.uint8)
        assert not too_thick(mask)
        assert away[mask_in(find_surfaces(mask), window) > 0].max() < 2.5
    assert too_thick((np.abs(PLACES @ normal) <= 3).astype(np.uint8))
