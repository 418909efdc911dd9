"""GeoQuest IESX (GeoFrame) fault sticks: columns of fixed width, a header and an end mark for each fault."""

from pathlib import Path

from faultpick.errors import OutputError
from faultpick.picks.export.placed import Frame, PlacedFault

MOST_STICKS = 999


def write_iesx(faults: list[PlacedFault], frame: Frame, path: Path) -> None:
    """Write X in bytes 0-15, Y in 16-31, stick from 1 in 32-34, a code in 35-37 and Z in 38-46.

    Raises:
        OutputError: A fault has more sticks than three digits count.
    """
    rows = []
    for fault in faults:
        if len(fault.sticks) > MOST_STICKS:
            raise OutputError(
                f"iesx holds {MOST_STICKS} sticks a fault and {fault.name} has {len(fault.sticks)}; "
                "use opendtect or charisma."
            )
        unit = "ft" if frame.xy_unit == "ft" else "m "
        rows.append(f"PROFILE {fault.name:17}TYPE 1  4 {'':45}3d_ci7m.ifdf     {unit} {frame.z_unit}\n")
        rows.append("SNAPPING PARAMETERS 5     0 1\n")
        rows += [
            f"{x:16.2f}{y:16.2f}{number:3d} 14{z:9.2f}\n"
            for number, stick in enumerate(fault.sticks, 1)
            for x, y, z in stick
        ]
        rows.append("EOD\n")
    path.write_text("".join(rows), encoding="ascii", newline="\n")
