"""The viewer in a real browser: what is drawn is what is in the files, where it is in the files."""

import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from urllib.parse import quote, urljoin
from urllib.request import urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from faultpick.view.grid import ViewGrid
from faultpick.view.interactive import serve
from faultpick.view.scene import fault_colour
from faultpick.volume import open_volume

from .conftest import view_in

pytest.importorskip("neuroglancer")
pytest.importorskip("selenium")

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its chromedriver"),
]

SIZE = (900, 620)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
    f"--window-size={SIZE[0]},{SIZE[1]}",
    # no name is found: what is not on this machine is not there
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
CONTROLS = ".neuroglancer-tool-palette-items"
POSITION = (5, 4, 2)
"""The voxel in the middle of the sections: off the middle of the survey on each axis."""

State = dict
Picture = NDArray[np.uint8]


class Window:
    """A browser's window on the viewer."""

    def __init__(self, driver, address: str) -> None:
        self.driver = driver
        self.address = address

    def first_view(self) -> State:
        """The state that the printed address leads to."""
        with urlopen(self.address) as answer:
            page, state = view_in(answer.read().decode())
        self.page = urljoin(self.address, page)
        return state

    def show(self, state: State) -> None:
        """Load the page with this view."""
        fragment = f"#!{quote(json.dumps(state))}"
        if self.driver.current_url.startswith(self.page):
            self.driver.execute_script("location.hash = arguments[0];", fragment)
        else:
            self.driver.get(self.page + fragment)

    def picture(self) -> Picture:
        png = self.driver.get_screenshot_as_png()
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    def panels(self) -> list[Picture]:
        """What the four panels show now."""
        boxes = self.driver.execute_script(
            "return [...document.querySelectorAll('.neuroglancer-rendered-data-panel')]"
            ".map(e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; });"
        )
        picture = self.picture()
        return [
            picture[round(top) : round(bottom), round(left) : round(right)]
            for left, top, right, bottom in boxes
        ]

    def wait_for(self, holds: Callable[[list[Picture]], bool], seconds: float = 90) -> list[Picture]:
        """The panels as soon as something holds of them; as they are when the time is up."""
        end = time.monotonic() + seconds
        while True:
            panels = self.panels()
            if time.monotonic() > end or (len(panels) == 4 and holds(panels)):
                return panels
            time.sleep(0.3)


@pytest.fixture(scope="module")
def window(small, tmp_path_factory) -> Iterator[Window]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with (
        open_volume(small.survey) as survey,
        open_volume(small.probability) as probability,
        serve(survey, probability=probability, picks=small.picks) as address,
    ):
        driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        try:
            yield Window(driver, address)
        finally:
            driver.quit()


def plain(state: State, small, *visible: str) -> State:
    """The view around `POSITION` with some layers only and nothing drawn over them."""
    grid = ViewGrid.of(small.geometry)
    position = [axis.offset + (at + 0.5) * axis.step for axis, at in zip(grid.axes, POSITION, strict=True)]
    layers = [dict(layer, visible=layer["name"] in visible) for layer in state["layers"]]
    return dict(
        state,
        layers=layers,
        position=position,
        crossSectionScale=1.5 * state["crossSectionScale"],
        showAxisLines=False,
        showScaleBar=False,
        showDefaultAnnotations=False,
        showSlices=False,
    )


def drawn(
    section: NDArray, at: tuple[int, int], shape: tuple[int, ...], pixels: float
) -> tuple[NDArray, NDArray]:
    """What a panel should show near the edges of every voxel.

    Args:
        section: Values, first axis to the right, second down.
        at: The voxel in the middle of the panel.
        shape: Of the panel.
        pixels: Size of a voxel.

    Returns:
        Rows and columns of points inside each voxel, (points, 2), and the value at each.
    """
    across, down = np.indices(section.shape)
    points, values = [], []
    for right in (-0.4, 0.4):
        for below in (-0.4, 0.4):
            x = shape[1] / 2 + (across - at[0] + right) * pixels
            y = shape[0] / 2 + (down - at[1] + below) * pixels
            points.append(np.stack([y, x], axis=-1).reshape(-1, 2))
            values.append(section.ravel())
    return np.concatenate(points).astype(int), np.concatenate(values)


def agreement(
    panel: Picture, section: NDArray, at: tuple[int, int], pixels: float, paint: Callable, few: bool = False
) -> float:
    """Share of points inside the voxels that have the colour they should have."""
    points, values = drawn(section, at, panel.shape, pixels)
    inside = (points >= 4).all(axis=1) & (points < np.array(panel.shape[:2]) - 4).all(axis=1)
    # the names of the axes lie over one corner, buttons over another
    inside &= ~((points[:, 0] < 75) & (points[:, 1] < 95))
    inside &= ~((points[:, 0] < 35) & (points[:, 1] > panel.shape[1] - 60))
    points, values = points[inside], values[inside]
    assert len(points) > (40 if few else 100)
    seen = panel[points[:, 0], points[:, 1]].astype(int)
    return float((np.abs(seen - paint(values)) <= 6).all(axis=1).mean())


def sections(values: NDArray) -> list[tuple[NDArray, tuple[int, int]]]:
    """The three sections through `POSITION`, to the right first, and where `POSITION` is in each."""
    i, x, t = POSITION
    return [(values[i], (x, t)), (values[:, x], (i, t)), (values[:, :, t].T, (x, i))]


def pixels_per_voxel(state: State, small) -> float:
    """Size of a voxel on the screen; voxels are shown as cubes where a survey has no coordinates."""
    steps = [axis.step for axis in ViewGrid.of(small.geometry).axes]
    return max(steps) / state["crossSectionScale"]


def grey(clip: float) -> Callable[[NDArray], NDArray]:
    def paint(values: NDArray) -> NDArray:
        shade = np.where(np.isnan(values), 0, 255 * (0.5 + 0.5 * np.clip(values / clip, -1, 1)))
        return np.where(np.isnan(values)[:, None], [176, 196, 222], shade[:, None])

    return paint


def seismic(small) -> NDArray[np.float32]:
    values = small.amplitudes.copy()
    values[~small.geometry.live] = np.nan
    return values


def test_the_sections_are_those_of_the_file_to_a_fraction_of_a_voxel(window, small):
    state = plain(window.first_view(), small, "seismic")
    window.show(state)
    size = pixels_per_voxel(state, small)
    expected = sections(seismic(small))

    def scores(panels: list[Picture]) -> list[float]:
        return [
            agreement(panel, section, at, size, grey(2.0))
            for panel, (section, at) in zip(panels, expected, strict=False)
        ]

    panels = window.wait_for(lambda panels: min(scores(panels)) > 0.98)
    assert min(scores(panels)) > 0.98, scores(panels)
    # the comparison would notice
    for panel, (section, at) in zip(panels, expected, strict=False):
        for wrong in (section[::-1], section[:, ::-1], np.roll(section, 1, axis=0)):
            assert agreement(panel, wrong, at, size, grey(2.0)) < 0.7
        shifted = np.roll(panel, round(size / 2), axis=1)
        assert agreement(shifted, section, at, size, grey(2.0)) < 0.8


def test_a_missing_trace_is_blue(window, small):
    state = plain(window.first_view(), small, "seismic")
    axis = ViewGrid.of(small.geometry).axes[1]
    state["position"][1] = axis.offset + 9.5 * axis.step
    window.show(state)
    size = pixels_per_voxel(state, small)
    corner = seismic(small)[6:, 8:, POSITION[2]].T
    at = (9 - 8, POSITION[0] - 6)
    panels = window.wait_for(lambda panels: agreement(panels[2], corner, at, size, grey(2.0), few=True) == 1)
    assert np.isnan(corner[3, 2])
    assert agreement(panels[2], corner, at, size, grey(2.0), few=True) == 1


def test_the_probability_is_drawn_from_its_threshold_on(window, small):
    state = plain(window.first_view(), small, "probability")
    state["layers"][1]["shaderControls"] = {"threshold": 0.65, "opacity": 1.0}
    state["position"][1] = ViewGrid.of(small.geometry).axes[1].offset + 3.5 * 3
    window.show(state)
    size = pixels_per_voxel(state, small)
    section, at = small.probabilities[:, 3], (POSITION[0], POSITION[2])

    def paint(values: NDArray) -> NDArray:
        colour = np.array([1.0, 0.8, 0.0]) + values[:, None] * (np.array([0.85, 0.0, 0.1]) - [1.0, 0.8, 0.0])
        return np.where(values[:, None] >= 0.65, 255 * colour, [176, 196, 222])

    panels = window.wait_for(lambda panels: agreement(panels[1], section, at, size, paint) > 0.98)
    assert agreement(panels[1], section, at, size, paint) > 0.98


def test_a_slider_moves_and_the_picture_changes(window, small):
    window.show(plain(window.first_view(), small, "seismic", "probability"))

    def overlay(panels: list[Picture]) -> int:
        red, green, blue = (panels[0][..., i].astype(int) for i in range(3))
        return int(((red > green + 40) & (green >= blue)).sum())

    before = overlay(window.wait_for(lambda panels: overlay(panels) > 500))
    slider = window.driver.find_elements(By.CSS_SELECTOR, f"{CONTROLS} input[type=range]")[1]
    width = slider.rect["width"]
    ActionChains(window.driver).move_to_element_with_offset(slider, 0.35 * width, 0).click().perform()
    after = overlay(window.wait_for(lambda panels: overlay(panels) < before))
    assert before > 500
    assert 0 < after < 0.7 * before, "the upper samples are below the threshold now, the lower ones are not"
    window.driver.find_element(By.CSS_SELECTOR, f"{CONTROLS} input[type=checkbox]").click()

    def coloured(panels: list[Picture]) -> int:
        return int((panels[0][..., 2].astype(int) > panels[0][..., 0].astype(int) + 100).sum())

    assert coloured(window.wait_for(lambda panels: coloured(panels) > 1000)) > 1000


def test_faults_have_their_colours_on_sections_and_in_space(window, small):
    state = plain(window.first_view(), small, "faults")
    state |= {"showDefaultAnnotations": True, "projectionBackgroundColor": "#000000"}
    state["layers"][2] |= {"selectedAlpha": 1.0, "objectAlpha": 1.0, "segments": ["1", "2"]}
    grid = ViewGrid.of(small.geometry)
    state["position"][0] = grid.axes[0].offset + 4.5 * grid.axes[0].step
    space = state["layout"]["children"][1]["children"][1]
    space["layout"] = {"type": "3d", "orthographicProjection": True}
    space["projectionOrientation"]["value"] = [0, 0, 0, 1]
    # around the survey there is a yellow box
    state["layers"][0]["visible"] = True
    window.show(state)
    colour = np.array([int(fault_colour(1)[i : i + 2], 16) for i in (1, 3, 5)])

    def of_fault(panel: Picture) -> NDArray[np.bool_]:
        """Its hue, whatever the light."""
        bright = panel.max(axis=2, keepdims=True).clip(1)
        return (np.abs(panel / bright - colour / colour.max()) < 0.08).all(axis=2) & (bright[..., 0] > 40)

    panels = window.wait_for(lambda panels: of_fault(panels[0]).any() and of_fault(panels[3]).sum() > 200)
    size = pixels_per_voxel(state, small)
    middle = np.array(panels[0].shape[:2]) / 2
    top_left, bottom_right = extent(of_fault(panels[0]))
    at = np.array([POSITION[2] + 0.5, POSITION[1] + 0.5])
    np.testing.assert_allclose((top_left - middle) / size + at, (1, 2), atol=0.15)
    np.testing.assert_allclose((bottom_right - middle) / size + at, (5, 9), atol=0.15)

    yellow = (panels[3][..., :2] > 200).all(axis=2) & (panels[3][..., 2] < 60)
    first, last = extent(yellow)
    whole = np.array([small.geometry.shape[2], small.geometry.shape[1]])
    top_left, bottom_right = (
        (corner - first) / (last - first) * whole for corner in extent(of_fault(panels[3]))
    )
    np.testing.assert_allclose(top_left, (1.5, 2.5), atol=0.2)
    np.testing.assert_allclose(bottom_right, (4.5, 8.5), atol=0.2)


def extent(mask: NDArray[np.bool_]) -> tuple[NDArray, NDArray]:
    """First and one behind the last row and column of a mask."""
    places = np.argwhere(mask)
    assert len(places), "nothing is drawn"
    return places.min(axis=0), places.max(axis=0) + 1


def test_numbers_under_the_pointer_are_those_of_the_survey(window, small):
    state = plain(window.first_view(), small, "seismic")
    window.show(state)
    window.wait_for(lambda panels: panels[0].std() > 20)
    panel = window.driver.find_elements(By.CSS_SELECTOR, ".neuroglancer-rendered-data-panel")[0]
    size = pixels_per_voxel(state, small)
    move = ActionChains(window.driver)
    for step in (2, 0):
        move = move.move_to_element_with_offset(panel, round(3 * size) + step, round(-2 * size))
    move.perform()
    i, x, t = POSITION[0], POSITION[1] + 3, POSITION[2] - 2
    amplitude = small.amplitudes[i, x, t]
    expected = f"inline {100 + 2 * i} crossline {31 + 3 * x} ms {400 + 4 * t}"

    def shown(_: object = None) -> str:
        return " ".join(window.driver.find_element(By.TAG_NAME, "body").text.split())

    window.wait_for(lambda panels: expected in shown())
    assert expected in shown()
    assert f"seismic {amplitude:g}" in shown()


def test_a_link_restores_the_view(window, small):
    state = plain(window.first_view(), small, "seismic")
    state["layers"][0]["shaderControls"] = {"clip": 3.0}
    window.show(state)
    window.wait_for(lambda panels: panels[0].std() > 20)
    link = window.driver.current_url
    with open_volume(small.survey) as survey, serve(survey, link=link) as address:
        again = Window(window.driver, address)
        again.show(again.first_view())
        size = pixels_per_voxel(state, small)
        section, at = sections(seismic(small))[0]
        panels = again.wait_for(lambda panels: agreement(panels[0], section, at, size, grey(3.0)) > 0.98)
        window.driver.get("about:blank")
    assert agreement(panels[0], section, at, size, grey(3.0)) > 0.98


def test_the_page_is_whole_without_internet_and_reports_no_error(window):
    window.driver.get(window.address)
    window.wait_for(lambda panels: panels[0].std() > 20)
    names = window.driver.execute_script("return performance.getEntriesByType('resource').map(e => e.name);")
    origin = window.address.rsplit("/", 1)[0]
    assert names
    assert [name for name in names if not name.startswith((f"{origin}/", "blob:", "data:"))] == []
    errors = [entry["message"] for entry in window.driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
