"""A household's days and weeks, from the diary's UTC buckets, or to the minute while minutes are at hand.

Promises: every row is in exactly one day of one place, so minutes of six kinds add up over days and weeks as they do
over rows; a day knows how long it was (23 or 25 hours when the clocks change). A day and a week are made of rows that
were already told and of nothing else: whoever has the rows learns nothing from any difference of rows, days and weeks
in any zones, whatever was held back (a test changes what was held back and finds every release the same).

Refuses to split a bucket. Where the household's midnight is not a boundary of buckets (zones off by :30 or :45 and
hourly buckets), a bucket belongs to the day in which it starts: the day then begins with the first bucket after
midnight (00:30 in India, 00:45 in Nepal) and `begins_s` says so; so do day rows (`edge.diary.day_rows`). Exact to the
minute there: `MinuteDays`, of minutes, which nobody keeps; or buckets of 30 or 15 minutes. Minute days beside hourly
rows tell what kind the minutes of half an hour were, finer than a row, so they must not be kept. `quietstep status`
does not show them: it is another process than the monitor, what it reads of a service is a file, and a count that is
nowhere kept begins anew with each start of the monitor, so it would not be today's.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from edge.diary.booking import MinuteNote
from edge.diary.minutes import MINUTE_S
from edge.diary.rollup import Mood, Stretch, combined, mood_of_row, stretch_of_rows, stretch_of_stretches
from edge.diary.trend import Minutes, TrendRow

SLOTS: Final = ("night", "morning", "afternoon", "evening")
"""Times of day, six hours each by the household's clock, from midnight."""
SLOT_HOURS: Final = 6
WEEK_DAYS: Final = 7


class Day(msgspec.Struct, frozen=True):
    """One day of one place by the household's clock; ``slots`` are the moods of SLOTS, None where untold.

    ``n_minutes`` is how long the day was; what its rows lack of it is on no record. ``model_ids`` and ``rungs`` are
    those of its buckets, the newest last. ``kept``: its hours are gone, and so are its
    ``slots``; of its models the newest is known.
    """

    place: str
    day: date
    n_minutes: int
    stretch: Stretch
    slots: tuple[Mood | None, Mood | None, Mood | None, Mood | None]
    model_ids: tuple[str, ...]
    rungs: tuple[str, ...]
    kept: bool = False


class Week(msgspec.Struct, frozen=True):
    """Seven days, or what there is of them; ``first`` is the first day."""

    first: date
    stretch: Stretch


def midnight_s(day: date, zone: tzinfo | None) -> int:
    """Unix time at which a day begins; ``zone`` None is the machine's own. Where midnight is skipped, its end."""
    return int(datetime.combine(day, time(), zone).timestamp())


def n_minutes_of(day: date, zone: tzinfo | None) -> int:
    """How long a day is: 1,440 minutes, but when the clocks change."""
    return (midnight_s(day + timedelta(days=1), zone) - midnight_s(day, zone)) // MINUTE_S


def begins_s(day: date, zone: tzinfo | None, bucket_length_s: int = 3600) -> int:
    """When a day made of buckets begins: the first boundary of buckets at its midnight or after it."""
    return -(-midnight_s(day, zone) // bucket_length_s) * bucket_length_s


def day_of_rows(place: str, day: date, rows: Iterable[TrendRow], zone: tzinfo | None) -> Day:
    """One day of these rows, which are taken to be its own."""
    ordered = sorted(rows, key=lambda row: row.bucket_start_s)
    moods: tuple[list[Mood], ...] = ([], [], [], [])
    for row in ordered:
        mood = mood_of_row(row)
        if mood is not None:
            moods[datetime.fromtimestamp(row.bucket_start_s, zone).hour // SLOT_HOURS].append(mood)
    night, morning, afternoon, evening = (combined(slot) for slot in moods)
    return Day(
        place,
        day,
        n_minutes_of(day, zone),
        stretch_of_rows(ordered),
        (night, morning, afternoon, evening),
        tuple(dict.fromkeys(row.model_id for row in reversed(ordered)))[::-1],
        tuple(dict.fromkeys(row.rung for row in reversed(ordered)))[::-1],
    )


def days_of_rows(rows: Iterable[TrendRow], zone: tzinfo | None = None) -> tuple[Day, ...]:
    """Days that have a row, by place and day."""
    grouped: dict[tuple[str, date], list[TrendRow]] = defaultdict(list)
    for row in rows:
        grouped[row.place, datetime.fromtimestamp(row.bucket_start_s, zone).date()].append(row)
    return tuple(day_of_rows(place, day, grouped[place, day], zone) for place, day in sorted(grouped))


def week_of_days(days: Sequence[Day]) -> Week:
    """A week of one place's days, oldest first. Raises ValueError for none, or for more than seven days' span."""
    if not days or (days[-1].day - days[0].day).days >= WEEK_DAYS:
        raise ValueError("a week is made of days that lie within seven")
    return Week(days[0].day, stretch_of_stretches([day.stretch for day in days]))


class MinuteDay(msgspec.Struct, frozen=True):
    """The minutes of one day of one place, exact to the minute."""

    place: str
    day: date
    minutes: Minutes


class MinuteDays:
    """Minutes in, days out, by the household's clock; exact in every zone. Minutes of a place come in order."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._open: dict[str, MinuteDay] = {}

    def update(self, note: MinuteNote) -> MinuteDay | None:
        """One minute; the day that ended with the minute before it, or None."""
        day = datetime.fromtimestamp(note.minute * MINUTE_S, self._zone).date()
        before = self._open.get(note.place)
        minutes = before.minutes if before is not None and before.day == day else Minutes()
        self._open[note.place] = MinuteDay(note.place, day, minutes.plus(note.kind))
        return before if before is not None and before.day != day else None

    def open_days(self) -> tuple[MinuteDay, ...]:
        """The days that have not ended, by place."""
        return tuple(self._open[place] for place in sorted(self._open))
