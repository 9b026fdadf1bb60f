"""The weekly report for a terminal of 80 columns, and as JSON for machines.

Promises: what was observed comes before what it seems to mean; untold days are shown as untold; a demonstration
says DEMO on its first line. Refuses to colour a mood as good or bad.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final, Literal

import msgspec
from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from edge.affect import CLASSES
from edge.diary.change import BUDGET
from edge.diary.rollup import Estimate, Mood, Stretch, combined, stretch_of_stretches
from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.review.alert import dated
from edge.review.change import MOST_USUAL_DAYS
from edge.review.report import WEEK_DAYS, PlaceReport, Report, build_report

WIDTH: Final = 80
BARS: Final = "▁▂▃▄▅▆▇█"
UNTOLD: Final = "·"
LONGEST_LINE: Final = 56


def print_report(
    diary: Path,
    key: Path | None,
    n_weeks: int,
    console: Console,
    as_json: bool = False,
    zone: tzinfo | None = None,
    n_alerts: int = BUDGET,
) -> None:
    """Read the diary and print its last weeks; raises DiaryError when it does not open."""
    with DiaryReader.open(diary, key) as reader:
        from_s, kind = history_s(reader.last_start_s() or 0, n_weeks), reader.kind()
        rows, kept = reader.rows(from_s), reader.days(from_s)
    report = build_report(rows, n_weeks, zone, kind, n_alerts, kept)
    if as_json:
        console.out(report_json(report), highlight=False)
    else:
        console.print(rendered(report), width=min(console.width, 100))


def history_s(last_s: int, n_weeks: int) -> int:
    """From when on rows are read: at least the year before the newest row's, so that alerts are the same each week."""
    year_s = int(datetime(datetime.fromtimestamp(last_s, UTC).year - 1, 1, 1, tzinfo=UTC).timestamp())
    return min(year_s, last_s - (WEEK_DAYS * n_weeks + MOST_USUAL_DAYS + 2) * 86_400)


def weekly_report(
    rows: Iterable[TrendRow], n_weeks: int, zone: tzinfo | None = None, kind: Literal["home", "demo"] = "home"
) -> RenderableType:
    """The report of these rows, to be printed."""
    return rendered(build_report(rows, n_weeks, zone, kind))


def report_json(report: Report) -> str:
    """The report for machines."""
    return msgspec.json.format(msgspec.json.encode(report)).decode()


def rendered(report: Report) -> RenderableType:
    """A report as something that rich can print."""
    parts: list[RenderableType] = []
    if report.kind == "demo":
        parts.append(Text("DEMO  simulated weeks of a simulated walker, not a home", style="reverse"))
    if not report.places:
        parts.append(Text("The diary is empty: no hour has been closed yet. A row comes at the end of each hour."))
        return Group(*parts)
    for place in report.places:
        parts += [*_place(place), Text()]
    parts.append(Rule("What this is, and is not", align="left", style="dim"))
    parts += [Padding(Text(limit, style="dim"), (0, 0, 0, 2)) for limit in report.limits]
    return Group(*parts)


def _place(place: PlaceReport) -> list[RenderableType]:
    first, last = place.days[0].day, place.days[-1].day
    title = f"{place.place}: {_date(first)} to {_date(last)} {last.year}"
    parts: list[RenderableType] = [Rule(Text(title, style="bold"), align="left")]
    parts += [Text(line) for line in coverage_lines(place)]
    if all(day.stretch.mood is None for day in place.days):
        return [*parts, Text(), Text(why_untold(place))]
    week = f"This week ({_date(last - timedelta(days=WEEK_DAYS - 1))} to {_date(last)}) against the usual"
    said = (place.this_week, *place.sentences)
    parts += [Text(), Text(week, style="bold"), *(Padding(Text(s), (0, 0, 0, 2)) for s in said)]
    if place.alerts:
        parts += [Text(), Text("Alerts of these weeks", style="bold")]
        parts += [Padding(Text(s), (0, 0, 0, 2)) for s in _alert_lines(place)]
    parts += [Text(), _table(place), *_spark_lines(place)]
    models = f"Model {', '.join(place.model_ids)} on {', '.join(place.rungs)}"
    return [*parts, Text(models, style="dim")]


def _alert_lines(place: PlaceReport) -> list[str]:
    n_kept = sum(not alert.raised for alert in place.alerts)
    kept = [f"{n_kept} more passed the rule and were kept back: the budget was spent."] if n_kept else []
    return [f"{dated(a.alert.day)}: {a.sentence}" for a in place.alerts if a.raised] + kept


def coverage_lines(place: PlaceReport) -> list[str]:
    """How much was observed, in words; what is zero is not mentioned, except faults."""
    n_total = sum(day.n_minutes for day in place.days)
    minutes = {
        kind: sum(getattr(day.stretch.minutes, kind) for day in place.days)
        for kind in ("observed", "several_people", "nobody", "unusable", "paused", "fault")
    }
    watched = minutes["observed"] + minutes["several_people"] + minutes["nobody"]
    named = (
        ("off", minutes["paused"]),
        ("too dark, covered or out of view", minutes["unusable"]),
        ("not on record", n_total - sum(minutes.values())),
    )
    rest = [f"{what} {_hours(n)}" for what, n in named if n > 0] + [f"faults {_hours(minutes['fault'])}"]
    told = sum(day.stretch.n_told for day in place.days)
    held = sum(day.stretch.n_held_back for day in place.days)
    return [
        f"Watched {_hours(watched)} of {_hours(n_total)} ({watched / n_total:.0%}); {'; '.join(rest)}.",
        f"Somebody alone in view in {minutes['observed']:,} minutes, several people in "
        f"{minutes['several_people']:,} (left out).",
        f"Hours with walks: {told} told, {held} held back for too few walks or cycles.{_abstained(place)}",
    ]


def _abstained(place: PlaceReport) -> str:
    share = stretch_of_stretches([day.stretch for day in place.days]).share_abstained
    return "" if share is None else f" The model abstained from {share:.0%} of the cycles."


def why_untold(place: PlaceReport) -> str:
    """Why no day of the period tells a mood."""
    stretches = [day.stretch for day in place.days]
    if any(stretch.n_held_back for stretch in stretches):
        return (
            "No mood is told: in every hour there were fewer than 10 judged gait cycles or 3 walks. "
            "So little would say too much about single moments."
        )
    if any(stretch.minutes.observed for stretch in stretches):
        return "No mood is told: nobody was seen walking."
    if any(stretch.n_watched for stretch in stretches):
        return "No mood is told: nobody was there alone, or nobody was there at all."
    if any(s.minutes.paused for s in stretches) and all(s.minutes.total == s.minutes.paused for s in stretches):
        return "No mood is told: nothing was watched in this time; it was paused."
    if any(stretch.minutes.fault for stretch in stretches):
        return "No mood is told: the camera could not be used in any minute. Run `quietstep doctor`."
    return "No mood is told: nothing was watched in this time."


def _table(place: PlaceReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 0), pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for name in ("watched", "walks", *CLASSES, "valence", "arousal"):
        table.add_column(name, justify="right", no_wrap=True)
    for week in place.weeks[:-1]:
        table.add_row(f"week {_date(week.first)[4:]}", *_cells(week.stretch))
    table.add_section()
    for day in place.days[-WEEK_DAYS:]:
        table.add_row(_date(day.day), *_cells(day.stretch))
    table.add_section()
    table.add_row("this week", *_cells(place.weeks[-1].stretch), style="bold")
    return table


def _cells(stretch: Stretch) -> list[str]:
    watched = _hours(stretch.n_watched) if stretch.n_watched else UNTOLD
    mood = stretch.mood
    if mood is None:
        few = "few" if stretch.n_held_back else UNTOLD
        return [watched, few, *[UNTOLD] * (len(CLASSES) + 2)]
    shares = [f"{share:.0%}" for share in mood.shares]
    return [watched, f"~{stretch.n_walks}", *shares, _estimate(mood.valence), _estimate(mood.arousal)]


def _estimate(estimate: Estimate) -> str:
    return f"{round(estimate.mean, 2) + 0.0:+.2f} ±{estimate.half:.2f}"


def _spark_lines(place: PlaceReport) -> list[RenderableType]:
    moods = [day.stretch.mood for day in place.days]
    step = -(-len(moods) // LONGEST_LINE)
    bins = [combined([m for m in moods[i : i + step] if m is not None]) for i in range(0, len(moods), step)]
    top = max(share for mood in bins if mood is not None for share in mood.shares)
    before, now = combined([m for m in moods[:-WEEK_DAYS] if m is not None]), place.weeks[-1].stretch.mood
    lines = [
        Text(f"{name:>8} {spark_line(bins, k, top)}  {_shares_in_words(before, now, k)}")
        for k, name in enumerate(CLASSES)
    ]
    each = "a day" if step == 1 else f"{step} days"
    scale = f"each mark {each}, full height {top:.0%}, {UNTOLD} not told; before → this week"
    return [Text(), *lines, Padding(Text(scale, style="dim"), (0, 0, 0, 9))]


def _shares_in_words(before: Mood | None, now: Mood | None, k: int) -> str:
    old, new = (UNTOLD if mood is None else f"{mood.shares[k]:.0%}" for mood in (before, now))
    return f"{old:>4} → {new}"


def spark_line(moods: Sequence[Mood | None], k: int, top: float) -> str:
    """One character a mood: the share of class ``k`` on a scale from 0 to ``top``."""
    last = len(BARS) - 1
    return "".join(UNTOLD if m is None else BARS[min(last, int(m.shares[k] / top * len(BARS)))] for m in moods)


def _hours(n_minutes: int) -> str:
    return f"{n_minutes} min" if n_minutes < 60 else f"{n_minutes / 60:,.0f} h"


def _date(day: date) -> str:
    return f"{day:%a} {day.day:>2} {day:%b}"
