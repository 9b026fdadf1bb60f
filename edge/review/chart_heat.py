"""The heat map: weekdays down, hours of the day across.

Promises: a value is a colour from orange (less pleasant) over white to blue (more pleasant) *and* a sign: − below
-0.1, + above +0.1, · between; an hour that never told anything is hatched. Refuses to colour it.
"""

from functools import lru_cache
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch

from edge.review.svg import INK, LOCK, NARROW_STYLE, STYLE, Drawn, Spot, bars, new_figure, svg_text
from edge.review.views import Heat
from edge.review.words import Words

WIDE: Final = (740.0, 270.0)
NARROW: Final = (350.0, 270.0)
UNKNOWN: Final[Any] = {"facecolor": "#f4f5f6", "edgecolor": "#c3cad1", "hatch": "///", "linewidth": 0.0}
MOODS: Final = LinearSegmentedColormap.from_list("moods", ("#c65a11", "#f7f7f5", "#0b5394"))
WATCHED: Final = LinearSegmentedColormap.from_list("watched", ("#ffffff", "#8fa1b3"))
CLEAR: Final = 0.1
DARK: Final = 0.3
"""From here on the cell is so dark that its sign is white."""


@lru_cache(maxsize=32)
def heat_chart(heat: Heat, words: Words, name: str, is_narrow: bool, title: str, is_mood: bool) -> str:
    """The map as an element for a page."""
    with LOCK, mpl.rc_context(NARROW_STYLE if is_narrow else STYLE):
        figure = new_figure(*(NARROW if is_narrow else WIDE), bottom=62.0 if is_narrow else 45.0)
        axes = figure.subplots()
        grid = heat.value_WH if is_mood else heat.watched_WH
        cells = np.array([[np.nan if value is None else value for value in row] for row in grid], dtype=float)
        low, high = (-0.5, 0.5) if is_mood else (0.0, 1.0)
        edges = (np.arange(25) - 0.5, np.arange(8) - 0.5)
        axes.pcolormesh(
            *edges,
            np.ma.masked_invalid(cells),
            cmap=MOODS if is_mood else WATCHED,
            vmin=low,
            vmax=high,
            edgecolor="white",
        )
        _signs(axes, cells, is_mood, 8.0 if is_narrow else 9.0)
        _axes(axes, words, 6 if is_narrow else 3)
        figure.legend(handles=_handles(words, is_mood), loc="lower left", ncols=2 if is_narrow else 4)
        return svg_text(Drawn(figure, axes, _spots(cells, heat, words, is_mood)), name, title, title)


def _handles(words: Words, is_mood: bool) -> list[Patch]:
    if is_mood:
        names = words.say("more pleasant"), words.say("less pleasant"), words.say("between")
        known = [(MOODS(at), f"{s} {name}") for at, s, name in zip((0.8, 0.2, 0.5), "+−·", names, strict=True)]
    else:
        known = [(WATCHED(1.0), words.percent(1)), (WATCHED(0.0), words.percent(0))]
    unknown = words.say("nothing told") if is_mood else words.say("not on record")
    handles = [Patch(facecolor=colour, edgecolor="#7b8794", linewidth=0.4, label=name) for colour, name in known]
    return [*handles, Patch(**UNKNOWN, label=unknown)]


def sign(value: float) -> str:
    """The shape that stands beside the colour."""
    return "·" if abs(value) < CLEAR else "+" if value > 0 else "−"


def _signs(axes: Axes, cells: np.ndarray, is_mood: bool, size: float) -> None:
    known = ~np.isnan(cells)
    weekday, hour = np.nonzero(~known)
    bars(axes, hour, weekday - 0.5, np.ones(len(hour)), width=1.0, **UNKNOWN)
    if not is_mood:
        return
    for marker, said in (("+", cells >= CLEAR), ("_", cells <= -CLEAR), (".", np.abs(cells) < CLEAR)):
        for colour, dark in ((INK, np.abs(cells) <= DARK), ("white", np.abs(cells) > DARK)):
            weekday, hour = np.nonzero(known & said & dark)
            axes.plot(hour, weekday, marker, color=colour, markersize=size * (0.6 if marker == "." else 0.8))


def _axes(axes: Axes, words: Words, step: int) -> None:
    axes.set_ylim(6.5, -0.5)
    axes.set_xlim(-0.5, 23.5)
    axes.set_yticks(range(7), [words.weekday(weekday) for weekday in range(7)])
    axes.set_xticks(np.arange(0, 24, step) - 0.5, [f"{hour}:00" for hour in range(0, 24, step)])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)


def _spots(cells: np.ndarray, heat: Heat, words: Words, is_mood: bool) -> list[Spot]:
    spots = []
    for (weekday, hour), value in np.ndenumerate(cells):
        when = f"{words.weekday(weekday)} {hour}:00"
        if np.isnan(value):
            said = words.say("nothing told") if is_mood else words.say("not on record")
        elif is_mood:
            n = heat.n_told_WH[weekday][hour]
            said = words.count("%(value)s, from %(n)s hour", "%(value)s, from %(n)s hours", n, value=words.score(value))
        else:
            said = words.say("watched %(share)s", share=words.percent(value))
        spots.append(Spot(hour - 0.5, hour + 0.5, f"{when}: {said}", "", weekday - 0.5, weekday + 0.5))
    return spots
