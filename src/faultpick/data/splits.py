"""Seeds of synthetic cubes, kept apart: to train models on, to choose them on, to report on."""

from faultpick.errors import ConfigError

TRAINING = 0
VALIDATION = 1_000_000
TEST = 2_000_000
DRAWS_APART = 10_000
"""Between the seeds of one draw of a suite and the next: more than its cubes reach to."""


def training_seeds(count: int, first: int = 0) -> range:
    """Seeds that a model may be trained on, `count` of them from number `first` on.

    Raises:
        ConfigError: They would reach into the validation seeds.
    """
    if not 0 <= first <= first + count <= VALIDATION - TRAINING:
        raise ConfigError(
            f"{count} training cubes from number {first} on reach into the validation seeds: take fewer."
        )
    return range(TRAINING + first, TRAINING + first + count)


def validation_seeds(count: int) -> range:
    """Seeds that a model may be chosen on.

    Raises:
        ConfigError: They would reach into the test seeds.
    """
    if not 0 <= count <= TEST - VALIDATION:
        raise ConfigError(f"{count} validation cubes reach into the test seeds: take fewer.")
    return range(VALIDATION, VALIDATION + count)


def test_seeds(count: int) -> range:
    """Seeds for reports alone: nothing is trained, chosen or tuned on them."""
    return range(TEST, TEST + count)
