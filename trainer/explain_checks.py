"""Sanity of a map: it must change when the model forgets (Adebayo et al. 2018), more than chance changes it.

Weights are redrawn from the head down, layer after layer, several draws each; the redrawn model explains the same
cycles for the same affects, whatever it answers. Similarity is Spearman's rho over landmarks x phases, without
landmarks that never differ between cycles: they are 0 in every map and would make any two alike.

What high similarity is, the control tells: maps of the same model from people drawn with replacement. It is a lenient
one, for resampled people are partly the same people. Where another training run is given, its map is asked for more:
to be more like this one than any map of a network that forgot everything. Where it is not, the map tells of this run,
not of what the training data hold.

Promises: a failed check is a figure in the findings, not an error. Refuses nothing.

Shape letters: N cycle, J landmark, T phase.
"""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from trainer.explain_findings import Checks, Control, Interval, Likeness, Rho, Stage
from trainer.explain_map import N_BODY_CHANNELS, CycleMaps, Effort, Sample, cycle_maps
from trainer.explain_network import Explained, redrawn, weight_layers

MIN_PEOPLE: Final = 3
Floats = npt.NDArray[Any]
Index = npt.NDArray[np.int64]


def similarity(one_JT: Floats, other_JT: Floats | None, moving_J: npt.NDArray[np.bool_]) -> Rho | None:
    """Spearman's rho over moving landmarks x phases, and over these landmarks' shares; None without a map."""
    if other_JT is None:
        return None
    one_JT, other_JT = one_JT[moving_J], other_JT[moving_J]
    pairs = (one_JT.ravel(), other_JT.ravel()), (one_JT.sum(axis=1), other_JT.sum(axis=1))
    return Rho(*(float(spearmanr(*pair).statistic) for pair in pairs))


class Rival:
    """Maps of models that forgot, of the plain gradient, of another training run: one pass for all affects."""

    def __init__(self, model: Explained, sample: Sample, other: Explained | None, effort: Effort) -> None:
        self.sample, self.effort = sample, effort
        self.layers = weight_layers(model)
        self.forgot = [
            [cycle_maps(redrawn(model, n_layers, effort.seed + draw), sample) for draw in range(effort.n_draws)]
            for n_layers in range(1, len(self.layers) + 1)
        ]
        self.unguided = cycle_maps(model, sample, guide=False)
        self.other = None if other is None else cycle_maps(other, replace(sample, x_NFT=other.features(sample.cycles)))

    def untrained_J(self, index_N: Index) -> Floats | None:
        """Share of each landmark, averaged over the networks in which every layer was redrawn and that have a map."""
        means = [maps.mean(index_N) for maps in self.forgot[-1]]
        known = [mean_JT.sum(axis=1) for mean_JT in means if mean_JT is not None]
        return np.mean(known, axis=0) if known else None


def checks_of(maps: CycleMaps, rival: Rival, index_N: Index) -> Checks:
    """All checks of one affect's map, made of the cycles at ``index_N``, of which there must be a map."""
    sample, real_JT = rival.sample, maps.mean(index_N)
    if real_JT is None:
        raise ValueError("found no map to check")
    moving_J = sample.moving_J()
    control = _control(maps, rival, index_N, real_JT)
    stages = []
    for at, (layer, draws) in enumerate(zip(rival.layers, rival.forgot, strict=True), start=1):
        rhos = [similarity(real_JT, each.mean(index_N), moving_J) for each in draws]
        stages.append(_stage(layer, at, rhos, control))
    last = stages[-1]
    other = None if rival.other is None else similarity(real_JT, rival.other.mean(index_N), moving_J)
    return Checks(
        stages=stages,
        control=control,
        other_model=other,
        unguided=similarity(real_JT, rival.unguided.mean(index_N), moving_J),
        spread_alone=similarity(real_JT, _spread_JT(sample), moving_J),
        passed=None if control is None else bool(last.map.changed and last.landmarks.changed),
        repeatable=None if other is None else _more_alike(other, last),
    )


def _stage(layer: str, n_layers: int, rhos: list[Rho | None], control: Control | None) -> Stage:
    known = [rho for rho in rhos if rho is not None]
    of_map = _likeness([rho.map for rho in known], None if control is None else control.map.low)
    of_landmarks = _likeness([rho.landmarks for rho in known], None if control is None else control.landmarks.low)
    return Stage(layer, n_layers, len(rhos), len(rhos) - len(known), of_map, of_landmarks)


def _more_alike(other: Rho, last: Stage) -> bool:
    pairs = (other.map, last.map.most), (other.landmarks, last.landmarks.most)
    return all(most is None or rho > most for rho, most in pairs)


def _likeness(rhos: list[float], control_low: float | None) -> Likeness:
    if not rhos:
        return Likeness(None, None, None, None if control_low is None else True)
    changed = None if control_low is None else max(rhos) < control_low
    return Likeness(float(np.mean(rhos)), min(rhos), max(rhos), changed)


def _control(maps: CycleMaps, rival: Rival, index_N: Index, real_JT: Floats) -> Control | None:
    """Maps of people drawn with replacement; None with fewer than three."""
    sample, effort = rival.sample, rival.effort
    rows = [index_N[sample.subject_N[index_N] == who] for who in np.unique(sample.subject_N[index_N])]
    if len(rows) < MIN_PEOPLE:
        return None
    rng, moving_J = np.random.default_rng(effort.seed), sample.moving_J()
    draws = rng.integers(len(rows), size=(effort.n_resamples, len(rows)))
    drawn_maps = (maps.mean(np.concatenate([rows[at] for at in drawn])) for drawn in draws)
    rhos = [rho for rho in (similarity(real_JT, drawn_JT, moving_J) for drawn_JT in drawn_maps) if rho is not None]
    return Control(_interval([rho.map for rho in rhos]), _interval([rho.landmarks for rho in rhos]))


def _interval(rhos: list[float]) -> Interval:
    low, median, high = np.quantile(rhos, (0.025, 0.5, 0.975))
    return Interval(float(median), float(low), float(high))


def _spread_JT(sample: Sample) -> Floats:
    return sample.spread_FT[:N_BODY_CHANNELS].unflatten(0, (-1, 3)).sum(dim=1).double().numpy()
