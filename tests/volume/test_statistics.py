import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faultpick.volume import statistics
from faultpick.volume.statistics import PERCENTILES, survey_statistics, trace_blocks
from faultpick.volume.strength import trace_strength


def of(cube, block=(1, 1)):
    return survey_statistics(lambda i, x, t: cube[i, x, t].copy(), cube.shape, block)


@pytest.mark.parametrize("scale", [1e-20, 1e-3, 1.0, 1e4, 1e20])
@pytest.mark.parametrize("offset", [0.0, 5.0, -100.0])
def test_they_agree_with_numpy(monkeypatch, scale, offset):
    monkeypatch.setattr(statistics, "BLOCK_BYTES", 4000)
    rng = np.random.default_rng(0)
    cube = ((rng.standard_normal((30, 40, 50)) + offset) * scale).astype(np.float32)
    found, live, _ = of(cube)
    exact = cube.astype(np.float64)
    assert live.all()
    assert (found.count, found.dead_traces, found.nonfinite) == (60_000, 0, 0)
    assert found.mean == pytest.approx(exact.mean(), abs=1e-9 * scale)
    assert found.std == pytest.approx(exact.std())
    assert (found.minimum, found.maximum) == (cube.min(), cube.max())
    for percent in PERCENTILES:
        value = np.percentile(exact, percent)
        assert found.percentiles[percent] == pytest.approx(value, rel=2e-3, abs=1e-3 * scale)


@pytest.mark.parametrize(("side", "threads"), [(1, 4), (1000, 2), (3000, 1), (9000, 1)])
def test_as_many_threads_as_their_blocks_leave_memory_for(monkeypatch, side, threads):
    asked = []
    monkeypatch.setattr(statistics, "usable_cores", lambda: 16)
    monkeypatch.setattr(statistics, "in_threads", lambda _, boxes, count: asked.append(count) or iter(()))
    survey_statistics(lambda *_: np.zeros((1, 1, 1), np.float32), (10_000, 10_000, 2000), (side, 2))
    assert asked == [threads]


def test_dead_traces_and_bad_samples_do_not_count():
    rng = np.random.default_rng(1)
    cube = rng.standard_normal((6, 7, 20)).astype(np.float32)
    cube[0] = 0
    cube[1, 0] = -999.25
    cube[1, 1] = np.nan
    cube[2, 2, 3:5] = np.nan
    cube[2, 3, 0] = -np.inf
    cube[3, 3, 1:] = np.inf
    found, live, strength = of(cube)
    np.testing.assert_array_equal(strength, trace_strength(np.where(np.isfinite(cube), cube, 0.0)))
    dead = np.zeros((6, 7), dtype=bool)
    dead[0] = dead[1, 0] = dead[1, 1] = dead[3, 3] = True
    np.testing.assert_array_equal(live, ~dead)
    used = cube[~dead]
    used = used[np.isfinite(used)].astype(np.float64)
    assert found.dead_traces == dead.sum()
    assert found.nonfinite == 20 + 2 + 1 + 19
    assert found.count == used.size
    assert found.mean == pytest.approx(used.mean())
    assert found.std == pytest.approx(used.std())
    assert (found.minimum, found.maximum) == (used.min(), used.max())


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_a_constant_volume_has_no_live_trace(value):
    found, live, _ = of(np.full((3, 4, 5), value, dtype=np.float32))
    assert not live.any()
    assert (found.count, found.mean, found.std, found.dead_traces) == (0, 0.0, 0.0, 12)
    assert set(found.percentiles.values()) == {0.0}


def test_percentiles_of_few_values_stay_among_them():
    cube = np.tile(np.array([0, 0, 0, 1], dtype=np.float32), (2, 2, 1))
    percentiles = of(cube)[0].percentiles
    assert percentiles[50] == 0
    assert 0.99 < percentiles[99] <= 1


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40), st.integers(1, 100)),
    block=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.integers(100, 100_000),
)
@settings(deadline=None)
def test_blocks_cover_the_plane_once_and_are_bounded(shape, block, size):
    block = tuple(min(pair) for pair in zip(block, shape, strict=False))
    before, statistics.BLOCK_BYTES = statistics.BLOCK_BYTES, size
    try:
        blocks = list(trace_blocks(shape, block))
    finally:
        statistics.BLOCK_BYTES = before
    seen = np.zeros(shape[:2], dtype=int)
    for inlines, crosslines in blocks:
        seen[inlines, crosslines] += 1
        area = (inlines.stop - inlines.start) * (crosslines.stop - crosslines.start)
        assert 4 * area * shape[2] <= max(size, 4 * block[0] * block[1] * shape[2])
        assert inlines.start % block[0] == crosslines.start % block[1] == 0
    assert (seen == 1).all()
