"""What a home would have heard of a recorded walk: frames, cycles, judgements, and how they compare between eyes.

Promises: segmenter, encoder and judge are the device's own; a cycle that is not usable, or without head or arms, is
counted and never asked about. Whoever walked stands in both tables of a ratio, also with nothing in one of them.

Shapes: N cycle, K class, A answer (the classes, then "abstained"), P person, R resample, T time, J landmark.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from edge.affect import CLASSES, Affect
from edge.encoder import AffectEncoder, judge
from edge.gait.cycle import GaitCycle
from edge.gait.skeleton import SkeletonFrame
from edge.recording import Recording
from tests.bench.camera_recordings import Take, clean_frames
from tests.bench.synthetic_view import segmented
from trainer.scores import ABSTAINED, N_RESAMPLES, accuracy, macro_f1, tables

_ARRAYS = ("label_N", "answer_N", "posterior_NK", "strange_N", "group_N", "start_s_N")
SAME_S = 0.15


@dataclass(frozen=True)
class Heard:
    """Of N usable cycles: true class or -1, class heard or ABSTAINED, posterior, score over threshold, whose, when."""

    label_N: np.ndarray
    answer_N: np.ndarray
    posterior_NK: np.ndarray
    strange_N: np.ndarray
    group_N: np.ndarray
    start_s_N: np.ndarray
    n_unusable: int = 0

    @cached_property
    def table_KA(self) -> np.ndarray:
        """Counts of labelled cycles: true class by what was heard."""
        return tables(self.label_N, self.answer_N, np.zeros(len(self.label_N), dtype=np.str_)).sum(axis=0)

    @property
    def abstained(self) -> float:
        """Share of usable cycles."""
        return float((self.answer_N == ABSTAINED).mean()) if len(self.answer_N) else float("nan")

    def of(self, wanted_N: np.ndarray) -> Heard:
        """Some of the cycles; the unusable ones are not known apart."""
        return Heard(*(getattr(self, name)[wanted_N] for name in _ARRAYS))


def heard(encoder: AffectEncoder, cycles: Sequence[GaitCycle], label: int = -1, group: str = "") -> Heard:
    """Ask the bundle about one recording's cycles."""
    asked = [cycle for cycle in cycles if cycle.usable and cycle.x_TJC is not None]
    x_NTJC = np.array([cycle.x_TJC for cycle in asked], np.float32).reshape(-1, 64, 16, 3)
    duration_s_N = np.array([cycle.duration_s for cycle in asked], np.float32)
    told = asked_about(encoder, x_NTJC, duration_s_N, np.full(len(asked), label), np.full(len(asked), group))
    start_s_N = np.array([cycle.start_s for cycle in asked])
    return replace(told, start_s_N=start_s_N, n_unusable=len(cycles) - len(asked))


def asked_about(
    encoder: AffectEncoder, x_NTJC: np.ndarray, duration_s_N: np.ndarray, label_N: np.ndarray, group_N: np.ndarray
) -> Heard:
    """Ask the bundle about normalised cycles."""
    encoded = encoder.encode(x_NTJC, duration_s_N)
    judged = judge(encoded, encoder.manifest)
    answer = [int(np.argmax(each.posterior)) if isinstance(each, Affect) else ABSTAINED for each in judged]
    strange_N = encoded.ood_score_N / encoder.manifest.ood_threshold
    unknown_s_N = np.full(len(answer), np.nan)
    return Heard(label_N, np.array(answer, dtype=np.int64), encoded.posterior_NK, strange_N, group_N, unknown_s_N)


def together(parts: Iterable[Heard]) -> Heard:
    """Several recordings as one."""
    every = list(parts)
    arrays = (np.concatenate([getattr(each, name) for each in every]) for name in _ARRAYS)
    return Heard(*arrays, sum(each.n_unusable for each in every))


def frames_of(t_s: np.ndarray, x_TJC: np.ndarray, visibility_TJ: np.ndarray) -> list[SkeletonFrame]:
    """A recording as the segmenter wants it."""
    return [SkeletonFrame(float(t), x, seen) for t, x, seen in zip(t_s, x_TJC, visibility_TJ, strict=True)]


def pairs_of(take: Take, recording: Recording) -> list[tuple[GaitCycle, GaitCycle]]:
    """Usable cycles that begin together: as the camera saw them, and clean."""
    _, seen = segmented(frames_of(recording.t_s, recording.x_TJC, recording.visibility_TJ))
    _, clean = segmented(clean_frames(take))
    return [(a, b) for a in seen for b in clean if a.usable and b.usable and abs(a.start_s - b.start_s) < SAME_S]


def ratio_95(one: Heard, other: Heard, of_all: bool = False) -> tuple[float, float, float]:
    """Accuracy of one over that of the other, over answered cycles (or all), and 95 % from resampling people."""
    people = np.union1d(one.group_N, other.group_N)
    first, second = (_per_person(each, people) for each in (one, other))
    times_RP = np.random.default_rng(0).multinomial(len(people), np.full(len(people), 1 / len(people)), N_RESAMPLES)
    values_R = _right(np.tensordot(times_RP, first, 1), of_all) / _right(np.tensordot(times_RP, second, 1), of_all)
    low, high = np.nanquantile(values_R, (0.025, 0.975)) if np.isfinite(values_R).any() else (np.nan, np.nan)
    return float(_right(first.sum(0), of_all) / _right(second.sum(0), of_all)), float(low), float(high)


def agreement(one: Heard, other: Heard) -> float:
    """Share of cycles, answered by both, of which both heard the same; cycles of one walk that begin together."""
    same_walk = (one.group_N[:, None] == other.group_N) & (one.label_N[:, None] == other.label_N)
    together_NN = same_walk & (np.abs(one.start_s_N[:, None] - other.start_s_N) < SAME_S)
    first, second = np.nonzero(together_NN)
    answers = one.answer_N[first], other.answer_N[second]
    both_N = (answers[0] != ABSTAINED) & (answers[1] != ABSTAINED)
    return float((answers[0] == answers[1])[both_N].mean()) if both_N.any() else float("nan")


def figures(one: Heard) -> dict[str, float]:
    """Accuracy, macro-F1, abstained share, recall of each class over its answered cycles."""
    answered_KK = one.table_KA[:, :-1]
    recall_K = np.diagonal(answered_KK) / np.maximum(answered_KK.sum(1), 1)
    return {
        "accuracy": float(accuracy(one.table_KA)),
        "macro_f1": float(macro_f1(one.table_KA)),
        "abstained": one.abstained,
        "n": len(one.label_N),
        "n_unusable": one.n_unusable,
        **{f"recall {name}": float(recall) for name, recall in zip(CLASSES, recall_K, strict=True)},
    }


def as_json(value: object) -> str:
    """Text of nested dicts, lists and numbers; what is no number is null."""

    def plain(part: object) -> object:
        if isinstance(part, dict):
            return {str(name): plain(each) for name, each in part.items()}
        if isinstance(part, list | tuple):
            return [plain(each) for each in part]
        return None if isinstance(part, float) and not np.isfinite(part) else part

    return json.dumps(plain(value), indent=1, allow_nan=False)


def _per_person(one: Heard, people: np.ndarray) -> np.ndarray:
    out = np.zeros((len(people), len(CLASSES), len(CLASSES) + 1), dtype=np.int64)
    np.add.at(out, (np.searchsorted(people, one.group_N), one.label_N, one.answer_N), 1)
    return out


def _right(table: np.ndarray, of_all: bool) -> np.ndarray:
    right = np.trace(table[..., :-1], axis1=-2, axis2=-1)
    asked = (table if of_all else table[..., :-1]).sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(right / asked)
