"""From a fault probability to faults: surfaces and sticks with strike, dip and throw."""

from faultpick.picks.fault import Fault, Picks, Throw

__all__ = ["Fault", "Picks", "Throw"]
