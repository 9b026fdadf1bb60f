"""From a model and labelled cycles to everything an explanation tells.

Promises: what is explained is the model's answer to cycles it judged right, each for its true affect; an affect
without such cycles is told without a map and why. Refuses (TrainingError) cycles without labels, and data in which no
cycle at all is judged right.

Shape letters: N cycle, J landmark, T phase.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.affect import CLASSES
from edge.errors import TrainingError
from edge.gait.skeleton import LANDMARKS, LEFT_ANKLE, N_BODY
from trainer.cycles import UNLABELLED, Cycles
from trainer.explain_checks import Rival, checks_of
from trainer.explain_deletion import curves
from trainer.explain_findings import AffectMap, Curves, Ranked
from trainer.explain_map import CycleMaps, Effort, Sample, cycle_maps, of_affect, right, sample_of
from trainer.explain_network import Explained
from trainer.inspect_summary import labels_of

MOST: Final = 200
"""Cycles explained at most; more are thinned evenly. Importance is a mean, and this many people's is enough."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Maps of all affects, curves, and the mean walk of each affect's explained cycles, (T, J, C) metres."""

    accuracy: float
    maps: tuple[AffectMap, ...]
    deletion: Curves
    insertion: Curves
    walks_TJC: dict[str, npt.NDArray[Any]]


def explain(
    model: Explained, cycles: Cycles, other: Explained | None = None, effort: Effort | None = None
) -> Explanation:
    """Explain ``model`` on labelled ``cycles``; ``other``: another training run, to compare with."""
    effort = effort or Effort()
    cycles = explainable(cycles)
    sample = sample_of(model, cycles)
    right_N = right(model, sample)
    maps, rows = cycle_maps(model, sample), of_affect(sample, right_N)
    if all(maps.mean(index_N) is None for index_N in rows.values()):
        found = f"{len(cycles)} cycles of which none is judged right with a class activation"
        raise TrainingError(found, "one at least, to see why", "Explain a model on data it can tell apart.")
    rival = Rival(model, sample, other, effort)
    told = tuple(_affect_map(name, maps, rival, index_N, cycles) for name, index_N in rows.items())
    deletion, insertion = _curves(model, sample, told, effort)
    walks = {each.affect: cycles.x_NTJC[rows[each.affect]].mean(axis=0) for each in told if each.map_JT is not None}
    return Explanation(float(right_N.mean()), told, deletion, insertion, walks)


def explainable(cycles: Cycles) -> Cycles:
    """The labelled cycles, thinned evenly to ``MOST``; raises TrainingError when there is none."""
    cycles = cycles.take(labels_of(cycles) != UNLABELLED)
    if not len(cycles):
        raise TrainingError("cycles without an affect", "labelled ones", "Name data with acted or perceived affect.")
    return cycles if len(cycles) <= MOST else cycles.take(np.linspace(0, len(cycles) - 1, MOST).round().astype(int))


def _affect_map(name: str, maps: CycleMaps, rival: Rival, index_N: npt.NDArray[np.int64], cycles: Cycles) -> AffectMap:
    n_labelled = int((rival.sample.label_N == CLASSES.index(name)).sum())
    map_JT = maps.mean(index_N)
    if map_JT is None:
        reason = _why_not(n_labelled, len(index_N))
        return AffectMap(name, n_labelled, len(index_N), reason)
    return AffectMap(
        affect=name,
        n_labelled=n_labelled,
        n_right=len(index_N),
        map_JT=map_JT.tolist(),
        ranking=_ranking(map_JT, rival.untrained_J(index_N)),
        duration_share=maps.rest_share(index_N),
        left_contact=left_contact(cycles.x_NTJC[index_N].mean(axis=0)),
        checks=checks_of(maps, rival, index_N),
    )


def left_contact(x_TJC: npt.NDArray[Any]) -> float:
    """Phase at which the left ankle is furthest ahead of the hips (contact by Zeni et al. 2008), share of the cycle."""
    return float(np.argmax(x_TJC[:, LEFT_ANKLE, 2]) / len(x_TJC))


def _why_not(n_labelled: int, n_right: int) -> str:
    if not n_labelled:
        return "no cycle has this affect"
    if not n_right:
        return f"none of {n_labelled} cycles of this affect is judged right"
    return f"the class activation of all {n_right} cycles judged right is zero"


def _ranking(map_JT: npt.NDArray[Any], untrained_J: npt.NDArray[Any] | None) -> list[Ranked]:
    share_J = map_JT.sum(axis=1)
    order = np.argsort(-share_J, kind="stable")
    without_J = [None] * len(share_J) if untrained_J is None else untrained_J.tolist()
    return [Ranked(LANDMARKS[at], float(share_J[at]), without_J[at]) for at in order]


def _curves(model: Explained, sample: Sample, told: tuple[AffectMap, ...], effort: Effort) -> tuple[Curves, Curves]:
    """Over all labelled cycles of affects that have a map, judged right or not."""
    share = {at: np.sum(each.map_JT, axis=1) for at, each in enumerate(told) if each.map_JT is not None}
    some = sample.take(np.isin(sample.label_N.numpy(), list(share)))
    share_NJ = np.array([share[at] for at in some.label_N.tolist()]).reshape(-1, N_BODY)
    return curves(model, some, share_NJ, effort)
