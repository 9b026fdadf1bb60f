"""Who walked? Every attacker, retrained on one surface, beside what the best of them reaches by luck.

The paper's privacy test (Malek-Podjaski & Deligianni 2021: SVM on raw joints, SVM and CNN on the affect code) with the
attackers of a release (``privacy.attackers``), a linear SVM, and a CNN where the surface is a sequence. Folds are
stratified: every person's cycles are spread over five folds, so each attacker knows a person from all but about a
fifth of their cycles. Neighbouring cycles of one recording then stand on both sides and the attacker may know the
*recording*: the paper's test, and the severe one. With ``recordings`` held out whole recordings are spread instead,
and the attacker has to know the *person*. Where every recording has one cycle, both are the same.

The best of several attackers is above chance even where there is nothing to find. So the same search is run on
permuted names (within the same design), and ``null95_of_max`` is the 95 % quantile of what its best attacker reaches;
with 20 permutations that is their largest. ``upper95`` is the larger of two one-sided 95 % upper limits of the worst
attacker's top-1: Clopper-Pearson over cycles, and resampling people (cycles of a person are not independent).

Promises: an attacker never sees the cycle it is asked about; the same seed gives the same figures on one thread.
Refuses fewer than two people with two cycles.

Shape letters: N cycle, T time, P feature, R permutation.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from edge.errors import TrainingError
from trainer.baseline_cnn import SMALL, CnnXyz
from trainer.cycles import Cycles
from trainer.folds import by_cycle
from trainer.privacy import attackers
from trainer.protocols import by_recording

Bools = npt.NDArray[np.bool_]
Progress = Callable[[str, int, int], None]
"""Told the surface, how many searches (the true one and the permuted ones) are done, and of how many."""
N_PERMUTATIONS: Final = 20
MOST_PER_PERSON: Final = 40
HoldOut = Literal["cycles", "recordings"]
_N_FOLDS: Final = 5
_N_RESAMPLES: Final = 2000
_MAX_COMPONENTS: Final = 60
_CNN: Final = "CNN"


@dataclass(frozen=True, slots=True)
class Surface:
    """Something an attacker may hold of each cycle: flat (N, P), or a sequence (N, T, P) over the cycle."""

    name: str
    x: npt.NDArray[np.float64]

    @property
    def flat_NP(self) -> npt.NDArray[np.float64]:
        """One row for each cycle."""
        return self.x.reshape(len(self.x), -1)


class Identified(msgspec.Struct, frozen=True, kw_only=True):
    """What the attackers reached on one surface; top-1 shares.

    ``chance`` is one over the number of people, ``majority`` the share of whoever has most cycles: what naming always
    the same person reaches, the larger of the two where people have unequal numbers of cycles.
    """

    attackers: dict[str, float]
    worst_top1: float
    chance: float
    null95_of_max: float | None
    upper95: float
    n: int
    n_people: int
    worst: str
    majority: float
    null_median_of_max: float | None
    held_out: str
    n_permutations: int
    n_folds: int


@dataclass(frozen=True, slots=True)
class Effort:
    """How an attack is made: what is held out, permutations for the null, most cycles of one person, the seed."""

    hold_out: HoldOut = "cycles"
    n_permutations: int = N_PERMUTATIONS
    most_per_person: int = MOST_PER_PERSON
    seed: int = 0


def identify(surface: Surface, cycles: Cycles, effort: Effort, tell: Progress | None = None) -> Identified:
    """Attack one surface of ``cycles`` (all of them, in that order); see the module for every figure."""
    if len(surface.x) != len(cycles):
        raise ValueError(f"{len(surface.x)} rows of {surface.name} for {len(cycles)} cycles")
    report = tell or (lambda *_: None)
    hits = _search(surface, cycles, effort)
    report(surface.name, 1, 1 + effort.n_permutations)
    null = []
    for at, permuted in enumerate(_permuted(cycles, effort)):
        null.append(max(float(hit_N.mean()) for hit_N in _search(surface, permuted, effort).values()))
        report(surface.name, 2 + at, 1 + effort.n_permutations)
    worst = max(hits, key=lambda name: hits[name].mean())
    n_of_P = np.unique(cycles.subject_N, return_counts=True)[1]
    return Identified(
        attackers={name: float(hit_N.mean()) for name, hit_N in hits.items()},
        worst_top1=float(hits[worst].mean()),
        chance=1.0 / len(n_of_P),
        null95_of_max=float(np.quantile(null, 0.95, method="higher")) if null else None,
        upper95=upper_limit(hits[worst], cycles.subject_N, effort.seed),
        n=len(cycles),
        n_people=len(n_of_P),
        worst=worst,
        majority=float(n_of_P.max() / n_of_P.sum()),
        null_median_of_max=float(np.median(null)) if null else None,
        held_out=effort.hold_out,
        n_permutations=effort.n_permutations,
        n_folds=_N_FOLDS,
    )


def attackable(cycles: Cycles, effort: Effort) -> npt.NDArray[np.int64]:
    """Positions of the cycles to attack: people with two cycles at least (two recordings, where these are held out),
    and of each at most so many, drawn at random.

    Raises TrainingError when fewer than two people are left.
    """
    rng = np.random.default_rng(effort.seed)
    unit_N = cycles.recording_N if effort.hold_out == "recordings" else np.arange(len(cycles))
    of_people = [np.flatnonzero(cycles.subject_N == who) for who in np.unique(cycles.subject_N)]
    drawn = [rng.permutation(mine)[: effort.most_per_person] for mine in of_people]
    kept = [mine for mine in drawn if len(np.unique(unit_N[mine])) >= 2]
    if len(kept) < 2:
        found = f"{len(kept)} people with two {effort.hold_out} or more"
        raise TrainingError(found, "at least two, to learn who is who", "Give data with several cycles a person.")
    return np.sort(np.concatenate(kept))


def upper_limit(hit_N: Bools, person_N: npt.NDArray[np.str_], seed: int = 0) -> float:
    """One-sided 95 % upper limit of a share of hits: the larger of Clopper-Pearson's and resampling people."""
    exact = binomtest(int(hit_N.sum()), len(hit_N), alternative="less").proportion_ci(0.95, method="exact").high
    people, at_N = np.unique(person_N, return_inverse=True)
    hits_P, n_P = np.bincount(at_N, hit_N), np.bincount(at_N)
    drawn = np.random.default_rng(seed).integers(len(people), size=(_N_RESAMPLES, len(people)))
    return max(float(exact), float(np.quantile(hits_P[drawn].sum(axis=1) / n_P[drawn].sum(axis=1), 0.95)))


def _permuted(cycles: Cycles, effort: Effort) -> list[Cycles]:
    """Names exchanged between cycles, or between recordings where these are held out."""
    rng = np.random.default_rng((effort.seed, 1))
    unit_N = np.arange(len(cycles))
    if effort.hold_out == "recordings":
        unit_N = np.unique(cycles.recording_N, return_inverse=True)[1]
    name_U = cycles.subject_N[np.unique(unit_N, return_index=True)[1]]
    return [replace(cycles, subject_N=rng.permutation(name_U)[unit_N]) for _ in range(effort.n_permutations)]


def _search(surface: Surface, cycles: Cycles, effort: Effort) -> dict[str, Bools]:
    """Which cycles each attacker gives to the right person, every cycle asked once."""
    spread = by_recording if effort.hold_out == "recordings" else by_cycle
    splits = [split for split in spread(cycles, _N_FOLDS, effort.seed) if len(split[1])]
    hits: dict[str, Bools] = {}
    for train, test in splits:
        for name, (attacker, x) in _attackers(surface, len(train), effort.seed).items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # an attacker cut short is still an attacker
                attacker.fit(x[train], cycles.subject_N[train])
            hit_N = hits.setdefault(name, np.zeros(len(cycles), dtype=np.bool_))
            hit_N[test] = attacker.predict(x[test]) == cycles.subject_N[test]
    return hits


def _attackers(surface: Surface, n_train: int, seed: int) -> Mapping[str, tuple]:
    flat_NP = surface.flat_NP
    n_components = min(_MAX_COMPONENTS, flat_NP.shape[1], n_train - 1)
    linear = make_pipeline(StandardScaler(), PCA(n_components, random_state=seed), SVC(kernel="linear", C=1.0))
    found = {name: (pipeline, flat_NP) for name, pipeline in attackers(flat_NP.shape[1], n_train).items()}
    found |= {"linear SVM": (linear, flat_NP)}
    return found | ({_CNN: (CnnXyz(SMALL, seed), surface.x)} if surface.x.ndim == 3 else {})
