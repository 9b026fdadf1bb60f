"""Measure the segmenter on recorded trials: `python -m tests.bench.segmentation --data PATH [--json OUT]`.

Every trial of gait_events/ and gaitvalidation/ goes through the same CycleSegmenter at 30 frames a second, with and
without foot landmarks, clean and with faults. All settings, the 20 ms offset included, are GaitSettings' defaults;
none is fitted here. But four of them (contact height, swing around a peak, axis time constant, un-swap evidence) were
chosen while looking at these very trials, so these figures are not from held-out people. What this run would have
fitted as offset on the treadmill is printed beside it.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from edge.gait.settings import GaitSettings
from tests.bench.segmentation_data import Trial, trials
from tests.bench.segmentation_faults import FAULTS, Fault
from tests.bench.segmentation_score import Outcome, Score, camera_frames, run, stride_error_s

_NOT_GAIT = "not gait"
_FAULTY_GROUPS = ("treadmill", "parkinson", "turning", _NOT_GAIT)
# F1@50, F1@100 that must be reached, per group.
_MUST = {
    "treadmill": (0.97, 0.99),
    "parkinson": (0.90, 0.97),
    "straight": (0.97, 0.99),
    "turning": (0.92, 0.93),
    "video pose": (0.88, 0.98),
}


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of one group under one condition; NaN where nothing is labelled."""

    group: str
    condition: str
    n_trials: int
    n_people: int
    n_true: int
    f1_50: float
    f1_50_low: float
    f1_50_high: float
    f1_100: float
    bias_ms: float
    sd_ms: float
    stride_error_ms: float
    latency_median_ms: float
    latency_p95_ms: float
    steady_p95_ms: float
    n_contacts: int
    n_cycles: int
    n_usable: int
    cpu_median_ms: float
    cpu_p99_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    arguments = parser.parse_args()
    rows = measure(list(trials(arguments.data)))
    _print(rows)
    if arguments.json is not None:
        document = {"settings": asdict(GaitSettings()), "rows": [asdict(row) for row in rows]}
        arguments.json.write_text(json.dumps(document, indent=1))


def measure(found: list[Trial]) -> list[Row]:
    """Every group, with and without feet, then the faults."""
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in found:
        groups[trial.group].append(trial)
    rows = []
    for group, members in groups.items():
        if any(trial.visibility_TJ[:, 16:].any() for trial in members):
            rows.append(_row(group, "with feet", _outcomes(members, True)))
        rows.append(_row(group, "without feet", _outcomes(members, False)))
    for group in _FAULTY_GROUPS:
        for name, fault in FAULTS.items():
            rows.append(_row(group, name, _outcomes(groups[group], True, fault)))
    return rows


def _outcomes(members: list[Trial], with_feet: bool, fault: Fault | None = None) -> list[Outcome]:
    outcomes = []
    for seed, trial in enumerate(members):
        frames = camera_frames(trial, with_feet)
        if fault is not None:
            frames = fault(frames, np.random.default_rng(seed))
        outcomes.append(run(trial, GaitSettings(), frames))
    return outcomes


def _score(outcomes: list[Outcome], tolerance_s: float) -> Score:
    score = Score()
    for outcome in outcomes:
        score.add(outcome, tolerance_s)
    return score


def _interval(outcomes: list[Outcome]) -> tuple[float, float]:
    """95 % bootstrap interval of F1@50 over people; NaN where there are fewer than three."""
    people: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        people[outcome.trial.person].append(outcome)
    scores = [_score(members, 0.05) for members in people.values()]
    if len(scores) < 3:
        return float("nan"), float("nan")
    counts = np.array([(2 * s.n_hit, s.n_told + s.n_true) for s in scores])
    draws = np.random.default_rng(0).integers(0, len(scores), (2000, len(scores)))
    with np.errstate(invalid="ignore"):
        figures = counts[draws].sum(axis=1)
        low, high = np.nanpercentile(figures[:, 0] / np.maximum(figures[:, 1], 1), [2.5, 97.5])
    return float(low), float(high)


def _row(group: str, condition: str, outcomes: list[Outcome]) -> Row:
    near, wide = _score(outcomes, 0.05), _score(outcomes, 0.1)
    errors_ms, latencies_ms = _ms(wide.errors_s), _ms(wide.latencies_s)
    low, high = _interval(outcomes) if near.n_true else (float("nan"), float("nan"))
    cpu_ms = [ms for outcome in outcomes for ms in outcome.cpu_ms]
    return Row(
        group=group,
        condition=condition,
        n_trials=len(outcomes),
        n_people=len({outcome.trial.person for outcome in outcomes}),
        n_true=near.n_true,
        f1_50=near.f1,
        f1_50_low=low,
        f1_50_high=high,
        f1_100=wide.f1,
        bias_ms=float(np.mean(errors_ms)),
        sd_ms=float(np.std(errors_ms)),
        stride_error_ms=1e3 * stride_error_s(outcomes),
        latency_median_ms=float(np.median(latencies_ms)),
        latency_p95_ms=float(np.percentile(latencies_ms, 95)),
        steady_p95_ms=_steady_p95_ms(outcomes),
        n_contacts=sum(len(outcome.contacts) for outcome in outcomes),
        n_cycles=sum(len(outcome.cycles) for outcome in outcomes),
        n_usable=sum(cycle.usable for outcome in outcomes for cycle in outcome.cycles),
        cpu_median_ms=float(np.median(cpu_ms)),
        cpu_p99_ms=float(np.percentile(cpu_ms, 99)),
    )


def _ms(values_s: list[float]) -> np.ndarray:
    return np.asarray(values_s or [np.nan]) * 1e3


def _steady_p95_ms(outcomes: list[Outcome]) -> float:
    """95th percentile from contact to telling, once the gate is open (those told at its opening left out)."""
    delays = [
        c.emitted_t_s - c.t_s
        for outcome in outcomes
        for c in outcome.contacts
        if c.emitted_t_s > outcome.contacts[0].emitted_t_s
    ]
    return float(np.percentile(_ms(delays), 95))


def _print(rows: list[Row]) -> None:
    table = Table(title="Initial contacts, 30 frames a second")
    heads = ("group", "condition", "trials/people", "events", "F1@50 (95 %)", "F1@100", "must", "bias±SD ms")
    for head in (*heads, "stride ms", "latency ms", "steady p95", "contacts", "cycles (usable)", "CPU ms"):
        table.add_column(head, justify="left" if head in ("group", "condition") else "right")
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(width=190)
    console.print(table)
    false = sum(row.n_cycles for row in rows if row.group == _NOT_GAIT)
    console.print(f"Cycles in movements that are not gait, all conditions: {false} (must be 0).")
    treadmill = next(row for row in rows if row.group == "treadmill")
    offset_ms = 1e3 * GaitSettings().contact_offset_s
    console.print(
        f"Offset: {offset_ms:.0f} ms, frozen. Fitted on this treadmill trial alone it would be "
        f"{offset_ms - treadmill.bias_ms:.0f} ms. Treadmill and Parkinson are one person each."
    )
    console.print(
        "Not held out: contact height, swing, axis time constant and un-swap rules were chosen with these trials in "
        "view; only the other settings were brought along."
    )


def _cells(row: Row) -> tuple[str, ...]:
    interval = "" if np.isnan(row.f1_50_low) else f" ({row.f1_50_low:.3f} to {row.f1_50_high:.3f})"
    must = _MUST.get(row.group) if row.condition.endswith("feet") else None
    short = must is not None and (row.f1_50 < must[0] or row.f1_100 < must[1])
    wanted = "" if must is None else f"{must[0]:.2f}/{must[1]:.2f} " + ("SHORT" if short else "met")
    cells = [
        row.group,
        row.condition,
        f"{row.n_trials}/{row.n_people}",
        str(row.n_true),
        f"{row.f1_50:.3f}{interval}",
        f"{row.f1_100:.3f}",
        wanted,
        f"{row.bias_ms:+.1f}±{row.sd_ms:.1f}",
        f"{row.stride_error_ms:.1f}",
        f"{row.latency_median_ms:.0f}/{row.latency_p95_ms:.0f}",
        f"{row.steady_p95_ms:.0f}",
        str(row.n_contacts),
        f"{row.n_cycles} ({row.n_usable})",
        f"{row.cpu_median_ms:.2f}/{row.cpu_p99_ms:.2f}",
    ]
    return tuple("–" if "nan" in cell else cell for cell in cells)


if __name__ == "__main__":
    main()
