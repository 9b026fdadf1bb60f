"""What there is to tell: how each place stands, and its day before today. Decisions only: no clock, no file, no socket.

Promises: a day is told once it is whole: when its last bucket is on record, or `SETTLED_S` after midnight; what was
told of a day stays as it was, and turns to unknown for good when its rows are others than they were (an erasure, a late
row), so that no two messages can be subtracted to find an hour. Refuses to tell a mood that the diary does not tell.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal, NamedTuple

from edge.diary.days import Day, day_of_rows, midnight_s
from edge.diary.trend import TrendRow
from edge.running_note import EyeStage, RunningNote

Standing = Literal["watching", "paused", "fault", "off"]
STANDINGS: Final[tuple[Standing, ...]] = ("watching", "paused", "fault", "off")
SETTLED_S: Final = 6 * 3600 + 900
"""The longest bucket may begin just before midnight."""
_OF_STAGE: Final[dict[EyeStage, Standing]] = {
    "watching": "watching",
    "starting": "paused",
    "closing": "paused",
    "closed": "paused",
    "down": "fault",
    "over": "off",
}


class DayNews(NamedTuple):
    """A day in numbers: date, valence with its 95 % interval, watched share, model; None is unknown."""

    day: date | None = None
    valence: float | None = None
    valence_low: float | None = None
    valence_high: float | None = None
    watched_percent: float | None = None
    model: str | None = None


UNKNOWN: Final = DayNews()


def standing_of(place: str, note: RunningNote | None) -> Standing:
    """How a place stands by the service's own note; off where none runs or none watches there."""
    stage = None if note is None else note.cameras.get(place)
    return "off" if stage is None else _OF_STAGE[stage]


def yesterday(now_s: float, zone: tzinfo) -> date:
    """The household's day before today."""
    return datetime.fromtimestamp(now_s, zone).date() - timedelta(days=1)


def span_of(day: date, zone: tzinfo) -> tuple[int, int]:
    """Unix times between which the buckets of a day begin."""
    return midnight_s(day, zone), midnight_s(day + timedelta(days=1), zone)


class DayTeller:
    """One place: what to tell of its yesterday, now."""

    def __init__(self, place: str, zone: tzinfo) -> None:
        self._place, self._zone = place, zone
        self._day: date | None = None
        self._rows: frozenset[TrendRow] = frozenset()
        self._told = UNKNOWN

    def update(self, rows: Iterable[TrendRow], now_s: float) -> DayNews:
        """``rows`` are those of `span_of` yesterday, of any place, as the diary has them now."""
        day = yesterday(now_s, self._zone)
        own = [row for row in rows if row.place == self._place]
        if day == self._day:
            if frozenset(own) != self._rows:
                self._told = UNKNOWN
            return self._told
        if not self._is_whole(own, day, now_s):
            return UNKNOWN
        self._day, self._rows = day, frozenset(own)
        self._told = news_of(day_of_rows(self._place, day, own, self._zone))
        return self._told

    def _is_whole(self, rows: Sequence[TrendRow], day: date, now_s: float) -> bool:
        _begins_s, ends_s = span_of(day, self._zone)
        closed_s = max((row.bucket_start_s + row.bucket_length_s for row in rows), default=0)
        return closed_s >= ends_s or now_s >= ends_s + SETTLED_S


def news_of(day: Day) -> DayNews:
    """The numbers of a day; of a day without a row all of them are unknown."""
    stretch = day.stretch
    if stretch.minutes.total == 0:
        return UNKNOWN
    watched = round(100 * stretch.n_watched / day.n_minutes, 0)
    model = day.model_ids[-1] if day.model_ids else None
    if stretch.mood is None:
        return DayNews(day.day, watched_percent=watched, model=model)
    valence = stretch.mood.valence
    mean, low, high = (round(value, 2) + 0.0 for value in (valence.mean, valence.low, valence.high))
    return DayNews(day.day, mean, low, high, watched, model)
