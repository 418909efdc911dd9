"""Seeds of synthetic cubes, kept apart: to train models on, to choose them on, to report on."""

TRAINING = 0
VALIDATION = 1_000_000
TEST = 2_000_000


def training_seeds(count: int, first: int = 0) -> range:
    """Seeds that a model may be trained on, `count` of them from number `first` on.

    Raises:
        ValueError: They would reach into the validation seeds.
    """
    if not 0 <= first <= first + count <= VALIDATION - TRAINING:
        raise ValueError(f"{count} training cubes from number {first} on reach into the validation seeds")
    return range(TRAINING + first, TRAINING + first + count)


def validation_seeds(count: int) -> range:
    """Seeds that a model may be chosen on."""
    return range(VALIDATION, VALIDATION + min(count, TEST - VALIDATION))


def test_seeds(count: int) -> range:
    """Seeds for reports alone: nothing is trained, chosen or tuned on them."""
    return range(TEST, TEST + count)
