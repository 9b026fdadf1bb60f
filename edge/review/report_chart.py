"""The chart of a report that is printed and filed: the trend with its interval, the usual as a band, what was watched.

Promises: holds in grey (dots, hatch and letters, not colours, tell things apart); days without a value are gaps; the
scale is the same in every report, so that two of them can be laid side by side. Refuses to decide anything: it draws
a `edge.review.views.Days` into axes that it is given, and needs the caller's style and lock (`edge.review.svg`).
"""

from typing import Final

import numpy as np
from matplotlib.axes import Axes

from edge.review.sentences import HOW, mark_letter
from edge.review.svg import BAND, BLUE, FAINT, INK, MUTED
from edge.review.views import Days, Mark, Point
from edge.review.words import Words

LIMIT: Final = 0.65
TICKS: Final = (-0.5, -0.25, 0.0, 0.25, 0.5)
MOST_DATES: Final = 10


def draw_trend(value: Axes, watched: Axes, days: Days, words: Words) -> None:
    """The value above, the watched share of each day below; both share the days."""
    _band(value, days.points)
    _values(value, days.points)
    _marks(value, days.marks, len(days.points) // 40, words)
    _value_axis(value, days, words)
    _watched(watched, days.points, words)
    _dates(value, watched, days.points, words)


def _x(point: Point) -> int:
    return point.day.toordinal()


def _band(axes: Axes, points: tuple[Point, ...]) -> None:
    x = [_x(p) for p in points]
    middle = np.array([np.nan if p.usual is None else p.usual for p in points])
    half = np.array([np.nan if p.usual_half is None else p.usual_half for p in points])
    low, high = np.clip(middle - half, -LIMIT, LIMIT), np.clip(middle + half, -LIMIT, LIMIT)
    axes.fill_between(x, low, high, facecolor=BAND, edgecolor="#8fa9c2", hatch="////", linewidth=0, alpha=0.8, zorder=1)
    axes.plot(x, middle, color="#5b7690", linewidth=0.9, linestyle=(0, (4, 3)), zorder=2)


def _values(axes: Axes, points: tuple[Point, ...]) -> None:
    told = [(_x(p), p.value) for p in points if p.value is not None]
    x, means = [at for at, _v in told], [v.mean for _at, v in told]
    gaps = [np.nan if p.value is None else p.value.mean for p in points]
    axes.plot([_x(p) for p in points], gaps, color=INK, linewidth=0.6, alpha=0.5, zorder=3)
    axes.vlines(x, [v.low for _at, v in told], [v.high for _at, v in told], color=BLUE, linewidth=1.1, zorder=3)
    size = 4.6 if len(points) <= 35 else 2.6
    axes.plot(x, means, "o", color=BLUE, markersize=size, markeredgecolor="white", markeredgewidth=0.5, zorder=4)


def _marks(axes: Axes, marks: tuple[Mark, ...], n_near: int, words: Words) -> None:
    """Letters of days that lie within ``n_near`` of each other stand one below the other."""
    at_before, n = None, 0
    for mark in {(mark.day, mark.kind): mark for mark in marks}.values():
        at = mark.day.toordinal()
        n = 0 if at_before is None or at - at_before > n_near else (n + 1) % 4
        at_before = at
        axes.axvline(at, color=INK, linewidth=0.7, linestyle=":" if mark.kind == "note" else "--", zorder=2)
        box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": INK, "linewidth": 0.8}
        y = LIMIT * (0.94 - 0.26 * n)
        axes.text(at, y, mark_letter(mark, words), ha="center", va="center", fontsize=6.5, bbox=box, zorder=5)


def _value_axis(axes: Axes, days: Days, words: Words) -> None:
    is_valence = days.quantity == "valence"
    up, down = (HOW[days.quantity, direction] for direction in ("higher", "lower"))
    axes.set_ylim(-LIMIT, LIMIT)
    axes.set_yticks(TICKS, [words.score(tick) for tick in TICKS])
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    name = words.say("valence") if is_valence else words.say("arousal")
    title = f"{name[0].upper()}{name[1:]}   ↑ {words.say(up)}   ↓ {words.say(down)}"
    axes.set_title(title, loc="left", fontsize=8, color=MUTED, pad=4)


def _watched(axes: Axes, points: tuple[Point, ...], words: Words) -> None:
    told = [p for p in points if p.value is not None]
    untold = [p for p in points if p.value is None]
    axes.bar([_x(p) for p in told], [p.share_watched for p in told], 0.8, color="#7b8794")
    look = {"color": "white", "edgecolor": "#7b8794", "hatch": "xxxx", "linewidth": 0.6}
    axes.bar([_x(p) for p in untold], [p.share_watched for p in untold], 0.8, **look)  # type: ignore[arg-type]
    axes.set_ylim(0, 1)
    axes.set_yticks((0, 1), (words.percent(0), words.percent(1)))
    axes.set_title(words.say("watched share of the day"), loc="left", fontsize=7.5, color=MUTED, pad=3)


def _dates(value: Axes, watched: Axes, points: tuple[Point, ...], words: Words) -> None:
    step = max(1, -(-len(points) // MOST_DATES))
    if step > 3:
        step = 7 * -(-step // 7)
    shown = points[::-1][::step][::-1]
    for axes in (value, watched):
        axes.set_xlim(_x(points[0]) - 0.7, _x(points[-1]) + 0.7)
    value.set_xticks([_x(p) for p in shown], [""] * len(shown))
    watched.set_xticks([_x(p) for p in shown], [words.short_day(p.day) for p in shown])
