"""The weekly report as a value: days, weeks, this week against the usual, per place.

Promises: pure and clockless: the period ends with the last day that the diary knows, and says its dates; days are
those of the household's zone, a bucket belonging to the day in which it starts. Refuses to compare across a change
of model. Alerts come from the whole history that is given, so give the same beginning each week.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta, tzinfo
from typing import Final, Literal

import msgspec

from edge.diary.change import BUDGET, AlertBudget, Verdict, raised, verdicts_of
from edge.diary.day_rows import DayRow, known_days
from edge.diary.days import WEEK_DAYS, Day, Week, day_of_rows, week_of_days
from edge.diary.trend import TrendRow
from edge.review.alert import AlertReport, told, week_sentence
from edge.review.change import Change, change_of, sentence_of

LIMITS: Final = (
    "This is not a diagnosis and no reason to change a treatment. A model guesses mood from the way steps look; "
    "its shares are its own probabilities, averaged.",
    "It belongs to a place, not to a person: Quietstep cannot know who walked. It is one person's trend only where "
    "one person lives. Minutes with several people in view are left out of the mood.",
    "Hours with fewer than 10 judged gait cycles or 3 walks say nothing of the mood and are left out. Counts are "
    "rounded to 5. The ± is a 95 % interval that knows that the steps of one walk are not independent; that the "
    "model itself may be wrong is not in it.",
    "An alert is rare on purpose: about one a year at a place comes without any change (measured on simulated homes). "
    "A week that reads differently without an alert is weaker: one still week in ten reads so by chance.",
)


class PlaceReport(msgspec.Struct, frozen=True):
    """One place: every day and week of the period, oldest first, and the last week against the usual.

    ``this_week`` is what changed, in one sentence; ``alerts`` are those of the period, ``watched`` its verdicts.
    """

    place: str
    days: tuple[Day, ...]
    weeks: tuple[Week, ...]
    this_week: str
    alerts: tuple[AlertReport, ...]
    watched: tuple[Verdict, ...]
    changes: tuple[Change, ...]
    sentences: tuple[str, ...]
    model_ids: tuple[str, ...]
    rungs: tuple[str, ...]


class Report(msgspec.Struct, frozen=True):
    """A whole report; ``places`` is empty when the diary is."""

    kind: Literal["home", "demo"]
    n_weeks: int
    places: tuple[PlaceReport, ...]
    limits: tuple[str, ...] = LIMITS


def build_report(
    rows: Iterable[TrendRow],
    n_weeks: int,
    zone: tzinfo | None = None,
    kind: Literal["home", "demo"] = "home",
    n_alerts: int = BUDGET,
    kept: Iterable[DayRow] = (),
) -> Report:
    """The last ``n_weeks`` weeks of the rows given, or as many as there are; ``zone`` None is the machine's own.

    ``n_alerts`` may be raised in any seven days, over all places. ``kept`` are day rows: where the hours of a day are
    gone it is told and compared as it was kept, but teaches no usual and raises no alert.
    """
    return report_of_days(known_days(rows, kept, zone), n_weeks, zone, kind, n_alerts)


def report_of_days(
    days: Sequence[Day],
    n_weeks: int,
    zone: tzinfo | None = None,
    kind: Literal["home", "demo"] = "home",
    n_alerts: int = BUDGET,
    judge: Callable[[Sequence[Day]], tuple[Verdict, ...]] = verdicts_of,
) -> Report:
    """The same of days that are at hand, in any order; ``judge`` may remember what it judged."""
    if not days:
        return Report(kind, n_weeks, ())
    last = max(day.day for day in days)
    verdicts = judge(days)
    alerts = [told(alert, is_raised) for alert, is_raised in raised(verdicts, AlertBudget(n_alerts))]
    places: list[PlaceReport] = []
    for place in sorted({day.place for day in days}):
        own = [day for day in days if day.place == place]
        place_alerts = [a for a in alerts if a.alert.place == place]
        places.append(
            _place(own, _shown(own, last, n_weeks, zone), [v for v in verdicts if v.place == place], place_alerts)
        )
    return Report(kind, n_weeks, tuple(places))


def _shown(days: Sequence[Day], last: date, n_weeks: int, zone: tzinfo | None) -> list[Day]:
    """The days of the period, those without a row too."""
    n_days = min(WEEK_DAYS * n_weeks, max(WEEK_DAYS, (last - days[0].day).days + 1))
    by_day = {day.day: day for day in days}
    wanted = [last - timedelta(days=i) for i in reversed(range(n_days))]
    return [by_day.get(day) or day_of_rows(days[0].place, day, (), zone) for day in wanted]


def _place(
    every_day: Sequence[Day], shown: Sequence[Day], verdicts: Sequence[Verdict], alerts: Sequence[AlertReport]
) -> PlaceReport:
    weeks = [shown[max(0, end - WEEK_DAYS) : end] for end in range(len(shown), 0, -WEEK_DAYS)][::-1]
    changes, note = _changes(every_day, weeks[-1])
    first, week_first = shown[0].day, weeks[-1][0].day
    this_week = [v for v in verdicts if v.day >= week_first]
    return PlaceReport(
        shown[0].place,
        tuple(shown),
        tuple(week_of_days(week) for week in weeks),
        week_sentence(shown[0].place, this_week, [a for a in alerts if a.alert.day >= week_first]),
        tuple(a for a in alerts if a.alert.day >= first),
        tuple(v for v in verdicts if v.day >= first),
        changes,
        (*(sentence_of(change) for change in changes), *note),
        tuple(dict.fromkeys(model_id for day in shown for model_id in day.model_ids)),
        tuple(dict.fromkeys(rung for day in shown for rung in day.rungs)),
    )


def _changes(every_day: Sequence[Day], week: Sequence[Day]) -> tuple[tuple[Change, ...], tuple[str, ...]]:
    told = [day for day in every_day if day.stretch.mood is not None]
    first = week[0].day
    model = told[-1].model_ids[-1:] if told else ()
    same = [day for day in told if day.model_ids == model]
    now = [day.stretch.mood for day in same if day.day >= first and day.stretch.mood is not None]
    usual = [day.stretch.mood for day in same if day.day < first and day.stretch.mood is not None]
    changes = (change_of("valence", now, usual), change_of("arousal", now, usual))
    left_out = len(told) - len(same)
    note = f"{left_out} of the days were judged by another model; they are not compared with these."
    return changes, (note,) if left_out else ()
