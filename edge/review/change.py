"""This week against the usual so far, in one careful sentence.

Promises: days are compared with days (cycles of one day are not independent evidence), only within one model, with
Welch's t interval for the difference of the means. Refuses to compare fewer than 3 days with fewer than 7, and to
call a difference what the interval does not hold. It is no alarm: days of one home are not independent, and of
simulated weeks in which nothing changed 10 % read as a difference (`tests.bench.usual_and_change`). What has a stated
rate is an alert (`edge.diary.change`).
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from scipy.special import stdtrit

from edge.diary.rollup import Estimate, Mood
from edge.diary.trend import CONFIDENCE
from edge.review.alert import WORDS

LEAST_DAYS: Final = 3
LEAST_USUAL_DAYS: Final = 7
MOST_USUAL_DAYS: Final = 28
LEAST_DIFFERENCE: Final = 0.05
CLEAR_DIFFERENCE: Final = 0.15

Verdict = Literal["unknown", "as usual", "higher", "lower"]


class Change(msgspec.Struct, frozen=True):
    """Difference of one quantity from the usual; ``difference`` is None where it is unknown."""

    quantity: Literal["valence", "arousal"]
    verdict: Verdict
    difference: Estimate | None
    n_days: int
    n_usual_days: int


def change_of(quantity: Literal["valence", "arousal"], week: Sequence[Mood], usual: Sequence[Mood]) -> Change:
    """Compare the days of a week with the days before it (the newest 28 of them, which come last)."""
    now = [getattr(day, quantity).mean for day in week]
    before = [getattr(day, quantity).mean for day in usual][-MOST_USUAL_DAYS:]
    if len(now) < LEAST_DAYS or len(before) < LEAST_USUAL_DAYS:
        return Change(quantity, "unknown", None, len(now), len(before))
    difference = welch(now, before)
    verdict: Verdict = "as usual"
    if abs(difference.mean) >= LEAST_DIFFERENCE and difference.low * difference.high > 0:
        verdict = "higher" if difference.mean > 0 else "lower"
    return Change(quantity, verdict, difference, len(now), len(before))


def welch(now: Sequence[float], before: Sequence[float]) -> Estimate:
    """Difference of two means with Welch's 95 % t interval (Welch 1947; Satterthwaite's degrees of freedom)."""
    (m1, v1), (m2, v2) = _mean_and_error(now), _mean_and_error(before)
    total = v1 + v2
    if total == 0:
        return Estimate(m1 - m2, m1 - m2, m1 - m2)
    freedom = total**2 / (v1**2 / (len(now) - 1) + v2**2 / (len(before) - 1))
    half = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * math.sqrt(total)
    return Estimate(m1 - m2, m1 - m2 - half, m1 - m2 + half)


def _mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    n = len(values)
    mean = sum(values) / n
    return mean, sum((v - mean) ** 2 for v in values) / (n - 1) / n


def sentence_of(change: Change) -> str:
    """The change in words, with its evidence."""
    name = change.quantity.capitalize()
    if change.difference is None:
        return (
            f"{name}: no usual to compare with yet ({_days(change.n_days)} this week, "
            f"{change.n_usual_days} before it; {LEAST_DAYS} and {LEAST_USUAL_DAYS} are needed)."
        )
    d = change.difference
    days = f"{_days(change.n_days)} against {change.n_usual_days}"
    evidence = f"{d.mean:+.2f} (between {d.low:+.2f} and {d.high:+.2f}; {days})"
    if change.verdict == "as usual" and d.low * d.high > 0:
        return f"{name}: as usual; the difference is too small to mean much, {evidence}."
    if change.verdict == "as usual":
        return f"{name}: no difference from the usual that these days can show, {evidence}."
    how = "clearly" if abs(d.mean) >= CLEAR_DIFFERENCE else "a little"
    return f"{name}: {how} {WORDS[change.quantity, change.verdict]} than usual, {evidence}."


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"
