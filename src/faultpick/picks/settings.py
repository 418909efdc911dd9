"""What picking is run with."""

import math
from dataclasses import dataclass

from faultpick.errors import ConfigError


@dataclass(frozen=True)
class PickSettings:
    """What picking is run with; lengths are in voxels.

    Attributes:
        low: Least probability of a fault's voxel.
        high: Probability that a fault reaches somewhere.
        min_area: Smallest area of a fault, in square voxels.
        gap: Width of a gap in the evidence that a fault may have.
        stick_spacing: Lines between sticks.
        velocity: Metres a second, of the survey's coordinates and time axis: turns time into depth where dip
            and area are measured. Two-way time is assumed.

    Raises:
        ConfigError: A number makes no sense.
    """

    low: float = 0.3
    high: float = 0.6
    min_area: float = 400.0
    gap: float = 8.0
    stick_spacing: int = 8
    velocity: float = 2000.0

    def __post_init__(self) -> None:
        if not 0 < self.low <= self.high <= 1:
            raise ConfigError(
                f"The thresholds {self.low:g} and {self.high:g} make no sense: choose 0 < low <= high <= 1."
            )
        for name in ("min_area", "gap"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name} is {getattr(self, name):g}: choose 0 or more.")
        if self.stick_spacing < 1:
            raise ConfigError(f"Sticks every {self.stick_spacing} lines make no sense: choose 1 or more.")
        if not 0 < self.velocity < math.inf:
            raise ConfigError(f"The velocity {self.velocity:g} makes no sense: choose more than 0.")
