import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.data import splits
from faultpick.errors import ConfigError

MOST = splits.VALIDATION - splits.TRAINING
MOST_TO_CHOOSE_ON = splits.TEST - splits.VALIDATION


@settings(deadline=None)
@given(st.integers(0, MOST), st.integers(0, MOST_TO_CHOOSE_ON), st.integers(0, 3_000_000))
def test_splits_never_overlap(training, validation, test):
    ranges = [splits.training_seeds(training), splits.validation_seeds(validation), splits.test_seeds(test)]
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert not ranges[one] or not ranges[other] or ranges[one][-1] < ranges[other][0]


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_a_larger_split_holds_the_smaller_one(count):
    for split in (splits.training_seeds, splits.validation_seeds, splits.test_seeds):
        assert len(split(count)) == count
        assert list(split(count + 5))[:count] == list(split(count))


@pytest.mark.parametrize("count", [-1, MOST + 1])
def test_too_many_training_cubes_are_refused(count):
    with pytest.raises(ConfigError, match="validation seeds"):
        splits.training_seeds(count)


@pytest.mark.parametrize("count", [-1, MOST_TO_CHOOSE_ON + 1])
def test_too_many_validation_cubes_are_refused(count):
    with pytest.raises(ConfigError, match="test seeds"):
        splits.validation_seeds(count)


def test_a_training_that_goes_on_meets_later_cubes():
    assert list(splits.training_seeds(5))[3:] == list(splits.training_seeds(2, first=3))
    assert len(splits.training_seeds(1, first=MOST - 1)) == 1
    for count, first in ((2, MOST - 1), (1, -1)):
        with pytest.raises(ConfigError, match="validation seeds"):
            splits.training_seeds(count, first)
