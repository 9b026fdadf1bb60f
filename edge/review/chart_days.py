"""The chart of days: a value with its interval, the usual as a band, how much was watched below, marks on top.

Promises: everything in it is told twice, by colour and by shape, hatch or letter, so that it holds in grey; days
without a value are gaps; the scale of the value is always the same, so that a small change looks small. Refuses to
join days with a line where one is missing.
"""

from datetime import date
from functools import lru_cache
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from edge.review.sentences import day_words, mark_letter
from edge.review.svg import (
    BAND,
    BLUE,
    FAINT,
    INK,
    LOCK,
    NARROW_STYLE,
    PURPLE,
    STYLE,
    VERMILLION,
    Drawn,
    Spot,
    bars,
    new_figure,
    svg_text,
)
from edge.review.views import Days, Mark, Point
from edge.review.words import Words

WIDE: Final = (740.0, 285.0)
WEEK: Final = (560.0, 330.0)
"""Beside words."""
NARROW: Final = (350.0, 315.0)
LIMIT: Final = 0.65
GREY: Final = "#7b8794"
THIS_WEEK: Final = "#f4efe2"
ABOVE: Final[Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.01)}
PLATE: Final[Any] = {"frameon": True, "facecolor": "white", "edgecolor": "none", "framealpha": 0.85}
IN_PICTURE: Final = PLATE | {"loc": "lower left", "bbox_to_anchor": (0.01, 0.02)}
"""A legend where there is no room above: low, where days seldom lie, and on a plate, for marks cross it."""
USUAL: Final[Any] = {"facecolor": BAND, "edgecolor": "#8fa9c2", "hatch": "////"}
MARK_COLOURS: Final = {"alert": VERMILLION, "model": INK, "note": PURPLE}
TICKS_WIDE, TICKS_NARROW = 9, 4


@lru_cache(maxsize=64)
def days_chart(days: Days, words: Words, name: str, is_narrow: bool, description: str) -> str:
    """The chart as an element for a page."""
    with LOCK, mpl.rc_context(NARROW_STYLE if is_narrow else STYLE):
        figure = new_figure(*(NARROW if is_narrow else WEEK if name.startswith("week") else WIDE))
        drawn = _draw(figure, days, words, is_narrow)
        return svg_text(drawn, name, _title(days, words), description)


def _title(days: Days, words: Words) -> str:
    if days.quantity == "valence":
        return words.say("How pleasant the walks looked at %(place)s, day by day", place=days.place)
    return words.say("How stirred the walks looked at %(place)s, day by day", place=days.place)


def _draw(figure: Figure, days: Days, words: Words, is_narrow: bool) -> Drawn:
    value, watched = figure.subplots(2, 1, sharex=True, height_ratios=(4.4, 1))
    points = days.points
    _highlight(value, watched, days)
    _band(value, points)
    _values(value, points)
    _marks(value, days.marks, words)
    _value_axis(value, days, words)
    _legend(value, days, words, is_narrow)
    _watched(watched, points, words)
    _day_axis(watched, points, words, TICKS_NARROW if is_narrow else TICKS_WIDE)
    spots = [
        Spot(_x(p.day) - 0.5, _x(p.day) + 0.5, day_words(p, days.quantity, words), p.day.isoformat()) for p in points
    ]
    return Drawn(figure, value, spots)


def _x(day: date) -> int:
    return day.toordinal()


def _highlight(value: Axes, watched: Axes, days: Days) -> None:
    first, last = max(days.week_from, days.points[0].day), days.points[-1].day
    if first > days.points[0].day:
        for axes in (value, watched):
            axes.axvspan(_x(first) - 0.5, _x(last) + 0.5, color=THIS_WEEK, linewidth=0, zorder=0)


def _legend(axes: Axes, days: Days, words: Words, is_narrow: bool) -> None:
    """What the band and the shaded days are, in the picture: who has to look it up does not."""
    handles = []
    if any(point.usual_half is not None for point in days.points):
        handles.append(Patch(**USUAL, label=words.say("the usual")))
    if days.points[0].day < days.week_from <= days.points[-1].day:
        handles.append(Patch(facecolor=THIS_WEEK, edgecolor=GREY, linewidth=0.4, label=words.say("newest week")))
    axes.legend(handles=handles, ncols=2, handlelength=1.6, **(IN_PICTURE if is_narrow else ABOVE))


def _band(axes: Axes, points: tuple[Point, ...]) -> None:
    x = np.array([_x(p.day) for p in points])
    middle = np.array([np.nan if p.usual is None else p.usual for p in points])
    half = np.array([np.nan if p.usual_half is None else p.usual_half for p in points])
    low, high = np.clip(middle - half, -LIMIT, LIMIT), np.clip(middle + half, -LIMIT, LIMIT)
    axes.fill_between(x, low, high, **USUAL, linewidth=0, alpha=0.75, zorder=1)
    axes.plot(x, middle, color="#5b7690", linewidth=1.0, linestyle=(0, (4, 3)), zorder=2)


def _values(axes: Axes, points: tuple[Point, ...]) -> None:
    told = [(p.day, p.value) for p in points if p.value is not None]
    if not told:
        return
    x = [_x(day) for day, _value in told]
    mean = [value.mean for _day, value in told]
    size = 5.5 if len(points) <= 35 else 3.0
    ends = [end for day, v in told for end in ((_x(day), v.low), (_x(day), v.high), (np.nan, np.nan))]
    axes.plot(*zip(*ends, strict=True), color=BLUE, linewidth=1.2, alpha=0.75, solid_capstyle="butt", zorder=3)
    gaps = [np.nan if p.value is None else p.value.mean for p in points]
    axes.plot([_x(p.day) for p in points], gaps, color=BLUE, linewidth=0.8, alpha=0.45, zorder=3)
    axes.plot(x, mean, "o", color=BLUE, markersize=size, markeredgecolor="white", markeredgewidth=0.6, zorder=4)


def _marks(axes: Axes, marks: tuple[Mark, ...], words: Words) -> None:
    for mark in marks:
        colour = MARK_COLOURS[mark.kind]
        axes.axvline(
            _x(mark.day), color=colour, linewidth=0.9, linestyle=":" if mark.kind == "note" else "--", zorder=2
        )
    seen: dict[date, int] = {}
    for mark in {(mark.day, mark.kind): mark for mark in marks}.values():
        n = seen[mark.day] = seen.get(mark.day, -1) + 1
        box = {
            "boxstyle": "circle,pad=0.22",
            "facecolor": "white",
            "edgecolor": MARK_COLOURS[mark.kind],
            "linewidth": 1,
        }
        at = (_x(mark.day), LIMIT * (0.96 - 0.24 * n))
        axes.text(*at, mark_letter(mark, words), ha="center", va="center", fontsize=8, bbox=box, zorder=5)


def _value_axis(axes: Axes, days: Days, words: Words) -> None:
    up, down = (
        (words.say("more pleasant"), words.say("less pleasant"))
        if days.quantity == "valence"
        else (words.say("more stirred"), words.say("calmer"))
    )
    axes.set_ylim(-LIMIT, LIMIT)
    ticks = (-0.5, -0.25, 0.0, 0.25, 0.5)
    axes.set_yticks(ticks, [words.score(tick) for tick in ticks])
    axes.grid(axis="y", color=FAINT, linewidth=0.6, zorder=0)
    axes.set_axisbelow(True)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.set_title(f"↑ {up}   ↓ {down}", pad=8)


def _watched(axes: Axes, points: tuple[Point, ...], words: Words) -> None:
    told = [p for p in points if p.value is not None]
    untold = [p for p in points if p.value is None and p.n_watched]
    looks: tuple[tuple[list[Point], dict[str, Any]], ...] = (
        (told, {"color": GREY}),
        (untold, {"facecolor": "white", "edgecolor": GREY, "hatch": "xxxx"}),
    )
    for shown, look in looks:
        x, shares = [_x(p.day) for p in shown], [p.share_watched for p in shown]
        bars(axes, x, [0.0] * len(x), shares, linewidth=0.4, zorder=2, **look)
    axes.set_ylim(0, 1.0)
    axes.set_yticks((0, 1), (words.percent(0), words.percent(1)))
    axes.set_title(words.say("watched share of the day"), pad=5)
    axes.spines["left"].set_visible(False)


def _day_axis(axes: Axes, points: tuple[Point, ...], words: Words, n_ticks: int) -> None:
    step = max(1, -(-len(points) // n_ticks))
    shown = [points[i].day for i in range(len(points) - 1, -1, -step)][::-1]
    axes.set_xticks([_x(day) for day in shown], [words.short_day(day) for day in shown])
    axes.set_xlim(_x(points[0].day) - 0.7, _x(points[-1].day) + 0.7)
