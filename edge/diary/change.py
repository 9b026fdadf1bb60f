"""When a place has changed: two-sided cumulative sums over days, few alerts, each with its evidence.

Promises: one verb, `update(day)`; at most about one false alert a year from a place, valence and arousal together
(measured on simulated homes no setting was chosen on, tests/bench/README.md); after an alert what is new becomes the
usual, so a change is told once. Refuses to judge a day that was not well observed, and any day within seven of a change
of model. An alert says that steps look otherwise than they did; it knows neither who walked nor why.

Page's cumulative sum (1954) of z, clipped so that one odd day cannot raise an alert (the usual robust form): S = max(0,
S + clip(z) - k), an alert when S passes a limit; the change began on the day on which S last left zero. Deviations: the
scale is that of earlier differences from the usual, so it holds the usual's own error; and the limit is calibrated on
simulated homes whose days are not independent, not taken from tables for normal numbers.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal

import msgspec

from edge.diary.days import Day
from edge.diary.rollup import Estimate, combined_estimate
from edge.diary.usual import Deviation, Quantity, Usual

QUANTITIES: Final[tuple[Quantity, Quantity]] = ("valence", "arousal")
DRIFT: Final = 0.5
"""k: what a day may lie off without adding to the sum, in z."""
CLIP: Final = 2.0
LIMIT: Final = 9.3
FALSE_ALERTS_A_YEAR: Final = 1.0
"""Stated: of one place that is watched all year, both quantities together."""
BUDGET: Final = 1
BUDGET_DAYS: Final = 7
MOST_EVIDENCE_DAYS: Final = 120

Direction = Literal["higher", "lower"]


class Alert(msgspec.Struct, frozen=True):
    """Something has changed, told on ``day``.

    ``since`` is when it seems to have begun; ``difference`` is the mean of the days from then on, from the usual as it
    was, with a 95 % interval for which days are the unit (a little too far out: it was looked at because it was far
    out). ``n_days`` of the ``n_span_days`` since then were well observed and compared, with ``n_usual_days``.
    """

    place: str
    quantity: Quantity
    direction: Direction
    day: date
    since: date
    difference: Estimate
    n_days: int
    n_span_days: int
    n_usual_days: int


class Verdict(msgspec.Struct, frozen=True):
    """What one day of a place was: its deviations, of valence and of arousal, and the alerts it raised."""

    place: str
    day: date
    deviations: tuple[Deviation, Deviation]
    alerts: tuple[Alert, ...]


class Cusum:
    """Page's sum for one side; `update` gives whether the limit is passed."""

    def __init__(self, limit: float = LIMIT, drift: float = DRIFT, clip: float = CLIP) -> None:
        self._limit, self._drift, self._clip = limit, drift, clip
        self.reset()

    def reset(self) -> None:
        """Forget what was summed."""
        self.sum = 0.0
        self.since: date | None = None

    def update(self, day: date, z: float) -> bool:
        """One more day; ``since`` is the day on which the sum last left zero, None while it is zero."""
        self.sum = max(0.0, self.sum + max(-self._clip, min(self._clip, z)) - self._drift)
        if self.sum == 0.0:
            self.since = None
        elif self.since is None:
            self.since = day
        return self.sum > self._limit


class _QuantityWatch:
    """One quantity of one place: its usual, a sum for each side, and the days that are evidence."""

    def __init__(self, place: str, quantity: Quantity, limit: float) -> None:
        self._place, self._quantity = place, quantity
        self._usual = Usual(quantity)
        self._sums: dict[Direction, Cusum] = {"higher": Cusum(limit), "lower": Cusum(limit)}
        self._evidence: deque[Deviation] = deque(maxlen=MOST_EVIDENCE_DAYS)
        self._model_ids: tuple[str, ...] = ()

    def update(self, day: Day) -> tuple[Deviation, Alert | None]:
        if day.model_ids and self._model_ids and day.model_ids != self._model_ids:
            self._reset_sums()
        self._model_ids = day.model_ids or self._model_ids
        deviation = self._usual.update(day)
        if deviation.estimate is None or deviation.z is None:
            return deviation, None
        self._evidence.append(deviation)
        passed = {side: s.update(day.day, deviation.z * _SIGN[side]) for side, s in self._sums.items()}
        sides = [side for side, is_passed in passed.items() if is_passed]
        return deviation, self._alert(day.day, sides[0]) if sides else None

    def _alert(self, day: date, side: Direction) -> Alert:
        since = self._sums[side].since or day
        days = [d for d in self._evidence if d.day >= since]
        parts = [d.estimate for d in days if d.estimate is not None]
        alert = Alert(
            place=self._place,
            quantity=self._quantity,
            direction=side,
            day=day,
            since=since,
            difference=combined_estimate([1.0] * len(parts), parts),
            n_days=len(parts),
            n_span_days=(day - since).days + 1,
            n_usual_days=max(d.n_usual_days for d in days),
        )
        self._usual.start_over(since)
        self._reset_sums()
        return alert

    def _reset_sums(self) -> None:
        self._evidence.clear()
        for one in self._sums.values():
            one.reset()


_SIGN: Final[dict[Direction, float]] = {"higher": 1.0, "lower": -1.0}


class ChangeWatch:
    """One place; days come in order, each at most once. A day without rows may be left out."""

    def __init__(self, place: str, limit: float = LIMIT) -> None:
        self.place = place
        self._watches = tuple(_QuantityWatch(place, quantity, limit) for quantity in QUANTITIES)

    def update(self, day: Day) -> Verdict:
        """How far this day lay from the usual, and what it makes known."""
        valence, arousal = (watch.update(day) for watch in self._watches)
        alerts = tuple(alert for _deviation, alert in (valence, arousal) if alert is not None)
        return Verdict(self.place, day.day, (valence[0], arousal[0]), alerts)


class AlertBudget:
    """So many alerts of a home in so many days; what is over it is kept in the record, but raises nothing."""

    def __init__(self, n_alerts: int = BUDGET, n_days: int = BUDGET_DAYS) -> None:
        self._n_alerts, self._n_days = n_alerts, n_days
        self._raised: deque[date] = deque(maxlen=max(1, n_alerts))

    def update(self, day: date) -> bool:
        """Whether one more alert may be raised on this day; days come in order."""
        n_lately = sum((day - before).days < self._n_days for before in self._raised)
        if n_lately >= self._n_alerts:
            return False
        self._raised.append(day)
        return True


def verdicts_of(days: Iterable[Day]) -> tuple[Verdict, ...]:
    """Days of any places through their watches, oldest day first."""
    watches: dict[str, ChangeWatch] = {}
    return tuple(through(watches, day) for day in in_order(days))


def in_order(days: Iterable[Day]) -> list[Day]:
    """As watches take them: oldest day first, of one day the places by name."""
    return sorted(days, key=lambda day: (day.day, day.place))


def through(watches: dict[str, ChangeWatch], day: Day) -> Verdict:
    """One day through the watch of its place, a new one for a new place."""
    return watches.setdefault(day.place, ChangeWatch(day.place)).update(day)


def raised(verdicts: Sequence[Verdict], budget: AlertBudget) -> tuple[tuple[Alert, bool], ...]:
    """Every alert, oldest first, with whether the home's budget lets it be raised; of one day the farthest first."""
    alerts = [alert for verdict in verdicts for alert in verdict.alerts]
    alerts.sort(key=lambda alert: (alert.day, -abs(alert.difference.mean), alert.place, alert.quantity))
    return tuple((alert, budget.update(alert.day)) for alert in alerts)
