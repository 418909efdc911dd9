import subprocess
import sys

import pytest

import faultpick


def test_every_public_name_is_there():
    assert sorted(faultpick.__all__) == sorted(faultpick._HOMES)
    for name in faultpick.__all__:
        assert callable(getattr(faultpick, name))


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = faultpick.nothing


@pytest.mark.parametrize(
    "statement",
    [
        "import faultpick",
        "import faultpick.volume, faultpick.synth, faultpick.metrics, faultpick.normalise",
        "import faultpick; faultpick.open_volume, faultpick.synthesize, faultpick.evaluate",
        "import faultpick; faultpick.export_faults",
        "import faultpick.cli",
    ],
)
def test_reading_making_and_scoring_do_not_load_torch(statement):
    check = f"import sys; {statement}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
