"""Faults of the recipe `field`: large and small, listric, growing, oblique, in rows and in branches."""

import math

import numpy as np
from numpy.typing import NDArray

from faultpick.synth.faults import FAULT, fault_axes
from faultpick.synth.field_recipe import Faulting
from faultpick.synth.recipe_base import log_uniform

LARGE, MIDDLING, SMALL = 0, 1, 2

_THROW = {LARGE: (6.0, 40.0), MIDDLING: (2.0, 20.0), SMALL: (1.0, 7.0)}
_EXTENT = {LARGE: (0.35, 1.0), MIDDLING: (0.15, 0.5), SMALL: (0.06, 0.2)}


def random_field_faults(
    rng: np.random.Generator, size: tuple[float, float, float], recipe: Faulting, *, unconformity: bool
) -> NDArray[np.void]:
    """Faults of one cube of this size in voxels, oldest first, as an array of `FAULT`."""
    if rng.random() < recipe.none:
        return np.empty(0, FAULT)
    area = size[0] * size[1] / 128.0**2
    strikes = rng.uniform(0.0, 360.0) + np.array([0.0, rng.uniform(50.0, 90.0)])
    reverse = rng.uniform(0.3, 1.0) if rng.random() < recipe.reverse else 0.03
    kinds: list[int] = []
    for kind, share, low, high in (
        (LARGE, recipe.few, 1, 5),
        (MIDDLING, recipe.several, 3, 12),
        (SMALL, recipe.dense, 10, 32),
    ):
        if rng.random() < share:
            kinds += [kind] * max(1, round(rng.integers(low, high, endpoint=True) * area))
    if not kinds:
        kinds = [MIDDLING] * max(1, round(rng.integers(1, 8, endpoint=True) * area))
    polygonal = rng.random() < 0.4
    faults = []
    for kind in kinds:
        scattered = 0.1 if kind != SMALL or not polygonal else 1.0
        faults.append(_random_fault(rng, size, recipe, kind, strikes, reverse, scattered))
    if rng.random() < recipe.relay:
        faults += _row(rng, size, faults[int(rng.integers(len(faults)))])
    if rng.random() < recipe.splay:
        faults += [_branch(rng, each) for each in faults if each["slip"] > 6.0 and rng.random() < 0.5]
    if unconformity:
        for each in faults:
            each["buried"] = float(rng.random() < recipe.buried)
    order = rng.permutation(len(faults))
    oldest_first = sorted((faults[i] for i in order), key=lambda each: -each["buried"])
    return np.array(oldest_first, dtype=FAULT)


def _random_fault(
    rng: np.random.Generator,
    size: tuple[float, float, float],
    recipe: Faulting,
    kind: int,
    strikes: NDArray[np.float64],
    reverse: float,
    scattered: float,
) -> np.void:
    side = max(size[0], size[1])
    if rng.random() < scattered:
        strike = rng.uniform(0.0, 360.0)
    else:
        strike = strikes[int(rng.random() < 0.25)] + rng.normal(0.0, 10.0) + 180.0 * rng.integers(2)
    dip = recipe.dip[0] + (recipe.dip[1] - recipe.dip[0]) * rng.beta(2.5, 1.0)
    bend = rng.uniform(*recipe.bend, 3)
    low, high = (min(max(bound, recipe.throw[0]), recipe.throw[1]) for bound in _THROW[kind])
    throw = log_uniform(rng, (low, high))
    gradient, strike_slip, drag, drag_reach = 0.0, 0.0, 0.0, 1.0
    if kind == LARGE:
        if rng.random() < recipe.listric:
            dip, bend[2] = rng.uniform(40.0, 62.0), rng.uniform(6.0, 14.0)
        if rng.random() < recipe.growth:
            gradient = 1.0 / (rng.uniform(0.3, 1.0) * size[2])
        if rng.random() < recipe.strike_slip:
            dip, bend[2], throw = rng.uniform(75.0, 89.0), rng.uniform(-2.0, 2.0), min(throw, 12.0)
            strike_slip = rng.uniform(0.5, 3.0) * rng.choice((-1.0, 1.0))
    if rng.random() < recipe.drag:
        drag, drag_reach = rng.uniform(-0.15, 0.3), rng.uniform(2.0, 14.0)
    extent, reach, footwall = (np.inf, np.inf), np.inf, 0.0
    if kind != LARGE or rng.random() < 0.5:
        extent = tuple(rng.uniform(*_EXTENT[kind], 2) * side)
        reach, footwall = rng.uniform(0.5, 2.0) * min(extent), rng.uniform(0.0, 0.5)
    centre = rng.uniform(-0.1, 1.1, 3) * size
    return _fault(
        centre,
        strike,
        dip,
        bend / 64.0**2,
        throw * (-1.0 if rng.random() < reverse else 1.0),
        (gradient, extent, reach, footwall),
        (strike_slip, drag, drag_reach),
    )


def _row(rng: np.random.Generator, size: tuple[float, float, float], first: np.void) -> list[np.void]:
    """Faults beside one fault and along its strike, overlapping with their neighbours (relay ramps)."""
    length = rng.uniform(0.12, 0.3) * max(size[0], size[1])
    aside = rng.uniform(0.25, 0.7) * length * rng.choice((-1.0, 1.0))
    across = np.array([first["normal"][0], first["normal"][1], 0.0])
    across /= max(float(np.hypot(*across[:2])), 1e-6)
    row = []
    for step in range(1, int(rng.integers(2, 4, endpoint=True))):
        extent = (length, rng.uniform(0.8, 1.6) * length)
        centre = first["centre"] + step * (1.7 * length * first["along_strike"] + aside * across)
        throw = float(first["slip"]) * math.sin(math.radians(float(first["dip"]))) * rng.uniform(0.6, 1.3)
        row.append(
            _fault(
                centre,
                float(first["strike"]) + rng.normal(0.0, 4.0),
                float(first["dip"]),
                np.asarray(first["bend"], dtype=float),
                throw,
                (0.0, extent, rng.uniform(0.5, 2.0) * length, rng.uniform(0.0, 0.5)),
                (0.0, float(first["drag"]), float(first["drag_reach"])),
            )
        )
    return row


def _branch(rng: np.random.Generator, trunk: np.void) -> np.void:
    """A smaller fault that crosses another one at an acute angle."""
    place = rng.uniform(-30.0, 30.0, 2)
    centre = trunk["centre"] + place[0] * trunk["along_strike"] + place[1] * trunk["down_dip"]
    turn = rng.uniform(20.0, 50.0) * rng.choice((-1.0, 1.0))
    dip = min(88.0, float(trunk["dip"]) + rng.uniform(0.0, 20.0))
    throw = float(trunk["slip"]) * math.sin(math.radians(float(trunk["dip"]))) * rng.uniform(0.2, 0.6)
    extent = tuple(rng.uniform(14.0, 45.0, 2))
    shape = (0.0, extent, rng.uniform(0.5, 2.0) * min(extent), rng.uniform(0.0, 0.5))
    return _fault(centre, float(trunk["strike"]) + turn, dip, np.zeros(3), throw, shape, (0.0, 0.0, 1.0))


def _fault(
    centre: NDArray[np.floating],
    strike: float,
    dip: float,
    bend: NDArray[np.float64],
    throw: float,
    slip_shape: tuple[float, tuple[float, ...], float, float],
    manner: tuple[float, float, float],
) -> np.void:
    slip = throw / math.sin(math.radians(dip))
    gradient, extent, reach, footwall = slip_shape
    numbers = (slip, gradient, extent, reach, footwall, strike % 360.0, dip, *manner, 0.0)
    return np.array([(centre, *fault_axes(strike, dip), bend, *numbers)], dtype=FAULT)[0]
