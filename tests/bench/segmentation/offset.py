"""One constant offset per method, for each person chosen on all the others.

Step 1: errors of contacts told in clean trials, matched within 0.2 s. Step 2: for each person leave their errors out.
Step 3: the median of what remains, every group weighing the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tests.bench.segmentation.found import Told
from tests.bench.segmentation.score import score
from tests.bench.segmentation.trials import Times

_TOLERANCE_S = 0.2


@dataclass(frozen=True, slots=True)
class Error:
    """How much later than labelled one contact was told."""

    person: str
    group: str
    error_s: float


def errors(person: str, group: str, told: list[Told], truth: Times) -> list[Error]:
    return [Error(person, group, c.t_s - true_s) for c, true_s in score(told, truth, _TOLERANCE_S).pairs]


def leave_one_person_out(found: Iterable[Error], people: Iterable[str]) -> dict[str, float]:
    """Person -> the offset, in seconds, that all others would give; 0 where nobody else told anything."""
    found = list(found)
    return {person: _weighted_median([e for e in found if e.person != person]) for person in people}


def _weighted_median(found: list[Error]) -> float:
    if not found:
        return 0.0
    sizes = Counter(e.group for e in found)
    order = sorted(found, key=lambda e: e.error_s)
    below = np.cumsum([1.0 / sizes[e.group] for e in order])
    return order[int(np.searchsorted(below, 0.5 * below[-1]))].error_s
