"""Scores of answers against labels, all from one table of counts.

Promises: every score is a function of the confusion table alone, so that intervals resample people (tables), not
cycles, which are not independent within a person. A missing answer (abstention) is a column of its own: scores
"over answered" leave that column out, scores "over all" count it as wrong. F1 of a class that is neither a label nor
an answer is 0 and stays in the mean of the four: a missing class is never a gain. Refuses nothing.

Shape letters: N cycle, P person, K class (label), A answer (the classes, then "abstained"), R resample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES

ABSTAINED: Final = -1
CHANCE: Final = 1.0 / len(CLASSES)
N_RESAMPLES: Final = 2000
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Measure = Callable[[Counts], Floats]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value with its 95 % interval from resampling people; all three NaN where nothing was answered, and the ends NaN
    for one person alone, who says nothing about others."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """What the answers are worth. ``precision``, ``recall``, ``f1`` and ``support`` follow ``CLASSES``.

    ``accuracy``, ``macro_f1`` and the per-class figures are over answered cycles, ``*_all`` over all labelled ones.
    ``majority`` is the share of the commonest label among all labelled cycles: what a constant answer reaches.
    """

    accuracy: Interval
    macro_f1: Interval
    accuracy_all: Interval
    macro_f1_all: Interval
    precision: tuple[float, ...]
    recall: tuple[float, ...]
    f1: tuple[float, ...]
    support: tuple[int, ...]
    confusion_KA: tuple[tuple[int, ...], ...]
    abstained: float
    majority: float
    n_cycles: int
    n_people: int


def score(label_N: npt.ArrayLike, answer_N: npt.ArrayLike, person_N: npt.ArrayLike, seed: int = 0) -> Scores:
    """Scores of ``answer_N`` (class index or ABSTAINED) against ``label_N``; intervals over the people given."""
    table_PKA = tables(np.asarray(label_N), np.asarray(answer_N), np.asarray(person_N))
    whole_KA = table_PKA.sum(axis=0)
    drawn_RKA = _resampled(table_PKA, np.random.default_rng(seed))
    answered_K = whole_KA[:, :-1].sum(axis=1)
    tp_K, said_K = np.diagonal(whole_KA), whole_KA[:, :-1].sum(axis=0)

    def interval(measure: Measure) -> Interval:
        return _interval(measure, whole_KA, drawn_RKA if len(table_PKA) > 1 else drawn_RKA[:0])

    return Scores(
        accuracy=interval(accuracy),
        macro_f1=interval(macro_f1),
        accuracy_all=interval(accuracy_all),
        macro_f1_all=interval(macro_f1_all),
        precision=tuple(_share(tp_K, said_K).tolist()),
        recall=tuple(_share(tp_K, answered_K).tolist()),
        f1=tuple(_share(2 * tp_K, answered_K + said_K).tolist()),
        support=tuple(answered_K.tolist()),
        confusion_KA=tuple(tuple(row) for row in whole_KA.tolist()),
        abstained=float(whole_KA[:, -1].sum() / whole_KA.sum()),
        majority=float(whole_KA.sum(axis=1).max() / whole_KA.sum()),
        n_cycles=int(whole_KA.sum()),
        n_people=len(table_PKA),
    )


def tables(label_N: npt.NDArray[np.int64], answer_N: npt.NDArray[np.int64], person_N: npt.NDArray[np.str_]) -> Counts:
    """One confusion table (K, A) for each person; abstentions in the last column."""
    people, at_N = np.unique(person_N, return_inverse=True)
    table_PKA = np.zeros((len(people), len(CLASSES), len(CLASSES) + 1), dtype=np.int64)
    np.add.at(table_PKA, (at_N, label_N, answer_N), 1)
    return table_PKA


def accuracy(table_KA: Counts) -> Floats:
    """Share of right answers among answered cycles; tables may be stacked in front. NaN where none was answered."""
    answered = table_KA[..., :-1]
    return _ratio(np.trace(answered, axis1=-2, axis2=-1), answered.sum(axis=(-2, -1)))


def accuracy_all(table_KA: Counts) -> Floats:
    """Share of right answers among all labelled cycles: an abstention counts as wrong."""
    return _ratio(np.trace(table_KA[..., :-1], axis1=-2, axis2=-1), table_KA.sum(axis=(-2, -1)))


def macro_f1(table_KA: Counts) -> Floats:
    """Mean F1 of the four classes over answered cycles; NaN where none was answered."""
    mean = _f1(table_KA[..., :-1].sum(axis=-1), table_KA).mean(axis=-1)
    return np.where(table_KA[..., :-1].sum(axis=(-2, -1)) > 0, mean, np.nan)


def macro_f1_all(table_KA: Counts) -> Floats:
    """Mean F1 of the four classes over all labelled cycles: an abstention is a missed cycle of its class."""
    return np.asarray(_f1(table_KA.sum(axis=-1), table_KA).mean(axis=-1))


def _f1(labelled_K: Counts, table_KA: Counts) -> Floats:
    tp_K = np.diagonal(table_KA[..., :-1], axis1=-2, axis2=-1)
    return _share(2 * tp_K, labelled_K + table_KA[..., :-1].sum(axis=-2))


def _resampled(table_PKA: Counts, rng: np.random.Generator) -> Counts:
    n_people = len(table_PKA)
    times_RP = rng.multinomial(n_people, np.full(n_people, 1.0 / n_people), size=N_RESAMPLES)
    return np.tensordot(times_RP, table_PKA, axes=1)


def _interval(measure: Measure, whole_KA: Counts, drawn_RKA: Counts) -> Interval:
    value = float(measure(whole_KA))
    values_R = measure(drawn_RKA)
    if np.isnan(values_R).all():
        return Interval(value, float("nan"), float("nan"))
    low, high = np.nanquantile(values_R, (0.025, 0.975))
    return Interval(value, float(low), float(high))


def _share(part: Counts, whole: Counts) -> Floats:
    """Elementwise ratio, 0 where the whole is empty."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=np.asarray(whole) > 0)


def _ratio(part: Counts, whole: Counts) -> Floats:
    """Elementwise ratio, NaN where the whole is empty."""
    empty = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.divide(part, whole, out=empty, where=np.asarray(whole) > 0)
