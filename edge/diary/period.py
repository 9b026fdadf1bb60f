"""Weeks and days that a household shares: ISO weeks (2026-W48) and dates (2026-11-24), by its own clock.

Promises: half-open; a period begins and ends at the household's midnights, through daylight saving; the text of one is
the same in every zone. Refuses a text that names no week or day there is. Pure: clock and zone come in.
"""

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal

import msgspec

from edge.diary.days import WEEK_DAYS, midnight_s
from edge.diary.trend import LONGEST_BUCKET_S
from edge.errors import SharingError

Length = Literal["week", "day"]
_WEEK: Final = re.compile(r"(\d{4})-W(\d{2})")


class Period(msgspec.Struct, frozen=True):
    """``n_days`` days (seven or one) from ``first`` on."""

    first: date
    n_days: int

    @property
    def text(self) -> str:
        """As it is written: the ISO week of its Monday, or the date."""
        year, week, _ = self.first.isocalendar()
        return f"{year:04}-W{week:02}" if self.n_days == WEEK_DAYS else self.first.isoformat()

    @property
    def length(self) -> Length:
        """Week or day."""
        return "week" if self.n_days == WEEK_DAYS else "day"

    def bounds_s(self, zone: tzinfo | None) -> tuple[int, int]:
        """[from_s, to_s), Unix seconds, at the household's midnights."""
        return midnight_s(self.first, zone), midnight_s(self.first + timedelta(days=self.n_days), zone)

    def is_over(self, now_s: float, zone: tzinfo | None) -> bool:
        """Whether its last bucket is closed, however long buckets are: what is waited for says nothing of the diary."""
        return now_s >= self.bounds_s(zone)[1] + LONGEST_BUCKET_S


def period_of(text: str) -> Period:
    """The week or day of that name; SharingError where there is none."""
    try:
        if week := _WEEK.fullmatch(text):
            return Period(date.fromisocalendar(int(week[1]), int(week[2]), 1), WEEK_DAYS)
        if date.fromisoformat(text).isoformat() == text:
            return Period(date.fromisoformat(text), 1)
    except ValueError:
        pass
    raise SharingError(f"the period {text!r}", "an ISO week or a date", "Write it as 2026-W48 or 2026-11-24.")


def newest_over(length: Length, now_s: float, zone: tzinfo | None) -> Period:
    """The newest week or day that is over."""
    today = datetime.fromtimestamp(now_s, zone).date()
    n_days = WEEK_DAYS if length == "week" else 1
    first = today - timedelta(days=today.weekday() if length == "week" else 0)
    period = Period(first, n_days)
    while not period.is_over(now_s, zone):
        period = Period(period.first - timedelta(days=n_days), n_days)
    return period
