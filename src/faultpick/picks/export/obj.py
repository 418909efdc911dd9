"""Surfaces as Wavefront OBJ: text, one object a fault."""

from pathlib import Path

from faultpick.picks.export.mesh import join
from faultpick.picks.export.placed import Frame, PlacedFault


def write_obj(faults: list[PlacedFault], frame: Frame, path: Path) -> None:
    """Write each fault as an object of its name; vertices are counted from 1 through the file."""
    mesh = join(faults)
    first = 0
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(f"# {frame.sentence(up=True)}\n")
        file.writelines(f"v {x:.3f} {y:.3f} {z:.3f}\n" for x, y, z in mesh.vertices)
        for fault in faults:
            file.write(f"o {fault.name}\n")
            own = mesh.triangles[first : first + len(fault.triangles)] + 1
            file.writelines(f"f {a} {b} {c}\n" for a, b, c in own)
            first += len(fault.triangles)
