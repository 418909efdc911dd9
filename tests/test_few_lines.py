import numpy as np
import pytest

import few_lines
from faultpick.benchmark import suite_cubes
from few_lines import LINES, middle


@pytest.mark.parametrize("lines", [1, 2, 7])
def test_the_lines_in_the_middle_of_a_cube_are_read_with_their_labels(lines):
    (cube,) = suite_cubes("field-20", 1)
    whole, cut = cube.read(), middle(cube, lines)
    image, label = whole.seismic, whole.fault
    found = cut.read()
    here, there = found.seismic, found.fault
    first = (len(image) - lines) // 2
    np.testing.assert_array_equal(here, image[first : first + lines])
    np.testing.assert_array_equal(there, label[first : first + lines])
    assert found.earth is None  # its faults would count where the lines do not show them
    assert (cut.name, cut.seed) == (str(lines), cube.seed)


def test_each_number_of_lines_is_of_the_same_cubes():
    made = few_lines.cubes(2, 0)
    assert [cube.name for cube in made] == 2 * [str(lines) for lines in LINES]
    assert len({cube.seed for cube in made}) == 2
