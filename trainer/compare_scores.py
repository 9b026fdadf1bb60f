"""From results of single folds to one row for each protocol and method.

Scores pool the out-of-fold answers of all seeds: every cycle counts once a seed, and intervals resample people with all
their answers of all seeds. ``of_seeds`` shows how far seeds alone move the macro-F1. ``p`` is the corrected resampled
t-test (``paired``) of the accuracy on each fold against ``REFERENCE`` on the same folds.

Promises: a row is made only when every fold of every seed is there. Refuses nothing.

Shape letters: N cycle, K class.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from trainer.calibrate import calibration_error
from trainer.compare import Result
from trainer.cycles import Cycles
from trainer.paired import corrected_p
from trainer.scores import CHANCE, score

REFERENCE: Final = "CNN-xyz"
_TINY: Final = 1e-12


class Row(msgspec.Struct, frozen=True):
    """One method under one protocol; intervals are 95 % over people."""

    protocol: str
    method: str
    accuracy: float
    accuracy_95: tuple[float, float]
    macro_f1: float
    macro_f1_95: tuple[float, float]
    precision: dict[str, float]
    recall: dict[str, float]
    f1: dict[str, float]
    confusion: list[list[int]]
    ece: float
    majority: float
    chance: float
    of_seeds: list[float]
    over_reference: float | None
    p: float | None
    n: int
    n_people: int
    seconds: float


def rows_of(results: Sequence[Result], cycles: Cycles) -> list[Row]:
    """A row for each protocol and method, in the order they first come."""
    together: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        together[result.protocol, result.method].append(result)
    return [
        _row(mine, together.get((protocol, REFERENCE)), cycles)
        for (protocol, method), mine in together.items()
        if _whole(mine, cycles)
    ]


def _whole(mine: Sequence[Result], cycles: Cycles) -> bool:
    seeds = {result.seed for result in mine}
    return sum(len(result.test) for result in mine) == len(seeds) * len(cycles)


def _row(mine: list[Result], reference: list[Result] | None, cycles: Cycles) -> Row:
    test_N, proba_NK = _stacked(mine)
    label_N, found_N = cycles.acted_N[test_N], proba_NK.argmax(axis=1)
    pooled = score(label_N, found_N, cycles.subject_N[test_N])
    over, p = _against(mine, reference, cycles) if reference and reference is not mine else (None, None)
    per_class = (dict(zip(CLASSES, values, strict=True)) for values in (pooled.precision, pooled.recall, pooled.f1))
    precision, recall, f1 = per_class
    return Row(
        protocol=mine[0].protocol,
        method=mine[0].method,
        accuracy=pooled.accuracy.value,
        accuracy_95=(pooled.accuracy.low, pooled.accuracy.high),
        macro_f1=pooled.macro_f1.value,
        macro_f1_95=(pooled.macro_f1.low, pooled.macro_f1.high),
        precision=precision,
        recall=recall,
        f1=f1,
        confusion=[list(row[:-1]) for row in pooled.confusion_KA],
        ece=calibration_error(np.log(proba_NK + _TINY), label_N),
        majority=pooled.majority,
        chance=CHANCE,
        of_seeds=list(_of_seeds(mine, cycles)),
        over_reference=over,
        p=p,
        n=len(cycles),
        n_people=pooled.n_people,
        seconds=sum(result.seconds for result in mine),
    )


def _of_seeds(mine: list[Result], cycles: Cycles) -> Iterable[float]:
    for seed in sorted({result.seed for result in mine}):
        test_N, proba_NK = _stacked([result for result in mine if result.seed == seed])
        yield score(cycles.acted_N[test_N], proba_NK.argmax(axis=1), cycles.subject_N[test_N]).macro_f1.value


def _against(mine: list[Result], reference: list[Result], cycles: Cycles) -> tuple[float, float | None]:
    """Mean difference of accuracy over the folds both have, and its corrected p, None where there is none."""
    theirs = {(result.seed, result.fold): _accuracy(result, cycles) for result in reference}
    both = [result for result in mine if (result.seed, result.fold) in theirs]
    difference = [_accuracy(result, cycles) - theirs[result.seed, result.fold] for result in both]
    n_train, n_test = (float(np.mean([size(result) for result in both])) for size in (_n_train, _n_test))
    p = corrected_p(difference, n_train, n_test)
    return float(np.mean(difference)), None if np.isnan(p) else p


def _accuracy(result: Result, cycles: Cycles) -> float:
    return float((np.argmax(result.proba, axis=1) == cycles.acted_N[result.test]).mean())


def _n_train(result: Result) -> int:
    return result.n_train


def _n_test(result: Result) -> int:
    return len(result.test)


def _stacked(mine: list[Result]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    test_N = np.concatenate([np.asarray(result.test, dtype=np.int64) for result in mine])
    return test_N, np.concatenate([np.asarray(result.proba) for result in mine])
