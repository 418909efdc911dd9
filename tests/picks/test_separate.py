from typing import Any

import numpy as np
import pytest

import faultpick
from faultpick.picks.separate import contracted
from faultpick.picks.settings import PickSettings

from .shapes import CENTRE, grid, plane, sheet


def areas(probability: np.ndarray, **settings: Any) -> list[float]:
    picks = faultpick.pick(probability, settings=faultpick.PickSettings(**settings))
    return [fault.area for fault in picks.faults]


def dips(probability: np.ndarray) -> list[float]:
    return sorted(fault.dip for fault in faultpick.pick(probability).faults)


@pytest.mark.parametrize("turn", [25, 50, 90])
def test_an_x_is_two_faults(turn: float) -> None:
    crossing = np.maximum(sheet(plane(20, 80)), sheet(plane(20 + turn, 80)))
    picks = faultpick.pick(crossing)
    strikes = sorted(fault.strike for fault in picks.faults)
    assert strikes == [pytest.approx(20, abs=2), pytest.approx(20 + turn, abs=2)]
    alone = areas(sheet(plane(20, 80)))[0]
    assert max(fault.area for fault in picks.faults) == pytest.approx(alone, rel=0.15)


def test_an_x_in_section_is_two_faults() -> None:
    conjugate = np.maximum(sheet(plane(30, 60)), sheet(plane(210, 60)))
    strikes = sorted(fault.strike for fault in faultpick.pick(conjugate).faults)
    assert strikes == [pytest.approx(30, abs=2), pytest.approx(210, abs=2)]


@pytest.mark.parametrize("turn", [30, 55])
def test_a_y_is_two_faults(turn: float) -> None:
    trunk, branch = plane(40, 85), plane(40 + turn, 85)
    both = np.maximum(sheet(trunk), sheet(branch) * (trunk > 0))
    picks = faultpick.pick(both)
    assert len(picks.faults) == 2
    assert picks.faults[0].strike == pytest.approx(40, abs=2)
    assert picks.faults[0].area == pytest.approx(areas(sheet(trunk))[0], rel=0.05)
    assert picks.faults[1].strike == pytest.approx(40 + turn, abs=4)


def test_a_listric_fault_is_one() -> None:
    away = grid() - np.array([0.0, 62.0, 2.0])
    distance = np.hypot(away[..., 1], away[..., 2]) - 50.0
    probability = sheet(distance) * (away[..., 1] < 0) * (away[..., 2] > 0)
    picks = faultpick.pick(probability)
    assert len(picks.faults) == 1
    quarter = np.pi / 2 * 50.0 * 63.0
    assert picks.faults[0].area == pytest.approx(quarter, rel=0.1)


@pytest.mark.parametrize(("width", "count"), [(5, 1), (16, 2)])
def test_gaps_are_bridged_up_to_a_width(width: float, count: int) -> None:
    along = np.abs(grid()[..., 2] - CENTRE[2])
    probability = sheet(plane(30, 85)) * (along > width / 2)
    assert len(areas(probability, gap=8.0)) == count


def test_wide_gaps_are_bridged_too() -> None:
    shape = (40, 120, 60)
    probability = sheet(plane(90, 88, (20.0, 60.0, 30.0), shape))
    probability[:, 46:70] = 0
    found = (faultpick.pick(probability, settings=PickSettings(gap=gap)).faults for gap in (8, 40))
    assert [len(faults) for faults in found] == [2, 1]


def test_two_parallel_faults_stay_two() -> None:
    distance = plane(30, 75)
    assert len(areas(np.maximum(sheet(distance - 4), sheet(distance + 4)))) == 2


def test_weak_and_small_faults_are_dropped() -> None:
    strong, weak = plane(30, 80, (32, 14, 30)), plane(30, 80, (32, 42, 30))
    probability = np.maximum(sheet(strong), np.float32(0.5) * sheet(weak))
    assert len(areas(probability, high=0.6)) == 1
    assert len(areas(probability, high=0.5)) == 2
    inside = (np.abs(grid() - CENTRE) < 8).all(axis=-1)
    patch = sheet(plane(30, 80)) * inside
    assert len(areas(patch, min_area=100)) == 1
    with_other = np.maximum(patch, sheet(plane(30, 80, (32, 54, 30))))
    assert len(areas(with_other, min_area=400)) == 1


def test_contraction_takes_the_strongest_and_keeps_what_repels_apart() -> None:
    first, second = np.array([0, 1, 0, 2]), np.array([1, 2, 2, 3])
    group = contracted(5, first, second, np.array([2.0, 1.0, -1.5, 0.7]))
    assert group[0] == group[1]
    assert group[2] == group[3]
    assert len({group[0], group[2], group[4]}) == 3
    group = contracted(5, first, second, np.array([2.0, 1.0, -0.5, 0.7]))
    assert len(set(group[:4])) == 1
