"""Which days are over and can be rolled up, and what is old enough to go: decisions without a file.

Promises: a day is rolled up once its place has booked up to its end, or a day later where a place fell silent; days of
a place never overlap, whatever zones the household had (a day that stands stays, the ones beside it are cut where it
begins and ends); time is that of the rows. Refuses to retire anything on the word of a clock that has just jumped:
seven days must have ended in the thirty before.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

from edge.diary.day_rows import DayRow, day_row
from edge.diary.days import begins_s
from edge.diary.trend import TrendRow
from edge.retention import Retention

DAY_S: Final = 86_400
YEAR_DAYS: Final = 365.25
SILENCE_S: Final = DAY_S
"""So long after its end a day is rolled up although its place has not booked up to it; what comes later is added."""
LIVED_DAYS: Final = 7
LIVED_WITHIN_S: Final = 30 * DAY_S
Stretch_s = tuple[int, int]
"""Start and end, in Unix seconds."""


class Cutoffs(msgspec.Struct, frozen=True):
    """Hours of days that ended by ``hours_s`` go where the day stands; days that ended by ``days_s`` go."""

    hours_s: int
    days_s: int


def cutoffs(now_s: int, retention: Retention, standing: Iterable[DayRow]) -> Cutoffs | None:
    """What may go at ``now_s``, the end of the newest hour; None while too few days were lived up to then."""
    lived = {day.day_start_s for day in standing if now_s - LIVED_WITHIN_S < day.day_end_s <= now_s}
    if len(lived) < LIVED_DAYS:
        return None
    days_s = now_s - int(retention.keep_days_years * YEAR_DAYS * DAY_S)
    return Cutoffs(max(days_s, now_s - retention.keep_hours_days * DAY_S), days_s)


def new_days(
    loose: Iterable[TrendRow], standing: Iterable[DayRow], zone: tzinfo | None, now_s: int
) -> tuple[DayRow, ...]:
    """Rows of the days that are over, of ``loose`` hours, which no standing day covers."""
    hours: dict[str, list[TrendRow]] = defaultdict(list)
    for row in loose:
        hours[row.place].append(row)
    taken: Mapping[str, list[Stretch_s]] = _taken(standing)
    return tuple(day for place in sorted(hours) for day in _of_place(hours[place], taken.get(place, []), zone, now_s))


def is_due(starts_s: Iterable[int], now_s: int, today: Stretch_s | None) -> bool:
    """Whether hours that were just kept end a day or belong to one before ``today`` (None: nothing was done yet)."""
    return today is None or now_s >= today[1] or min(starts_s) < today[0]


def today_of(now_s: int, zone: tzinfo | None) -> Stretch_s:
    """The day that is not over at ``now_s``."""
    day = datetime.fromtimestamp(now_s, zone).date()
    return begins_s(day, zone, 1), begins_s(day + timedelta(days=1), zone, 1)


def _taken(standing: Iterable[DayRow]) -> dict[str, list[Stretch_s]]:
    taken: dict[str, list[Stretch_s]] = defaultdict(list)
    for day in standing:
        taken[day.place].append((day.day_start_s, day.day_end_s))
    return {place: sorted(found) for place, found in taken.items()}


def _of_place(hours: Sequence[TrendRow], taken: list[Stretch_s], zone: tzinfo | None, now_s: int) -> Iterator[DayRow]:
    ordered = sorted(hours, key=lambda row: row.bucket_start_s)
    booked_s = max(_end_s(ordered[-1]), taken[-1][1] if taken else 0)
    over_s = max(min(now_s, booked_s), now_s - SILENCE_S)
    for (start_s, end_s), rows in _framed(ordered, taken, zone):
        if end_s <= over_s:
            yield day_row(start_s, end_s - start_s, rows)


def _framed(
    ordered: Sequence[TrendRow], taken: list[Stretch_s], zone: tzinfo | None
) -> Iterator[tuple[Stretch_s, list[TrendRow]]]:
    """Each day's stretch and hours. A bucket belongs to the day in which it starts, and a day ends no earlier."""
    start_s, end_s, rows = 0, 0, list[TrendRow]()
    for row in ordered:
        if row.bucket_start_s >= end_s:
            if rows:
                yield (start_s, end_s), rows
            start_s, end_s = _frame(row, end_s, taken, zone)
            rows = []
        rows.append(row)
        end_s = max(end_s, _end_s(row))
    if rows:
        yield (start_s, end_s), rows


def _frame(row: TrendRow, before_s: int, taken: list[Stretch_s], zone: tzinfo | None) -> Stretch_s:
    """The day of a row by the household's clock, cut where others stand (``before_s``: the end of the one before)."""
    day = datetime.fromtimestamp(row.bucket_start_s, zone).date()
    start_s = begins_s(day, zone, row.bucket_length_s)
    end_s = begins_s(day + timedelta(days=1), zone, row.bucket_length_s)
    at = bisect_right(taken, (row.bucket_start_s, 1 << 62))
    start_s = max(start_s, before_s, taken[at - 1][1] if at else 0)
    return min(start_s, row.bucket_start_s), min(end_s, taken[at][0]) if at < len(taken) else end_s


def _end_s(row: TrendRow) -> int:
    return row.bucket_start_s + row.bucket_length_s
