"""The day as it is kept: one row a place and day of the household, made of hourly rows that were told.

Promises: a pure function of the rows of its stretch, so it says nothing that they do not, whatever was held back (a
test changes what was held back and finds every stored day the same); what it says reads back as the same `Stretch`,
bit for bit, so days recombine into weeks as their hours would. Refuses to keep finer times of day: a day whose hours
are gone is told and compared week by week, but teaches no usual (`edge.diary.usual` says so of it).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any, Final

import msgspec

from edge.affect import CLASSES
from edge.diary.days import Day, days_of_rows, n_minutes_of
from edge.diary.minutes import MINUTE_S
from edge.diary.rollup import Estimate, Mood, Stretch, stretch_of_rows, stretch_of_stretches
from edge.diary.trend import KINDS, Minutes, TrendRow

SPREADS: Final = ("valence", "arousal")
Place = str


class DayRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One day of one place, exactly as it is kept.

    ``day_start_s`` is Unix time: the household's midnight when the day was rolled up, or the first boundary of buckets
    after it; ``day_length_s`` up to the next day's. Counts are sums of the hours' own, which are rounded to 5;
    ``weight`` is in judged cycles. Where no hour told a mood, the mood columns, ``share_abstained`` and ``weight`` are
    None. ``model_id`` and ``rung`` are those of the newest hour.
    """

    day_start_s: int
    place: str
    day_length_s: int
    minutes_observed: int
    minutes_several_people: int
    minutes_nobody: int
    minutes_unusable: int
    minutes_paused: int
    minutes_fault: int
    n_walks: int
    n_cycles: int
    n_told: int
    n_held_back: int
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
    weight: float | None
    model_id: str
    rung: str

    @property
    def day_end_s(self) -> int:
        """Where the day after it may begin."""
        return self.day_start_s + self.day_length_s

    @property
    def n_minutes(self) -> int:
        """All minutes that its hours booked."""
        return sum(getattr(self, f"minutes_{kind}") for kind in KINDS)


def day_row(start_s: int, length_s: int, rows: Sequence[TrendRow]) -> DayRow:
    """The row of one day, of the hourly rows of one place that start in it. Raises ValueError for none."""
    if not rows:
        raise ValueError("a day row is made of hours")
    ordered = sorted(rows, key=lambda row: row.bucket_start_s)
    stretch, newest = stretch_of_rows(ordered), ordered[-1]
    columns: dict[str, Any] = {f"minutes_{kind}": getattr(stretch.minutes, kind) for kind in KINDS}
    return DayRow(
        day_start_s=start_s,
        place=newest.place,
        day_length_s=length_s,
        n_walks=stretch.n_walks,
        n_cycles=stretch.n_cycles,
        n_told=stretch.n_told,
        n_held_back=stretch.n_held_back,
        share_abstained=stretch.share_abstained,
        model_id=newest.model_id,
        rung=newest.rung,
        **columns,
        **_mood_columns(stretch.mood),
    )


def _mood_columns(mood: Mood | None) -> dict[str, Any]:
    if mood is None:
        names = [*(f"p_{name}" for name in CLASSES), *(f"{s}{end}" for s in SPREADS for end in ("", "_low", "_high"))]
        return dict.fromkeys((*names, "weight"))
    columns: dict[str, float | None] = {f"p_{name}": mood.shares[k] for k, name in enumerate(CLASSES)}
    for name in SPREADS:
        estimate: Estimate = getattr(mood, name)
        columns |= {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return columns | {"weight": mood.weight}


def stretch_of_day(row: DayRow) -> Stretch:
    """What a day row says, as the rollup of its hours said it."""
    minutes = Minutes(**{kind: getattr(row, f"minutes_{kind}") for kind in KINDS})
    return Stretch(minutes, row.n_walks, row.n_cycles, row.n_told, row.n_held_back, _mood_of(row), row.share_abstained)


def _mood_of(row: DayRow) -> Mood | None:
    told = (row.p_angry, row.p_happy, row.p_neutral, row.p_sad, row.weight)
    angry, happy, neutral, sad, weight = told
    if angry is None or happy is None or neutral is None or sad is None or weight is None:
        return None
    valence, arousal = (Estimate(*(getattr(row, f"{name}{end}") for end in ("", "_low", "_high"))) for name in SPREADS)
    return Mood((angry, happy, neutral, sad), valence, arousal, weight)


def date_of(row: DayRow, zone: tzinfo | None) -> date:
    """The date of a kept day: that of its middle, so that another zone since then moves it as little as can be."""
    return datetime.fromtimestamp(row.day_start_s + row.day_length_s // 2, zone).date()


def without_hours(kept: Iterable[DayRow], hours: Iterable[tuple[int, Place]]) -> tuple[DayRow, ...]:
    """Kept days of which none of these hours (their start, in Unix seconds, and place) is there."""
    starts: Mapping[Place, list[int]] = _starts_of(hours)
    return tuple(day for day in kept if not _any_in(starts.get(day.place, []), day))


def known_days(rows: Iterable[TrendRow], kept: Iterable[DayRow], zone: tzinfo | None = None) -> tuple[Day, ...]:
    """Every day by place and date: of its hours where they are there, else as it was kept.

    A kept day has no times of day (``slots`` are None). Where a change of zone left two pieces of one date, they are
    one day.
    """
    hours = list(rows)
    pieces: dict[tuple[Place, date], list[Day]] = defaultdict(list)
    alone = without_hours(kept, ((row.bucket_start_s, row.place) for row in hours))
    for day in (*(_day_of(row, zone) for row in alone), *days_of_rows(hours, zone)):
        pieces[day.place, day.day].append(day)
    return tuple(_one(pieces[key], zone) for key in sorted(pieces))


def _starts_of(hours: Iterable[tuple[int, Place]]) -> dict[Place, list[int]]:
    starts: dict[Place, list[int]] = defaultdict(list)
    for start_s, place in hours:
        starts[place].append(start_s)
    return {place: sorted(found) for place, found in starts.items()}


def _any_in(starts_s: Sequence[int], day: DayRow) -> bool:
    first = bisect_left(starts_s, day.day_start_s)
    return first < len(starts_s) and starts_s[first] < day.day_end_s


def _day_of(row: DayRow, zone: tzinfo | None) -> Day:
    untold = (None, None, None, None)
    n_minutes = row.day_length_s // MINUTE_S
    return Day(
        row.place, date_of(row, zone), n_minutes, stretch_of_day(row), untold, (row.model_id,), (row.rung,), True
    )


def _one(pieces: Sequence[Day], zone: tzinfo | None) -> Day:
    if len(pieces) == 1:
        return pieces[0]
    newest = pieces[-1]
    return Day(
        newest.place,
        newest.day,
        n_minutes_of(newest.day, zone),
        stretch_of_stretches([piece.stretch for piece in pieces]),
        (None, None, None, None),
        tuple(dict.fromkeys(name for piece in pieces for name in piece.model_ids)),
        tuple(dict.fromkeys(name for piece in pieces for name in piece.rungs)),
        kept=True,
    )
