import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from faultpick.metrics import (
    THRESHOLDS,
    Reliability,
    best_dataset_f1,
    best_image_f1,
    calibration_error,
    evaluate,
    mask_distances,
    reliability,
    threshold_curve,
    tolerant_f1,
)

CUBE = (4, 5, 6)
MASKS = arrays(bool, CUBE)
PROBABILITIES = arrays(
    np.float32, CUBE, elements=st.sampled_from(np.linspace(0, 1, 11, dtype=np.float32).tolist())
)


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, MASKS, MASKS, st.sampled_from([0.0, 1.0, 1.5, 2.0]))
def test_f1_of_each_threshold_agrees_with_masks_cut_there(probability, truth, valid, radius):
    """Slow reference: threshold, take distances, score."""
    curve = threshold_curve(probability, truth, valid, radius)
    for k in (0, 9, 29, 48, 49, 69, 98):
        predicted = (probability >= np.float32(THRESHOLDS[k])) & valid
        expected = tolerant_f1(mask_distances(predicted, truth & valid), radius)
        assert curve.f1[k] == pytest.approx(expected), THRESHOLDS[k]


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, MASKS, PROBABILITIES, MASKS, st.sampled_from([0.0, 2.0]))
def test_best_f1_of_a_set_and_of_its_images_agree_with_counting(p0, t0, p1, t1, radius):
    def counts(probability, truth, threshold):
        predicted = probability >= np.float32(threshold)
        near = distance_transform_edt(~truth) <= radius if truth.any() else truth
        seen = distance_transform_edt(~predicted) <= radius if predicted.any() else predicted
        numbers = predicted, predicted & near, truth, truth & seen
        return np.array([np.count_nonzero(each) for each in numbers])

    def f1(found, right, real, seen):
        if found == real == 0:
            return 1.0
        precision, recall = right / max(found, 1), seen / max(real, 1)
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    images = (p0, t0), (p1, t1)
    curves = [threshold_curve(*image, radius=radius) for image in images]
    together = max(f1(*np.sum([counts(*image, t) for image in images], axis=0)) for t in THRESHOLDS)
    own = [max((counts(*image, t) for t in THRESHOLDS), key=lambda c: f1(*c)) for image in images]
    assert best_dataset_f1(curves) == pytest.approx(together)
    assert best_image_f1(curves) == pytest.approx(f1(*np.sum(own, axis=0)))


def test_an_image_that_needs_its_own_threshold_lowers_the_set_only():
    truth = np.array([1, 1, 0, 0], bool)
    bold = np.array([0.9, 0.9, 0.6, 0.6], np.float32)
    shy = np.array([0.4, 0.4, 0.1, 0.1], np.float32)
    curves = [threshold_curve(bold, truth), threshold_curve(shy, truth)]
    assert best_image_f1(curves) == 1
    assert best_dataset_f1(curves) == pytest.approx(4 * 2 / (4 + 6))
    assert best_dataset_f1(curves[:1]) == best_dataset_f1(curves[1:]) == 1


def test_best_dice_of_one_volume_is_among_the_scores():
    truth = np.array([1, 1, 0, 0])
    scores = evaluate(np.array([0.4, 0.3, 0.35, 0.1]), truth)
    assert (scores.dice, scores.best_dice) == (0, pytest.approx(0.8))


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, CUBE, elements=st.floats(0, 1, width=32)), MASKS, MASKS, st.integers(1, 20))
def test_calibration_error_agrees_with_a_loop_over_bins(probability, truth, valid, bins):
    p, t = probability[valid], truth[valid]
    expected = 0.0
    place = np.minimum((p * bins).astype(int), bins - 1)
    for k in range(bins):
        inside = place == k
        if inside.any():
            expected += inside.sum() / len(p) * abs(p[inside].astype(float).mean() - t[inside].mean())
    table = reliability(probability, truth, valid, bins)
    assert calibration_error(table) == pytest.approx(expected, abs=1e-6)
    assert (table.voxels.sum(), table.faults.sum()) == (valid.sum(), (truth & valid).sum())


def test_a_probability_that_means_what_it_says_has_no_calibration_error():
    rng = np.random.default_rng(0)
    probability = rng.random(200_000)
    truth = rng.random(200_000) < probability
    assert calibration_error(reliability(probability, truth)) < 0.01
    assert calibration_error(reliability(probability**2, truth)) == pytest.approx(1 / 6, abs=0.01)
    two = [reliability(probability[part], truth[part]) for part in (slice(0, 50_000), slice(50_000, None))]
    together = Reliability(*(np.sum(each, axis=0) for each in zip(*two, strict=True)))
    assert calibration_error(together) == pytest.approx(calibration_error(reliability(probability, truth)))
