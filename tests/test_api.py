import os
import subprocess
import sys
import tempfile

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


def test_compiled_functions_have_a_folder_where_neither_installation_nor_user_has_one(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "kept")
    monkeypatch.setattr(faultpick, "_is_writable", lambda folder: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    faultpick._keep_compiled_functions()
    assert os.environ["NUMBA_CACHE_DIR"] == "kept"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    faultpick._keep_compiled_functions()
    assert [str(path) for path in tmp_path.iterdir()] == [os.environ["NUMBA_CACHE_DIR"]]


def test_a_folder_that_could_be_made_is_one_to_write_in(tmp_path):
    assert faultpick._is_writable(tmp_path / "a" / "b")
