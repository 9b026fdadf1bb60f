"""A matplotlib figure as an SVG for a page of strict policy: text as text, no style, a title, spots to point at.

Promises: the same figure gives the same text; every style becomes an attribute, so that a policy without inline style
shows it as drawn; ids are the figure's own; the parts that a pointer may ask about are rectangles with their words.
Refuses a figure in another thread at the same time (matplotlib is not made for that): one lock.
"""

import io
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as MplPath

Numbers = Sequence[float] | np.ndarray
LOCK: Final = threading.Lock()
INK: Final = "#1c2733"
MUTED: Final = "#4d5a68"
FAINT: Final = "#d5dbe1"
BLUE: Final = "#0b5394"
BAND: Final = "#c9d8e6"
VERMILLION: Final = "#b3440e"
PURPLE: Final = "#6a3d8f"
STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "quietstep",
    "font.family": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "hatch.linewidth": 0.7,
    "axes.titlesize": 9.5,
    "axes.titlecolor": MUTED,
    "axes.titlelocation": "left",
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.borderaxespad": 0.0,
    "figure.dpi": 72,
}
NARROW_STYLE: Final[Any] = STYLE | {"font.size": 11.0, "axes.titlesize": 11.0, "legend.fontsize": 11.0}
"""A phone shows a point as a pixel, so its letters are larger."""
LEFT, RIGHT, TOP = 46.0, 22.0, 20.0
"""Margins in points, wide enough for the labels of every language."""
_BAR: Final = (MplPath.MOVETO, MplPath.LINETO, MplPath.LINETO, MplPath.LINETO, MplPath.CLOSEPOLY)
_NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
_XLINK: Final = "{http://www.w3.org/1999/xlink}"
_DRAWN: Final = frozenset(
    (
        *(
            "fill",
            "fill-opacity",
            "fill-rule",
            "opacity",
            "stroke",
            "stroke-width",
            "stroke-opacity",
            "stroke-dasharray",
        ),
        *("stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "text-anchor", "font-weight"),
    )
)
_FINE: Final = re.compile(r"(\.\d)\d+")
_SIZE: Final = re.compile(r"([\d.]+)px")


class Spot(NamedTuple):
    """A rectangle in data coordinates, the words about it, and the day it stands for (ISO, may be empty)."""

    x0: float
    x1: float
    words: str
    day: str = ""
    y0: float | None = None
    y1: float | None = None


class Drawn(NamedTuple):
    """A figure and the axes in which its spots lie."""

    figure: Figure
    axes: Axes
    spots: Sequence[Spot]


def new_figure(width: float, height: float, bottom: float = 22.0) -> Figure:
    """An empty figure of this many points; call inside `LOCK` and `STYLE`.

    Its margins are fixed: matplotlib's own layouts draw everything twice, which is most of the time there is.
    """
    figure = Figure(figsize=(width / 72, height / 72))
    edges = {"left": LEFT / width, "right": 1 - RIGHT / width, "bottom": bottom / height, "top": 1 - TOP / height}
    figure.subplots_adjust(**edges, hspace=0.28)
    figure.patch.set_alpha(0.0)
    FigureCanvasSVG(figure)
    return figure


def bars(axes: Axes, at: Numbers, bottom: Numbers, height: Numbers, width: float = 0.82, **look: Any) -> None:
    """Bars as one path: matplotlib's own are an object each, and slow."""
    corners = [
        ((x - width / 2, y), (x + width / 2, y), (x + width / 2, y + h), (x - width / 2, y + h), (x - width / 2, y))
        for x, y, h in zip(at, bottom, height, strict=True)
    ]
    if corners:
        axes.add_artist(PathPatch(MplPath.make_compound_path(*(MplPath(one, _BAR) for one in corners)), **look))


def svg_text(drawn: Drawn, name: str, title: str, description: str) -> str:
    """The figure as an element for a page, inside `LOCK` and `STYLE`; ``name`` makes its ids its own."""
    out = io.StringIO()
    drawn.figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    height = drawn.figure.get_figheight() * 72
    places = [_rectangle(drawn.axes, spot, height) for spot in drawn.spots]
    root = ET.fromstring(out.getvalue())
    _tidy(root, name)
    _describe(root, name, title, description)
    root.append(_spots(drawn.spots, places))
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _rectangle(axes: Axes, spot: Spot, height: float) -> tuple[float, float, float, float]:
    box = axes.bbox
    x0, x1 = (float(axes.transData.transform((x, 0.0))[0]) for x in (spot.x0, spot.x1))
    y0, y1 = box.y0, box.y1
    if spot.y0 is not None and spot.y1 is not None:
        ends = (float(axes.transData.transform((0.0, y))[1]) for y in (spot.y0, spot.y1))
        y0, y1 = sorted(ends)
    return x0, height - y1, x1 - x0, y1 - y0


def _tidy(root: ET.Element, name: str) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if not child.tag.startswith(_NAMESPACE) or child.tag.removeprefix(_NAMESPACE) in ("style", "metadata"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        _plain_style(element)
        for key, value in list(element.attrib.items()):
            if key in ("d", "x", "y", "transform"):
                element.set(key, _FINE.sub(r"\1", value))
            elif key == "id":
                element.set(key, f"{name}-{value}")
            elif key == f"{_XLINK}href":
                del element.attrib[key]
                element.set("href", value.replace("#", f"#{name}-"))
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def _plain_style(element: ET.Element) -> None:
    for rule in element.attrib.pop("style", "").split(";"):
        key, _, value = rule.strip().partition(":")
        if key in _DRAWN:
            element.set(key, value.strip())
        elif key in ("font", "font-size") and (size := _SIZE.search(value)):
            element.set("font-size", size[1])


def _describe(root: ET.Element, name: str, title: str, description: str) -> None:
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "role": "img",
        "aria-labelledby": f"{name}-title",
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    for tag, text in (("desc", description), ("title", title)):
        element = ET.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(0, element)


def _spots(spots: Sequence[Spot], places: Sequence[tuple[float, float, float, float]]) -> ET.Element:
    group = ET.Element("g", {"class": "spots"})
    for spot, place in zip(spots, places, strict=True):
        keys = ("x", "y", "width", "height")
        box = {key: f"{value:.1f}" for key, value in zip(keys, place, strict=True)}
        own = ET.SubElement(group, "rect", {"class": "spot", "fill": "transparent", "data-day": spot.day, **box})
        ET.SubElement(own, "title").text = spot.words
    return group
