"""Calibration: a temperature that makes a model's probabilities mean what they say.

Of all voxels given a probability of 0.7, seven in ten should be fault. Networks are surer than they are
right; one number that divides the logit mends most of it, and leaves which voxels come first and which pass
0.5 as it was (Guo et al. 2017, ICML).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from faultpick.data import splits
from faultpick.errors import ConfigError
from faultpick.metrics.curves import Reliability, reliability
from faultpick.prediction import predict
from faultpick.prediction.engine import prepared
from faultpick.synth import find_recipe, synthesize
from faultpick.zoo import Card, LoadedModel

LOGITS = np.linspace(-17, 17, 1701)
"""Centres of the bins that logits are counted in; float32 knows no probability beyond them."""
LARGEST = 20.0

LabelledVolume = tuple[NDArray[np.floating], NDArray[np.uint8]]


@dataclass(frozen=True)
class Calibration:
    """What a calibration found.

    Attributes:
        temperature: What divides the logit.
        threshold: The card's threshold, moved so that the same voxels pass it.
        before: Reliability at the temperature of the model's card, on cubes that the other was not fitted on.
        after: Reliability at the fitted temperature, on the same cubes.
    """

    temperature: float
    threshold: float
    before: Reliability
    after: Reliability


def calibrate(
    model: LoadedModel, cubes: Iterable[LabelledVolume], progress: Callable[[int], None] | None = None
) -> Calibration:
    """Fit a temperature on every other cube, the first among them, and measure it on those between.

    The temperature is that of the greatest likelihood. Traces without amplitudes count for nothing: their
    probability is 0 whatever the model.

    Args:
        model: As loaded; a temperature that it has already is measured and otherwise left aside.
        cubes: Amplitudes and fault masks, two cubes at least.
        progress: Called after each cube with the number done.

    Raises:
        ConfigError: There are fewer than two cubes, or those to fit on have no fault or nothing else.
    """
    plain = prepared(replace(model, card=model.card.model_copy(update={"temperature": 1.0})))
    voxels, faults = np.zeros(len(LOGITS), np.int64), np.zeros(len(LOGITS), np.int64)
    held_out: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
    for number, (seismic, fault) in enumerate(cubes):
        live = seismic.max(axis=2) > seismic.min(axis=2)
        logit, truth = _logit(predict(seismic, plain)[live]), fault[live] > 0
        if number % 2:
            held_out.append((logit, truth))
        else:
            places = np.rint((logit - LOGITS[0]) / (LOGITS[1] - LOGITS[0])).astype(np.intp)
            voxels += np.bincount(places.ravel(), minlength=len(LOGITS))
            faults += np.bincount(places[truth], minlength=len(LOGITS))
        if progress:
            progress(number + 1)
    if not held_out:
        raise ConfigError("A calibration takes two cubes at least, one to fit on and one to measure on.")
    if not 0 < faults.sum() < voxels.sum():
        raise ConfigError("The cubes to calibrate on hold no fault, or nothing else: take others.")
    temperature = _most_likely(voxels, faults)
    return Calibration(
        temperature=round(temperature, 3),
        threshold=min(max(round(model.card.threshold_at(temperature), 3), 0.001), 0.999),
        before=_reliability(held_out, model.card.temperature),
        after=_reliability(held_out, temperature),
    )


def validation_cubes(card: Card, count: int, recipe: str | None = None) -> Iterable[LabelledVolume]:
    """Cubes of validation seeds, of the recipes in turn that a model was trained on unless one is named.

    Two of each recipe follow one another, one to fit on and one to measure on.

    Raises:
        ConfigError: The card names no recipe and none is given, there is none of that name, or there are not
            as many validation seeds.
    """
    trained = card.config.get("data", {})
    names = recipe or (trained.get("recipe") if not trained.get("folder") else None)
    if not names:
        raise ConfigError(
            f"The card of {card.name} does not say which synthetic earth it was trained on: name a recipe, "
            "or give a folder of labelled cubes."
        )
    earths = [find_recipe(name) for name in ([names] if isinstance(names, str) else names)]
    for number, seed in enumerate(splits.validation_seeds(count)):
        cube = synthesize(seed, earths[number // 2 % len(earths)])
        yield cube.seismic, cube.fault


def _logit(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    inside = np.clip(probability.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(inside / (1 - inside)).astype(np.float32)


def _most_likely(voxels: NDArray[np.int64], faults: NDArray[np.int64]) -> float:
    def surprise(log_temperature: float) -> float:
        logits = LOGITS / math.exp(log_temperature)
        return float((voxels * np.logaddexp(0, logits) - faults * logits).sum() / voxels.sum())

    bounds = (-math.log(LARGEST), math.log(LARGEST))
    return math.exp(minimize_scalar(surprise, bounds=bounds, method="bounded").x)


def _reliability(
    cubes: list[tuple[NDArray[np.float32], NDArray[np.bool_]]], temperature: float
) -> Reliability:
    tables = [reliability(1 / (1 + np.exp(-logit / temperature)), truth) for logit, truth in cubes]
    return Reliability(*(np.sum(counts, axis=0) for counts in zip(*tables, strict=True)))
