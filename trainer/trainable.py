"""Whether a release can be trained on these data at all, asked of every fold before the first one is trained.

Promises: what would stop a run after an hour stops it at once, with the fold named. Refuses data without an acted
label, without one of the affects, of one person, and folds whose training part lacks an affect or has no two people to
cross.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cells import Grid
from trainer.cycles import Cycles
from trainer.folds import Split


def refuse_untrainable(cycles: Cycles) -> None:
    """Raise TrainingError unless two people and every affect are there; ``cycles`` are those with acted affect."""
    if not len(cycles):
        found = "no cycle with an acted affect"
        raise TrainingError(
            found, "acted labels", "Give labelled data, or an index or a pattern that tells the affect."
        )
    n_people = len(np.unique(cycles.subject_N))
    if n_people < 2:
        found = f"acted affect of one person only ({cycles.subject_N[0]})"
        raise TrainingError(found, "several people: affects are learnt across people", "Add recordings of others.")
    missing = _missing(cycles)
    if missing:
        found = f"no {', '.join(missing)} among {len(cycles)} cycles with acted affect"
        raise TrainingError(found, f"all of {', '.join(CLASSES)}", "Add recordings of what is missing.")


def refuse_untrainable_folds(cycles: Cycles, splits: Mapping[str, Sequence[Split]]) -> None:
    """Raise TrainingError for the first fold, by protocol, that cannot be trained on."""
    for protocol, folds in splits.items():
        for at, (train, _) in enumerate(folds):
            _refuse_fold(cycles.take(train), f"fold {at + 1} of {len(folds)} with {protocol} held out")


def _refuse_fold(known: Cycles, fold: str) -> None:
    missing = _missing(known)
    if missing:
        found = f"no {', '.join(missing)} to train on in {fold}"
        raise TrainingError(found, "every affect in every training fold", "Add recordings, or ask for other folds.")
    try:
        Grid(known.subject_N, known.acted_N)
    except TrainingError as error:
        n_people = len(np.unique(known.subject_N))
        found = f"{n_people} people to train on in {fold}, no two of whom show two different affects"
        raise TrainingError(
            found, "two people and two affects at least", "Add people, or ask for more folds."
        ) from error


def _missing(cycles: Cycles) -> list[str]:
    return [name for at, name in enumerate(CLASSES) if at not in cycles.acted_N]
