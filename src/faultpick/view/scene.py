"""What the viewer shows at first, as the JSON state that neuroglancer documents."""

import colorsys
import json
from typing import Any
from urllib.parse import unquote

from faultpick.errors import ConfigError
from faultpick.view.grid import ViewGrid

State = dict[str, Any]
Turn = tuple[float, float, float, float]

SEISMIC_SHADER = """
#uicontrol float clip slider(min={low:g}, max={high:g}, default={clip:g}, step={low:g})
#uicontrol bool red_white_blue checkbox(default=false)
void main() {{
  float amplitude = getDataValue();
  if (isnan(amplitude)) {{
    emitTransparent();
    return;
  }}
  float v = clamp(amplitude / clip, -1.0, 1.0);
  vec3 strong = v > 0.0 ? vec3(0.75, 0.0, 0.0) : vec3(0.0, 0.15, 0.75);
  emitRGB(red_white_blue ? mix(vec3(1.0), strong, abs(v)) : vec3(0.5 + 0.5 * v));
}}
"""

PROBABILITY_SHADER = """
#uicontrol float threshold slider(min=0, max=1, default=0.3, step=0.01)
#uicontrol float opacity slider(min=0, max=1, default=0.8, step=0.01)
void main() {
  float p = getDataValue();
  if (p >= threshold) {
    emitRGBA(vec4(mix(vec3(1.0, 0.8, 0.0), vec3(0.85, 0.0, 0.1), p), opacity));
  } else {
    emitTransparent();
  }
}
"""

DEAD = "#b0c4de"
"""Where there is no trace: light steel blue, as in `faultpick show`."""

HALF = 0.5**0.5
INLINE_SECTION = (0.0, 0.0, 0.0, 1.0)
CROSSLINE_SECTION = (0.0, -HALF, 0.0, HALF)
SLICE = (HALF, 0.0, 0.0, HALF)
"""Turns (quaternions) of crossline to the right, time down, such that numbers grow to the right."""

VIEW = (
    "position",
    "crossSectionScale",
    "projectionScale",
    "relativeDisplayScales",
    "showSlices",
    "showAxisLines",
    "showScaleBar",
    "selection",
)
PANELS = ("layout", "toolPalettes", "selectedLayer")
"""What a link restores, beside how its layers look."""

OBLIQUE = (-0.25, 0.3, 0.08, 0.92)
"""From above and to the side."""
PANEL = (520, 330)
"""Width and height in pixels that a section has to fit into at first."""


def seismic_layer(grid: ViewGrid, url: str, clip: float) -> State:
    """Amplitudes, grey or red, white and blue, clipped at `clip` at first."""
    shader = SEISMIC_SHADER.format(clip=clip, low=clip / 50, high=4 * clip)
    return {"type": "image", "name": "seismic", "source": _source(grid, url), "opacity": 1, "shader": shader}


def probability_layer(grid: ViewGrid, url: str) -> State:
    """Fault probability over the seismic, from yellow to red above a threshold."""
    source = _source(grid, url, bounds=False)
    return {
        "type": "image",
        "name": "probability",
        "source": source,
        "opacity": 1,
        "shader": PROBABILITY_SHADER,
    }


def fault_layer(grid: ViewGrid, url: str, ids: list[int], *, on_sections: bool) -> State:
    """Faults, each in its colour, in space and, where there is a volume of ids, on sections."""
    return {
        "type": "segmentation",
        "name": "faults",
        "source": _source(grid, url, default=on_sections, bounds=False, meshes=True),
        "segments": [str(fault) for fault in ids],
        "segmentColors": {str(fault): fault_colour(fault) for fault in ids},
        "selectedAlpha": 0.8,
        "objectAlpha": 0.85,
    }


def scene(title: str, grid: ViewGrid, layers: list[State]) -> State:
    """The first view: the three sections through the middle and the space, time pointing down.

    Args:
        title: Of the browser's window.
        grid: The survey's grid.
        layers: Bottom first.
    """
    inline, crossline, vertical = grid.axes
    sizes = {
        axis.name: len(axis.positions) * part for axis, part in zip(grid.axes, grid.stretch, strict=True)
    }
    dimensions = {axis.name: [1, ""] for axis in grid.axes}
    names = [layer["name"] for layer in layers]
    # the viewer measures in its smallest step
    unit = min(part / axis.step for axis, part in zip(grid.axes, grid.stretch, strict=True))
    width, height = PANEL
    across = max(sizes["inline"], sizes["crossline"])
    up = max(sizes["inline"], sizes[vertical.name])

    def section(turn: Turn) -> State:
        return {"type": "viewer", "layers": names, "layout": "xy", "crossSectionOrientation": _own(turn)}

    space = {
        "type": "viewer",
        "layers": names,
        "layout": {
            "type": "3d",
            "crossSections": {
                name: {"width": 2000, "height": 2000, "orientation": _own(turn)}
                for name, turn in (("a", INLINE_SECTION), ("b", CROSSLINE_SECTION), ("c", SLICE))
            },
        },
        "projectionOrientation": _own(OBLIQUE),
    }
    return {
        "title": title,
        "dimensions": dimensions,
        "relativeDisplayScales": {
            axis.name: part / axis.step for axis, part in zip(grid.axes, grid.stretch, strict=True)
        },
        "displayDimensions": [crossline.name, vertical.name, inline.name],
        "position": [axis.middle for axis in grid.axes],
        "crossSectionScale": max(across / width, up / height) / unit,
        "projectionScale": 1.5 * max(sizes.values()) / unit,
        "crossSectionBackgroundColor": DEAD,
        "hideCrossSectionBackground3D": True,
        "layers": layers,
        "layout": {
            "type": "column",
            "children": [
                {"type": "row", "children": [section(INLINE_SECTION), section(CROSSLINE_SECTION)]},
                {"type": "row", "children": [section(SLICE), space]},
            ],
        },
        "toolPalettes": {"Display": {"side": "right", "row": 0, "size": 290, "tools": _tools(names)}},
        "selection": {"side": "right", "row": 1, "size": 290, "visible": True},
    }


def restored(state: State, link: str) -> State:
    """The view that a link shows, of the data of `state`.

    Layers of the link that `state` has not are left out, whatever they point to; those it lacks are added.

    Args:
        state: From `scene`.
        link: The address of a browser's window that showed a view.

    Raises:
        ConfigError: It is no such address.
    """
    try:
        shown = json.loads(unquote(link.split("#!", 1)[1]))
        kept = {layer["name"]: layer for layer in shown["layers"]}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            "The link shows no view: copy the whole address of the browser's window, from http:// on."
        ) from error
    layers = [
        {**kept.get(layer["name"], layer), **{key: layer[key] for key in ("name", "type", "source")}}
        for layer in state["layers"]
    ]
    # panels and controls name their layers
    same = kept.keys() == {layer["name"] for layer in layers}
    view = {key: shown[key] for key in (VIEW + PANELS if same else VIEW) if key in shown}
    return {**state, **view, "layers": layers}


def fault_colour(fault: int) -> str:
    """Colour of a fault: hues as far apart as the golden ratio spreads them, in two shades by turns."""
    hue = fault * 0.618034 % 1
    red, green, blue = colorsys.hsv_to_rgb(hue, 0.75 if fault % 2 else 0.95, 1.0 if fault % 2 else 0.8)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def _source(grid: ViewGrid, url: str, **parts: bool) -> State:
    """A source, where its places lie, and which of its parts are shown."""
    matrix = [[0.0, 0.0, 0.0, axis.offset] for axis in grid.axes]
    for row, axis in enumerate(grid.axes):
        matrix[row][row] = axis.step
    dimensions = {axis.name: [1, ""] for axis in grid.axes}
    return {"url": url, "transform": {"outputDimensions": dimensions, "matrix": matrix}, "subsources": parts}


def _own(turn: Turn) -> State:
    """A turn that does not follow those of other panels."""
    return {"link": "unlinked", "value": list(turn)}


def _tools(names: list[str]) -> list[State]:
    tools = {
        "seismic": [
            {"type": "shaderControl", "control": "clip"},
            {"type": "shaderControl", "control": "red_white_blue"},
        ],
        "probability": [
            {"type": "shaderControl", "control": "threshold"},
            {"type": "shaderControl", "control": "opacity"},
        ],
        "faults": [{"type": "selectedAlpha"}, {"type": "objectAlpha"}],
    }
    return [{"layer": name, **tool} for name in names for tool in tools[name]]
