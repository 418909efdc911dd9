import numpy as np
import pytest

from faultpick.picks.attributes import Scale
from faultpick.picks.sticks import sticks_of
from faultpick.synth.faults import fault_axes

VOXELS = Scale("voxels", np.eye(3))


def parallelogram(strike: float, dip: float, length: float = 40.0) -> tuple[np.ndarray, np.ndarray]:
    """A plane of 9 x 9 vertices about (50, 50, 50), facing into the hanging wall."""
    along, down, normal = fault_axes(strike, dip)
    u, v = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9), indexing="ij")
    vertices = 50 + (u[..., None] * length / 2 * along + v[..., None] * 20 * down).reshape(-1, 3)
    corner = np.arange(81).reshape(9, 9)
    a, b, c, d = (corner[i : i + 8, j : j + 8].ravel() for i in (0, 1) for j in (0, 1))
    triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([c, b, d])])
    first = vertices[triangles[0]]
    if np.cross(first[1] - first[0], first[2] - first[0]) @ normal < 0:
        triangles = triangles[:, ::-1]
    return vertices.astype(np.float32), triangles.astype(np.int32)


@pytest.mark.parametrize(("strike", "axis"), [(10, 0), (80, 1), (170, 0), (200, 0), (280, 1)])
def test_sticks_lie_on_regular_lines_across_the_strike(strike: float, axis: int) -> None:
    along, _, normal = fault_axes(strike, 60)
    sticks = sticks_of(*parallelogram(strike, 60), 8, VOXELS)
    lines = [stick[0, axis] for stick in sticks]
    assert len(sticks) >= 4
    assert all(
        (stick[:, axis] == line).all() and line % 8 == 0 for stick, line in zip(sticks, lines, strict=True)
    )
    for stick in sticks:
        assert (np.diff(stick[:, 2]) > 0).all()
        assert np.abs((stick - 50) @ normal).max() < 1e-3
    middles = [stick.mean(axis=0) @ along for stick in sticks]
    assert (np.diff(middles) > 0).all()


def test_a_small_fault_has_sticks_on_lines_between() -> None:
    sticks = sticks_of(*parallelogram(0, 60, length=7.0), 8, VOXELS)
    assert len(sticks) >= 2


def test_a_hole_parts_a_stick() -> None:
    vertices, triangles = parallelogram(0, 60)
    centre = vertices[triangles].mean(axis=1)
    cut = triangles[np.abs(centre[:, 2] - 50) > 5]
    sticks = sticks_of(vertices, cut, 8, VOXELS)
    per_line = np.unique([stick[0, 0] for stick in sticks], return_counts=True)[1]
    assert (per_line == 2).all()
    assert sticks[0][0, 2] < sticks[1][0, 2]


@pytest.mark.parametrize(("strike", "axis"), [(62, 0), (80, 1), (10, 0)])
def test_the_ground_says_which_lines_lie_across_the_strike(strike: float, axis: int) -> None:
    """Inlines 50 m apart and crosslines 12.5 m: on the ground a strike of 62 degrees is one of 25."""
    bins = Scale("m", np.diag([50.0, 12.5, 4.0]))
    sticks = sticks_of(*parallelogram(strike, 70), 4, bins)
    assert len(sticks) >= 2
    assert all((stick[:, axis] == stick[0, axis]).all() for stick in sticks)


@pytest.mark.parametrize("lines", [2, 17, 49])
def test_the_first_line_and_the_last_have_sticks_too(lines: int) -> None:
    vertices, triangles = parallelogram(0, 60)
    vertices[:, 0] = (vertices[:, 0] - vertices[:, 0].min()) * (lines - 1) / np.ptp(vertices[:, 0])
    vertices[:, 0] = vertices[:, 0].clip(0, lines - 1)
    sticks = sticks_of(vertices, triangles, 8, VOXELS)
    on = sorted({float(stick[0, 0]) for stick in sticks})
    assert on == ([0.0, 1.0] if lines == 2 else list(range(0, lines, 8)))
    assert all(np.ptp(stick[:, 2]) == pytest.approx(np.ptp(vertices[:, 2]), rel=0.01) for stick in sticks)
