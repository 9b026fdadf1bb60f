"""How well a setting knows strangers, and how well new cycles of people it knows.

Promises: every logit comes from a model that was trained without that cycle (and, with people held out, without
that person); nothing is chosen on them. Intervals come from resampling people, not cycles, for cycles of one person
are not independent. Refuses nothing itself.

Shape letters: N cycle, K class.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.bundle import Figure
from trainer.cycles import Cycles
from trainer.folds import Split
from trainer.recipes import Model

N_RESAMPLES: Final = 1000
OnFold = Callable[[Model, Split], None]
Train = Callable[[int, Cycles], Model]
"""Told the number of the fold and its training cycles."""


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Logits (N, K) of cycles their model has not seen, with the truth."""

    logits_NK: npt.NDArray[np.float64]
    label_N: npt.NDArray[np.int64]
    subject_N: npt.NDArray[np.str_]

    def accuracy(self) -> float:
        """Share of right labels."""
        return float((self.logits_NK.argmax(axis=1) == self.label_N).mean())

    def macro_f1(self) -> float:
        """Mean F1 of the four classes."""
        return float(_f1_K(self.label_N, self.logits_NK.argmax(axis=1)).mean())

    def per_class_f1(self) -> dict[str, float]:
        """F1 of each class."""
        scores = _f1_K(self.label_N, self.logits_NK.argmax(axis=1))
        return {name: float(score) for name, score in zip(CLASSES, scores, strict=True)}

    def interval(self, metric: str, seed: int = 0) -> tuple[float, float]:
        """95 % bootstrap interval of ``accuracy`` or ``macro_f1`` over people."""
        rng = np.random.default_rng(seed)
        people = np.unique(self.subject_N)
        rows = {who: np.flatnonzero(self.subject_N == who) for who in people}
        values = []
        for _ in range(N_RESAMPLES):
            drawn = np.concatenate([rows[who] for who in rng.choice(people, len(people))])
            values.append(getattr(self.take(drawn), metric)())
        low, high = np.quantile(values, (0.025, 0.975))
        return float(low), float(high)

    def take(self, index_N: npt.NDArray[np.int64]) -> "OutOfFold":
        """The rows at ``index_N``."""
        return OutOfFold(self.logits_NK[index_N], self.label_N[index_N], self.subject_N[index_N])


def joined(parts: Sequence[OutOfFold]) -> OutOfFold:
    """Answers of several parts as one."""
    columns = (
        np.concatenate([getattr(each, name) for each in parts]) for name in ("logits_NK", "label_N", "subject_N")
    )
    return OutOfFold(*columns)


def cross_fit(cycles: Cycles, splits: Iterable[Split], train_one: Train, on_fold: OnFold | None = None) -> OutOfFold:
    """Train once per fold and answer for what was held out."""
    logits_NK = np.full((len(cycles), len(CLASSES)), np.nan)
    for fold, (train, test) in enumerate(splits):
        model = train_one(fold, cycles.take(train))
        logits_NK[test] = model.logits(cycles.take(test))
        if on_fold is not None:
            on_fold(model, (train, test))
    return OutOfFold(logits_NK, cycles.acted_N, cycles.subject_N)


def figures(result: OutOfFold, protocol: str, note: str) -> tuple[Figure, ...]:
    """Accuracy, macro-F1 and F1 per class for the manifest, with majority class and chance in the note."""
    majority = float(np.bincount(result.label_N).max() / len(result.label_N))
    beside = f"{note}; majority class {majority:.2f}, chance {1 / len(CLASSES):.2f}; n = {len(result.label_N)}"
    whole = [_whole(result, protocol, metric, beside) for metric in ("macro_f1", "accuracy")]
    classes = [Figure(f"{protocol} f1 {name}", _round(f1)) for name, f1 in result.per_class_f1().items()]
    return (*whole, *classes)


def _whole(result: OutOfFold, protocol: str, metric: str, note: str) -> Figure:
    low, high = result.interval(metric)
    return Figure(f"{protocol} {metric}", _round(getattr(result, metric)()), _round(low), _round(high), note)


def _f1_K(label_N: npt.NDArray[np.int64], found_N: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 of each class, 0 for one that is neither there nor told; resampling asks for it thousands of times."""
    n_classes = len(CLASSES)
    pairs_KK = np.bincount(label_N * n_classes + found_N, minlength=n_classes**2).reshape(n_classes, n_classes)
    told_or_there_K = pairs_KK.sum(axis=0) + pairs_KK.sum(axis=1)
    return 2.0 * np.diag(pairs_KK) / np.maximum(told_or_there_K, 1)


def _round(value: float) -> float:
    return round(value, 3)
