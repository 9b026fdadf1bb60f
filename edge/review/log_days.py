"""The diary by day and by week: a table for a terminal, and JSON for machines.

Promises: a day of its hours where they are there, else as it was kept; weeks begin on the household's Monday and are
made of those days; "<10" stands where hours were held back and none told, a dot where nothing is told. Refuses to
round in JSON.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final, Literal

import msgspec
from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edge.affect import CLASSES
from edge.diary.days import Day, week_of_days
from edge.diary.rollup import Estimate, Stretch
from edge.diary.trend import FEW, KINDS
from edge.review.log_table import HEADS, UNTOLD

By = Literal["day", "week"]
LEGEND: Final = (
    "Minutes: obs observed, sev several people, nob nobody, unu unusable, pau paused, fau fault. told, held: hours "
    "with walks that tell a mood, and that were held back (<10: only such). abst: share of cycles abstained. ·: not "
    "told. Walks and cycles are sums of counts rounded to 5."
)


class LoggedStretch(msgspec.Struct, frozen=True):
    """A day, or a week by its Monday; ``made_of`` is "hours" or "day" (where hours are gone: of any of its days)."""

    first: date
    place: str
    made_of: Literal["hours", "day"]
    n_minutes: int
    stretch: Stretch
    model_ids: tuple[str, ...]
    rungs: tuple[str, ...]


def logged(days: Sequence[Day], by: By, n_days: int) -> tuple[LoggedStretch, ...]:
    """The last ``n_days`` days up to the newest one, or the weeks they lie in; oldest first, then by place."""
    if not days:
        return ()
    first = max(day.day for day in days) - timedelta(days=n_days - 1)
    by_first = sorted(days, key=lambda day: (_first(day.day, by), day.place, day.day))
    parts = groupby(by_first, key=lambda day: (_first(day.day, by), day.place))
    return tuple(_logged(start, list(own)) for (start, _place), own in parts if start >= _first(first, by))


def _first(day: date, by: By) -> date:
    return day if by == "day" else day - timedelta(days=day.weekday())


def _logged(first: date, days: list[Day]) -> LoggedStretch:
    return LoggedStretch(
        first,
        days[0].place,
        "day" if any(day.kept for day in days) else "hours",
        sum(day.n_minutes for day in days),
        week_of_days(days).stretch,
        tuple(dict.fromkeys(name for day in days for name in day.model_ids)),
        tuple(dict.fromkeys(name for day in days for name in day.rungs)),
    )


def days_json(shown: Sequence[LoggedStretch]) -> str:
    """One object each."""
    return msgspec.json.format(msgspec.json.encode(shown)).decode()


def days_table(shown: Sequence[LoggedStretch], kind: str, by: By) -> RenderableType:
    """All of them, oldest first."""
    head = [Text("DEMO  a simulated walker, not a home", style="reverse")] if kind == "demo" else []
    if not shown:
        return Group(*head, Text("The diary is empty. A row comes at the end of each hour."))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
    for name in (by if by == "day" else "week from", "place", "of"):
        table.add_column(name, no_wrap=True)
    for name in (*HEADS, "told", "held", "walks", "cycles", "abst", *(name[:5] for name in CLASSES)):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("valence", "arousal"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in shown:
        table.add_row(*_cells(one))
    sources = sorted({name for one in shown for name in one.model_ids})
    return Group(*head, table, Text(LEGEND, style="dim"), Text(f"Model {', '.join(sources)}", style="dim"))


def _cells(one: LoggedStretch) -> list[str]:
    stretch = one.stretch
    minutes = [str(getattr(stretch.minutes, kind)) for kind in KINDS]
    head = [
        f"{one.first:%a} {one.first}",
        one.place,
        one.made_of,
        *minutes,
        str(stretch.n_told),
        str(stretch.n_held_back),
    ]
    mood = stretch.mood
    if mood is None:
        few = FEW if stretch.n_held_back else UNTOLD
        return [*head, few, few, *[UNTOLD] * (len(CLASSES) + 3)]
    abstained = UNTOLD if stretch.share_abstained is None else f"{stretch.share_abstained:.2f}"
    shares = [f"{share:.2f}" for share in mood.shares]
    counts = [f"~{stretch.n_walks}", f"~{stretch.n_cycles}", abstained]
    return [*head, *counts, *shares, _estimate(mood.valence), _estimate(mood.arousal)]


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.mean:+.2f} [{estimate.low:+.2f}, {estimate.high:+.2f}]"
