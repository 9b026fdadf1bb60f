"""The usual and its changes: online equals batch, laws, the bridge after a model change, and the stated rate."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.diary.change import (
    FALSE_ALERTS_A_YEAR,
    LIMIT,
    Alert,
    AlertBudget,
    ChangeWatch,
    Cusum,
    Verdict,
    raised,
    verdicts_of,
)
from edge.diary.days import Day, days_of_rows
from edge.diary.minutes import MinuteKind
from edge.diary.rollup import Estimate, Mood, Stretch
from edge.diary.trend import Minutes
from edge.diary.usual import GAP_DAYS, LEAST_LEVEL, LEAST_SCALE, Usual, why_not_observed
from tests.bench.change_rules import Days, Rule, Watch, alarms, days_of
from tests.bench.simulated_homes import FIRST_S, N_DAYS, Homes, homes, rows_of
from tests.bench.usual_and_change import OURS, false_a_year

FIRST = date.fromtimestamp(FIRST_S + 43_200)


def day(
    n: int, valence: float | None, arousal: float = 0.0, *, model_ids: tuple[str, ...] = ("m",), place: str = "hall"
) -> Day:
    """Day ``n``: its afternoon said this; None is a day that tells nothing."""
    minutes = Minutes().plus(MinuteKind.NOBODY, 1400).plus(MinuteKind.OBSERVED, 40)
    if valence is None:
        untold = Stretch(minutes, 0, 0, 0, 3, None)
        return Day(place, FIRST + timedelta(days=n), 1440, untold, (None,) * 4, model_ids, ("cpu",))  # type: ignore[arg-type]
    v, a = (Estimate(x, x - 0.05, x + 0.05) for x in (valence, arousal))
    mood = Mood((0.25,) * 4, v, a, 60.0)
    told = Stretch(minutes, 20, 80, 4, 0, mood)
    return Day(place, FIRST + timedelta(days=n), 1440, told, (None, None, mood, None), model_ids, ("cpu",))


def noise(n: int, seed: int = 2, sd: float = 0.04) -> list[float]:
    return [round(float(x), 3) for x in np.random.default_rng(seed).normal(0.1, sd, n)]


def watched(days: Sequence[Day]) -> list[Verdict]:
    watch = ChangeWatch("hall")
    return [watch.update(one) for one in days]


def alerts(verdicts: Sequence[Verdict]) -> list[Alert]:
    return [alert for verdict in verdicts for alert in verdict.alerts]


@pytest.fixture(scope="module")
def sim() -> Homes:
    """A hundred years that chose nothing."""
    return homes(100, 99)


@pytest.fixture(scope="module")
def lived(sim: Homes) -> list[list[Day]]:
    """Years of three homes: nothing changes, a large step, a large ramp."""
    return [list(days_of_rows(rows_of(sim, n), UTC)) for n in (0, 5, 11)]


def as_arrays(lived: list[list[Day]]) -> Days:
    """What the batch formula takes, from days."""
    n_homes = len(lived)
    value_NDSQ, weight_NDS = np.full((n_homes, N_DAYS, 4, 2), np.nan), np.zeros((n_homes, N_DAYS, 4))
    well_ND = np.array([[why_not_observed(d) is None for d in year] for year in lived])
    for n, d, s in np.ndindex(n_homes, N_DAYS, 4):
        mood = lived[n][d].slots[s]
        if mood is not None and well_ND[n, d]:
            value_NDSQ[n, d, s], weight_NDS[n, d, s] = (mood.valence.mean, mood.arousal.mean), mood.weight
    return Days(value_NDSQ, weight_NDS, well_ND)


def test_online_equals_batch(lived: list[list[Day]]) -> None:
    batch = Watch(as_arrays(lived), Rule("ours", LIMIT))
    alarm_NDQ = batch.run()
    assert alarm_NDQ[1:].any(axis=(1, 2)).all()
    for n, year in enumerate(lived):
        verdicts = watched(year)
        for q in range(2):
            online = [v.deviations[q] for v in verdicts]
            means = [np.nan if d.estimate is None else d.estimate.mean for d in online]
            np.testing.assert_allclose(means, batch.deviation_NDQ[n, :, q], atol=1e-12)
            z = [np.nan if d.z is None else d.z for d in online]
            np.testing.assert_allclose(z, batch.z_NDQ[n, :, q], atol=1e-9)
            told = [any(a.quantity == ("valence", "arousal")[q] for a in v.alerts) for v in verdicts]
            assert told == alarm_NDQ[n, :, q].tolist()


def test_a_year_again_is_the_same_bit_for_bit(lived: list[list[Day]]) -> None:
    once, again = (msgspec.json.encode(verdicts_of(lived[1])) for _ in range(2))
    assert once == again
    assert msgspec.json.encode(verdicts_of(reversed(lived[1]))) == once


def test_a_large_step_is_told_with_when_and_how_far(sim: Homes, lived: list[list[Day]]) -> None:
    onset = int(sim.onset_N[5])
    first = next(a for a in alerts(watched(lived[1])) if a.quantity == "valence" and (a.day - FIRST).days >= onset)
    assert (first.day - FIRST).days - onset < 14
    assert abs((first.since - FIRST).days - onset) <= 7
    assert abs(abs(first.difference.mean) - 0.2) < 0.12
    assert first.difference.low <= first.difference.mean <= first.difference.high
    assert first.n_days <= first.n_span_days


def test_the_stated_rate_holds_on_other_homes_in_the_small(sim: Homes) -> None:
    n_alarms, years = false_a_year(alarms(days_of(sim), OURS), sim)
    assert 0.3 < n_alarms.sum() / years.sum() < 1.5 * FALSE_ALERTS_A_YEAR


VALUES = st.lists(st.one_of(st.none(), st.integers(-50, 80)), min_size=40, max_size=80)


@settings(max_examples=25, deadline=None)
@given(VALUES, st.integers(-10, 10))
def test_a_place_that_is_always_brighter_is_as_usual_as_another(values: list[int | None], shift: int) -> None:
    low = watched([day(n, None if v is None else v / 128) for n, v in enumerate(values)])
    high = watched([day(n, None if v is None else (v + shift) / 128) for n, v in enumerate(values)])
    for one, other in zip(low, high, strict=True):  # 128ths, so that sums are exact
        assert one.deviations[0].z == pytest.approx(other.deviations[0].z)
        assert [a.direction for a in one.alerts] == [a.direction for a in other.alerts]


@settings(max_examples=25, deadline=None)
@given(VALUES)
def test_a_mirrored_life_is_told_mirrored(values: list[int | None]) -> None:
    one = alerts(watched([day(n, None if v is None else v / 128) for n, v in enumerate(values)]))
    other = alerts(watched([day(n, None if v is None else -v / 128) for n, v in enumerate(values)]))
    swap = {"higher": "lower", "lower": "higher"}
    assert [(a.day, a.since, swap[a.direction]) for a in one] == [(a.day, a.since, a.direction) for a in other]


@settings(max_examples=25, deadline=None)
@given(VALUES)
def test_days_that_were_not_well_observed_neither_teach_nor_tell(values: list[int | None]) -> None:
    """Leaving them out gives the same verdicts of the others."""
    days = [day(n, None if v is None else v / 128) for n, v in enumerate(values)]
    whole = watched(days)
    for verdict, one in zip(whole, days, strict=True):
        if one.stretch.mood is None:
            assert (verdict.alerts, verdict.deviations[0].estimate) == ((), None)
            assert verdict.deviations[0].reason == "0 of the hours tell a mood, 2 are needed"
    told = [d for d in days if d.stretch.mood is not None]
    assert watched(told) == [v for v, d in zip(whole, days, strict=True) if d.stretch.mood is not None]


def test_a_day_watched_for_less_than_half_is_not_well_observed() -> None:
    one = day(0, 0.1)
    short = msgspec.structs.replace(one.stretch, minutes=Minutes(observed=100, nobody=600, fault=740))
    assert why_not_observed(one) is None
    assert "watched for 700 of 1440" in str(why_not_observed(msgspec.structs.replace(one, stretch=short)))


def test_it_learns_before_it_judges_and_says_so() -> None:
    first = [v.deviations[0] for v in watched([day(n, v) for n, v in enumerate(noise(60))])]
    assert all("no usual yet" in str(d.reason) for d in first[: GAP_DAYS + LEAST_LEVEL])
    assert first[GAP_DAYS + LEAST_LEVEL].estimate is not None
    n_judged = GAP_DAYS + LEAST_LEVEL + LEAST_SCALE
    assert [d.z is None for d in first] == [True] * n_judged + [False] * (60 - n_judged)
    for d in first:
        assert (d.estimate is None) is (d.reason is not None)


def test_one_odd_day_raises_nothing_and_a_step_is_told_once() -> None:
    values = noise(120)
    odd = [*values[:60], 0.8, *values[61:]]
    assert alerts(watched([day(n, v) for n, v in enumerate(odd)])) == []
    stepped = [v - 0.2 * (n >= 60) for n, v in enumerate(values)]
    (alert,) = alerts(watched([day(n, v) for n, v in enumerate(stepped)]))
    assert (alert.direction, alert.quantity) == ("lower", "valence")
    assert 57 <= (alert.since - FIRST).days <= 60


@settings(max_examples=30, deadline=None)
@given(st.integers(30, 50), st.lists(st.integers(-60, 80), min_size=12, max_size=12), st.booleans())
def test_nothing_is_told_within_seven_days_of_another_model(at: int, new: list[int], mixed: bool) -> None:
    old = [day(n, v - 0.3 * (n > at - 4)) for n, v in enumerate(noise(at))]  # on its way to an alert
    start = day(at, new[0] / 100, model_ids=("m", "n") if mixed else ("n",))
    days = [*old, start, *(day(at + 1 + i, v / 100, model_ids=("n",)) for i, v in enumerate(new[1:]))]
    after = watched(days)[at:]
    assert alerts(after) == []
    assert all(d.estimate is None for v in after for d in v.deviations)
    bridge = [v.deviations[0].reason for v in after[1:7]]
    assert all("another model since less than 7 days" in str(reason) for reason in bridge)
    assert "no usual yet" in str(after[7].deviations[0].reason)


def test_what_another_model_said_is_never_part_of_the_usual() -> None:
    new = [day(40 + n, v, model_ids=("n",)) for n, v in enumerate(noise(60, seed=3))]
    low, high = ([day(n, level) for n in range(40)] for level in (-0.5, 0.5))
    tails = [watched([*old, *new])[40 + 7 :] for old in (low, high)]
    assert tails[0] == tails[1]
    assert any(d.z is not None for v in tails[0] for d in v.deviations)


def test_a_long_silence_is_learnt_anew() -> None:
    days = [day(n, v) for n, v in enumerate(noise(50))] + [day(200 + n, v + 0.4) for n, v in enumerate(noise(20))]
    assert all(d.estimate is None for d in (v.deviations[0] for v in watched(days)[50:57]))
    assert alerts(watched(days)) == []


def test_the_usual_knows_the_time_of_day() -> None:
    """A home that is low in the evening, on a day that was seen in the evening only."""
    usual = Usual("valence")
    bright, low = (Mood((0.25,) * 4, Estimate(x, x - 0.02, x + 0.02), Estimate(0, 0, 0), 50.0) for x in (0.3, -0.1))
    for n in range(30):
        usual.update(msgspec.structs.replace(day(n, 0.1), slots=(None, bright, None, low)))
    evening = usual.update(msgspec.structs.replace(day(30, -0.1), slots=(None, None, None, low)))
    assert evening.estimate is not None
    assert evening.estimate.mean == 0.0
    night = usual.update(msgspec.structs.replace(day(31, 0.1), slots=(low, None, None, None)))
    assert "no usual yet" in str(night.reason)


@given(st.lists(st.floats(-4, 4), max_size=60))
def test_the_sum_is_pages_batch_formula(z: list[float]) -> None:
    """S_n = max over j of the sum of what follows j (Page 1954), until it is reset."""
    cusum = Cusum(limit=1e9, drift=0.5, clip=2.0)
    steps = [max(-2.0, min(2.0, x)) - 0.5 for x in z]
    for n, x in enumerate(z):
        cusum.update(FIRST + timedelta(days=n), x)
        assert cusum.sum == pytest.approx(max(sum(steps[j : n + 1]) for j in range(n + 2)))
        assert (cusum.since is None) is (cusum.sum == 0.0)


@given(st.lists(st.integers(0, 5), max_size=60), st.integers(0, 3), st.integers(1, 14))
def test_no_stretch_of_days_raises_more_than_the_budget(gaps: list[int], n_alerts: int, n_days: int) -> None:
    budget = AlertBudget(n_alerts, n_days)
    days = [FIRST + timedelta(days=sum(gaps[: i + 1])) for i in range(len(gaps))]
    told = [d for d in days if budget.update(d)]
    for d in told:
        assert sum(0 <= (d - other).days < n_days for other in told) <= n_alerts
    if days and n_alerts:
        assert told[0] == days[0]


def test_of_one_day_the_farthest_is_raised_and_the_rest_is_on_record() -> None:
    both = [day(n, v - 0.2 * (n >= 60), v - 0.3 * (n >= 60)) for n, v in enumerate(noise(90))]
    told = raised(verdicts_of([*both, *(day(n, 0.1, place="stairs") for n in range(90))]), AlertBudget())
    assert [(a.quantity, is_raised) for a, is_raised in told[:2]] == [("arousal", True), ("valence", False)]
