"""Delays and false alarms: `python -m tests.bench.usual_and_change [--homes N] [--peers] ...`.

Promises: simulated homes over a year (`tests.bench.simulated_homes` says what is assumed); every rule's one limit is
chosen on 300 homes so that all have the same false alarms, and everything is told of the other homes, which chose
nothing; the shipped settings are held to the rate that they state. False alarms are all alerts, of both quantities,
from day 60 on, where nothing has changed yet. A delay runs from the day a change begins (a ramp grows for three weeks)
to the first alert after it. Refuses to judge real homes: there are none in it.

`--peers` puts river and ruptures beside ours; they are no dependencies: name a folder that holds them in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from edge.diary.change import FALSE_ALERTS_A_YEAR, LIMIT, QUANTITIES, AlertBudget
from edge.diary.days import days_of_rows
from edge.diary.usual import GAP_DAYS, USUAL_DAYS, Usual
from edge.review.change import LEAST_DAYS, LEAST_DIFFERENCE, LEAST_USUAL_DAYS, welch
from tests.bench import change_peers
from tests.bench.change_rules import Days, Rule, alarms, days_of, in_one_slot
from tests.bench.simulated_homes import SHAPES, SIZES, BoolArray, FloatArray, Homes, homes, rows_of

SEED_CHOSEN_ON, SEED_TOLD = 1, 2
TARGET: Final = 0.8
"""False alarms a place-year on the homes that limits are chosen on; below what is stated, for chance."""
FROM_DAY: Final = 60
N_RESAMPLES: Final = 1000
OURS: Final = Rule("Quietstep: robust, by time of day, a week's gap, clipped sums", LIMIT)
THRESHOLD: Final = Rule(
    "plain threshold on day means (mean, sd of 28 days)", 4.0, gap=0, robust=False, slots=False, sums=False
)
PLAIN: Final = Rule(
    "plain CUSUM on day means (mean, sd of 28 days)", 8.0, clip=99.0, gap=0, scale_window=28, robust=False, slots=False
)
VARIANTS: Final = (
    Rule("ours without the gap", LIMIT, gap=0),
    Rule("ours without clipping", LIMIT, clip=99.0),
    Rule("ours without times of day", LIMIT, slots=False),
    Rule("ours with mean and sd", LIMIT, robust=False),
)

Raise = Callable[[float], BoolArray]


@dataclass(frozen=True, slots=True)
class Subject:
    """A detector on both sets of homes, as a function of its limit."""

    name: str
    on_chosen: Raise
    on_told: Raise
    low: float
    high: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One detector's figures; delays in days, infinite where nothing was said; N changed homes."""

    name: str
    limit: float
    false_a_year: tuple[float, float, float]
    delay_N: FloatArray


def false_a_year(alarm_NDQ: BoolArray, homes_: Homes) -> FloatArray:
    """Counts and years (2, N) of alarms while nothing has changed."""
    end_N = np.where(homes_.onset_N < 0, alarm_NDQ.shape[1], homes_.onset_N)
    days_D = np.arange(alarm_NDQ.shape[1])
    still_ND = (days_D >= FROM_DAY) & (days_D < end_N[:, None])
    return np.stack([(alarm_NDQ.sum(axis=2) * still_ND).sum(axis=1), still_ND.sum(axis=1) / 365])


def rate_with_interval(counted: FloatArray) -> tuple[float, float, float]:
    """Alarms a year and the 95 % interval of resampled homes."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, counted.shape[1], (N_RESAMPLES, counted.shape[1]))
    rates = counted[0][drawn].sum(axis=1) / counted[1][drawn].sum(axis=1)
    low, high = np.quantile(rates, [0.025, 0.975])
    return float(counted[0].sum() / counted[1].sum()), float(low), float(high)


def delays(alarm_NDQ: BoolArray, homes_: Homes) -> FloatArray:
    """Days from a change's first day to the first alarm on it or after it, of homes in which something changes."""
    after_ND = alarm_NDQ.any(axis=2) & (np.arange(alarm_NDQ.shape[1]) >= homes_.onset_N[:, None])
    delay_N = np.where(after_ND.any(axis=1), after_ND.argmax(axis=1) - homes_.onset_N, np.inf)
    return delay_N[homes_.onset_N >= 0]


def chosen_limit(subject: Subject, chosen: Homes) -> float:
    """The least limit whose false alarms on the chosen-on homes are the target, by bisection."""
    low, high = subject.low, subject.high
    for _step in range(7):
        middle = (low + high) / 2
        counted = false_a_year(subject.on_chosen(middle), chosen)
        low, high = (middle, high) if counted[0].sum() / counted[1].sum() > TARGET else (low, middle)
    return high


def race(subject: Subject, chosen: Homes, told: Homes) -> Found:
    """Choose the limit on some homes, tell of the others."""
    limit = chosen_limit(subject, chosen) if subject.limit is None else subject.limit
    alarm_NDQ = subject.on_told(limit)
    rate = rate_with_interval(false_a_year(alarm_NDQ, told))
    print(f"{subject.name}: limit {limit:.2f}, {rate[0]:.2f} a year", flush=True)
    return Found(subject.name, limit, rate, delays(alarm_NDQ, told))


def ours_as_shipped(told: Days) -> Subject:
    """The limit that `edge.diary.change` ships, whatever would be chosen today."""
    return Subject("Quietstep as shipped", lambda _l: np.zeros(0, bool), lambda _l: alarms(told, OURS), 0, 0, LIMIT)


def by_rule(rule: Rule, chosen: Days, told: Days) -> Subject:
    """A rule of `change_rules`."""
    at = lambda days: lambda limit: alarms(days, replace(rule, limit=limit))  # noqa: E731
    return Subject(rule.name, at(chosen), at(told), 3.0, 19.0)


def peers(chosen: Days, told: Days) -> list[Subject]:
    """river and ruptures."""
    z = change_peers.standardised(chosen), change_peers.standardised(told)
    gain = change_peers.gains(z[0]), change_peers.gains(z[1])
    adwin = [lambda limit, x=x: change_peers.adwin(x, limit) for x in z]
    hinkley = [lambda limit, x=x: change_peers.page_hinkley(x, limit) for x in z]
    splits = [lambda limit, g=g: change_peers.split_alarms(g, limit) for g in gain]
    return [
        Subject("river ADWIN", *adwin, 0.0, 12.0),
        Subject("river Page-Hinkley", *hinkley, 2.0, 200.0),
        Subject("ruptures, binary segmentation of 8 weeks, weekly", *splits, 5.0, 500.0),
    ]


def share(is_in_N: BoolArray) -> str:
    """A share and its 95 % interval (Wilson 1927), in percent."""
    n, p = len(is_in_N), float(is_in_N.mean())
    centre, half = p + 1.92 / n, 1.96 * np.sqrt(p * (1 - p) / n + 0.96 / n**2)
    low, high = (centre - half) / (1 + 3.84 / n), (centre + half) / (1 + 3.84 / n)
    return f"{100 * p:.0f} ({100 * low:.0f} to {100 * high:.0f})"


def delay(delay_N: FloatArray) -> str:
    """Median and quartiles; what was not told within 90 days reads so."""
    told = [f"{q:.0f}" if q <= 90 else ">90" for q in np.quantile(delay_N, [0.5, 0.25, 0.75], method="lower")]
    return f"{told[0]} ({told[1]} to {told[2]})"


def overview(found: list[Found], told: Homes) -> str:
    """Detectors beside each other, over all sizes and shapes."""
    size_N = told.size_N[told.onset_N >= 0]
    heads = [
        "rule",
        "limit",
        "false alarms a place-year",
        "delay, days",
        "in 14 days, %",
        "in 28, %",
        "medium ones in 28",
    ]
    out = f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}\n"
    for f in found:
        rate, low, high = f.false_a_year
        medium_N = f.delay_N[size_N == SIZES[1]]
        shares = [share(f.delay_N < 14), share(f.delay_N < 28), share(medium_N < 28)]
        cells = [f"{rate:.2f} ({low:.2f} to {high:.2f})", delay(f.delay_N), *shares]
        out += f"| {f.name} | {f.limit:.2f} | {' | '.join(cells)} |\n"
    return out


def by_change(found: Found, told: Homes) -> str:
    """One detector, by size and shape of the change."""
    changed = told.onset_N >= 0
    out = f"| {found.name}: change | homes | delay, days | in 14 days, % | in 28 days, % |\n|---|---|---|---|---|\n"
    for shape, name in enumerate(SHAPES):
        for size in SIZES:
            of_it_N = (told.size_N[changed] == size) & (told.shape_N[changed] == shape)
            delay_N = found.delay_N[of_it_N]
            cells = [str(len(delay_N)), delay(delay_N), share(delay_N < 14), share(delay_N < 28)]
            out += f"| {name} of {size:.2f} | {' | '.join(cells)} |\n"
    return out


def worst_homes(days: Days, told: Homes) -> str:
    """How false alarms are spread over homes, and what the budget lets through."""
    alarm_NDQ = alarms(days, OURS)
    counted = false_a_year(alarm_NDQ, told)
    quiet_N = told.onset_N < 0
    n_N = counted[0][quiet_N]
    spread = ", ".join(f"{k}: {100 * (n_N == k).mean():.0f} %" for k in range(4))
    n_all = int(alarm_NDQ.sum())
    n_raised = int(sum(_raised(alarm_DQ) for alarm_DQ in alarm_NDQ))
    return (
        f"Homes without a change by false alarms from day {FROM_DAY} to 364: {spread}, "
        f"more: {100 * (n_N > 3).mean():.0f} %. "
        f"The budget of one a week raises {n_raised} of {n_all} alerts of all homes.\n"
    )


def _raised(alarm_DQ: BoolArray) -> int:
    """Alerts of one home that its budget raises."""
    budget = AlertBudget()
    return sum(
        budget.update(date(2026, 1, 1) + timedelta(days=day))
        for day, n in enumerate(alarm_DQ.sum(axis=1))
        for _ in range(n)
    )


def weekly_differences(days: Days, told: Homes) -> str:
    """How often the report's comparison of a week with the four before it says a difference where nothing changed."""
    value_NDQ = in_one_slot(days).value_NDSQ[told.onset_N < 0, :, 0]
    said, asked = 0, 0
    for home_DQ in value_NDQ:
        for first in range(FROM_DAY, home_DQ.shape[0] - 7, 7):
            now_DQ, before_DQ = home_DQ[first : first + 7], home_DQ[first - 28 : first]
            now_DQ, before_DQ = now_DQ[~np.isnan(now_DQ[:, 0])], before_DQ[~np.isnan(before_DQ[:, 0])]
            if len(now_DQ) < LEAST_DAYS or len(before_DQ) < LEAST_USUAL_DAYS:
                continue
            differences = [welch(now_DQ[:, q].tolist(), before_DQ[:, q].tolist()) for q in range(2)]
            said += any(abs(d.mean) >= LEAST_DIFFERENCE and d.low * d.high > 0 for d in differences)
            asked += 1
    share_said = 100 * said / asked
    return f"The report's week against four weeks says a difference in {share_said:.0f} % of {asked} still weeks.\n"


def interval_coverage(told: Homes, n_homes: int = 20) -> str:
    """How often the interval of a day holds the true deviation, by the shipped code, in homes without a change."""
    hits: list[bool] = []
    for n in np.flatnonzero(told.onset_N < 0)[:n_homes]:
        days = days_of_rows(rows_of(told, int(n)), UTC)
        for q, quantity in enumerate(QUANTITIES):
            truth_D = told.truth_NDQ[n, :, q]
            usual = Usual(quantity)
            for number, day in enumerate(days):
                said = usual.update(day).estimate
                if said is not None:
                    window_D = truth_D[max(0, number - GAP_DAYS - USUAL_DAYS) : number - GAP_DAYS]
                    hits.append(said.low <= truth_D[number] - np.median(window_D) <= said.high)
    return (
        f"95 % intervals of a day's deviation hold the true one in {100 * np.mean(hits):.1f} % of {len(hits)} days.\n"
    )


def main() -> None:
    """Simulate, choose, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--homes", type=int, default=1000, help="all of them")
    parser.add_argument("--choose-on", type=int, default=300, help="how many of them choose the limits")
    parser.add_argument("--peers", action="store_true", help="beside river and ruptures instead")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    chosen, told = homes(asked.choose_on, SEED_CHOSEN_ON), homes(asked.homes - asked.choose_on, SEED_TOLD)
    days = days_of(chosen), days_of(told)
    rules = () if asked.peers else (OURS, THRESHOLD, PLAIN, *VARIANTS)
    subjects = [ours_as_shipped(days[1]), *(by_rule(rule, *days) for rule in rules)]
    subjects += peers(*days) if asked.peers else []
    found = [race(subject, chosen, told) for subject in subjects]
    if asked.json:
        asked.json.write_text(json.dumps([_plain(f) for f in found], indent=1))
    print(overview(found, told), by_change(found[0], told), sep="\n")
    if asked.peers:
        return
    print(worst_homes(days[1], told), weekly_differences(days[1], told), interval_coverage(told), sep="\n")
    low, high = found[0].false_a_year[1:]
    print(f"Stated: at most {FALSE_ALERTS_A_YEAR:.1f} a place-year; measured as shipped {low:.2f} to {high:.2f}.")


def _plain(found: Found) -> dict[str, object]:
    delay_days = [None if np.isinf(d) else int(d) for d in found.delay_N]
    return {"name": found.name, "limit": found.limit, "false_a_year": found.false_a_year, "delay_days": delay_days}


if __name__ == "__main__":
    main()
