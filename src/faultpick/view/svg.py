"""A figure as SVG that stands inside an HTML page."""

import io
import re

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure


def inline_svg(figure: Figure, name: str, alternative: str) -> str:
    """The `<svg>` element of a figure.

    What belongs to an XML file alone is taken off: declaration, document type, metadata, namespaces. Every
    mark begins with `name`, so that several figures go into one page; a mark that begins with `overlay`
    becomes the class `overlay`.

    Args:
        figure: The figure.
        name: Letters, digits and hyphens, once in a page.
        alternative: Plain text for readers who do not see it.
    """
    file = io.StringIO()
    FigureCanvasSVG(figure)
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'\bid="overlay[^"]*"', 'class="overlay"', text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'\swidth="[^"]*" height="[^"]*"|\sversion="1.1"', "", text, count=2)
    label = re.sub(r'[<>&"]', "", alternative)
    return text.replace("<svg", f'<svg id="{name}" role="img" aria-label="{label}"', 1)
