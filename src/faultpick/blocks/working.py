"""The folder beside an output in which a run keeps what it has finished, until it is whole."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from faultpick.errors import OutputError
from faultpick.volume.staging import check_target, output_errors, replace_text

try:
    import fcntl
except ImportError:  # Windows: two runs of one output are not kept apart
    fcntl = None


@contextmanager
def working_folder(out: Path, settings: dict[str, object], *, restart: bool = False) -> Iterator[Path]:
    """Give the folder `.NAME.partial` beside an output, with what an earlier run of the same settings left.

    It is removed when the block ends without an error, and when it ends with one before any block of the
    volume was done. The system drops the lock on it with the process, however that ends.

    Args:
        out: The output.
        settings: Everything that the result depends on; what JSON can hold.
        restart: Drop what an earlier run left.

    Raises:
        OutputError: The folder holds a run of other settings, another run is at work in it, or the disk
            refuses.
    """
    check_target(out)
    folder = out.with_name(f".{out.name}.partial")
    with output_errors(out):
        folder.mkdir(exist_ok=True)
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        _take(lock, out)
        if restart:
            _empty(folder)
        _agree(folder / "settings.json", settings, out)
        try:
            yield folder
        except BaseException:
            if not any((folder / "done").glob("*.json")):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
        with suppress(OSError):  # over a network the lock keeps the folder until it is closed
            folder.rmdir()


def _take(lock: int, out: Path) -> None:
    if fcntl is None:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(
            f"{out} is being written by another run: wait for it, or choose another name."
        ) from error
    except OSError:  # not every file system can lock
        return


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def _agree(file: Path, settings: dict[str, object], out: Path) -> None:
    """Compare with the settings of the earlier run, if there was one; else write them down."""
    wanted = json.loads(json.dumps(settings))
    try:
        earlier = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        _empty(file.parent)
        with output_errors(out):
            replace_text(file, json.dumps(wanted, indent=1))
        return
    different = [name for name in {**earlier, **wanted} if earlier.get(name) != wanted.get(name)]
    if different:
        told = [_difference(name, earlier.get(name), wanted.get(name)) for name in different]
        raise OutputError(
            f"{out} has an unfinished run that differs in {' and '.join(told)}: repeat its settings to go on "
            "with it, or restart to drop it (--restart)."
        )


def _difference(name: str, earlier: object, wanted: object) -> str:
    short = all(value is None or isinstance(value, str | int | float) for value in (earlier, wanted))
    return f"{name} ({earlier}, now {wanted})" if short else name
