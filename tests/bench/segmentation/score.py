"""Contacts told against contacts labelled.

Matched per foot and one to one, nearest first, within a tolerance; only between the first and the last label of each
foot (plus the tolerance), because labels are often missing at the ends of a trial.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.segmentation.found import Told
from tests.bench.segmentation.trials import Times


@dataclass(frozen=True, slots=True)
class Matched:
    """counts_E3: (found, told, true) per labelled event; what is told but not matched goes to the nearest label.

    pairs: (what was told, when it truly was) of the matched.
    """

    counts_E3: np.ndarray
    pairs: tuple[tuple[Told, float], ...]


def score(told: Sequence[Told], truth: Times, tolerance_s: float, offset_s: float = 0.0) -> Matched:
    """Match what was told, less a method's constant offset, with the labels of both feet."""
    counts, pairs = [np.zeros((0, 3), dtype=int)], []
    for side, truth_s in truth.items():
        if not truth_s:
            continue
        low, high = truth_s[0] - tolerance_s, truth_s[-1] + tolerance_s
        inside = [c for c in told if c.side == side and low <= c.t_s - offset_s <= high]
        told_s = [c.t_s - offset_s for c in inside]
        found = match(told_s, truth_s, tolerance_s)
        counts.append(_counts(told_s, truth_s, found))
        pairs += [(inside[i], truth_s[k]) for i, k in found]
    return Matched(np.concatenate(counts), tuple(pairs))


def _counts(told_s: list[float], truth_s: Sequence[float], found: list[tuple[int, int]]) -> np.ndarray:
    counts = np.zeros((len(truth_s), 3), dtype=int)
    counts[:, 2] = 1
    matched = dict(found)
    for i, t_s in enumerate(told_s):
        k = matched.get(i, int(np.argmin(np.abs(np.asarray(truth_s) - t_s))))
        counts[k, 1] += 1
        counts[k, 0] += i in matched
    return counts


def match(told_s: Sequence[float], truth_s: Sequence[float], tolerance_s: float) -> list[tuple[int, int]]:
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


def f1(counts: np.ndarray) -> float:
    """F1 of (found, told, true) counts; NaN where there was nothing to find and nothing told."""
    n_found, n_told, n_true = counts
    return float(2.0 * n_found / (n_told + n_true)) if n_told + n_true else float("nan")


def stride_errors_s(told: Sequence[Told], truth: Times, offset_s: float) -> list[float]:
    """Absolute errors of stride times between consecutive contacts of one foot that were both matched in 100 ms."""
    errors = []
    for side, truth_s in truth.items():
        told_s = [c.t_s - offset_s for c in told if c.side == side]
        hits = {k: told_s[i] for i, k in match(told_s, truth_s, 0.1)}
        errors += [abs((hits[k + 1] - hits[k]) - (truth_s[k + 1] - truth_s[k])) for k in hits if k + 1 in hits]
    return errors
