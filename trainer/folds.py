"""Folds: people held out, or cells of known people held out.

Promises: every cycle is tested exactly once; with people held out no subject stands on both sides; with cells held
out every affect is spread evenly. Refuses more folds than people.

Shape letters: N cycle.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from edge.errors import TrainingError
from trainer.cycles import Cycles

Split = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def by_people(cycles: Cycles, n_folds: int, seed: int) -> Iterator[Split]:
    """Train and test positions with whole people held out."""
    people = np.unique(cycles.subject_N)
    if not 2 <= n_folds <= len(people):
        raise TrainingError(
            f"{n_folds} folds over {len(people)} people",
            "at least 2 folds and a person in each",
            "Ask for fewer folds.",
        )
    order = np.random.default_rng(seed).permutation(people)
    fold_of = {who: at % n_folds for at, who in enumerate(order)}
    yield from _splits(np.array([fold_of[who] for who in cycles.subject_N]), n_folds)


def by_cycle(cycles: Cycles, n_folds: int, seed: int) -> Iterator[Split]:
    """Train and test positions stratified by affect, every person's cycles over different folds (the paper's)."""
    rng = np.random.default_rng(seed)
    fold_N = np.zeros(len(cycles), dtype=np.int64)
    for at, who in enumerate(rng.permutation(np.unique(cycles.subject_N))):
        mine = np.flatnonzero(cycles.subject_N == who)
        mine = mine[np.argsort(cycles.acted_N[mine], kind="stable")]
        fold_N[mine] = (at + np.arange(len(mine))) % n_folds
    yield from _splits(fold_N, n_folds)


def _splits(fold_N: npt.NDArray[np.int64], n_folds: int) -> Iterator[Split]:
    for fold in range(n_folds):
        yield np.flatnonzero(fold_N != fold), np.flatnonzero(fold_N == fold)
