"""Alerts and the week in words: one sentence each, with evidence, coverage, and what it does not mean.

Promises: an alert's sentence says since when, how far, from how many days, how often such an alert is false, and that
it is not a diagnosis; where nothing can be said the sentence says why. Refuses to speak of a person: it says how people
walked at a place.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from edge.diary.change import FALSE_ALERTS_A_YEAR, Alert, Verdict

WORDS: Final = {
    ("valence", "higher"): "more pleasant",
    ("valence", "lower"): "less pleasant",
    ("arousal", "higher"): "more stirred",
    ("arousal", "lower"): "calmer",
}


class AlertReport(msgspec.Struct, frozen=True):
    """An alert, whether the home's budget let it be raised, and its sentence."""

    alert: Alert
    raised: bool
    sentence: str


def told(alert: Alert, is_raised: bool) -> AlertReport:
    """An alert in words."""
    return AlertReport(alert, is_raised, alert_sentence(alert))


def alert_sentence(alert: Alert) -> str:
    """One sentence: what, since when, evidence, coverage, and what it does not mean."""
    d = alert.difference
    how = WORDS[alert.quantity, alert.direction]
    evidence = f"{alert.quantity} {d.mean:+.2f} (between {d.low:+.2f} and {d.high:+.2f})"
    coverage = f"{alert.n_days} well-observed days of {alert.n_span_days}, against {alert.n_usual_days} usual ones"
    limits = (
        f"it is not a diagnosis, it says how people walked at {alert.place}, not who they were, how they felt or why"
    )
    return (
        f"Since about {dated(alert.since)} the walks at {alert.place} look {how} than usual: {evidence} "
        f"over {coverage}; {limits}, and about {FALSE_ALERTS_A_YEAR:.0f} such alert a year comes without any change."
    )


def week_sentence(place: str, week: Sequence[Verdict], alerts: Sequence[AlertReport]) -> str:
    """What changed this week, in one sentence; ``week`` are its days that have rows, ``alerts`` those of its days."""
    compared = [v for v in week if any(d.z is not None for d in v.deviations)]
    coverage = f"{len(compared)} of {len(week)} days on record could be compared"
    if alerts:
        raised = [a.alert for a in alerts if a.raised]
        first = raised[0] if raised else alerts[0].alert
        kept = "" if raised else " (not raised: the budget of this home was spent)"
        how = WORDS[first.quantity, first.direction]
        return f"By the alert rule the walks at {place} became {how} than usual this week{kept}; {coverage}."
    if not compared:
        return f"By the alert rule it cannot be said whether anything changed at {place} this week: {_why(week)}."
    rest = f"; the newest could not: {_why(week)}" if week[-1] is not compared[-1] else ""
    return f"By the alert rule nothing new happened at {place} this week; {coverage}{rest}."


def _why(week: Sequence[Verdict]) -> str:
    """The newest day's reason; a day that was compared without a scale is still learning how days vary."""
    if not week:
        return "no day of it is on record"
    reason = week[-1].deviations[0].reason
    return reason or "how much days differ from each other is still being learnt"


def dated(day: date) -> str:
    """A date as people say it."""
    return f"{day:%a} {day.day} {day:%b}"
