"""What an export says, whatever its form: one line per bucket, day or week of a place.

Promises: a bucket's line says what its row says and no more; days and weeks are those of `edge.diary.days`, so they are
made of told rows alone, with the same two decimals as a row. Weeks begin on Monday by the household's clock. Refuses
to fill in: what is held back or on no record is None. Pure: rows and zone come in.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, Final, Literal, assert_never

import msgspec

from edge.diary.days import WEEK_DAYS, Day, begins_s, days_of_rows, week_of_days
from edge.diary.minutes import MINUTE_S
from edge.diary.rollup import Mood, Stretch
from edge.diary.trend import Few, TrendRow

By = Literal["hour", "day", "week"]
LIMITS: Final = (
    "A trend belongs to a place. It is one person's only where one person lives; nobody can know who walked.",
    "It says how often walking looked like acted moods of a training set. It is not a feeling and not a diagnosis, "
    "and this is no medical device.",
    "Less than 10 judged gait cycles or 3 walks in a bucket are held back; days and weeks are made of the buckets that "
    "tell something. Intervals are 95 % and know that the cycles of one walk are not independent.",
    "How much was watched (coverage) decides how much the rest is worth. Across a change of model nothing compares.",
)


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One bucket, day or week [start_s, end_s) of a place, in Unix seconds.

    ``n_walks`` and ``n_cycles`` of a bucket are its row's ("<10" where held back); of a day or week those of the
    buckets that tell, None where none does. ``model_ids`` and ``rungs``: all that took part, the newest last.
    """

    place: str
    start_s: int
    end_s: int
    minutes_observed: int
    minutes_several_people: int
    minutes_nobody: int
    minutes_unusable: int
    minutes_paused: int
    minutes_fault: int
    n_told: int
    n_held_back: int
    n_walks: int | Few | None
    n_cycles: int | Few | None
    share_abstained: float | None
    p_angry: float | None
    p_happy: float | None
    p_neutral: float | None
    p_sad: float | None
    valence: float | None
    valence_low: float | None
    valence_high: float | None
    arousal: float | None
    arousal_low: float | None
    arousal_high: float | None
    model_ids: tuple[str, ...]
    rungs: tuple[str, ...]

    @property
    def n_minutes(self) -> int:
        """How long it is."""
        return (self.end_s - self.start_s) // MINUTE_S

    @property
    def n_watched(self) -> int:
        """Minutes in which somebody would have been seen."""
        return self.minutes_observed + self.minutes_several_people + self.minutes_nobody

    @property
    def coverage(self) -> float:
        """The watched share of all its minutes, those on no record included."""
        return round(self.n_watched / self.n_minutes, 4)

    @property
    def held_back(self) -> bool:
        """Nothing is said of the mood."""
        return self.valence is None


_OF_ROW: Final = tuple(name for name in Line.__struct_fields__ if name in TrendRow.__struct_fields__)


def lines_of(rows: Sequence[TrendRow], by: By, zone: tzinfo | None) -> tuple[Line, ...]:
    """Lines by time, then place; ``zone`` None is the machine's own."""
    if by == "hour":
        lines = [line_of_row(row) for row in rows]
    elif by == "day":
        lengths = _lengths_s(rows)
        lines = [_line_of_day(day, lengths[day.place], zone) for day in days_of_rows(rows, zone)]
    elif by == "week":
        lines = list(_lines_of_weeks(days_of_rows(rows, zone), _lengths_s(rows), zone))
    else:
        assert_never(by)
    return tuple(sorted(lines, key=lambda line: (line.start_s, line.place)))


def line_of_row(row: TrendRow) -> Line:
    """A bucket as it is kept."""
    return Line(
        start_s=row.bucket_start_s,
        end_s=row.bucket_start_s + row.bucket_length_s,
        n_told=int(not row.held_back),
        n_held_back=int(row.held_back and row.minutes_observed > 0),
        model_ids=(row.model_id,),
        rungs=(row.rung,),
        **{name: getattr(row, name) for name in _OF_ROW},
    )


def local_time(t_s: int, zone: tzinfo | None) -> datetime:
    """Local date and time that knows its offset."""
    return datetime.fromtimestamp(t_s, zone).astimezone(zone)


def _lengths_s(rows: Iterable[TrendRow]) -> dict[str, int]:
    # A day begins with its first bucket; where a place's buckets changed their length, the longest gives the edges.
    lengths: dict[str, int] = {}
    for row in rows:
        lengths[row.place] = max(row.bucket_length_s, lengths.get(row.place, 0))
    return lengths


def _line_of_day(day: Day, length_s: int, zone: tzinfo | None) -> Line:
    return _line_of_stretch([day], day.stretch, (day.day, day.day + timedelta(days=1)), length_s, zone)


def _lines_of_weeks(days: Sequence[Day], lengths_s: dict[str, int], zone: tzinfo | None) -> Iterable[Line]:
    for (place, monday), group in groupby(days, key=lambda day: (day.place, _monday(day.day))):
        own = list(group)
        ends = (monday, monday + timedelta(days=WEEK_DAYS))
        yield _line_of_stretch(own, week_of_days(own).stretch, ends, lengths_s[place], zone)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _line_of_stretch(
    days: Sequence[Day], stretch: Stretch, ends: tuple[date, date], length_s: int, zone: tzinfo | None
) -> Line:
    told = stretch.mood is not None
    return Line(
        place=days[0].place,
        start_s=begins_s(ends[0], zone, length_s),
        end_s=begins_s(ends[1], zone, length_s),
        n_told=stretch.n_told,
        n_held_back=stretch.n_held_back,
        n_walks=stretch.n_walks if told else None,
        n_cycles=stretch.n_cycles if told else None,
        share_abstained=_rounded(stretch.share_abstained),
        model_ids=_newest_last(days, "model_ids"),
        rungs=_newest_last(days, "rungs"),
        **{f"minutes_{kind}": n for kind, n in msgspec.structs.asdict(stretch.minutes).items()},
        **_mood_columns(stretch.mood),
    )


def _mood_columns(mood: Mood | None) -> dict[str, Any]:
    if mood is None:
        return dict.fromkeys(Line.__struct_fields__[14:24])
    shares = dict(zip(("p_angry", "p_happy", "p_neutral", "p_sad"), mood.shares, strict=True))
    spreads = {
        f"{name}{suffix}": getattr(getattr(mood, name), part)
        for name in ("valence", "arousal")
        for suffix, part in (("", "mean"), ("_low", "low"), ("_high", "high"))
    }
    return {name: _rounded(value) for name, value in (shares | spreads).items()}


def _newest_last(days: Sequence[Day], name: str) -> tuple[str, ...]:
    newest_first = (value for day in reversed(days) for value in reversed(getattr(day, name)))
    return tuple(dict.fromkeys(newest_first))[::-1]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2) + 0.0  # -0.0 becomes 0.0
