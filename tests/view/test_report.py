import csv
import html
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from matplotlib.text import Annotation

from faultpick.errors import OutputError, PicksError, VolumeError
from faultpick.picks import Fault, Picks, Throw
from faultpick.picks.picking import pick_to_folder
from faultpick.picks.store import read_picks, write_picks
from faultpick.view import report
from faultpick.view.fault_sections import sections_through
from faultpick.view.report import write_report
from faultpick.view.report_figures import draw_section, draw_throws
from faultpick.view.report_page import survey_rows
from faultpick.volume import Geometry, SampleAxis, create_volume, open_volume
from faultpick.volume.volume import plain_geometry

SHAPE = (20, 24, 30)


def fault(number, crossline, throw):
    """A steep plane along the inline axis with a stick on every second inline."""
    inlines, samples = np.arange(0, 20, 2.0), np.arange(0, 30, 3.0)
    grid = np.stack(np.meshgrid(inlines, [crossline], samples, indexing="ij"), -1)[:, 0]
    grid[..., 1] += grid[..., 2] / 6
    index = np.arange(grid[..., 0].size).reshape(grid.shape[:2])
    a, b, c, d = (each.ravel() for each in (index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    return Fault(
        id=number,
        vertices=grid.reshape(-1, 3).astype(np.float32),
        triangles=triangles.astype(np.int32),
        sticks=list(grid.astype(np.float32)),
        strike=12.3456 + number,
        dip=71.23,
        area=123456.78 / number,
        length=1234.5,
        height=118.0,
        mean_probability=0.8765,
        minimum_probability=0.31,
        throw=throw,
    )


def throws(first):
    samples = np.full(10, first, np.float32)
    samples[3] = np.nan
    return Throw(samples, np.linspace(0, 1, 10, dtype=np.float32))


@pytest.fixture(scope="module")
def geometry():
    corners = np.array([[0, 0], [575, 0], [0, 475], [575, 475]]) + np.array([450_000.0, 6_000_000.0])
    return Geometry(
        np.arange(100, 120, dtype=np.int32),
        np.arange(300, 348, 2, dtype=np.int32),
        SampleAxis(800.0, 4.0, SHAPE[2], "ms"),
        corners,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory, geometry):
    """A survey, its probability and their picks; returns the folder and the picks."""
    tmp_path = tmp_path_factory.mktemp("survey")
    rng = np.random.default_rng(0)
    volumes = {
        "seismic": rng.normal(size=SHAPE).astype(np.float32),
        "probability": rng.random(SHAPE).astype(np.float32) ** 8,
    }
    for name, values in volumes.items():
        with create_volume(tmp_path / f"{name}.zarr", geometry) as writer:
            writer.write(0, values)
    settings = {name: str(tmp_path / f"{name}.zarr") for name in volumes} | {"low": 0.3, "high": 0.6}
    faults = [fault(1, 8.0, throws(-3.25)), fault(2, 15.0, None), fault(3, 2.0, throws(7.0))]
    picks = Picks(faults, geometry, "m", settings)
    write_picks(picks, tmp_path / "picks")
    return tmp_path, picks


CARD = {
    "name": "mine",
    "licence": "Apache-2.0",
    "description": "<u>best</u>",
    "config": {"data": {"crop": [64, 64, 64]}, "flips": True},
}


@pytest.fixture(scope="module")
def page(made):
    return page_of(made[0], card=CARD)


def page_of(folder, picks=None, **options):
    """The page of the picks in a folder, or of others."""
    if picks is not None:
        write_picks(picks, folder / "others", overwrite=True)
    write_report(folder / ("picks" if picks is None else "others"), folder / "report.html", **options)
    return (folder / "report.html").read_text(encoding="utf-8")


def cells(page):
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    rows = re.findall(r"<tr>(.*?)</tr>", body)
    return [
        [
            (value, re.sub("<[^>]+>", "", text))
            for value, text in re.findall(r'data-value="([^"]*)">(.*?)</td>', row)
        ]
        for row in rows
    ]


def test_the_page_needs_nothing_from_elsewhere(page):
    own = re.sub(r"data:image/png;base64,[^\"']*", "", page)
    for sign in ("http:", "https:", "//", "@import", "<link", "src=", "<iframe"):
        assert sign not in own, sign
    for target in re.findall(r'href="([^"]*)"', own) + re.findall(r"url\(([^)]*)\)", own):
        assert target == "" or target.startswith("#")
    assert "default-src 'none'" in page


def test_marks_are_there_once_and_what_refers_to_them_finds_them(page):
    marks = re.findall(r'\bid="([^"]*)"', page)
    assert len(marks) == len(set(marks))
    targets = re.findall(r'href="#([^"]*)"', page) + re.findall(r"url\(#([^)]*)\)", page)
    assert targets
    assert set(targets) <= set(marks)


def test_numbers_in_the_table_are_those_of_the_csv(made, page):
    table = cells(page)
    with (made[0] / "picks/faults.csv").open() as file:
        expected = list(csv.reader(file))[1:]
    assert [[value for value, _ in row] for row in table] == expected
    for row in table:
        for value, text in row:
            shown = text.replace(",", "").replace("\N{MINUS SIGN}", "-")
            if value == "":
                assert shown == ""
            else:
                digits = len(shown.partition(".")[2])
                assert float(shown) == pytest.approx(float(value), abs=0.500001 * 10**-digits)
    assert table[0][-3][1] == "\N{MINUS SIGN}3.2"


def test_digits_are_the_same_down_a_column(page):
    for column in zip(*cells(page), strict=True):
        assert len({len(text.partition(".")[2]) for _, text in column if text}) == 1


def test_survey_settings_and_card_are_told(page):
    page = html.unescape(page)
    for text in (
        "100 to 119, 20 lines",
        "300 to 346, step 2, 24 lines",
        "800 to 916 ms, every 4 ms, 30 samples",
        "25 m between inlines, 25 m between crosslines",
        "X 450,575.0, Y 6,000,475.0",
        "<dt>high</dt><dd>0.6</dd>",
        "<dt>data: crop</dt><dd>64, 64, 64</dd>",
        "<dt>flips</dt><dd>yes</dd>",
        "<dt>licence</dt><dd>Apache-2.0</dd>",
        "<dt>picked with faultpick</dt>",
    ):
        assert text in page, text


def test_sections_go_through_the_largest_faults(page):
    titles = re.findall(r"<h3>(.*?)</h3>", page)
    assert titles[0] == "Inline 109"
    assert titles[-4].startswith("Time ")
    assert page.count('class="overlay"') >= 4
    assert 'id="faults-shown" checked' in page


def test_names_of_faults_that_start_at_one_place_do_not_cover_each_other(made):
    folder, picks = made
    near = replace(picks, faults=[replace(fault(n, 8.0 + n / 10, None), id=n) for n in (1, 2, 3)])
    with open_volume(folder / "seismic.zarr") as seismic:
        panel = draw_section(sections_through(near)[0], seismic, None, near, 1.0).axes[0]
    places = [panel.transLimits.transform(text.xy)[0] for text in panel.texts if isinstance(text, Annotation)]
    assert len(places) == 3
    assert np.diff(sorted(places)).min() > 0.02


def test_text_from_files_is_escaped(made):
    folder, picks = made
    name = "<script>alert(1)</script>&.zarr"
    settings = {"seismic": name, "probability": picks.settings["probability"], "<b>": "<i>"}
    page = page_of(folder, replace(picks, settings=settings), card=CARD)
    for text in ("<script>alert", "<i>", "<b>:", "<u>best"):
        assert text not in page, text
    assert html.escape(name) in page
    assert page.count("<script>") == 1


def test_without_the_survey_the_sections_are_left_out_and_the_page_says_so(made):
    folder, picks = made
    picks = replace(picks, settings={"seismic": str(folder / "gone.sgy"), "probability": None})
    page = html.unescape(page_of(folder, picks))
    assert "<h2>Sections</h2>" not in page
    assert "<h2>Fault probability</h2>" not in page
    assert f"What needs the seismic is left out. {folder / 'gone.sgy'} does not exist" in page
    assert "name no probability" in page
    assert len(cells(page)) == 3
    with open_volume(folder / "seismic.zarr") as seismic:
        page = page_of(folder, picks, seismic=seismic)
    assert "<h2>Sections</h2>" in page
    assert "gone.sgy does not exist" not in page


def test_another_survey_is_refused_and_nothing_is_written(made):
    folder, _ = made
    np.save(folder / "other.npy", np.zeros((4, 5, 6), np.float32))
    with open_volume(folder / "other.npy") as other, pytest.raises(VolumeError, match=r"\(4, 5, 6\)"):
        write_report(folder / "picks", folder / "refused.html", seismic=other)
    with pytest.raises(PicksError, match="holds no picks"):
        write_report(folder / "seismic.zarr", folder / "refused.html")
    assert not list(folder.glob("*refused*"))


def test_the_page_replaces_neither_the_survey_nor_the_picks(made):
    folder, _ = made
    for name in ("seismic.zarr", "probability.zarr", "picks", "picks/faults.json"):
        with pytest.raises(OutputError, match="is the input or holds it"):
            write_report(folder / "picks", folder / name)
    with open_volume(folder / "seismic.zarr") as seismic:
        assert seismic.shape == SHAPE
    assert len(read_picks(folder / "picks").faults) == 3


@pytest.mark.parametrize("name", ["report.pdf", "report"])
def test_a_page_is_called_as_one(made, name):
    folder, _ = made
    with pytest.raises(OutputError, match=r"would be an HTML page: name it \.html"):
        write_report(folder / "picks", folder / name)


def test_a_folder_is_never_replaced_and_nothing_is_written_beside_it(made):
    folder, _ = made
    shutil.copytree(folder / "seismic.zarr", folder / "another.zarr")
    with pytest.raises(OutputError, match="is a folder"):
        write_report(folder / "picks", folder / "another.zarr")
    (folder / "here-strike.png").mkdir()
    for out in (folder / "here.html", Path()):
        with pytest.raises(OutputError, match="is a folder"):
            write_report(folder / "picks", out, png=True)
    assert [path.name for path in folder.glob("here*")] == ["here-strike.png"]
    with open_volume(folder / "another.zarr") as seismic:
        assert seismic.shape == SHAPE


def test_a_name_that_is_no_text_is_written_as_far_as_it_is(made):
    folder, picks = made
    page = page_of(folder, replace(picks, settings={"seismic": "St\udcf6rung.zarr"}))
    assert "St?rung.zarr" in page


def test_the_volumes_of_the_settings_are_opened_as_the_options_say(made):
    folder, _ = made
    opened = []

    def watched(path):
        opened.append(path)
        return open_volume(path)

    page_of(folder, open_seismic=watched)
    assert opened == [str(folder / "seismic.zarr")]


def test_no_fault_at_all_makes_a_page_too(made):
    folder, picks = made
    page = page_of(folder, replace(picks, faults=[]))
    assert "No fault was picked." in page
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["Time 860 ms"]


def test_a_survey_without_headers_is_told_in_voxels(tmp_path):
    picks = Picks([fault(1, 8.0, throws(2.0))], plain_geometry(SHAPE), "voxels")
    page = page_of(tmp_path, picks)
    assert "growing inline numbers" in page
    assert "123,457 voxels²" in page
    assert ("samples", "0 to 29, every 1, 30 samples") in survey_rows(picks.geometry)


def test_a_single_line_is_told_as_one(tmp_path):
    crosslines, samples = np.meshgrid(np.arange(80), np.arange(60), indexing="ij")
    probability = (np.abs(crosslines - 25 - samples / 2) <= 1).astype(np.float32)[None]
    lines = np.array([107], np.int32), np.arange(300, 380, dtype=np.int32)
    corners = np.array([[0.0, 0.0], [1975.0, 0.0], [0.0, 0.0], [1975.0, 0.0]])
    geometry = Geometry(*lines, SampleAxis(0.0, 4.0, 60, "ms"), corners)
    with create_volume(tmp_path / "p.zarr", geometry) as writer:
        writer.write(0, probability)
    with open_volume(tmp_path / "p.zarr") as volume:
        pick_to_folder(volume, tmp_path / "picks")
    write_report(tmp_path / "picks", tmp_path / "line.html")
    page = (tmp_path / "line.html").read_text(encoding="utf-8")
    assert "107 alone" in page
    assert page.count("corner 107, 300") == 1
    assert "Dips along the line" in page
    for word in ("Poles: lower", "right-hand rule", "slice that most faults cross"):
        assert word not in page


def test_north_is_not_up_where_strike_is_that_of_the_grid(made):
    """With coordinates, but a sample axis of unknown unit."""
    folder, picks = made
    unknown = replace(picks.geometry, samples=replace(picks.geometry.samples, unit="samples"))
    page = page_of(folder, replace(picks, geometry=unknown, length_unit="voxels"))
    assert "from the direction of growing inline numbers" in page
    assert "north" not in page.lower()
    assert "25 m between inlines" in page


def test_figures_are_written_beside_the_page(made, monkeypatch):
    monkeypatch.setattr(report, "DPI", 50)
    folder, _ = made
    written = write_report(folder / "picks", folder / "r.html", png=True)
    names = sorted(path.name for path in written)
    assert names == sorted(path.name for path in folder.glob("r[.-]*"))
    sections = [name for name in names if re.fullmatch(r"r-section-\d\.png", name)]
    assert {"r-strike.png", "r-poles.png", "r-dip.png", "r-throw.png", "r-probability.png"} < set(names)
    for name in sections:
        with_faults, without = (
            imread(folder / n)[..., :3] for n in (name, name.replace(".png", "-seismic.png"))
        )
        assert np.ptp(without, axis=2).max() < 0.1, "the seismic is grey"
        assert np.ptp(with_faults, axis=2).max() > 0.3


def test_the_command_writes_into_the_folder_of_picks(made, command):
    folder, _ = made
    code, out, _ = command("report", folder / "picks", "--model", "unet_res2")
    assert (code, out.strip()) == (0, str(folder / "picks/report.html"))
    assert "unet_res2" in (folder / "picks/report.html").read_text()
    code, _, err = command("report", folder / "picks", "--seismic", folder / "missing.sgy")
    assert code == 2
    assert "missing.sgy does not exist" in err
    assert len(err.splitlines()) == 1


def test_throw_is_drawn_along_the_strike_whatever_the_order_and_heights_of_the_sticks(made):
    """Sticks every second inline, 25 m apart; those that reach less deep have their middle up the dip."""
    _, picks = made
    whole = fault(1, 8.0, Throw(np.arange(10, dtype=np.float32), np.ones(10, np.float32)))
    sticks = [stick[: 4 if number % 2 else 10] for number, stick in enumerate(whole.sticks)]
    figure = draw_throws(replace(picks, faults=[replace(whole, sticks=sticks, strike=0.0)]))
    assert figure is not None
    line = figure.axes[0].lines[1]
    assert line.get_xdata() == pytest.approx(50.0 * np.arange(10), abs=0.01)
    assert line.get_ydata() == pytest.approx(4.0 * np.arange(10))


def test_throw_is_drawn_in_the_direction_of_the_strike_where_crosslines_grow_to_the_left(made):
    """To the west, so that what dips to growing crosslines strikes south, against the inlines."""
    _, picks = made
    west = replace(picks.geometry, corners=np.array([[575.0, 0], [0, 0], [575, 475], [0, 475]]))
    mirrored = fault(1, 8.0, Throw(np.arange(10, dtype=np.float32), np.ones(10, np.float32)))
    figure = draw_throws(replace(picks, geometry=west, faults=[replace(mirrored, strike=180.0)]))
    assert figure is not None
    line = figure.axes[0].lines[1]
    assert line.get_xdata() == pytest.approx(50.0 * np.arange(10), abs=0.01)
    assert line.get_ydata() == pytest.approx(4.0 * np.arange(10)[::-1])


# In a real browser


@pytest.fixture
def browser():
    webdriver = pytest.importorskip("selenium.webdriver")
    programs = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    program = next((path for path in programs if path), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium with its driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--window-size=900,1400"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    window = webdriver.Chrome(options, webdriver.ChromeService(driver))
    yield window
    window.quit()


def colourful(element):
    """The share of an element's pixels that are not grey."""
    picture = imread(io.BytesIO(element.screenshot_as_png))[..., :3]
    return float((np.ptp(picture, axis=2) > 0.3).mean())


@pytest.mark.slow
def test_the_page_in_a_browser(made, page, browser):
    path = made[0] / "in-browser.html"
    path.write_text(page, encoding="utf-8")
    browser.get(path.as_uri())
    section = browser.find_element("css selector", "#section-1")
    switch = browser.find_element("id", "faults-shown")
    assert colourful(section) > 0.01
    switch.click()
    assert colourful(section) == 0
    switch.click()
    assert colourful(section) > 0.01

    def column(number):
        cells = browser.find_elements("css selector", f".faults tbody td:nth-child({number})")
        return [cell.get_attribute("data-value") for cell in cells]

    buttons = browser.find_elements("css selector", ".faults th button")
    buttons[3].click()
    assert column(1) == ["3", "2", "1"]
    buttons[3].click()
    assert column(1) == ["1", "2", "3"]
    buttons[9].click()
    assert column(10) == ["-3.25", "7", ""], "what is not known stays last"
    buttons[9].click()
    assert column(10) == ["7", "-3.25", ""]

    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    bare, shown = browser.find_elements("css selector", "#figure-section-1 svg")
    assert bare.is_displayed()
    assert bare.size == shown.size
    assert colourful(bare) == 0
    assert colourful(shown) > 0.01
    assert not switch.is_displayed()
    assert browser.get_log("browser") == []
