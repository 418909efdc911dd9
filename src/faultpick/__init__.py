"""Picks faults in 3D seismic images.

The public names are loaded when first used, so that reading a survey never waits for PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from faultpick.metrics import Scores, evaluate
    from faultpick.picks.export import export_faults
    from faultpick.prediction import predict
    from faultpick.synth import Cube, Recipe, synthesize
    from faultpick.volume import Geometry, SampleAxis, Volume, create_volume, open_volume
    from faultpick.zoo import load_model, save_model

_HOMES = {
    "Cube": "synth",
    "Geometry": "volume",
    "Recipe": "synth",
    "SampleAxis": "volume",
    "Scores": "metrics",
    "Volume": "volume",
    "create_volume": "volume",
    "evaluate": "metrics",
    "export_faults": "picks.export",
    "load_model": "zoo",
    "open_volume": "volume",
    "predict": "prediction",
    "save_model": "zoo",
    "synthesize": "synth",
}

__all__ = [
    "Cube",
    "Geometry",
    "Recipe",
    "SampleAxis",
    "Scores",
    "Volume",
    "create_volume",
    "evaluate",
    "export_faults",
    "load_model",
    "open_volume",
    "predict",
    "save_model",
    "synthesize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
