"""The weekly report as a value: days, weeks, this week against the usual, per place.

Promises: pure and clockless: the period ends with the last day that the diary knows, and says its dates; days are
those of the household's zone, a bucket belonging to the day in which it starts. Refuses to compare across a change
of model.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal

import msgspec

from edge.diary.days import WEEK_DAYS, Day, Week, day_of_rows, week_of_days
from edge.diary.trend import TrendRow
from edge.review.change import Change, change_of, sentence_of

LIMITS: Final = (
    "This is not a diagnosis and no reason to change a treatment. A model guesses mood from the way steps look; "
    "its shares are its own probabilities, averaged.",
    "It belongs to a place, not to a person: Quietstep cannot know who walked. It is one person's trend only where "
    "one person lives. Minutes with several people in view are left out of the mood.",
    "Hours with fewer than 10 judged gait cycles or 3 walks say nothing of the mood and are left out. Counts are "
    "rounded to 5. The ± is a 95 % interval that knows that the steps of one walk are not independent; that the "
    "model itself may be wrong is not in it.",
)


class PlaceReport(msgspec.Struct, frozen=True):
    """One place: every day and week of the period, oldest first, and the last week against the usual."""

    place: str
    days: tuple[Day, ...]
    weeks: tuple[Week, ...]
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
    rows: Iterable[TrendRow], n_weeks: int, zone: tzinfo | None = None, kind: Literal["home", "demo"] = "home"
) -> Report:
    """The last ``n_weeks`` weeks of the rows given, or as many as there are; ``zone`` None is the machine's own."""
    by_place: dict[str, dict[date, list[TrendRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        day = datetime.fromtimestamp(row.bucket_start_s, zone).date()
        by_place[row.place][day].append(row)
    if not by_place:
        return Report(kind, n_weeks, ())
    last = max(day for days in by_place.values() for day in days)
    return Report(kind, n_weeks, tuple(_place(p, by_place[p], last, n_weeks, zone) for p in sorted(by_place)))


def _place(
    place: str, rows_by_day: dict[date, list[TrendRow]], last: date, n_weeks: int, zone: tzinfo | None
) -> PlaceReport:
    every_day = [day_of_rows(place, day, rows_by_day[day], zone) for day in sorted(rows_by_day)]
    n_days = min(WEEK_DAYS * n_weeks, max(WEEK_DAYS, (last - every_day[0].day).days + 1))
    shown = [day_of_rows(place, day, rows_by_day.get(day, []), zone) for day in _days(last, n_days)]
    weeks = [shown[max(0, end - WEEK_DAYS) : end] for end in range(n_days, 0, -WEEK_DAYS)][::-1]
    rows = [row for day in shown for row in rows_by_day.get(day.day, [])]
    changes, note = _changes(every_day, weeks[-1])
    return PlaceReport(
        place,
        tuple(shown),
        tuple(week_of_days(week) for week in weeks),
        changes,
        (*(sentence_of(change) for change in changes), *note),
        tuple(dict.fromkeys(row.model_id for row in rows)),
        tuple(dict.fromkeys(row.rung for row in rows)),
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


def _days(last: date, n: int) -> list[date]:
    return [last - timedelta(days=i) for i in reversed(range(n))]
