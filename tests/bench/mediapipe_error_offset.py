"""How late the segmenter tells contacts from MediaPipe's poses, view by view, beside markers and other video pose.

Promises: the production segmenter at its frozen settings; contacts matched per side and one to one within 100 ms, from
a second after the start to half a second before the end; a fitted offset is the frozen one less the mean error on the
people it was chosen on, and its error is told on other people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from tests.bench.mediapipe_error_record import Walk
from tests.bench.segmentation.ours import Ours
from tests.bench.segmentation.score import score
from tests.bench.segmentation.trials import CAMERA_HZ, Times, camera_frames, trials

CHOSEN_ON = (0, 1, 2)
_TOLERANCE_S = 0.1
_BEGIN_S, _END_S = 1.0, 0.5
_FEW = 3


@dataclass(frozen=True, slots=True)
class Contacts:
    """Errors (found minus true, seconds) of matched contacts, and how many were true and told."""

    errors_s: tuple[float, ...]
    n_true: int
    n_told: int

    @property
    def bias_ms(self) -> float:
        """Mean error at the frozen offset; NaN of fewer than three."""
        return 1e3 * float(np.mean(self.errors_s)) if len(self.errors_s) >= _FEW else float("nan")

    @property
    def sd_ms(self) -> float:
        """Spread of the errors; NaN of fewer than three."""
        return 1e3 * float(np.std(self.errors_s)) if len(self.errors_s) >= _FEW else float("nan")

    @property
    def offset_ms(self) -> float:
        """The offset that would have made the mean error nought."""
        return 1e3 * GaitSettings().contact_offset_s - self.bias_ms

    def f1(self, within_s: float, offset_ms: float | None = None) -> float:
        """F1 within a tolerance, as if the offset had been this one (of those matched within 100 ms)."""
        shift_s = 0.0 if offset_ms is None else offset_ms / 1e3 - GaitSettings().contact_offset_s
        hits = sum(abs(e + shift_s) <= within_s for e in self.errors_s)
        return 2 * hits / max(self.n_true + self.n_told, 1)

    def as_dict(self) -> dict[str, object]:
        """For the JSON document."""
        return {**asdict(self), "bias_ms": self.bias_ms, "sd_ms": self.sd_ms, "offset_ms": self.offset_ms}


def of_walks(walks: Iterable[Walk]) -> Contacts:
    """Contacts told of recordings of the synthetic camera (or drawn from the model), against the true ones."""
    return pooled(_of_walk(walk) for walk in walks)


def of_recordings(data: Path) -> dict[str, Contacts]:
    """The labelled groups of the segmentation bench, clean, through the same segmenter."""
    groups: dict[str, list[Contacts]] = defaultdict(list)
    for trial in trials(data):
        if any(trial.truth_s.values()):
            groups[trial.group].append(_scored(camera_frames(trial, trial.has_feet), trial.truth_s))
    return {group: pooled(found) for group, found in groups.items()}


def _of_walk(walk: Walk) -> Contacts:
    end_s = float(walk.t_s[-1]) - _END_S
    truth = {side: tuple(t for t in true_s if _BEGIN_S <= t <= end_s) for side, true_s in walk.contacts_s.items()}
    rows = np.flatnonzero(walk.found_T)
    return _scored([SkeletonFrame(float(walk.t_s[i]), walk.x_TJC[i], walk.visibility_TJ[i]) for i in rows], truth)


def _scored(frames: list[SkeletonFrame], truth_s: Times) -> Contacts:
    matched = score(Ours().run(frames, CAMERA_HZ).initials, truth_s, _TOLERANCE_S)
    _, n_told, n_true = matched.counts_E3.sum(axis=0)
    return Contacts(tuple(told.t_s - true_s for told, true_s in matched.pairs), int(n_true), int(n_told))


def pooled(parts: Iterable[Contacts]) -> Contacts:
    """All of them together."""
    found = list(parts)
    errors = tuple(e for part in found for e in part.errors_s)
    return Contacts(errors, sum(p.n_true for p in found), sum(p.n_told for p in found))
