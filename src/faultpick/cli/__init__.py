"""The command: one verb per function; each parses, calls the API and prints."""

import os
import signal
import sys
from types import FrameType

from rich.console import Console

from faultpick.cli import explore, faults, learning
from faultpick.cli.app import app
from faultpick.errors import FaultpickError

__all__ = ["app", "explore", "faults", "learning", "main"]


def main() -> None:
    """Run the command; trouble the user can mend is one sentence on standard error and exit code 2.

    Told to end, as by a cluster's queue or a closed terminal, it clears away what it has half written first.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)
    try:
        app()
    except FaultpickError as error:
        Console(stderr=True, soft_wrap=True).print(
            f"error: {error}", style="red", markup=False, highlight=False
        )
        sys.exit(2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
