"""From hourly rows to days and weeks, using nothing but what the rows already say.

Promises: means weighted by judged cycles; intervals that are never narrower than those of their parts allow; every
minute counted. Refuses to bring back what an hour held back: such an hour counts in its minutes and in
``n_held_back``, and nowhere else. So a rollup is computed from what was already told, and no two releases can be
subtracted to find more: this is suppression by never adding, which needs no second hour to hide the first one behind.
Its price: walks of held-back hours are in no day either, and a home with two walks an hour tells nothing in hourly
buckets however long the day; longer buckets (up to six hours) are the answer to that, not sums kept aside.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from scipy.special import stdtrit

from edge.affect import CLASSES
from edge.diary.trend import CONFIDENCE, KINDS, Minutes, TrendRow


class Estimate(msgspec.Struct, frozen=True):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2


class Mood(msgspec.Struct, frozen=True):
    """The mood of a stretch of time: shares in the order of CLASSES, valence, arousal; weight in judged cycles."""

    shares: tuple[float, float, float, float]
    valence: Estimate
    arousal: Estimate
    weight: float


class Stretch(msgspec.Struct, frozen=True):
    """A day or a week of one place; ``mood`` is None where no bucket of it says one, and so is ``share_abstained``.

    ``share_abstained`` is the buckets' own, weighted by their usable cycles, which is what their rows tell.
    """

    minutes: Minutes
    n_walks: int
    n_cycles: int
    n_told: int
    n_held_back: int
    mood: Mood | None
    share_abstained: float | None = None

    @property
    def n_watched(self) -> int:
        """Minutes in which somebody would have been seen."""
        return self.minutes.observed + self.minutes.several_people + self.minutes.nobody


def stretch_of_rows(rows: Iterable[TrendRow]) -> Stretch:
    """Roll up the rows of a day. Buckets with nobody in view count as neither told nor held back."""
    minutes, n_walks, n_cycles, n_held_back = Minutes(), 0, 0, 0
    moods: list[Mood] = []
    abstained = 0.0
    for row in rows:
        minutes = _added(minutes, Minutes(**{kind: getattr(row, f"minutes_{kind}") for kind in KINDS}))
        mood = mood_of_row(row)
        if mood is None:
            n_held_back += row.minutes_observed > 0
            continue
        moods.append(mood)
        n_walks += int(row.n_walks)
        n_cycles += int(row.n_cycles)
        abstained += int(row.n_cycles) * _said(row.share_abstained)
    share = abstained / n_cycles if moods else None
    return Stretch(minutes, n_walks, n_cycles, len(moods), n_held_back, combined(moods), share)


def stretch_of_stretches(parts: Sequence[Stretch]) -> Stretch:
    """Roll up days into a week."""
    minutes = Minutes()
    for part in parts:
        minutes = _added(minutes, part.minutes)
    n_cycles = sum(part.n_cycles for part in parts)
    abstained = sum(part.n_cycles * part.share_abstained for part in parts if part.share_abstained is not None)
    return Stretch(
        minutes,
        sum(part.n_walks for part in parts),
        n_cycles,
        sum(part.n_told for part in parts),
        sum(part.n_held_back for part in parts),
        combined([part.mood for part in parts if part.mood is not None]),
        abstained / n_cycles if n_cycles else None,
    )


def mood_of_row(row: TrendRow) -> Mood | None:
    """What a row says of the mood, or None where it holds it back."""
    if row.held_back:
        return None
    shares = tuple(_said(getattr(row, f"p_{name}")) for name in CLASSES)
    total = sum(shares)
    return Mood(
        (shares[0] / total, shares[1] / total, shares[2] / total, shares[3] / total),
        Estimate(_said(row.valence), _said(row.valence_low), _said(row.valence_high)),
        Estimate(_said(row.arousal), _said(row.arousal_low), _said(row.arousal_high)),
        max(1.0, int(row.n_cycles) * (1 - _said(row.share_abstained))),
    )


def combined(moods: Sequence[Mood]) -> Mood | None:
    """The weighted mean of several moods; None of none."""
    if not moods:
        return None
    weights = [mood.weight for mood in moods]
    shares = [_mean(weights, [mood.shares[k] for mood in moods]) for k in range(len(CLASSES))]
    return Mood(
        (shares[0], shares[1], shares[2], shares[3]),
        combined_estimate(weights, [mood.valence for mood in moods]),
        combined_estimate(weights, [mood.arousal for mood in moods]),
        sum(weights),
    )


_LEAST_FOR_SPREAD: Final = 3


def combined_estimate(weights: Sequence[float], parts: Sequence[Estimate]) -> Estimate:
    """Weighted mean; the wider of two intervals.

    Within: the parts' own half widths, as of independent estimates. Between (from three parts on): how far the
    parts lie apart, with the cluster-robust formula of `edge.diary.trend.half_width`. Taking the wider is
    cautious: walks of one day share the day.
    """
    share = [weight / sum(weights) for weight in weights]
    mean = sum(s * part.mean for s, part in zip(share, parts, strict=True))
    half = math.sqrt(sum((s * part.half) ** 2 for s, part in zip(share, parts, strict=True)))
    n = len(parts)
    if n >= _LEAST_FOR_SPREAD:
        spread = sum((s * (part.mean - mean)) ** 2 for s, part in zip(share, parts, strict=True))
        half = max(half, float(stdtrit(n - 1, 0.5 + CONFIDENCE / 2)) * math.sqrt(n / (n - 1) * spread))
    return Estimate(mean, max(-1.0, mean - half), min(1.0, mean + half))


def _mean(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)


def _added(one: Minutes, other: Minutes) -> Minutes:
    return Minutes(**{kind: getattr(one, kind) + getattr(other, kind) for kind in KINDS})


def _said(value: float | None) -> float:
    if value is None:
        raise ValueError("a row that is not held back says its mood")
    return value
