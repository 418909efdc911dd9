import math

import numpy as np
import pytest
from scipy import stats

from faultpick.errors import DataError
from faultpick.metrics import bootstrap_interval, bootstrap_statistic


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(0).exponential(size=20)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=20_000, rng=1
    ).confidence_interval
    assert bootstrap_interval(values) == pytest.approx(expected, abs=0.02)
    assert bootstrap_interval(values, level=0.5)[1] < bootstrap_interval(values)[1]


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(2).random(20)
    assert bootstrap_interval(values, 3) == bootstrap_interval(values, 3) != bootstrap_interval(values, 4)


def test_what_is_not_defined_is_left_out_and_what_is_infinite_stays():
    assert bootstrap_interval([2.0, math.nan, 2.0]) == (2, 2)
    assert all(math.isnan(end) for end in bootstrap_interval([math.nan]))
    low, high = bootstrap_interval([1.0, 2.0, 3.0, math.inf])
    assert low < 3
    assert high == math.inf


def test_a_share_of_counts_is_drawn_cube_by_cube():
    found, there = np.array([1, 8, 0]), np.array([1, 10, 4])
    low, high = bootstrap_statistic(lambda times: (times @ found) / (times @ there), 3)
    rng = np.random.default_rng(1)
    drawn = rng.integers(3, size=(20_000, 3))
    expected = np.percentile(found[drawn].sum(axis=1) / there[drawn].sum(axis=1), (2.5, 97.5))
    assert (low, high) == pytest.approx(expected, abs=0.02)
    assert all(math.isnan(end) for end in bootstrap_statistic(lambda times: np.full(len(times), np.nan), 3))


def test_a_level_that_is_no_share_is_refused():
    with pytest.raises(DataError, match="level 95"):
        bootstrap_interval([1.0], level=95)
