"""What the documentation says of the released weights' tiles."""

import numpy as np
import pytest

from faultpick import zoo
from faultpick.prediction import predict
from faultpick.prediction.survey import HALO
from faultpick.synth import synthesize

LARGEST_DIFFERENCE = 0.01  # in probability, at the default halo
MASK_IOU = 0.999


@pytest.mark.slow
@pytest.mark.skipif("unet_res2" not in zoo.available(), reason="the weights are not in the box yet")
def test_tiles_of_the_released_model_agree_with_the_whole():
    cube = synthesize(1_000_003, shape=(320, 64, 64)).seismic
    model = zoo.load_model("unet_res2")
    tiles = []
    tiled = predict(
        cube, model, tile=64 + 2 * HALO, halo=HALO, progress=lambda done, total: tiles.append(done)
    )
    whole = predict(cube, model, tile=320)
    assert len(tiles) > 1
    assert np.abs(tiled - whole).max() <= LARGEST_DIFFERENCE
    faults, expected = tiled >= 0.5, whole >= 0.5
    assert expected.any()
    assert (faults & expected).sum() / (faults | expected).sum() >= MASK_IOU
