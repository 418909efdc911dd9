"""Fault sticks as OpendTect's own export of faults writes them: columns between tabs."""

from collections.abc import Iterator
from pathlib import Path

from faultpick.errors import OutputError
from faultpick.picks.export.placed import Frame, PlacedFault


def write_opendtect(faults: list[PlacedFault], _: Frame, path: Path) -> None:
    """Write all faults for the bulk import: quoted name, X, Y, Z, stick and node, both counted from 0."""
    rows = [f'"{fault.name}"\t{row}\n' for fault in faults for row in _rows(fault)]
    path.write_text("".join(rows), encoding="ascii", newline="\n")


def write_opendtect_single(faults: list[PlacedFault], _: Frame, path: Path) -> None:
    """Write one fault for the import of a single fault: the same columns without the name.

    Raises:
        OutputError: There are several faults.
    """
    if len(faults) != 1:
        raise OutputError(
            f"opendtect-single holds one fault, not {len(faults)}; choose one with --fault, or use opendtect."
        )
    path.write_text("".join(f"{row}\n" for row in _rows(faults[0])), encoding="ascii", newline="\n")


def _rows(fault: PlacedFault) -> Iterator[str]:
    for number, stick in enumerate(fault.sticks):
        for node, (x, y, z) in enumerate(stick):
            yield f"{x:.2f}\t{y:.2f}\t{z:.2f}\t{number}\t{node}"
