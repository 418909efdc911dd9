"""On which grid a survey goes through a network: its own, or one where its reflectors lie as in training.

What a network has learned holds for the vertical periods that it was trained on. A survey whose period is far
from them is resampled along its samples, as little as brings it there: resampling costs detail too.
"""

import math
from collections.abc import Sequence
from typing import Literal

from faultpick.errors import ConfigError
from faultpick.zoo import Card

Scale = tuple[float, float, float]
"""Voxels of the network's grid for each of the survey's along inlines, crosslines and samples."""

UNSCALED: Scale = (1.0, 1.0, 1.0)
LONGER = 1.1
SHORTER = 2.5
"""How many times beyond the trained periods is far: squeezing a survey costs little, stretching one much."""
MOST = 4.0
"""The most that a survey is stretched or squeezed unasked."""


def chosen_scale(
    wanted: Scale | Literal["auto", "none"], period: float | None, cards: Sequence[Card]
) -> tuple[Scale, str | None]:
    """The scale to predict at, and why, in a sentence for the user where there is something to say.

    Args:
        wanted: A scale; "none" for the survey's own grid; "auto" to resample the samples where the survey's
            period lies far from what all models were trained on; if a card does not say, it stays as it is.
        period: The survey's dominant vertical period in samples, None where it shows none.
        cards: Those of the models.
    """
    if wanted == "none":
        return UNSCALED, None
    if wanted != "auto":
        return wanted, None
    trained = [card.period for card in cards if card.period is not None]
    if period is None or len(trained) < len(cards):
        return UNSCALED, None
    low, high = _shared(trained)
    if low / SHORTER <= period <= high * LONGER:
        return UNSCALED, None
    factor = min(max((low if period < low else high) / period, 1 / MOST), MOST)
    return (1.0, 1.0, round(factor, 3)), (
        f"The survey's dominant vertical period is {period:.1f} samples, the models were trained on {low:g} "
        f"to {high:g}: it is resampled to {factor:.2f} samples for one of its own."
    )


def parse_scale(text: str) -> Scale | Literal["auto", "none"]:
    """`auto`, `none` or three numbers such as `1,1,0.5`: along inlines, crosslines and samples.

    Raises:
        ConfigError: The text is none of these.
    """
    if text == "auto" or text == "none":
        return text
    factors = parse_factors(text)
    if len(factors) != 3:
        raise ConfigError(
            f"The scale {text!r} has not three factors: write them as 1,1,0.5, or auto or none."
        )
    return factors[0], factors[1], factors[2]


def parse_factors(text: str) -> tuple[float, ...]:
    """Positive numbers with commas between them.

    Raises:
        ConfigError: The text is something else.
    """
    try:
        factors = tuple(float(part) for part in text.split(","))
    except ValueError:
        factors = ()
    if not factors or not all(math.isfinite(factor) and factor > 0 for factor in factors):
        raise ConfigError(f"{text!r} is no list of factors: write positive numbers such as 0.7,1,1.4.")
    return factors


def _shared(periods: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """What all ranges share; the middle of the gap between them where they share nothing."""
    low, high = max(low for low, _ in periods), min(high for _, high in periods)
    if low > high:
        low = high = round(math.sqrt(low * high), 1)
    return low, high
