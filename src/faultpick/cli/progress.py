"""A bar for long runs over tiles, with the time that remains."""

import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


class TileProgress:
    """Shows the share of the work that is done and, after the first tile, how long the rest will take.

    The estimate is the work left at the rate of this run; what an earlier run did says nothing of the rate.
    """

    def __init__(self, console: Console, before: str, during: str, after: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(before, total=None, left="")
        self._during, self._after = during, after
        self._began: tuple[float, int] | None = None

    def update(self, done: int, total: int) -> None:
        """So much of the work is done; the first call says what was done before."""
        now = time.monotonic()
        if self._began is None:
            self._began = now, done
        left = remaining_seconds(now - self._began[0], done - self._began[1], total - done)
        self._progress.update(
            self._task,
            description=self._after if done == total else self._during,
            completed=done,
            total=total,
            left="" if left is None or done == total else f"{_spoken(left)} left",
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def remaining_seconds(elapsed: float, done: int, left: int) -> float | None:
    """Time for the rest of the work at the rate so far; None before there is one."""
    return elapsed / done * left if done > 0 else None


def _spoken(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"
