"""From affects of gait cycles to one coarse row of a bucket: additive sums, an interval, and what is held back.

Promises: a row says how often each mood was seen at a *place* in a bucket (one hour by default), with intervals
that know that the cycles of one walk are not independent, rounded to two decimals, and the minutes of six kinds
that add up to the bucket. Below 10 judged cycles or 3 walks it says "<10" and nothing of the mood. Refuses to know
time inside a bucket: what it keeps are sums over the whole bucket. Pure: no clock, no file.

Sums are whole numbers (shares in ten-thousandths), so they are exact, do not depend on order, and a restart in the
middle of a bucket gives the same row. The rounding of one cycle's share (0.00005) is far below the row's (0.01).
"""

import math
from dataclasses import dataclass
from typing import Final, Literal, Self

import msgspec
from scipy.special import stdtrit

from edge.affect import COORDINATES_KD, AbstainReason, Abstention, Judgement
from edge.diary.minutes import MINUTE_S, MinuteKind

SCALE: Final = 10_000
LEAST_CYCLES: Final = 10
LEAST_WALKS: Final = 3
WALK_CYCLES: Final = 3
COUNT_STEP: Final = 5
CONFIDENCE: Final = 0.95
LONGEST_BUCKET_S: Final = 6 * 3600
"""So that no sum of squares outgrows the 64 bits of the diary's integers."""
FEW: Final = "<10"
KINDS: Final = ("observed", "several_people", "nobody", "unusable", "paused", "fault")

Few = Literal["<10"]


class Minutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many minutes of each kind."""

    observed: int = 0
    several_people: int = 0
    nobody: int = 0
    unusable: int = 0
    paused: int = 0
    fault: int = 0

    def plus(self, kind: MinuteKind, n_minutes: int = 1) -> "Minutes":
        """These, and ``n_minutes`` more of ``kind``."""
        return msgspec.structs.replace(self, **{kind.value: getattr(self, kind.value) + n_minutes})

    @property
    def total(self) -> int:
        """All minutes."""
        return sum(msgspec.structs.astuple(self))


class TrendRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One bucket of one place, exactly as it is kept (design: *Trend row*).

    ``bucket_start_s`` is Unix time, a multiple of ``bucket_length_s``. ``n_walks`` and ``n_cycles`` are rounded to
    5, or "<10" where held back; then every mood column and ``share_abstained`` are None (the share of a small
    count would give the count away). Intervals are 95 %.
    """

    bucket_start_s: int
    bucket_length_s: int
    place: str
    minutes_observed: int
    minutes_several_people: int
    minutes_nobody: int
    minutes_unusable: int
    minutes_paused: int
    minutes_fault: int
    n_walks: int | Few
    n_cycles: int | Few
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
    model_id: str
    rung: str

    @property
    def held_back(self) -> bool:
        """Too few cycles or walks for the mood to be said."""
        return self.n_cycles == FEW


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sums over bouts of one quantity: S, S squared, and S times the bout's judged cycles n."""

    s: int = 0
    s_squared: int = 0
    s_times_n: int = 0

    def plus(self, other: Self) -> "Spread":
        """Both together."""
        return Spread(self.s + other.s, self.s_squared + other.s_squared, self.s_times_n + other.s_times_n)


class MoodSums(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that a bucket needs of its bouts: additive, nothing of a single cycle, bout or moment.

    Noted cycles are those that were heard of; usable ones reached the encoder; judged ones have a posterior.
    """

    n_noted: int = 0
    n_usable: int = 0
    n_judged: int = 0
    n_walks: int = 0
    n_walks_judged: int = 0
    n_bouts_judged: int = 0
    n_squared: int = 0
    p_angry: int = 0
    p_happy: int = 0
    p_neutral: int = 0
    p_sad: int = 0
    valence: Spread = Spread()
    arousal: Spread = Spread()

    def plus(self, other: Self) -> "MoodSums":
        """Both together."""
        counts = {f: getattr(self, f) + getattr(other, f) for f in _COUNT_FIELDS}
        return MoodSums(**counts, valence=self.valence.plus(other.valence), arousal=self.arousal.plus(other.arousal))


_COUNT_FIELDS: Final = MoodSums.__struct_fields__[:-2]


@dataclass(slots=True)
class BoutSums:
    """Running sums of one bout; lives in memory until the bout is over, then becomes part of MoodSums."""

    n_noted: int = 0
    n_usable: int = 0
    n_judged: int = 0
    p_k: tuple[int, int, int, int] = (0, 0, 0, 0)
    valence: int = 0
    arousal: int = 0

    def update(self, judgement: Judgement) -> None:
        """One more cycle of this bout."""
        self.n_noted += 1
        if isinstance(judgement, Abstention):
            self.n_usable += judgement.reason is not AbstainReason.LOW_QUALITY
            return
        self.n_usable += 1
        self.n_judged += 1
        angry, happy, neutral, sad = (round(p * SCALE) for p in judgement.posterior)
        self.p_k = (self.p_k[0] + angry, self.p_k[1] + happy, self.p_k[2] + neutral, self.p_k[3] + sad)
        self.valence += round(judgement.valence * SCALE)
        self.arousal += round(judgement.arousal * SCALE)

    def closed(self) -> MoodSums:
        """The bout as a term of the bucket's sums. A walk is a bout of at least three usable cycles."""
        n, walk = self.n_judged, self.n_usable >= WALK_CYCLES
        return MoodSums(
            self.n_noted,
            self.n_usable,
            n,
            int(walk),
            int(walk and n > 0),
            int(n > 0),
            n * n,
            *self.p_k,
            valence=Spread(self.valence, self.valence**2, self.valence * n),
            arousal=Spread(self.arousal, self.arousal**2, self.arousal * n),
        )


def half_width(n_bouts: int, n: int, n_squared: int, spread: Spread) -> float:
    """Half width of the 95 % interval of a mean over cycles that come in bouts (clusters).

    With bout g of n_g cycles and sum S_g, N = sum n_g, G bouts and m = sum S_g / N, the residual of a bout is e_g
    = S_g - m n_g and the cluster-robust variance of m (Liang & Zeger 1986; one constant regressor; the usual
    small-sample factor) is G / (G - 1) * sum e_g^2 / N^2; the quantile is Student's t with G - 1 degrees of
    freedom. sum e_g^2 = sum S_g^2 - 2 m sum S_g n_g + m^2 sum n_g^2, so five additive sums are enough; they are
    whole numbers here, and the difference is taken before any division, so nothing cancels. Measured on simulated
    hours of 3 to 20 walks that differ (4,000 hours each): holds the truth in 93 to 95 % of them; the formula that
    takes cycles for independent in 42 to 52 %. Raises ValueError below 2 bouts.
    """
    if n_bouts < 2:
        raise ValueError("an interval needs at least two bouts")
    total = spread.s
    squares = n * n * spread.s_squared - 2 * n * total * spread.s_times_n + total * total * n_squared
    variance = n_bouts / (n_bouts - 1) * (squares / n**4) / SCALE**2
    quantile = float(stdtrit(n_bouts - 1, 0.5 + CONFIDENCE / 2))
    return quantile * math.sqrt(variance)


def is_held_back(mood: MoodSums) -> bool:
    """Fewer than 10 judged cycles or 3 walks; the walks must carry a judged cycle, else one walk would speak."""
    return mood.n_judged < LEAST_CYCLES or mood.n_walks_judged < LEAST_WALKS


def trend_row(
    place: str, start_s: int, length_s: int, minutes: Minutes, mood: MoodSums, model_id: str, rung: str
) -> TrendRow:
    """The one row of a bucket; raises ValueError unless its minutes add up to its length."""
    if minutes.total * MINUTE_S != length_s:
        raise ValueError(f"{minutes.total} minutes do not make a bucket of {length_s} s")
    columns = _NOTHING if is_held_back(mood) else _mood_columns(mood)
    booked = {f"minutes_{kind}": getattr(minutes, kind) for kind in KINDS}
    return TrendRow(
        bucket_start_s=start_s,
        bucket_length_s=length_s,
        place=place,
        model_id=model_id,
        rung=rung,
        **booked,
        **columns,
    )


_MOOD_FIELDS: Final = TrendRow.__struct_fields__[9:22]
_NOTHING: Final = {f: FEW if f.startswith("n_") else None for f in _MOOD_FIELDS}


def _mood_columns(mood: MoodSums) -> dict[str, int | float]:
    posterior = {f: _rounded(getattr(mood, f) / (SCALE * mood.n_judged)) for f in _MOOD_FIELDS[3:7]}
    return {
        "n_walks": _to_step(mood.n_walks),
        "n_cycles": _to_step(mood.n_usable),
        "share_abstained": _rounded(1 - mood.n_judged / mood.n_noted),
        **posterior,
        **_with_interval("valence", 0, mood.valence, mood),
        **_with_interval("arousal", 1, mood.arousal, mood),
    }


def _with_interval(name: str, dimension: int, spread: Spread, mood: MoodSums) -> dict[str, float]:
    mean = spread.s / (SCALE * mood.n_judged)
    half = half_width(mood.n_bouts_judged, mood.n_judged, mood.n_squared, spread)
    least, most = float(COORDINATES_KD[:, dimension].min()), float(COORDINATES_KD[:, dimension].max())
    low, high = max(least, mean - half), min(most, mean + half)
    return {name: _rounded(mean), f"{name}_low": _rounded(low), f"{name}_high": _rounded(high)}


def _rounded(value: float) -> float:
    return round(value, 2) + 0.0  # -0.0 becomes 0.0


def _to_step(count: int) -> int:
    """Rounded to 5, halves up; what is shown is at least 5, for it is known to be at least three walks."""
    return COUNT_STEP * ((2 * count + COUNT_STEP) // (2 * COUNT_STEP))
