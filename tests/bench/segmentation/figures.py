"""Figures of one method in one group under one condition, with bootstrap intervals.

Offsets are those of `offset.leave_one_person_out`, one per method, kind of contact and source of frames (markers, or
the model of MediaPipe's error, whose estimates come late), found on clean trials of that source with and without feet
together; each trial is scored with the offset that its own person had no part in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tests.bench.segmentation import bootstrap
from tests.bench.segmentation.conditions import CLEAN, CONDITIONS, OFFSET_FROM
from tests.bench.segmentation.found import Found, Told
from tests.bench.segmentation.measure import Outcome, Outcomes
from tests.bench.segmentation.offset import Error, errors, leave_one_person_out
from tests.bench.segmentation.score import Matched, f1, score, stride_errors_s
from tests.bench.segmentation.trials import GROUPS, Times, Trial

_KINDS = ("initial", "final")
_NEAR_S, _WIDE_S = 0.05, 0.10
Interval = bootstrap.Interval


@dataclass(frozen=True, slots=True)
class Kind:
    """How well one kind of contact was found; errors in ms over those within 100 ms."""

    n_true: int
    n_told: int
    f1_50: float
    f1_50_interval: Interval
    f1_100: float
    f1_100_interval: Interval
    bias_ms: float
    bias_interval_ms: Interval
    sd_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one group; NaN where nothing is labelled or the method is not online."""

    method: str
    group: str
    condition: str
    with_feet: bool
    n_trials: int
    n_people: int
    n_failed: int
    drawn: str
    minutes: float
    initial: Kind
    final: Kind
    stride_error_ms: float
    latency_median_ms: float
    latency_p95_ms: float
    open_median_ms: float
    open_p95_ms: float
    contacts_per_min: float
    n_cycles: int
    n_usable: int
    cycles_per_min: float
    cpu_median_ms: float
    cpu_p99_ms: float


# (method, condition, kind of contact) -> person -> seconds.
Offsets = dict[tuple[str, str, str], dict[str, float]]


def offsets(outcomes: Outcomes) -> Offsets:
    """For every method, condition and kind of contact; conditions of one source share theirs."""
    people = {outcome.trial.person for members in outcomes.values() for outcome in members}
    found: dict[tuple[str, str, str], list[Error]] = defaultdict(list)
    for run, members in outcomes.items():
        source = source_of(run.condition)
        if run.condition in OFFSET_FROM[source]:
            for kind in _KINDS:
                for o in members:
                    found[run.method, source, kind] += errors(o.trial.person, o.trial.group, *_of_kind(o, kind))
    shifts: Offsets = {}
    for run in outcomes:
        for kind in _KINDS:
            told = found[run.method, source_of(run.condition), kind]
            shifts[run.method, run.condition, kind] = leave_one_person_out(told, people)
    return shifts


def source_of(condition: str) -> str:
    return CONDITIONS[condition].source if condition in CONDITIONS else CLEAN.source


def rows(outcomes: Outcomes, shifts: Offsets) -> Iterator[Row]:
    for run, members in outcomes.items():
        for group in GROUPS:
            inside = [o for o in members if o.trial.group == group]
            if inside:
                kinds = {kind: _kind(inside, kind, shifts[run.method, run.condition, kind]) for kind in _KINDS}
                drawn = bootstrap.units([o.trial.person for o in inside], [np.zeros((1, 1))] * len(inside))[0]
                shift = shifts[run.method, run.condition, "initial"]
                yield Row(run.method, group, run.condition, run.with_feet, drawn=drawn, **kinds, **_size(inside),
                          **_timing(inside, shift), **_told_at_all(inside), **_cpu(inside))  # fmt: skip


def _of_kind(outcome: Outcome, kind: str) -> tuple[list[Told], Times]:
    trial, found = outcome.trial, outcome.found
    return (found.initials, trial.truth_s) if kind == "initial" else (found.finals, trial.finals_s)


def _kind(members: list[Outcome], kind: str, shift: dict[str, float]) -> Kind:
    near, wide = (
        [score(*_of_kind(o, kind), tolerance_s, shift[o.trial.person]) for o in members]
        for tolerance_s in (_NEAR_S, _WIDE_S)
    )
    off_ms = [_errors_ms(m, shift[o.trial.person]) for m, o in zip(wide, members, strict=True)]
    people = [o.trial.person for o in members]
    near_f1, near_interval = _f1(people, near)
    wide_f1, wide_interval = _f1(people, wide)
    pooled = np.concatenate(off_ms)
    _, per_unit = bootstrap.units(people, [np.stack([e, np.ones(len(e))], axis=1) for e in off_ms])
    drawn = bootstrap.sums(per_unit) if len(per_unit) else np.zeros((1, 2))
    return Kind(
        n_true=sum(len(m.counts_E3) for m in near),
        n_told=sum(len(_of_kind(o, kind)[0]) for o in members),
        f1_50=near_f1,
        f1_50_interval=near_interval,
        f1_100=wide_f1,
        f1_100_interval=wide_interval,
        bias_ms=_mean(pooled),
        bias_interval_ms=bootstrap.interval(_ratio(drawn[:, 0], drawn[:, 1])),
        sd_ms=float(np.std(pooled)) if len(pooled) else float("nan"),
    )


def _errors_ms(matched: Matched, shift_s: float) -> np.ndarray:
    return np.array([1e3 * (c.t_s - shift_s - true_s) for c, true_s in matched.pairs])


def _f1(people: list[str], matched: list[Matched]) -> tuple[float, Interval]:
    _, counts = bootstrap.units(people, [m.counts_E3 for m in matched])
    if not len(counts) or not counts[:, 2].any():
        return float("nan"), (float("nan"), float("nan"))
    drawn = bootstrap.sums(counts)
    return f1(counts.sum(axis=0)), bootstrap.interval(_ratio(2.0 * drawn[:, 0], drawn[:, 1] + drawn[:, 2]))


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.divide(a, b, out=np.full(len(a), np.nan), where=b > 0)


def _size(members: list[Outcome]) -> dict[str, float]:
    return {
        "n_trials": len(members),
        "n_people": len({o.trial.person for o in members}),
        "n_failed": sum(o.found.failure is not None for o in members),
        "minutes": sum(_minutes(o.trial) for o in members),
    }


def _minutes(trial: Trial) -> float:
    return len(trial.x_TJC) / trial.rate_hz / 60.0


def _timing(members: list[Outcome], shift: dict[str, float]) -> dict[str, float]:
    strides_s = [e for o in members for e in stride_errors_s(o.found.initials, o.trial.truth_s,
                                                             shift[o.trial.person])]  # fmt: skip
    pairs = [p for o in members for p in score(o.found.initials, o.trial.truth_s, _WIDE_S, shift[o.trial.person]).pairs]
    late_ms = np.array([1e3 * (c.emitted_t_s - true_s) for c, true_s in pairs])
    open_ms = np.array([1e3 * (c.emitted_t_s - true_s) for c, true_s in pairs if not c.at_opening])
    return {
        "stride_error_ms": 1e3 * _mean(np.array(strides_s)),
        "latency_median_ms": _percentile(late_ms, 50),
        "latency_p95_ms": _percentile(late_ms, 95),
        "open_median_ms": _percentile(open_ms, 50),
        "open_p95_ms": _percentile(open_ms, 95),
    }


def _told_at_all(members: list[Outcome]) -> dict[str, float]:
    minutes = sum(_minutes(o.trial) for o in members)
    found: list[Found] = [o.found for o in members]
    return {
        "contacts_per_min": sum(len(f.initials) for f in found) / minutes,
        "n_cycles": sum(f.n_cycles for f in found),
        "n_usable": sum(f.n_usable for f in found),
        "cycles_per_min": sum(f.n_cycles for f in found) / minutes,
    }


def _cpu(members: list[Outcome]) -> dict[str, float]:
    cpu_ms = np.array([ms for o in members for ms in o.found.cpu_ms])
    return {"cpu_median_ms": _percentile(cpu_ms, 50), "cpu_p99_ms": _percentile(cpu_ms, 99)}


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _percentile(values: np.ndarray, share: float) -> float:
    return float(np.percentile(values, share)) if len(values) else float("nan")
