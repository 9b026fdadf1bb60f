"""What each view shows, as values: points, weeks, hours. Decisions only: no clock, no file, no language, no picture.

Promises: a view says nothing that the days and rows given do not; what is unknown is None with a reason's key. The band
of the usual is where a day like this one would usually lie: the day's value less its difference from the usual, give or
take two of the scale that differences had. Refuses to smooth, to fill gaps, and to draw a band that was not learnt.

Shapes: a heat map is 7 weekdays (Monday first) of 24 hours by the household's clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec

from edge.diary.change import Verdict
from edge.diary.days import WEEK_DAYS, Day
from edge.diary.rollup import Estimate, Stretch, mood_of_row
from edge.diary.trend import KINDS, TrendRow
from edge.diary.usual import LEAST_HOURS, Deviation
from edge.review.history import History
from edge.review.report import PlaceReport

Quantity = Literal["valence", "arousal"]
WhyNot = Literal["few", "unwatched", "kept", "two models", "new model", "no usual", "no record"]
MarkKind = Literal["alert", "model", "note"]
Cell = TypeVar("Cell")
BAND: Final = 2.0
"""Of normal numbers 95 of 100 lie within two standard deviations."""


class Point(msgspec.Struct, frozen=True):
    """One day of one quantity; ``usual`` and ``usual_half`` are the band's middle and half its width."""

    day: date
    value: Estimate | None
    usual: float | None
    usual_half: float | None
    difference: Estimate | None
    why_not: WhyNot | None
    n_watched: int
    n_minutes: int
    n_told: int

    @property
    def share_watched(self) -> float:
        """Of the day's minutes."""
        return self.n_watched / self.n_minutes


class Mark(msgspec.Struct, frozen=True):
    """Something to point at: an alert, a change of model, a note."""

    day: date
    kind: MarkKind
    text: str


class Days(msgspec.Struct, frozen=True):
    """A row of days of one place, with marks; ``week_from`` is the newest week's first day."""

    place: str
    quantity: Quantity
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    week_from: date


class Hour(msgspec.Struct, frozen=True):
    """One bucket by the household's clock; ``label`` is its start (the hour that comes twice a year, twice)."""

    start_s: int
    label: str
    value: Estimate | None
    is_held_back: bool
    minutes: tuple[int, ...]
    shares: tuple[float, ...] | None
    n_walks: str
    n_cycles: str


class Bucket(NamedTuple):
    """What a heat map needs of a row."""

    start_s: int
    n_watched: int
    n_minutes: int
    valence: float | None


class Heat(msgspec.Struct, frozen=True):
    """Mean valence (None: nothing told), hours that told, and the watched share, per weekday and hour."""

    value_WH: tuple[tuple[float | None, ...], ...]
    n_told_WH: tuple[tuple[int, ...], ...]
    watched_WH: tuple[tuple[float | None, ...], ...]


class Part(msgspec.Struct, frozen=True):
    """One bar: a day or a week by its first day, with minutes of the six kinds and the shares of the four moods."""

    first: date
    minutes: tuple[int, ...]
    shares: tuple[float, ...] | None
    n_told: int


def days_view(place: PlaceReport, history: History, first: date, last: date, quantity: Quantity = "valence") -> Days:
    """The days from ``first`` to ``last`` that the history has."""
    verdicts = {verdict.day: verdict for verdict in place.watched}
    index = 0 if quantity == "valence" else 1
    points: list[Point] = []
    scale: float | None = None
    for day in place.days:
        deviation = _deviation(verdicts.get(day.day), index)
        scale = _scale(deviation) or (scale if deviation is None or deviation.z is not None else None)
        if first <= day.day <= last:
            points.append(_point(day, deviation, scale, quantity))
    marks = _marks(place, history, first, last)
    return Days(place.place, quantity, tuple(points), marks, place.weeks[-1].first)


def _deviation(verdict: Verdict | None, index: int) -> Deviation | None:
    return None if verdict is None else verdict.deviations[index]


def _scale(deviation: Deviation | None) -> float | None:
    """How far days usually lie from the usual; unknown of a day that lay right on it."""
    if deviation is None or deviation.estimate is None or not deviation.z:
        return None
    return abs(deviation.estimate.mean / deviation.z)


def _point(day: Day, deviation: Deviation | None, scale: float | None, quantity: Quantity) -> Point:
    mood = day.stretch.mood
    value: Estimate | None = getattr(mood, quantity) if mood else None
    difference = deviation.estimate if deviation else None
    usual = value.mean - difference.mean if value and difference else None
    is_learnt = usual is not None and deviation is not None and deviation.z is not None and scale is not None
    half = BAND * scale if is_learnt and scale is not None else None
    why = why_not(day, deviation)
    stretch = day.stretch
    return Point(day.day, value, usual, half, difference, why, stretch.n_watched, day.n_minutes, stretch.n_told)


def why_not(day: Day, deviation: Deviation | None) -> WhyNot | None:
    """Why a day was not compared with the usual; None where it was."""
    if deviation is None or day.stretch.minutes.total == 0:
        return "no record"
    if deviation.estimate is not None:
        return None
    if day.stretch.n_told < LEAST_HOURS:
        return "few"
    if 2 * day.stretch.n_watched < day.n_minutes:
        return "unwatched"
    if day.kept:
        return "kept"
    if len(day.model_ids) > 1:
        return "two models"
    return "new model" if "another model" in (deviation.reason or "") else "no usual"


def _marks(place: PlaceReport, history: History, first: date, last: date) -> tuple[Mark, ...]:
    marks = [
        Mark(a.alert.day, "alert", f"{a.alert.quantity} {a.alert.direction}")
        for a in place.alerts
        if first <= a.alert.day <= last
    ]
    marks += [Mark(day, "model", model) for day, model in model_changes(place.days) if first <= day <= last]
    marks += [Mark(day, "note", note.text) for day, note in history.notes_between(first, last)]
    return tuple(sorted(marks, key=lambda mark: (mark.day, mark.kind)))


def model_changes(days: Iterable[Day]) -> tuple[tuple[date, str], ...]:
    """Days on which another model judged than before, and which."""
    changes: list[tuple[date, str]] = []
    known: str | None = None
    for day in days:
        for model_id in day.model_ids:
            if known is not None and model_id != known:
                changes.append((day.day, model_id))
            known = model_id
    return tuple(changes)


def hours_view(rows: Sequence[TrendRow], zone: tzinfo) -> tuple[Hour, ...]:
    """The buckets of a day, oldest first."""
    return tuple(_hour(row, zone) for row in sorted(rows, key=lambda row: row.bucket_start_s))


def _hour(row: TrendRow, zone: tzinfo) -> Hour:
    mood = mood_of_row(row)
    return Hour(
        row.bucket_start_s,
        f"{datetime.fromtimestamp(row.bucket_start_s, zone):%H:%M}",
        mood.valence if mood else None,
        row.held_back and row.minutes_observed > 0,
        tuple(getattr(row, f"minutes_{kind}") for kind in KINDS),
        mood.shares if mood else None,
        str(row.n_walks),
        str(row.n_cycles),
    )


def heat_view(buckets: Iterable[Bucket], zone: tzinfo) -> Heat:
    """Buckets of one place by weekday and hour; a bucket counts where it begins."""
    told: Mapping[tuple[int, int], list[float]] = {(w, h): [] for w in range(WEEK_DAYS) for h in range(24)}
    minutes = {key: [0, 0] for key in told}
    for bucket in buckets:
        local = datetime.fromtimestamp(bucket.start_s, zone)
        key = (local.weekday(), local.hour)
        minutes[key][0] += bucket.n_watched
        minutes[key][1] += bucket.n_minutes
        if bucket.valence is not None:
            told[key].append(bucket.valence)
    return Heat(
        _grid({key: sum(values) / len(values) if values else None for key, values in told.items()}),
        _grid({key: len(values) for key, values in told.items()}),
        _grid({key: seen / total if total else None for key, (seen, total) in minutes.items()}),
    )


def _grid(cells: Mapping[tuple[int, int], Cell]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(cells[weekday, hour] for hour in range(24)) for weekday in range(WEEK_DAYS))


def parts_view(place: PlaceReport, n_weeks: int) -> tuple[Part, ...]:
    """The last weeks, a bar each."""
    return tuple(_part(week.first, week.stretch) for week in place.weeks[-n_weeks:])


def day_parts_view(place: PlaceReport, first: date, last: date) -> tuple[Part, ...]:
    """The days of a stretch, a bar each."""
    return tuple(_part(day.day, day.stretch) for day in place.days if first <= day.day <= last)


def _part(first: date, stretch: Stretch) -> Part:
    minutes = tuple(getattr(stretch.minutes, kind) for kind in KINDS)
    return Part(first, minutes, stretch.mood.shares if stretch.mood else None, stretch.n_told)


def week_days(place: PlaceReport) -> tuple[Day, ...]:
    """The newest week's days."""
    return tuple(day for day in place.days if day.day >= place.weeks[-1].first)


def days_back(place: PlaceReport, n_days: int) -> tuple[date, date]:
    """The last ``n_days`` of the history, as far as it goes."""
    last = place.days[-1].day
    return max(place.days[0].day, last - timedelta(days=n_days - 1)), last
