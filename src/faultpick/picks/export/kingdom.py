"""Kingdom fault sticks as Petrel writes them: columns found by counting single blanks."""

from pathlib import Path

from faultpick.picks.export.placed import Frame, PlacedFault


def write_kingdom(faults: list[PlacedFault], _: Frame, path: Path) -> None:
    """Write X, Y, Z, name and stick from 1, after six blanks, with two before Z and one at the end."""
    rows = [
        f"      {x:.2f} {y:.2f}  {z:.2f} {fault.name} {number} \n"
        for fault in faults
        for number, stick in enumerate(fault.sticks, 1)
        for x, y, z in stick
    ]
    path.write_text("".join(rows), encoding="ascii", newline="\n")
