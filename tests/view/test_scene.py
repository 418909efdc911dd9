"""The first view, and views that links restore."""

import json
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest

from faultpick.errors import ConfigError
from faultpick.view.grid import ViewGrid
from faultpick.view.scene import fault_colour, fault_layer, restored, scene, seismic_layer


@pytest.fixture
def first(small):
    grid = ViewGrid.of(small.geometry)
    layers = [
        seismic_layer(grid, "python://a", 2.0),
        fault_layer(grid, "python://b", [1, 2], on_sections=True),
    ]
    return scene("survey.sgy", grid, layers)


def link_of(state):
    return f"http://127.0.0.1:1/v/old/#!{quote(json.dumps(state))}"


def test_the_first_view_is_the_middle_of_the_survey(first):
    assert np.floor(first["position"]).tolist() == [108, 46, 412]


def test_the_first_view_is_of_lines_that_there_are(small):
    crosslines = np.r_[100:106, 150:156].astype(np.int32)
    state = scene("survey.sgy", ViewGrid.of(replace(small.geometry, crosslines=crosslines)), [])
    assert np.floor(state["position"]).tolist() == [108, 105, 412]


def test_a_link_brings_back_the_view_on_the_data_of_now(first):
    layers: list[dict] = [dict(layer, source={"url": "python://old"}) for layer in first["layers"]]
    layers[0] = dict(layers[0], shaderControls={"clip": 0.5})
    old = dict(first, position=[100.5, 31.5, 400.5], layers=layers, title="old")
    new = restored(first, link_of(old))
    assert new["position"] == [100.5, 31.5, 400.5]
    assert new["layers"][0]["shaderControls"] == {"clip": 0.5}
    assert [layer["source"] for layer in new["layers"]] == [layer["source"] for layer in first["layers"]]
    assert new["title"] == "survey.sgy"


def test_a_link_cannot_bring_other_data(first):
    old = dict(
        first, layers=[{"name": "x", "type": "image", "source": "http://elsewhere"}], credentials={"a": {}}
    )
    new = restored(first, link_of(old))
    assert new["layers"] == first["layers"]
    assert new["layout"] == first["layout"], "which names the layers"
    assert "credentials" not in new
    assert "elsewhere" not in json.dumps(new)


@pytest.mark.parametrize(
    "link", ["", "http://127.0.0.1:1/token", "http://x/#!{", "http://x/#![]", "http://x/#!{}"]
)
def test_what_is_no_link_is_refused(first, link):
    with pytest.raises(ConfigError, match="shows no view"):
        restored(first, link)


def test_fifty_faults_have_fifty_colours():
    assert len({fault_colour(fault) for fault in range(1, 51)}) == 50
