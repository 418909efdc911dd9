import pytest
from rich.console import Console

from faultpick.cli import progress
from faultpick.cli.progress import TileProgress, remaining_seconds


def test_what_remains_is_the_work_left_at_the_rate_of_this_run():
    assert remaining_seconds(10.0, 5, 20) == pytest.approx(40.0)
    assert remaining_seconds(10.0, 0, 20) is None


def test_work_of_an_earlier_run_does_not_count_as_fast(monkeypatch):
    clock = iter([100.0, 160.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    bar = TileProgress(Console(), "before", "during", "after")
    bar.update(900, 1000)
    assert bar._progress.tasks[0].fields["left"] == ""
    bar.update(920, 1000)
    assert bar._progress.tasks[0].fields["left"] == "4 min 00 s left"
    assert bar._progress.tasks[0].description == "during"


@pytest.mark.parametrize(
    ("seconds", "spoken"), [(4.4, "4 s"), (65, "1 min 05 s"), (3600, "1 h 00 min"), (7325, "2 h 02 min")]
)
def test_times_are_spoken_in_hours_minutes_and_seconds(seconds, spoken):
    assert progress._spoken(seconds) == spoken
