"""From a fault probability to faults: surfaces and sticks with strike, dip and throw."""

from faultpick.picks.fault import Fault, Picks, Throw
from faultpick.picks.store import read_picks, write_picks

__all__ = ["Fault", "Picks", "Throw", "read_picks", "write_picks"]
