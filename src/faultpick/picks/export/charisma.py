"""Charisma fault sticks, which Petrel reads and writes: eight columns between blanks."""

from pathlib import Path

from faultpick.picks.export.placed import Frame, PlacedFault


def write_charisma(faults: list[PlacedFault], _: Frame, path: Path) -> None:
    """Write `INLINE-`, the numbers of the nearest inline and crossline, X, Y, Z, name and stick from 1."""
    rows = []
    for fault in faults:
        for number, (stick, lines) in enumerate(zip(fault.sticks, fault.stick_lines, strict=True), 1):
            rows += [
                f"INLINE- {inline:6d} {crossline:6d} {x:14.2f} {y:14.2f} {z:10.2f} {fault.name} {number}\n"
                for (x, y, z), (inline, crossline) in zip(stick, lines, strict=True)
            ]
    path.write_text("".join(rows), encoding="ascii", newline="\n")
