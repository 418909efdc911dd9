"""One error type per kind of trouble.

Each message is one sentence or two that name the file, say what is wrong and what to do about it.
The command prints it without a traceback and exits with code 2.
"""

import difflib
from collections.abc import Iterable


class FaultpickError(Exception):
    """Trouble that the user can do something about."""


class VolumeError(FaultpickError):
    """A volume cannot be read or makes no sense as a 3D image."""


class NoFaultError(VolumeError):
    """A fault probability holds no fault."""


class GeometryError(VolumeError):
    """The trace headers do not describe one inline/crossline grid."""


class OutputError(FaultpickError):
    """An output cannot be written."""


class ModelError(FaultpickError):
    """A network or its weights are unknown, damaged or do not fit together."""


class ConfigError(FaultpickError):
    """A setting is unknown or has a wrong value."""


class BlockError(FaultpickError):
    """A block of a volume could not be computed."""


class ClusterError(FaultpickError):
    """The scheduler of a cluster cannot be reached or was lost."""


class DataError(FaultpickError):
    """Training or test data are missing, incomplete or malformed."""


class PicksError(FaultpickError):
    """A folder holds no picked faults, or damaged ones."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was meant by a name that does not exist, "did you mean 'field'? "; empty if none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"did you mean {near[0]!r}? " if near else ""
