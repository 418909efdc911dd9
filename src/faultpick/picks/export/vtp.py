"""Surfaces as VTK PolyData in XML, with the faults' attributes on every triangle."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faultpick.picks.export.mesh import join
from faultpick.picks.export.placed import Frame, PlacedFault

TYPES = {"f8": "Float64", "f4": "Float32", "i4": "Int32"}


def write_vtp(faults: list[PlacedFault], frame: Frame, path: Path) -> None:
    """Write one piece of all faults; cell data `fault` (the id), `strike`, `dip` and `mean_probability`."""
    mesh = join(faults)

    def of_each_triangle(name: str, values: Sequence[float], dtype: str) -> str:
        return _array(name, np.array(values, dtype)[mesh.triangle_owner])

    ids = [fault.fault.id for fault in faults]
    angles = {name: [getattr(fault.fault, name) for fault in faults] for name in ("strike", "dip")}
    probability = [fault.fault.mean_probability for fault in faults]
    path.write_text(
        '<?xml version="1.0"?>\n'
        f"<!-- {frame.sentence(up=True)} -->\n"
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n'
        "<PolyData>\n"
        f'<Piece NumberOfPoints="{len(mesh.vertices)}" NumberOfVerts="0" NumberOfLines="0" '
        f'NumberOfStrips="0" NumberOfPolys="{len(mesh.triangles)}">\n'
        f"<Points>\n{_array('points', mesh.vertices.astype('f8'))}</Points>\n"
        "<Polys>\n"
        + _array("connectivity", mesh.triangles.ravel())
        + _array("offsets", np.arange(3, 3 * len(mesh.triangles) + 1, 3, dtype=np.int32))
        + '</Polys>\n<CellData Scalars="fault">\n'
        + of_each_triangle("fault", ids, "i4")
        + "".join(of_each_triangle(name, values, "f4") for name, values in angles.items())
        + of_each_triangle("mean_probability", probability, "f4")
        + "</CellData>\n</Piece>\n</PolyData>\n</VTKFile>\n",
        encoding="ascii",
        newline="\n",
    )


def _array(name: str, values: NDArray) -> str:
    """One array as the format's inline binary: its length in bytes and its bytes, in base 64."""
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    text = b64encode(len(data).to_bytes(8, "little") + data).decode("ascii")
    columns = 1 if values.ndim == 1 else values.shape[1]
    kind = TYPES[values.dtype.str[1:]]
    return (
        f'<DataArray type="{kind}" Name="{name}" NumberOfComponents="{columns}" format="binary">\n'
        f"{text}\n</DataArray>\n"
    )
