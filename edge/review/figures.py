"""Figures: a chart in two widths, and the table of the same numbers behind it.

Promises: no chart without its table; table and chart are made of the same value. Refuses a chart where there is nothing
to draw: then there is only the table's reason.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from edge.diary.trend import KINDS as MINUTE_KINDS
from edge.review import sentences as say
from edge.review.chart_bars import MINUTE_LOOKS, MOOD_LOOKS, Bars, Line, bars_chart, hours_chart
from edge.review.chart_days import days_chart
from edge.review.chart_heat import heat_chart, sign
from edge.review.views import Days, Heat, Hour, Part
from edge.review.words import Words

TICKS: Final = (-0.5, -0.25, 0.0, 0.25, 0.5)


class Table(msgspec.Struct, frozen=True):
    """A caption, heads and rows; the first cell of a row is its head. Words only."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Figure(msgspec.Struct, frozen=True):
    """A chart for wide and for narrow screens, what a reader must know of it, and its table."""

    title: str
    wide: str
    narrow: str
    legend: tuple[str, ...]
    table: Table
    marks: tuple[str, ...] = ()


def forget_charts() -> None:
    """Forget the charts that were drawn: what they show may be erased."""
    for chart in (bars_chart, hours_chart, days_chart, heat_chart):
        chart.cache_clear()


def days_figure(days: Days, words: Words, name: str) -> Figure:
    """A value day by day."""
    description = say.chart_description(days, words)
    wide, narrow = (
        days_chart(days, words, f"{name}-{width}", width == "narrow", description) for width in ("wide", "narrow")
    )
    title = (
        words.say("How pleasant the walks looked, day by day")
        if days.quantity == "valence"
        else words.say("How stirred the walks looked, day by day")
    )
    return Figure(title, wide, narrow, _days_legend(words), _days_table(days, words, title), _marks(days, words))


def _marks(days: Days, words: Words) -> tuple[str, ...]:
    return tuple(f"{say.mark_letter(m, words)}  {words.day(m.day)}: {say.mark_words(m, words)}" for m in days.marks)


def _days_legend(words: Words) -> tuple[str, ...]:
    return (
        words.say("Dot and bar: the day's mean and its 95 % interval."),
        words.say("Hatched band: where days of this place usually lie; dashed line: its middle."),
        words.say("Grey bars below: how much of the day was watched; crossed: no mood was told."),
    )


def _days_table(days: Days, words: Words, title: str) -> Table:
    head = (
        words.say("day"),
        words.say("mean and 95 % interval"),
        words.say("usual"),
        words.say("difference from the usual"),
        words.say("watched"),
        words.say("remark"),
    )
    marks = {mark.day: say.mark_words(mark, words) for mark in days.marks}
    rows = tuple(
        (
            words.day(p.day),
            say.spread(p.value, words),
            "·" if p.usual is None else words.score(p.usual),
            say.spread(p.difference, words),
            words.percent(p.share_watched),
            "; ".join(t for t in (words.say(say.WHY[p.why_not]) if p.why_not else "", marks.get(p.day, "")) if t),
        )
        for p in days.points
    )
    return Table(title, head, rows)


def hours_figure(hours: Sequence[Hour], day: date, words: Words, name: str) -> Figure:
    """A day hour by hour."""
    title = words.say("How pleasant the walks looked, hour by hour")
    said = tuple(_hour_words(hour, words) for hour in hours)
    up_down = f"↑ {words.say('more pleasant')}   ↓ {words.say('less pleasant')}"
    line = Line(
        title,
        tuple(hour.label for hour in hours),
        said,
        tuple((h.value.mean, h.value.low, h.value.high) if h.value else None for h in hours),
        tuple(hour.is_held_back for hour in hours),
        up_down,
        tuple(words.score(tick) for tick in TICKS),
    )
    wide, narrow = (hours_chart(line, f"{name}-{w}", w == "narrow", words.day(day)) for w in ("wide", "narrow"))
    legend = (
        words.say("Dot and bar: the hour's mean and its 95 % interval."),
        words.say("Cross: somebody walked, but too little to tell a mood (fewer than 10 judged cycles or 3 walks)."),
    )
    head = (words.say("hour"), words.say("mean and 95 % interval"), words.say("walks"), words.say("gait cycles"))
    rows = tuple((h.label, say.spread(h.value, words), h.n_walks, h.n_cycles) for h in hours)
    return Figure(title, wide, narrow, legend, Table(title, head, rows))


def _hour_words(hour: Hour, words: Words) -> str:
    if hour.value is not None:
        return f"{hour.label}: {say.spread(hour.value, words)}"
    return f"{hour.label}: " + (words.say("too few walks to tell a mood") if hour.is_held_back else words.say("nobody"))


def minutes_figure(parts: Sequence[Part], labels: Sequence[str], words: Words, name: str) -> Figure:
    """Minutes of the six kinds, a bar for each part."""
    names = tuple(words.say(kind) for kind in say.KINDS)
    title = words.say("What the minutes were")
    most = max((sum(part.minutes) for part in parts), default=60)
    each, unit = (1, words.say("minutes")) if most <= 60 else (60, words.say("hours"))
    heights = tuple(tuple(n / each for n in part.minutes) for part in parts)
    said = tuple(f"{label}: {_spoken(names, part.minutes, words)}" for label, part in zip(labels, parts, strict=True))
    days = tuple(part.first.isoformat() for part in parts)
    ticks = tuple((float(n), words.whole(n)) for n in range(0, 61, 15)) if each == 1 else ()
    top = most / each * 1.02 or 1.0
    bars = Bars(title, unit, tuple(labels), days, said, names, MINUTE_LOOKS, heights, top, ticks)
    wide, narrow = (bars_chart(bars, f"{name}-{w}", w == "narrow", title) for w in ("wide", "narrow"))
    legend = (words.say("Every minute is exactly one of these; what is missing is on no record."),)
    rows = tuple((label, *(words.whole(n) for n in p.minutes)) for label, p in zip(labels, parts, strict=True))
    table = Table(words.say("minutes of each kind"), (words.say("from"), *names), rows)
    assert len(names) == len(MINUTE_KINDS)
    return Figure(title, wide, narrow, legend, table)


def _spoken(names: Sequence[str], minutes: Sequence[int], words: Words) -> str:
    return ", ".join(f"{name} {words.hours(n)}" for name, n in zip(names, minutes, strict=True) if n)


def moods_figure(parts: Sequence[Part], labels: Sequence[str], words: Words, name: str) -> Figure:
    """Shares of the four moods, a bar for each part."""
    names = tuple(words.say(mood) for mood in say.MOODS)
    title = words.say("What the walks looked like")
    said = tuple(f"{label}: {_shares(names, part, words)}" for label, part in zip(labels, parts, strict=True))
    heights = tuple(part.shares for part in parts)
    days = tuple(part.first.isoformat() for part in parts)
    unit, ticks = words.say("share of what was seen"), tuple((n / 4, words.percent(n / 4)) for n in range(5))
    bars = Bars(title, unit, tuple(labels), days, said, names, MOOD_LOOKS, heights, 1.0, ticks)
    wide, narrow = (bars_chart(bars, f"{name}-{w}", w == "narrow", title) for w in ("wide", "narrow"))
    legend = (
        words.say(
            "“Happy 40 %” means: 40 % of what was seen looked like the acted happy walks the model learned from. "
            "It is a way of walking, not a feeling."
        ),
    )
    rows = tuple(
        (label, *(("·",) * 4 if p.shares is None else (words.percent(s) for s in p.shares)), words.whole(p.n_told))
        for label, p in zip(labels, parts, strict=True)
    )
    return Figure(title, wide, narrow, legend, Table(title, (words.say("from"), *names, words.say("hours told")), rows))


def _shares(names: Sequence[str], part: Part, words: Words) -> str:
    if part.shares is None:
        return words.say("nothing told")
    return ", ".join(f"{name} {words.percent(share)}" for name, share in zip(names, part.shares, strict=True))


def heat_figure(heat: Heat, words: Words, name: str, *, is_mood: bool) -> Figure:
    """The week's hours, as mood or as watched share."""
    title = (
        words.say("How pleasant, by weekday and hour")
        if is_mood
        else words.say("How much was watched, by weekday and hour")
    )
    wide, narrow = (heat_chart(heat, words, f"{name}-{w}", w == "narrow", title, is_mood) for w in ("wide", "narrow"))
    legend = (
        words.say("+ and blue: more pleasant than neutral; − and orange: less; · between; hatched: never told.")
        if is_mood
        else words.say("The darker, the more of that hour was watched; hatched: not on record."),
    )
    grid = heat.value_WH if is_mood else heat.watched_WH
    rows = tuple(
        (f"{hour}:00", *(_cell(grid[weekday][hour], words, is_mood) for weekday in range(7))) for hour in range(24)
    )
    head = (words.say("hour"), *(words.weekday(weekday) for weekday in range(7)))
    return Figure(title, wide, narrow, legend, Table(title, head, rows))


def _cell(value: float | None, words: Words, is_mood: bool) -> str:
    if value is None:
        return " "
    return f"{sign(value)} {words.score(value)}" if is_mood else words.percent(value)
