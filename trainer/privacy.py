"""Can someone tell who walked? Attackers retrained on every surface the model has.

The paper's privacy test, with more attackers: each learns the people from all cycles but one per person and names
the walker of the one left out. With one cycle per person and affect this asks for identity across affects.

Promises: the worst attacker's figure, with an interval and chance beside it. One attacker's failure proves little,
five attackers' failure a little more; it is no guarantee. Refuses nothing.

Shape letters: N cycle, P feature.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from edge.bundle import Figure
from trainer.cycles import Cycles
from trainer.folds import by_cycle
from trainer.recipes import Model

_SEED: Final = 0
_N_FOLDS: Final = 5
_MAX_COMPONENTS: Final = 60


@dataclass(frozen=True, slots=True)
class Attack:
    """What the attackers reached on one surface: top-1 of each, and the worst with its 95 % interval."""

    surface: str
    top1: Mapping[str, float]
    worst: float
    low: float
    high: float
    chance: float
    n_cycles: int


def surfaces(model: Model, cycles: Cycles) -> dict[str, npt.NDArray[np.float64]]:
    """Flat features (N, P): what goes in, the inner codes, and what comes out."""
    seen = {
        "normalised cycle": np.column_stack([cycles.x_NTJC.reshape(len(cycles), -1), np.log(cycles.duration_s_N)]),
        **{name: code.flatten(1).numpy() for name, code in model.inner_codes(cycles).items()},
        "posterior logits": model.logits(cycles),
    }
    return {name: np.asarray(value, dtype=np.float64) for name, value in seen.items()}


def attack(surface: str, feature_NP: npt.NDArray[np.float64], cycles: Cycles) -> Attack:
    """Train every attacker by cross-validation over a person's cycles and keep the worst."""
    hits = {name: _hits(name, feature_NP, cycles) for name in attackers(feature_NP.shape[1], len(cycles))}
    worst = max(hits.values())
    interval = binomtest(worst, len(cycles)).proportion_ci(method="wilson")
    return Attack(
        surface=surface,
        top1={name: n_hits / len(cycles) for name, n_hits in hits.items()},
        worst=worst / len(cycles),
        low=float(interval.low),
        high=float(interval.high),
        chance=1.0 / len(np.unique(cycles.subject_N)),
        n_cycles=len(cycles),
    )


def figures(attacks: list[Attack], note: str) -> tuple[Figure, ...]:
    """One figure per surface for the manifest."""
    return tuple(
        Figure(
            f"identity from {found.surface}, worst of {len(found.top1)} attackers, top-1",
            round(found.worst, 3),
            round(found.low, 3),
            round(found.high, 3),
            f"{note}; chance {found.chance:.3f}; n = {found.n_cycles}; "
            + ", ".join(f"{name} {value:.3f}" for name, value in found.top1.items()),
        )
        for found in attacks
    )


def _hits(name: str, feature_NP: npt.NDArray[np.float64], cycles: Cycles) -> int:
    hits = 0
    for train, test in by_cycle(cycles, _N_FOLDS, _SEED):
        attacker = attackers(feature_NP.shape[1], len(train))[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # an attacker cut short is still an attacker
            attacker.fit(feature_NP[train], cycles.subject_N[train])
        hits += int((attacker.predict(feature_NP[test]) == cycles.subject_N[test]).sum())
    return hits


def attackers(n_features: int, n_cycles: int) -> dict[str, Pipeline]:
    """Five attackers on flat features, each of which standardises and reduces by its own training cycles."""
    learners = {
        "logistic regression": LogisticRegression(C=1.0, max_iter=500),
        "nearest neighbour": KNeighborsClassifier(n_neighbors=1),
        "SVM": SVC(C=10.0),
        "random forest": RandomForestClassifier(100, random_state=_SEED),
        "MLP": MLPClassifier((64,), alpha=1e-2, max_iter=300, random_state=_SEED),
    }
    n_components = min(_MAX_COMPONENTS, n_features, n_cycles - 1)
    return {
        name: make_pipeline(StandardScaler(), PCA(n_components, random_state=_SEED), learner)
        for name, learner in learners.items()
    }
