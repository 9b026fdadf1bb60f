"""Who is held out: cycles, recordings or people; and the inner splits on which choices are made.

- ``by_cycle`` (the paper's): stratified over (subject, affect); neighbouring cycles of one recording land on both
  sides.
- ``by_recording``: the same over whole recordings, so that none stands on both sides.
- ``people``: whole people held out, the only one that says what a home gets.
- ``by_source``: whole sources held out (another laboratory, other markers, other people): what a foreign camera is to
  a studio. Folds and seed decide nothing. Nearly all people of E-Gait's other sources were judged by watchers only, so
  it wants ``compare --label perceived``; SIG, ICT and RGB each stand as one subject there, which they are not.

Inner splits follow the same protocol inside the training cycles, so nothing is chosen on who or what is tested.

Promises: every cycle is tested exactly once a seed; another seed gives other folds. Refuses data in which a training
fold would lack an affect, or with fewer people than folds, with the fold named.

Shape letters: N cycle, U unit (a cycle, or a recording).
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.folds import Split, by_people

INNER_FOLDS: Final = 4
Protocol = Callable[[Cycles, int, int], list[Split]]


def by_cycle(cycles: Cycles, n_folds: int, seed: int) -> list[Split]:
    """Cycles of every (subject, affect) spread over the folds."""
    return _spread(cycles, np.arange(len(cycles)), n_folds, seed)


def by_recording(cycles: Cycles, n_folds: int, seed: int) -> list[Split]:
    """Recordings of every (subject, affect) spread over the folds; cycles of one recording stay together."""
    return _spread(cycles, np.unique(cycles.recording_N, return_inverse=True)[1], n_folds, seed)


def people(cycles: Cycles, n_folds: int, seed: int) -> list[Split]:
    """Whole people held out."""
    return list(by_people(cycles, n_folds, seed))


def by_source(cycles: Cycles, n_folds: int, seed: int) -> list[Split]:
    """Whole sources held out, one after the other; raises TrainingError for a single one."""
    sources = np.unique(cycles.source_N)
    if len(sources) < 2:
        raise TrainingError(f"the only source {sources[0]}", "two or more", "Leave by_source out of --protocols.")
    return [(np.flatnonzero(cycles.source_N != each), np.flatnonzero(cycles.source_N == each)) for each in sources]


PROTOCOLS: Final[Mapping[str, tuple[Protocol, int, str]]] = {
    "by_cycle": (by_cycle, 5, "cycles of known people held out (the paper's)"),
    "by_recording": (by_recording, 5, "recordings of known people held out"),
    "people": (people, 10, "whole people held out, choices nested"),
    "by_source": (by_source, 0, "whole sources held out, choices nested"),
}
"""Name to protocol, its number of folds, and what it means."""

USUAL: Final = ("by_cycle", "by_recording", "people")
"""Those that any labelled data allow."""


def splits_of(name: str, cycles: Cycles, seed: int, n_folds: int | None = None) -> list[Split]:
    """The folds of one protocol and seed; raises TrainingError when one cannot be trained on."""
    protocol, default, _ = PROTOCOLS[name]
    splits = [split for split in protocol(cycles, n_folds or default, seed) if len(split[1])]
    for at, (train, _) in enumerate(splits):
        if name == "people" and len(np.unique(cycles.subject_N[train])) < 2:
            found = f"one person to train on in fold {at} of {name}"
            raise TrainingError(
                found, "two or more, to choose on people never seen", "Add people, or ask for more folds."
            )
        missing = [each for k, each in enumerate(CLASSES) if k not in cycles.acted_N[train]]
        if missing:
            found = f"no {', '.join(missing)} to train on in fold {at} of {name}"
            raise TrainingError(found, "every affect in every training fold", "Ask for fewer folds, or add recordings.")
    return splits


def inner_splits(name: str, cycles: Cycles, seed: int) -> list[Split]:
    """Splits inside a training fold, by the same protocol; positions into ``cycles``."""
    # One source left to train on has no other to choose on: then people choose.
    if name == "by_source" and len(np.unique(cycles.source_N)) < 2:
        name = "people"
    n_folds = min(INNER_FOLDS, len(np.unique(cycles.subject_N))) if name == "people" else INNER_FOLDS
    return [split for split in PROTOCOLS[name][0](cycles, n_folds, seed) if len(split[0]) and len(split[1])]


def one_cycle_per_recording(cycles: Cycles) -> bool:
    """Whether by_recording is by_cycle."""
    return len(np.unique(cycles.recording_N)) == len(cycles)


def _spread(cycles: Cycles, unit_N: npt.NDArray[np.int64], n_folds: int, seed: int) -> list[Split]:
    """Deal the units of each person to the folds in turn, affect by affect, from a fold drawn for the person."""
    rng = np.random.default_rng(seed)
    first_U = np.unique(unit_N, return_index=True)[1]
    fold_U = np.zeros(len(first_U), dtype=np.int64)
    for who in rng.permutation(np.unique(cycles.subject_N)):
        mine = rng.permutation(np.flatnonzero(cycles.subject_N[first_U] == who))
        mine = mine[np.argsort(cycles.acted_N[first_U][mine], kind="stable")]
        fold_U[mine] = (rng.integers(n_folds) + np.arange(len(mine))) % n_folds
    fold_N = fold_U[unit_N]
    return [(np.flatnonzero(fold_N != fold), np.flatnonzero(fold_N == fold)) for fold in range(n_folds)]
