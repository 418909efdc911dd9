"""Class weights make faults thick, seen on trained networks with the script that measures it."""

import pytest

from class_weights import HEADER, LOSSES, measure
from faultpick.synth import WU2019

EASY = WU2019.model_copy(
    update={
        "name": "easy",
        "coherent_noise": (0.0, 0.0),
        "white_noise": (0.0, 0.05),
        "throw": (6.0, 20.0),
        "period": (7.0, 9.0),
        "fold_height": (0.03, 0.1),
        "fault_count": (8, 12),
        "patch": 0.0,
        "linear": 0.0,
    }
)


@pytest.mark.slow
def test_class_weighted_cross_entropy_makes_faults_thicker_than_the_label(tmp_path):
    plain, weighted = (measure(loss, 300, 32, 8, tmp_path, EASY) for loss in LOSSES)

    scores = dict(zip(HEADER[2:], weighted, strict=True))
    assert scores["thickness"] > 1.4
    assert scores["volume"] > 1.4
    assert plain[-1] < 1.2
    assert plain[0] > 0.15  # it finds faults, in their thickness
