import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultpick.errors import ConfigError
from faultpick.prediction.scale import (
    LONGER,
    MOST,
    SHORTER,
    UNSCALED,
    chosen_scale,
    parse_factors,
    parse_scale,
)
from faultpick.zoo import Card


def card(period=(7.0, 22.0), name="a"):
    return Card(name=name, network="a", period=period)


@pytest.mark.parametrize("period", [3.0, 7.0, 15.0, 22.0, 24.0])
def test_a_survey_like_the_training_keeps_its_grid(period):
    assert chosen_scale("auto", period, [card()]) == (UNSCALED, None)


@pytest.mark.parametrize(("period", "factor"), [(2.5, 2.8), (44.0, 0.5), (1.0, 4.0), (200.0, 0.25)])
def test_another_survey_is_brought_to_the_nearer_end_and_told(period, factor):
    scale, why = chosen_scale("auto", period, [card()])
    assert scale == (1.0, 1.0, factor)
    assert why is not None
    assert f"{period:.1f} samples" in why
    assert f"{factor:.2f} samples for one of its own" in why


@given(st.floats(1, 300), st.floats(2, 30), st.floats(1, 5))
def test_no_survey_is_resampled_beyond_need(period, low, width):
    (_, _, factor), why = chosen_scale("auto", period, [card((low, low * width))])
    assert 1 / MOST <= factor <= MOST
    assert (factor == 1) == (why is None)
    if 1 / MOST < factor < MOST:
        assert low / SHORTER * 0.99 <= period * factor <= low * width * LONGER * 1.01


def test_several_models_share_a_grid():
    assert chosen_scale("auto", 30.0, [card(), card((10.0, 15.0))])[0] == (1.0, 1.0, 0.5)
    assert chosen_scale("auto", 10.0, [card((5.0, 5.0)), card((20.0, 30.0))])[0] == UNSCALED


def test_what_is_not_known_changes_nothing():
    assert chosen_scale("auto", 50.0, [card(), card(None, "silent")]) == (UNSCALED, None)
    assert chosen_scale("auto", None, [card()]) == (UNSCALED, None)


def test_what_is_asked_for_is_done():
    assert chosen_scale("none", 50.0, [card()]) == (UNSCALED, None)
    assert chosen_scale((1.0, 2.0, 0.5), 50.0, [card()]) == ((1.0, 2.0, 0.5), None)


def test_scales_as_text():
    assert parse_scale("auto") == "auto"
    assert parse_scale("none") == "none"
    assert parse_scale("1,0.5,2") == (1.0, 0.5, 2.0)
    assert parse_factors("0.7, 1,1.4") == (0.7, 1.0, 1.4)


@pytest.mark.parametrize("text", ["", "big", "1,2", "1,2,3,4", "1,-1,1", "1,0,1", "1,nan,1", "1,inf,1"])
def test_text_that_is_no_scale_is_refused(text):
    with pytest.raises(ConfigError, match="write"):
        parse_scale(text)
