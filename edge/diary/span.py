"""A stretch of the diary that somebody names by local dates, and the buckets that it touches.

Promises: half-open, so that the day after begins where this one ends; in the household's zone, through daylight
saving; a bucket that lies only partly inside belongs to the stretch, for less would leave something of it. Refuses an
empty stretch and a text that is no date. Pure: the zone comes in.
"""

from datetime import datetime, tzinfo
from typing import Final

import msgspec
import sqlalchemy as sa

from edge.diary import schema
from edge.diary.minutes import MINUTE_S
from edge.errors import DiaryError

FIRST_S: Final = -(1 << 62)
END_S: Final = 1 << 62
SHORTEST_DAY_S: Final = 82_800
"""An annotation knows the midnight at which its day begins; the hour that the longest days have more is not its."""


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[from_s, to_s) in Unix seconds, at one place (None: at all of them)."""

    from_s: int = FIRST_S
    to_s: int = END_S
    place: str | None = None

    def touched_rows(self) -> sa.ColumnElement[bool]:
        """Closed buckets of which any part lies inside."""
        trend = schema.TREND.c
        inside = sa.and_(trend.bucket_start_s < self.to_s, trend.bucket_start_s + trend.bucket_length_s > self.from_s)
        return inside if self.place is None else sa.and_(inside, trend.place == self.place)

    def partly_inside(self) -> sa.ColumnElement[bool]:
        """Those of the touched that begin before the stretch or end after it."""
        trend = schema.TREND.c
        early, late = trend.bucket_start_s < self.from_s, trend.bucket_start_s + trend.bucket_length_s > self.to_s
        return sa.and_(self.touched_rows(), sa.or_(early, late))

    def touched_days(self) -> sa.ColumnElement[bool]:
        """Day rows of which any part lies inside."""
        day = schema.DAY.c
        inside = sa.and_(day.day_start_s < self.to_s, day.day_start_s + day.day_length_s > self.from_s)
        return inside if self.place is None else sa.and_(inside, day.place == self.place)

    def days_partly_inside(self) -> sa.ColumnElement[bool]:
        """Those of the touched that begin before the stretch or end after it."""
        day = schema.DAY.c
        early, late = day.day_start_s < self.from_s, day.day_start_s + day.day_length_s > self.to_s
        return sa.and_(self.touched_days(), sa.or_(early, late))

    def touched_annotations(self) -> sa.ColumnElement[bool]:
        """Annotations of a day of which any part lies inside; none where one place is named, for they have none."""
        note = schema.ANNOTATION.c
        if self.place is not None:
            return sa.false()
        return sa.and_(note.day_start_s < self.to_s, note.day_start_s + SHORTEST_DAY_S > self.from_s)

    def touched_open(self) -> sa.ColumnElement[bool]:
        """Open buckets of which any minute that is booked lies inside."""
        bucket = schema.OPEN_BUCKET.c
        inside = sa.and_(bucket.start_s < self.to_s, bucket.booked_until_minute * MINUTE_S > self.from_s)
        return inside if self.place is None else sa.and_(inside, bucket.place == self.place)


EVERYTHING: Final = Span()


def span_of(from_: str | None, to: str | None, place: str | None, zone: tzinfo | None) -> Span:
    """The stretch from one local date (or date and time) up to, and without, another; None leaves that end open.

    ``zone`` None is the machine's own. A time that the clocks show twice is taken so that more is inside.
    """
    from_s = FIRST_S if from_ is None else _unix_s(from_, zone, fold=0)
    to_s = END_S if to is None else _unix_s(to, zone, fold=1)
    if from_s >= to_s:
        raise DiaryError(
            f"a stretch from {from_} to {to}, in which there is no time",
            "an end after the beginning (the end itself is left out)",
            "For one day name the next one as its end: --from 2026-11-01 --to 2026-11-02.",
        )
    return Span(from_s, to_s, place)


def _unix_s(text: str, zone: tzinfo | None, fold: int) -> int:
    try:
        local = datetime.fromisoformat(text)
        if local.tzinfo is None:
            local = local.replace(fold=fold, tzinfo=zone)
        return int(local.timestamp())
    except (ValueError, OverflowError, OSError):
        raise DiaryError(
            f"the date {text!r}", "a date, or a date and a time, as in 2026-11-01 or 2026-11-01T14:00", "Write it so."
        ) from None


def local_text(t_s: int, zone: tzinfo | None) -> str:
    """Local date and time with the offset from UTC; a word where there is no end."""
    if t_s in (FIRST_S, END_S):
        return "the beginning" if t_s == FIRST_S else "the end"
    moment = datetime.fromtimestamp(t_s, zone)
    return (moment if moment.tzinfo else moment.astimezone()).isoformat(" ", "minutes")
