"""The test cubes of a suite are frozen: other cubes are another suite, under another name."""

import hashlib

import numpy as np
import pytest

from faultpick.data import splits
from faultpick.synth import synthesize


@pytest.mark.parametrize(
    ("number", "fault_voxels", "fault_hash", "strength_of_octants"),
    [
        (0, 117202, "60de9efd493bc56b", (0.921, 0.675, 0.909, 0.736, 0.929, 0.681, 0.897, 0.751)),
        (7, 184399, "9bc38070ce740925", (0.682, 0.815, 0.717, 0.918, 0.667, 0.806, 0.896, 0.950)),
        (19, 55886, "a08757a6a653d34e", (0.687, 0.902, 0.712, 0.874, 0.665, 0.909, 0.693, 0.848)),
    ],
)
def test_the_test_cubes_of_wu2019_v1_stay_what_they_are(
    number, fault_voxels, fault_hash, strength_of_octants
):
    cube = synthesize(splits.test_seeds(20)[number], "wu2019-v1")
    assert int(cube.fault.sum()) == fault_voxels
    assert hashlib.sha256(cube.fault.tobytes()).hexdigest().startswith(fault_hash)
    octants = np.abs(cube.seismic).reshape(2, 64, 2, 64, 2, 64).mean(axis=(1, 3, 5)).ravel()
    np.testing.assert_allclose(octants, strength_of_octants, atol=1e-3)
