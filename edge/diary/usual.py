"""The usual of a place at a time of day, and how far a day is from it.

Promises: robust (medians and median absolute deviations, so that a few odd days or guests do not become the usual);
learnt from well-observed days alone, 28 of the household's days that end a week before the day they are held against,
so that a change is not learnt before it can be seen; a day is compared time of day by time of day, so that a day seen
only in the evening is held against evenings. Online equals batch: what `update` says of a day is a function of the days
before it (tests hold it against the formula). Refuses with a reason: too little observed, no usual yet, or within
seven days of a change of model, across which nothing is compared; a change of rung is none (golden answers hold the
rungs of one bundle together). Pure: days come in.
"""

from collections import deque
from datetime import date, timedelta
from statistics import median
from typing import Final, Literal

import msgspec

from edge.diary.days import SLOTS, Day
from edge.diary.rollup import Estimate, Mood, combined_estimate

USUAL_DAYS: Final = 28
GAP_DAYS: Final = 7
"""The newest days do not teach yet."""
SCALE_DAYS: Final = 56
LEAST_LEVEL: Final = 7
LEAST_SCALE: Final = 14
BRIDGE_DAYS: Final = 7
LEAST_HOURS: Final = 2
"""Told hours of a well-observed day, which was watched for half of its minutes or more."""
FLOOR: Final = 0.01
"""Least scale: rows are rounded to this."""
TO_SD: Final = 1.4826
"""From the median absolute deviation of normal numbers to their standard deviation."""
MEDIAN_ERROR: Final = 1.2533
"""Standard error of a median of normal numbers beside that of their mean."""
NORMAL: Final = 1.96

Quantity = Literal["valence", "arousal"]
Levels = tuple[float | None, float | None, float | None, float | None]


class Deviation(msgspec.Struct, frozen=True):
    """How far a day lay from the usual; exactly one of ``estimate`` and ``reason`` is there.

    ``estimate`` is the difference with a 95 % interval: of the day's own walks (from the intervals of its rows, for
    which walks are the unit) and of the usual's own error. ``z`` is the difference in units of how far days usually
    lie from the usual; None until 14 days could be compared. ``n_usual_days`` taught the usual.
    """

    day: date
    quantity: Quantity
    estimate: Estimate | None
    z: float | None
    n_usual_days: int
    reason: str | None


class _Taught(msgspec.Struct, frozen=True):
    """What one well-observed day teaches: a value per time of day."""

    day: date
    levels: Levels


class Usual:
    """One quantity of one place; days come in order, each at most once."""

    def __init__(self, quantity: Quantity) -> None:
        self.quantity: Quantity = quantity
        self._taught: deque[_Taught] = deque()
        self._past: deque[tuple[date, float]] = deque()
        self._model: str | None = None
        self._bridge_end = date.min

    def update(self, day: Day) -> Deviation:
        """How far this day is from the usual of the days before it; then it teaches, if it was well observed."""
        self._forget(day.day)
        self._follow_model(day)
        reason = why_not_observed(day)
        if reason is None and len(day.model_ids) > 1:
            reason = "two models judged this day"
        if reason is not None:
            return self._unknown(day.day, reason)
        told = self._compared(day) if day.day >= self._bridge_end else self._in_bridge(day.day)
        self._taught.append(_Taught(day.day, _levels(day, self.quantity)))
        if told.estimate is not None:
            self._past.append((day.day, told.estimate.mean))
        return told

    def start_over(self, since: date) -> None:
        """A change was told: what came before ``since`` is the usual no longer; how far days vary is kept."""
        while self._taught and self._taught[0].day < since:
            self._taught.popleft()
        while self._past and self._past[-1][0] >= since:
            self._past.pop()

    def _forget(self, today: date) -> None:
        while self._taught and (today - self._taught[0].day).days > USUAL_DAYS + GAP_DAYS:
            self._taught.popleft()
        while self._past and (today - self._past[0][0]).days > SCALE_DAYS:
            self._past.popleft()

    def _follow_model(self, day: Day) -> None:
        newest = day.model_ids[-1] if day.model_ids else self._model
        if newest == self._model:
            return
        if self._model is not None:
            self._taught.clear()
            self._past.clear()
            self._bridge_end = day.day + timedelta(days=BRIDGE_DAYS)
        self._model = newest

    def _compared(self, day: Day) -> Deviation:
        window = [t.levels for t in self._taught if (day.day - t.day).days > GAP_DAYS]
        parts: list[Estimate] = []
        weights: list[float] = []
        for slot in range(len(SLOTS)):
            mood, usual = day.slots[slot], [levels[slot] for levels in window if levels[slot] is not None]
            known = [level for level in usual if level is not None]
            if mood is not None and len(known) >= LEAST_LEVEL:
                parts.append(_difference(getattr(mood, self.quantity), known))
                weights.append(mood.weight)
        if not parts:
            days = f"{len(window)} well-observed days older than a week"
            few = f"no usual yet: {days}; {LEAST_LEVEL} at this time of day are needed"
            return self._unknown(day.day, few)
        estimate = combined_estimate(weights, parts)
        return Deviation(day.day, self.quantity, estimate, self._z(estimate.mean), len(window), None)

    def _z(self, difference: float) -> float | None:
        if len(self._past) < LEAST_SCALE:
            return None
        return difference / max(FLOOR, TO_SD * median(abs(past) for _day, past in self._past))

    def _in_bridge(self, day: date) -> Deviation:
        return self._unknown(day, f"another model since less than {BRIDGE_DAYS} days; nothing is compared across that")

    def _unknown(self, day: date, reason: str) -> Deviation:
        return Deviation(day, self.quantity, None, None, len(self._taught), reason)


def why_not_observed(day: Day) -> str | None:
    """Why a day is not well observed; None if it is."""
    told = day.stretch.n_told
    if told < LEAST_HOURS:
        return f"{told} of the hours tell a mood, {LEAST_HOURS} are needed"
    if 2 * day.stretch.n_watched < day.n_minutes:
        return f"watched for {day.stretch.n_watched} of {day.n_minutes} minutes, half of them are needed"
    if day.kept:
        return "only the day is kept of it, its hours are gone"
    return None


def _levels(day: Day, quantity: Quantity) -> Levels:
    night, morning, afternoon, evening = (_level(mood, quantity) for mood in day.slots)
    return night, morning, afternoon, evening


def _level(mood: Mood | None, quantity: Quantity) -> float | None:
    return None if mood is None else float(getattr(mood, quantity).mean)


def _difference(now: Estimate, usual: list[float]) -> Estimate:
    """From the median of the usual, with the error of both."""
    level = median(usual)
    spread = TO_SD * median(abs(value - level) for value in usual)
    half = (now.half**2 + (NORMAL * MEDIAN_ERROR * spread) ** 2 / len(usual)) ** 0.5
    return Estimate(now.mean - level, now.mean - level - half, now.mean - level + half)
