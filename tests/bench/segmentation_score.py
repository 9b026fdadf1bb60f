"""Running the segmenter over a trial as a camera would, and scoring what it told.

Events are matched per side and one to one, nearest first, within a tolerance; only between the first and the last
labelled event of each foot (plus the tolerance), because labels are often missing at the ends of a trial.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from edge.gait.cycle import Contact, CycleSegmenter, GaitCycle, Segmented
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import N_BODY, SkeletonFrame
from tests.bench.segmentation_data import Trial

CAMERA_HZ = 30.0


@dataclass(slots=True)
class Outcome:
    """What the segmenter told about one trial, and what each frame cost."""

    trial: Trial
    contacts: list[Contact] = field(default_factory=list)
    cycles: list[GaitCycle] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def take(self, told: Segmented | None) -> None:
        if told is not None:
            self.contacts += told.contacts
            self.cycles += told.cycles


def run(trial: Trial, settings: GaitSettings, frames: list[SkeletonFrame]) -> Outcome:
    """Feed a trial's frames one by one and flush at its end."""
    segmenter, outcome = CycleSegmenter(settings), Outcome(trial)
    for frame in frames:
        start_ns = time.process_time_ns()
        told = segmenter.update(frame)
        outcome.cpu_ms.append((time.process_time_ns() - start_ns) / 1e6)
        outcome.take(told)
    outcome.take(segmenter.flush())
    return outcome


def camera_frames(trial: Trial, with_feet: bool) -> list[SkeletonFrame]:
    """The trial as seen by a 30 Hz camera."""
    t_s = np.arange(int(trial.t_s[-1] * CAMERA_HZ + 1e-6) + 1) / CAMERA_HZ
    position = np.minimum(t_s * trial.rate_hz, len(trial.x_TJC) - 1)
    before = np.floor(position + 1e-9).astype(int)
    after = np.minimum(before + 1, len(trial.x_TJC) - 1)
    weight = np.clip(position - before, 0.0, 1.0)
    x = (1 - weight)[:, None, None] * trial.x_TJC[before] + weight[:, None, None] * trial.x_TJC[after]
    visibility = np.minimum(trial.visibility_TJ[before], trial.visibility_TJ[after])
    if not with_feet:
        visibility[:, N_BODY:] = 0.0
    return [SkeletonFrame(float(t), xi, vi) for t, xi, vi in zip(t_s, x, visibility, strict=True)]


@dataclass(slots=True)
class Score:
    """Counts and errors over several trials; one tolerance."""

    n_hit: int = 0
    n_told: int = 0
    n_true: int = 0
    errors_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2.0 * self.n_hit / (self.n_told + self.n_true) if self.n_told + self.n_true else float("nan")

    def add(self, outcome: Outcome, tolerance_s: float) -> None:
        for side, truth_s in outcome.trial.truth_s.items():
            if not truth_s:
                continue
            low, high = truth_s[0] - tolerance_s, truth_s[-1] + tolerance_s
            told = [c for c in outcome.contacts if c.side == side and low <= c.t_s <= high]
            pairs = match([c.t_s for c in told], list(truth_s), tolerance_s)
            self.n_hit += len(pairs)
            self.n_told += len(told)
            self.n_true += len(truth_s)
            self.errors_s += [told[i].t_s - truth_s[k] for i, k in pairs]
            self.latencies_s += [told[i].emitted_t_s - truth_s[k] for i, k in pairs]


def match(told_s: list[float], truth_s: list[float], tolerance_s: float) -> list[tuple[int, int]]:
    """One-to-one pairs (told, true) within the tolerance, nearest first."""
    near = sorted(
        (abs(a - b), i, k)
        for i, a in enumerate(told_s)
        for k, b in enumerate(truth_s)
        if abs(a - b) <= tolerance_s + 1e-9
    )
    told_left, truth_left, pairs = set(range(len(told_s))), set(range(len(truth_s))), []
    for _, i, k in near:
        if i in told_left and k in truth_left:
            told_left.discard(i)
            truth_left.discard(k)
            pairs.append((i, k))
    return sorted(pairs)


def stride_error_s(outcomes: list[Outcome]) -> float:
    """Mean absolute error of stride times between consecutive contacts of one foot that were both matched."""
    errors = []
    for outcome in outcomes:
        for side, truth_s in outcome.trial.truth_s.items():
            told_s = [c.t_s for c in outcome.contacts if c.side == side]
            hits = {k: told_s[i] for i, k in match(told_s, list(truth_s), 0.1)}
            errors += [abs((hits[k + 1] - hits[k]) - (truth_s[k + 1] - truth_s[k])) for k in hits if k + 1 in hits]
    return float(np.mean(errors)) if errors else float("nan")
