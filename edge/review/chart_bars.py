"""Stacked bars: minutes of the six kinds, and shares of the four moods, per hour, day or week.

Promises: every part has a colour that the colour-blind can tell (Okabe and Ito 2008) and a hatch of its own; the legend
stands in the picture. Refuses a bar where nothing is told.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from edge.review.svg import BLUE, FAINT, INK, LOCK, MUTED, NARROW_STYLE, STYLE, Drawn, Spot, new_figure, svg_text
from edge.review.svg import bars as bars_of

WIDE: Final = (740.0, 270.0)
WEEK: Final = (560.0, 300.0)
"""Beside words."""
NARROW: Final = (350.0, 320.0)
MINUTE_LOOKS: Final = (
    ("#0072B2", ""),
    ("#CC79A7", "xx"),
    ("#E8ECEF", ""),
    ("#E69F00", "\\\\"),
    ("#9AA5B1", "//"),
    ("#D55E00", "++"),
)
MOOD_LOOKS: Final = (("#D55E00", "//"), ("#F0C94A", ""), ("#DDE2E7", "--"), ("#0072B2", "\\\\"))


class Bars(NamedTuple):
    """Stacked bars: what each is called below, ISO day and words; parts with their names; None: nothing is told.

    ``ticks`` are heights with their words; without any, numbers as they come.
    """

    title: str
    unit: str
    labels: tuple[str, ...]
    days: tuple[str, ...]
    words: tuple[str, ...]
    names: tuple[str, ...]
    looks: tuple[tuple[str, str], ...]
    heights: tuple[tuple[float, ...] | None, ...]
    most: float
    ticks: tuple[tuple[float, str], ...] = ()


class Line(NamedTuple):
    """Hours of one day: value with interval or None, and words about it."""

    title: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    values: tuple[tuple[float, float, float] | None, ...]
    held_back: tuple[bool, ...]
    up_down: str
    ticks: tuple[str, ...]


@lru_cache(maxsize=64)
def bars_chart(bars: Bars, name: str, is_narrow: bool, description: str) -> str:
    """The chart as an element for a page."""
    is_week = name.startswith("week")
    size = NARROW if is_narrow else WEEK if is_week else WIDE
    columns = 2 if is_narrow else 3 if is_week else len(bars.names)
    with LOCK, mpl.rc_context(NARROW_STYLE if is_narrow else STYLE):
        n_lines = -(-len(bars.names) // columns)
        figure = new_figure(*size, bottom=28.0 + 17.0 * n_lines)
        axes = figure.subplots()
        _stack(axes, bars)
        _axis(axes, bars.labels, 4 if is_narrow else 12)
        axes.set_ylim(0, bars.most)
        if bars.ticks:
            axes.set_yticks([at for at, _said in bars.ticks], [said for _at, said in bars.ticks])
        axes.set_title(bars.unit)
        figure.legend(handles=_handles(bars), loc="lower left", ncols=columns)
        return svg_text(Drawn(figure, axes, _spots(bars.words, bars.days)), name, bars.title, description)


@lru_cache(maxsize=64)
def hours_chart(line: Line, name: str, is_narrow: bool, description: str) -> str:
    """A day's values hour by hour."""
    with LOCK, mpl.rc_context(NARROW_STYLE if is_narrow else STYLE):
        figure = new_figure(*(NARROW if is_narrow else WIDE))
        axes = figure.subplots()
        _points(axes, line)
        _axis(axes, line.labels, 6 if is_narrow else 12)
        axes.set_title(line.up_down)
        spots = _spots(line.words, ("",) * len(line.words))
        return svg_text(Drawn(figure, axes, spots), name, line.title, description)


def _stack(axes: Axes, bars: Bars) -> None:
    bottom = [0.0] * len(bars.labels)
    for part, (colour, hatch) in enumerate(bars.looks):
        heights = [0.0 if bar is None else bar[part] for bar in bars.heights]
        there = [i for i, height in enumerate(heights) if height > 0]
        look: dict[str, Any] = {
            "facecolor": colour,
            "hatch": hatch or None,
            "edgecolor": INK if hatch else colour,
            "linewidth": 0.25,
        }
        bars_of(axes, there, [bottom[i] for i in there], [heights[i] for i in there], **look)
        bottom = [one + more for one, more in zip(bottom, heights, strict=True)]
    for at, bar in enumerate(bars.heights):
        if bar is None:
            axes.text(at, bars.most * 0.02, "·", ha="center", color=MUTED)


def _handles(bars: Bars) -> list[Patch]:
    """All parts, also those that no bar has."""
    looks = zip(bars.names, bars.looks, strict=True)
    return [
        Patch(facecolor=colour, hatch=hatch, edgecolor=INK, linewidth=0.25, label=name)
        for name, (colour, hatch) in looks
    ]


def _points(axes: Axes, line: Line) -> None:
    told = [(at, *value) for at, value in enumerate(line.values) if value is not None]
    if told:
        at, mean, low, high = zip(*told, strict=True)
        axes.vlines(at, low, high, color=BLUE, linewidth=1.4, alpha=0.75)
        axes.plot(at, mean, "o", color=BLUE, markersize=6, markeredgecolor="white", markeredgewidth=0.6)
    held = [at for at, is_held in enumerate(line.held_back) if is_held]
    axes.plot(held, [-0.6] * len(held), "x", color=MUTED, markersize=5)
    axes.set_ylim(-0.65, 0.65)
    axes.set_yticks((-0.5, -0.25, 0.0, 0.25, 0.5), line.ticks)
    axes.grid(axis="y", color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)


def _axis(axes: Axes, labels: Sequence[str], n_ticks: int) -> None:
    step = max(1, -(-len(labels) // n_ticks))
    at = list(range(len(labels) - 1, -1, -step))[::-1]
    axes.set_xticks(at, [labels[i] for i in at])
    axes.set_xlim(-0.7, len(labels) - 0.3)


def _spots(words: Sequence[str], days: Sequence[str]) -> list[Spot]:
    return [Spot(at - 0.5, at + 0.5, said, day) for at, (said, day) in enumerate(zip(words, days, strict=True))]
