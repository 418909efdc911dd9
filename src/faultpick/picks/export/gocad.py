"""Surfaces as GOCAD TSurf: text, one object after the other."""

from pathlib import Path

from faultpick.picks.export.placed import Frame, PlacedFault


def write_gocad(faults: list[PlacedFault], frame: Frame, path: Path) -> None:
    """Write each fault as a TSurf of its name, vertices counted from 1, Z growing downwards (Depth)."""
    with path.open("w", encoding="ascii", newline="\n") as file:
        for fault in faults:
            file.write(_head(fault.name, frame))
            file.writelines(
                f"VRTX {number} {x:.3f} {y:.3f} {z:.3f}\n"
                for number, (x, y, z) in enumerate(fault.vertices, 1)
            )
            file.writelines(f"TRGL {a} {b} {c}\n" for a, b, c in fault.triangles + 1)
            file.write("END\n")


def _head(name: str, frame: Frame) -> str:
    xy = frame.xy_unit or "none"
    return (
        "GOCAD TSurf 1\n"
        "HEADER {\n"
        f"name:{name}\n"
        f"comments:{frame.sentence()}\n"
        "}\n"
        "GOCAD_ORIGINAL_COORDINATE_SYSTEM\n"
        "NAME Default\n"
        'AXIS_NAME "X" "Y" "Z"\n'
        f'AXIS_UNIT "{xy}" "{xy}" "{frame.z_unit}"\n'
        "ZPOSITIVE Depth\n"
        "END_ORIGINAL_COORDINATE_SYSTEM\n"
        f"GEOLOGICAL_FEATURE {name}\n"
        "GEOLOGICAL_TYPE fault\n"
        "TFACE\n"
    )
