"""Picks faults in 3D seismic images.

The public names are loaded when first used, so that reading a survey never waits for PyTorch.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faultpick.metrics import Scores, evaluate
    from faultpick.picks import Fault, Picks, Throw, read_picks, write_picks
    from faultpick.picks.export import export_faults
    from faultpick.picks.picking import pick, pick_to_folder
    from faultpick.picks.settings import PickSettings
    from faultpick.prediction import predict
    from faultpick.synth import Cube, Recipe, synthesize
    from faultpick.volume import Geometry, SampleAxis, Volume, create_volume, open_volume, part_of
    from faultpick.zoo import load_model, save_model

_HOMES = {
    "Cube": "synth",
    "Fault": "picks",
    "Geometry": "volume",
    "PickSettings": "picks.settings",
    "Picks": "picks",
    "Recipe": "synth",
    "SampleAxis": "volume",
    "Scores": "metrics",
    "Throw": "picks",
    "Volume": "volume",
    "create_volume": "volume",
    "evaluate": "metrics",
    "export_faults": "picks.export",
    "load_model": "zoo",
    "open_volume": "volume",
    "part_of": "volume",
    "pick": "picks.picking",
    "pick_to_folder": "picks.picking",
    "predict": "prediction",
    "read_picks": "picks",
    "save_model": "zoo",
    "synthesize": "synth",
    "write_picks": "picks",
}

__all__ = [
    "Cube",
    "Fault",
    "Geometry",
    "PickSettings",
    "Picks",
    "Recipe",
    "SampleAxis",
    "Scores",
    "Throw",
    "Volume",
    "create_volume",
    "evaluate",
    "export_faults",
    "load_model",
    "open_volume",
    "part_of",
    "pick",
    "pick_to_folder",
    "predict",
    "read_picks",
    "save_model",
    "synthesize",
    "write_picks",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def _is_writable(folder: Path) -> bool:
    """Whether a folder is there to be written in, or could be made."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return os.access(there, os.W_OK | os.X_OK)


def _keep_compiled_functions() -> None:
    """Give numba a folder for as long as this process runs where it finds none of its own, and would fail."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))  # noqa: PTH111
    if "NUMBA_CACHE_DIR" not in os.environ and not any(map(_is_writable, (Path(__file__).parent, cache))):
        import atexit
        import shutil
        import tempfile

        os.environ["NUMBA_CACHE_DIR"] = folder = tempfile.mkdtemp(prefix="faultpick-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _prefer_openmp() -> None:
    """Have numba share work by OpenMP where it can.

    By TBB, which it finds as OpenVINO brings it, a process that has forked never ends (numba issue 10556).
    """
    if "NUMBA_THREADING_LAYER_PRIORITY" not in os.environ:
        os.environ["NUMBA_THREADING_LAYER_PRIORITY"] = "omp tbb workqueue"
        if "numba" in sys.modules:  # which has read the environment already
            sys.modules["numba"].config.reload_config()


_keep_compiled_functions()
_prefer_openmp()
