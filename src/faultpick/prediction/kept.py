"""What a run keeps beside its blocks, so that going on asks neither the survey nor the machine again."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from faultpick.gain import Gain
from faultpick.normalise import Normalisation
from faultpick.npz import NPZ_ERRORS
from faultpick.prediction.cut import Cut
from faultpick.prediction.source import Source, source_of
from faultpick.volume import Volume
from faultpick.volume.staging import output_errors, replace_text


def input_facts(volume: Volume) -> dict[str, object]:
    """What tells this input from others, without reading its samples."""
    path, geometry = volume.path, volume.geometry
    files = [path] if path.is_file() else [file for file in path.rglob("*") if _is_input(file, path)]
    states = [file.stat() for file in files]
    digest = hashlib.sha256(volume.sample_format.encode())
    for array in (geometry.inlines, geometry.crosslines, geometry.live, geometry.corners):
        digest.update(b"" if array is None else array.tobytes())
    digest.update(repr((geometry.samples, geometry.length_unit)).encode())
    return {
        "input": str(path.resolve()),
        "size of the input": sum(state.st_size for state in states),
        "time of the input": max(state.st_mtime_ns for state in states),
        "shape": volume.shape,
        "grid": digest.hexdigest()[:16],
    }


def _is_input(file: Path, folder: Path) -> bool:
    """Whether a file of a survey's folder is part of it, and not of an output that lies there unfinished."""
    return file.is_file() and not any(part.endswith(".partial") for part in file.relative_to(folder).parts)


def kept_source(volume: Volume, folder: Path, gain: bool) -> Source:
    """The amplitudes of a volume; its statistics are kept, so that going on needs no other pass over it."""
    file = folder / "survey.npz"
    try:
        with np.load(file, allow_pickle=False) as kept:
            centre, scale, clip = kept["normalisation"].tolist()
            evened = Gain(kept["sample_gain"], kept["trace_gain"]) if gain else None
            normalisation = Normalisation(centre, scale, clip, evened)
            return Source(volume.read, volume.shape, kept["live"], normalisation)
    except NPZ_ERRORS:
        source = source_of(volume, gain)
    with output_errors(folder):
        temporary = file.with_suffix(".writing.npz")
        found = source.normalisation
        facts = {"live": source.live, "normalisation": (found.centre, found.scale, found.clip)}
        if found.gain is not None:
            facts |= {"sample_gain": found.gain.samples, "trace_gain": found.gain.traces}
        np.savez(temporary, **facts)
        temporary.replace(file)
    return source


def kept_cut(folder: Path, choose: Callable[[], Cut]) -> Cut:
    """How the survey is cut, chosen once: an earlier run's blocks are cut so."""
    file = folder / "blocks.json"
    try:
        rows, columns, samples, flows = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        cut = choose()
        with output_errors(folder):
            replace_text(file, json.dumps([*cut.size, cut.flows]))
        return cut
    return Cut((int(rows), int(columns), int(samples)), bool(flows))
