"""What the two codes know, before and after training: distances counted, not only looked at.

Before: the same network, initialised from the run's seed and never trained, on the same z-score. Beside both codes
stands ``input``, the cycle as the encoders see it: what a code adds or loses is the difference to it.

Silhouette (Rousseeuw 1987), Euclidean, by affect and by person. Nearest neighbours, each cycle left out in turn:
``affect_of_strangers`` asks the N_AFFECT_NEIGHBOURS nearest cycles of *other people* for the affect, so that knowing
the person cannot help; ``person_across_affects`` asks the nearest cycle in *another affect* for the person, so that
knowing the affect, or the recording, cannot help. Intervals: 95 %, resampling people; with few they are rough.

Promises: the same model, data and seed give the same figures. Refuses data with one person or one affect.

Shape letters: N cycle, P feature of a code, K class, R resample.
"""

from collections import Counter
from dataclasses import replace
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial.distance import cdist
from sklearn.metrics import silhouette_score

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.disentangle import Disentangler
from trainer.train import Fitted

Floats = npt.NDArray[np.float64]
N_AFFECT_NEIGHBOURS: Final = 5
_N_RESAMPLES: Final = 2000
INPUT, SUBJECT, AFFECT = "input", "subject code", "affect code"


class Share(msgspec.Struct, frozen=True):
    """A share of hits with its 95 % interval over people, and chance."""

    value: float
    low: float
    high: float
    chance: float


class Known(msgspec.Struct, frozen=True):
    """What one space knows; the module says how each is counted. None: cannot be asked of these data."""

    silhouette_affect: float | None
    silhouette_person: float | None
    affect_of_strangers: Share | None
    person_across_affects: Share | None


def untrained(fitted: Fitted, seed: int) -> Fitted:
    """The same model before its first step."""
    torch.manual_seed(seed)
    fresh = Disentangler(fitted.autoencoder.shape).eval().requires_grad_(False)
    return replace(fitted, autoencoder=fresh)


def codes_of(fitted: Fitted, cycles: Cycles) -> dict[str, Floats]:
    """Both codes, flat (N, P)."""
    subject, affect = fitted.subject_codes(cycles), fitted.codes(cycles).flatten(1)
    return {SUBJECT: subject.double().numpy(), AFFECT: affect.double().numpy()}


def input_of(fitted: Fitted, cycles: Cycles) -> Floats:
    """The cycle as the encoders see it, flat (N, P)."""
    x_NFT = fitted.standardiser.features(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))
    return x_NFT.flatten(1).double().numpy()


def known(code_NP: Floats, cycles: Cycles, seed: int = 0) -> Known:
    """What distances in one space tell; raises TrainingError for one person or one affect only."""
    refuse_one_of_a_kind(cycles)
    apart_NN = cdist(code_NP, code_NP)
    affect_N = np.array(CLASSES)[cycles.acted_N]
    return Known(
        silhouette_affect=_silhouette(apart_NN, affect_N),
        silhouette_person=_silhouette(apart_NN, cycles.subject_N),
        affect_of_strangers=_asked(apart_NN, affect_N, cycles.subject_N, cycles, N_AFFECT_NEIGHBOURS, seed),
        person_across_affects=_asked(apart_NN, cycles.subject_N, affect_N, cycles, 1, seed),
    )


def drawn(cycles: Cycles, most: int, seed: int) -> Cycles:
    """At most ``most`` cycles, drawn at random, in their order."""
    if len(cycles) <= most:
        return cycles
    return cycles.take(np.sort(np.random.default_rng(seed).permutation(len(cycles))[:most]))


def refuse_one_of_a_kind(cycles: Cycles) -> None:
    """Raise TrainingError unless there are two people and two affects."""
    n_people, n_affects = len(np.unique(cycles.subject_N)), len(np.unique(cycles.acted_N))
    if n_people < 2 or n_affects < 2:
        found = f"{len(cycles)} cycles of {n_people} people in {n_affects} acted affects"
        raise TrainingError(found, "two people and two affects at least", "Give data with more people and affects.")


def _silhouette(apart_NN: Floats, label_N: npt.NDArray[np.str_]) -> float | None:
    if not 2 <= len(np.unique(label_N)) < len(label_N):
        return None
    return float(silhouette_score(apart_NN, label_N, metric="precomputed"))


def _asked(
    apart_NN: Floats,
    wanted_N: npt.NDArray[np.str_],
    not_equal_N: npt.NDArray[np.str_],
    cycles: Cycles,
    n_neighbours: int,
    seed: int,
) -> Share | None:
    """Share of cycles whose neighbours with another ``not_equal_N`` name what is wanted.

    Only cycles whose answer somebody could give are asked.
    """
    may_NN = not_equal_N[:, None] != not_equal_N[None, :]
    has_N = (may_NN & (wanted_N[:, None] == wanted_N[None, :])).any(axis=1)
    if not has_N.any():
        return None
    order_NN = np.argsort(np.where(may_NN, apart_NN, np.inf), axis=1, kind="stable")
    asked = np.flatnonzero(has_N)
    said = [_vote(wanted_N[order_NN[at, : min(n_neighbours, int(may_NN[at].sum()))]]) for at in asked]
    hit_N = np.array(said) == wanted_N[asked]
    low, high = _over_people(hit_N, cycles.subject_N[asked], seed)
    return Share(float(hit_N.mean()), low, high, 1.0 / len(np.unique(wanted_N)))


def _vote(name_nearest_first: npt.NDArray[np.str_]) -> str:
    """The commonest name; of equally common ones that of the nearest."""
    return Counter(name_nearest_first.tolist()).most_common(1)[0][0]


def _over_people(hit_N: npt.NDArray[np.bool_], person_N: npt.NDArray[np.str_], seed: int) -> tuple[float, float]:
    people, at_N = np.unique(person_N, return_inverse=True)
    hits_P, n_P = np.bincount(at_N, hit_N), np.bincount(at_N)
    drawn_RP = np.random.default_rng(seed).integers(len(people), size=(_N_RESAMPLES, len(people)))
    low, high = np.quantile(hits_P[drawn_RP].sum(axis=1) / n_P[drawn_RP].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)
