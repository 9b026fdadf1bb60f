"""The row of a bucket: the batch formulas as oracle, and what must be held back."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from edge.affect import AbstainReason, Abstention, Affect, Judgement
from edge.diary.minutes import MinuteKind
from edge.diary.trend import (
    FEW,
    BoutSums,
    Minutes,
    MoodSums,
    Spread,
    TrendRow,
    half_width,
    trend_row,
)

HOUR = Minutes(observed=20, nobody=40)
STRANGE = Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
BLURRED = Abstention(AbstainReason.LOW_QUALITY)
MOODLESS = ("share_abstained", "p_angry", "p_happy", "p_neutral", "p_sad", "valence", "valence_low", "valence_high")


def affect(angry: float, happy: float, neutral: float) -> Affect:
    return Affect((angry, happy, neutral, 1 - angry - happy - neutral))


def sums_of(bouts: list[list[Judgement]]) -> MoodSums:
    total = MoodSums()
    for bout in bouts:
        sums = BoutSums()
        for judgement in bout:
            sums.update(judgement)
        total = total.plus(sums.closed())
    return total


def row_of(bouts: list[list[Judgement]]) -> TrendRow:
    return trend_row("hall", 3600, 3600, HOUR, sums_of(bouts), "m", "cpu")


POSTERIORS = st.tuples(*[st.floats(0.01, 1.0) for _ in range(4)]).map(
    lambda w: Affect((w[0] / sum(w), w[1] / sum(w), w[2] / sum(w), w[3] / sum(w)))
)
BOUTS = st.lists(st.lists(st.one_of(POSTERIORS, st.just(STRANGE)), min_size=1, max_size=8), min_size=3, max_size=9)


@given(BOUTS)
def test_online_sums_give_what_the_batch_formula_gives(bouts: list[list[Judgement]]) -> None:
    judged = [[j for j in bout if isinstance(j, Affect)] for bout in bouts]
    walks = [b for b, all_ in zip(judged, bouts, strict=True) if len(all_) >= 3 and b]
    flat = [j for bout in judged for j in bout]
    assume(len(flat) >= 10 and len(walks) >= 3)
    row = row_of(bouts)
    assert row.p_sad == pytest.approx(np.mean([j.posterior[3] for j in flat]), abs=0.0052)
    assert row.share_abstained == pytest.approx(1 - len(flat) / sum(map(len, bouts)), abs=0.0052)
    for name in ("valence", "arousal"):
        values = np.array([getattr(j, name) for j in flat])
        groups = np.repeat(np.arange(len(judged)), [len(b) for b in judged])
        mean = values.mean()
        n_groups = len(set(groups))
        residuals = np.bincount(groups, values - mean)
        variance = n_groups / (n_groups - 1) * (residuals**2).sum() / len(values) ** 2
        half = stats.t.ppf(0.975, n_groups - 1) * math.sqrt(variance)
        low, high = (-0.63, 0.81) if name == "valence" else (-0.27, 0.59)
        assert getattr(row, name) == pytest.approx(mean, abs=0.0052)
        assert getattr(row, f"{name}_low") == pytest.approx(max(low, mean - half), abs=0.0062)
        assert getattr(row, f"{name}_high") == pytest.approx(min(high, mean + half), abs=0.0062)


@given(BOUTS, st.randoms())
def test_order_of_bouts_and_cycles_does_not_change_a_bit(bouts: list[list[Judgement]], random: object) -> None:
    mixed = [random.sample(bout, len(bout)) for bout in random.sample(bouts, len(bouts))]  # type: ignore[attr-defined]
    assert sums_of(mixed) == sums_of(bouts)


@given(BOUTS)
def test_a_row_never_says_more_than_two_decimals_and_fives(bouts: list[list[Judgement]]) -> None:
    row = row_of(bouts)
    if row.held_back:
        assert (row.n_walks, row.n_cycles) == (FEW, FEW)
        assert all(getattr(row, name) is None for name in MOODLESS)
        return
    assert int(row.n_walks) % 5 == 0
    assert int(row.n_cycles) % 5 == 0
    assert int(row.n_cycles) >= 10
    for name in MOODLESS:
        value = getattr(row, name)
        assert round(value, 2) == value
    assert row.valence_low <= row.valence <= row.valence_high  # type: ignore[operator]


CALM = affect(0.1, 0.2, 0.6)


@pytest.mark.parametrize(
    ("bouts", "held_back"),
    [
        ([], True),
        ([[CALM] * 3] * 3, True),  # nine cycles
        ([[CALM] * 20] * 2, True),  # two walks
        ([[CALM] * 2] * 10, True),  # no bout is a walk
        ([[CALM] * 10, [STRANGE] * 5, [STRANGE] * 5], True),  # two of three walks have no judged cycle
        ([[CALM] * 8, [CALM] * 8, [CALM, BLURRED, BLURRED]], True),  # blurred cycles make no walk
        ([[CALM] * 4, [CALM] * 3, [CALM] * 3], False),
        ([[CALM] * 8, [CALM, STRANGE, STRANGE], [CALM, STRANGE, STRANGE]], False),
    ],
)
def test_too_little_is_held_back_and_says_nothing(bouts: list[list[Judgement]], held_back: bool) -> None:
    row = row_of(bouts)
    assert row.held_back is held_back
    assert (row.share_abstained is None) is held_back


def test_held_back_rows_cannot_be_told_from_rows_without_a_walk() -> None:
    assert row_of([]) == row_of([[CALM] * 9]) == row_of([[STRANGE] * 40])


def test_blurred_cycles_count_in_the_share_abstained_only() -> None:
    row = row_of([[CALM] * 5, [CALM] * 5, [CALM] * 5, [BLURRED] * 15])
    assert (row.n_walks, row.n_cycles, row.share_abstained) == (5, 15, 0.5)


def test_posterior_shares_agree_with_valence_and_arousal() -> None:
    row = row_of([[affect(1.0, 0, 0)] * 4] * 4)
    assert (row.p_angry, row.valence, row.arousal) == (1.0, -0.51, 0.59)
    assert (row.valence_low, row.valence_high) == (-0.51, -0.51)


def test_an_interval_that_ignored_walks_would_be_too_narrow() -> None:
    """Simulated hours whose walks differ: the interval holds the truth about as often as it says."""
    rng = np.random.default_rng(5)
    hits = naive_hits = 0
    n_hours = 1000
    for _ in range(n_hours):
        sizes = rng.integers(3, 12, size=6)
        levels = rng.normal(0.1, 0.15, size=6)
        values = [rng.normal(level, 0.05, size=n) for level, n in zip(levels, sizes, strict=True)]
        scaled = [np.rint(v * 10_000).astype(int) for v in values]
        spread = Spread(
            s=int(sum(v.sum() for v in scaled)),
            s_squared=int(sum(int(v.sum()) ** 2 for v in scaled)),
            s_times_n=int(sum(int(v.sum()) * len(v) for v in scaled)),
        )
        n = int(sizes.sum())
        mean = spread.s / n / 10_000
        half = half_width(6, n, int((sizes**2).sum()), spread)
        naive = 1.96 * np.concatenate(values).std(ddof=1) / math.sqrt(n)
        hits += abs(mean - 0.1) <= half
        naive_hits += abs(mean - 0.1) <= naive
    assert hits / n_hours >= 0.92
    assert naive_hits / n_hours < 0.75


def test_an_interval_needs_two_bouts() -> None:
    with pytest.raises(ValueError, match="two bouts"):
        half_width(1, 10, 100, Spread())


def test_minutes_that_do_not_make_the_bucket_are_refused() -> None:
    with pytest.raises(ValueError, match="do not make a bucket"):
        trend_row("hall", 0, 3600, HOUR.plus(MinuteKind.FAULT), MoodSums(), "m", "cpu")
