"""Surfaces as PLY, binary, with the fault's id at every vertex."""

from pathlib import Path

import numpy as np

from faultpick.picks.export.mesh import join
from faultpick.picks.export.placed import Frame, PlacedFault

VERTEX = np.dtype([("place", "<f8", 3), ("fault", "<i4")])
FACE = np.dtype([("corners", "u1"), ("vertices", "<i4", 3)])


def write_ply(faults: list[PlacedFault], frame: Frame, path: Path) -> None:
    """Write one mesh of all faults: double X, Y, Z and int `fault` of each vertex; triangles."""
    mesh = join(faults)
    vertices = np.empty(len(mesh.vertices), dtype=VERTEX)
    vertices["place"] = mesh.vertices
    vertices["fault"] = np.array([fault.fault.id for fault in faults])[mesh.vertex_owner]
    faces = np.empty(len(mesh.triangles), dtype=FACE)
    faces["corners"], faces["vertices"] = 3, mesh.triangles
    header = (
        "ply\n"
        "format binary_little_endian 1.0\n"
        f"comment {frame.sentence(up=True)}\n"
        f"element vertex {len(vertices)}\n"
        "property double x\n"
        "property double y\n"
        "property double z\n"
        "property int fault\n"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_indices\n"
        "end_header\n"
    )
    path.write_bytes(header.encode("ascii") + vertices.tobytes() + faces.tobytes())
