"""What the page knows of the diary at one moment, as one value, and why it knows nothing where it does not.

Promises: pure; days, usual, changes and alerts are those of `edge.review.report`, from the same beginning as on the
terminal, so page and terminal never disagree. Refuses to guess: a diary that does not open is a `Broken` with its kind.
"""

from datetime import date
from typing import Final, Literal

import msgspec

from edge.diary.annotation import Annotation
from edge.diary.days import Day
from edge.errors import (
    DiaryBusyError,
    DiaryDamagedError,
    DiaryError,
    DiaryKeyError,
    DiaryReadOnlyError,
    DiaryVersionError,
)
from edge.review.report import PlaceReport, Report

HISTORY_WEEKS: Final = 110
"""Two years and a little: as far back as alerts are looked for."""

Trouble = Literal["none", "key", "damaged", "version", "busy", "permission", "other"]


class Counts(msgspec.Struct, frozen=True):
    """What is in the file, in rows, and the time it covers (Unix seconds; None where there is nothing)."""

    n_hours: int
    n_days: int
    n_notes: int
    n_open: int
    first_s: int | None
    newest_end_s: int | None
    hours_gone_until_s: int | None


class History(msgspec.Struct, frozen=True):
    """The diary: its report over `HISTORY_WEEKS`, what the household wrote, and counts."""

    report: Report
    notes: tuple[tuple[date, Annotation], ...]
    counts: Counts

    @property
    def places(self) -> tuple[str, ...]:
        """Every place with a day."""
        return tuple(place.place for place in self.report.places)

    def place(self, name: str) -> PlaceReport | None:
        """One of them."""
        return next((place for place in self.report.places if place.place == name), None)

    def notes_between(self, first: date, last: date) -> tuple[tuple[date, Annotation], ...]:
        """Notes of these days."""
        return tuple((day, note) for day, note in self.notes if first <= day <= last)


class Broken(msgspec.Struct, frozen=True):
    """Why there is no history, and the three sentences of the error."""

    trouble: Trouble
    found: str = ""
    wanted: str = ""
    do: str = ""


_KINDS: Final[tuple[tuple[type[DiaryError], Trouble], ...]] = (
    (DiaryKeyError, "key"),
    (DiaryDamagedError, "damaged"),
    (DiaryVersionError, "version"),
    (DiaryBusyError, "busy"),
    (DiaryReadOnlyError, "permission"),
)


def broken(error: DiaryError, *, is_there: bool) -> Broken:
    """The state that an error stands for; ``is_there``: there is a file where the diary should be."""
    if not is_there:
        return Broken("none")
    trouble: Trouble = next((name for kind, name in _KINDS if isinstance(error, kind)), "other")
    return Broken(trouble, error.found, error.wanted, error.do)


def main_place(history: History) -> PlaceReport | None:
    """The place to show first: one with an alert in the newest week, else where most hours told a mood."""

    def worth(place: PlaceReport) -> tuple[int, int]:
        first = place.weeks[-1].first
        return sum(a.raised and a.alert.day >= first for a in place.alerts), place.weeks[-1].stretch.n_told

    return max(history.report.places, key=worth, default=None)


def day_at(place: PlaceReport, day: date) -> Day | None:
    """That day, where it lies within the history."""
    index = (day - place.days[0].day).days
    return place.days[index] if 0 <= index < len(place.days) else None
