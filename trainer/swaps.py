"""Equation 1 put to the test: D(E_S(x_kl), E_A(x_ij)) against the walk x_kj that was really recorded.

Every pair of cells with another person and another affect makes a swap, in both directions, wherever the true target
was recorded too; of each cell one cycle is drawn. Errors are mean squares over features and samples of the cycle as
the encoders see it (``Standardiser``): 1 is one standard deviation of the training walks everywhere.

What a swap must beat: copying either source; the *opposite* cell x_il (what equation 3 as printed would train
for); the mean walk; and a guess without any network that knows the labels: x_kl + mean_j - mean_l. Means weigh people
equally and never hold person k. ``own`` is the target pushed through the model unswapped: what the decoder can do at
best.

Intervals: 95 %, resampling people. A swap has two of them, so it counts as often as its two people were drawn,
multiplied.

Promises: the same seed gives the same swaps; with ``target_N`` no cell outside it is ever a target. Refuses data in
which nothing can be swapped.

Shape letters: N cycle, Q swap, P person, F feature channel, T time, R resample.
"""

from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.train import Fitted

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
_MISSING: Final = -1
_BATCH: Final = 1024
_N_RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Drawn:
    """Cycles of each swap: x_kl gives the person, x_ij the affect, x_kj is the truth; x_il may be _MISSING."""

    kl_Q: Index
    ij_Q: Index
    kj_Q: Index
    il_Q: Index


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean squared errors (Q,) of each swap and who took part; ``swap_to_*`` where the swap landed, ``*_to_target``
    what other guesses of the target are worth. NaN where a cell was never recorded."""

    person_k_Q: npt.NDArray[np.str_]
    person_i_Q: npt.NDArray[np.str_]
    swap_to_target: Floats
    swap_to_person_source: Floats
    swap_to_affect_source: Floats
    swap_to_opposite: Floats
    swap_to_mean_walk: Floats
    person_source_to_target: Floats
    affect_source_to_target: Floats
    mean_walk_to_target: Floats
    additive_to_target: Floats
    own_to_target: Floats


class Estimate(msgspec.Struct, frozen=True):
    """A mean or share with its 95 % interval over people."""

    value: float
    low: float
    high: float


class SwapFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the swaps are worth; the module says how each is counted.

    ``nearer_than_sources``: share of swaps nearer their true target than either source (the issue's measure).
    ``nearest_of_four``: nearer than either source and the opposite cell. ``beats_copying``: nearer the target than both
    sources themselves are. ``beats_additive``, ``beats_mean_walk``: nearer than these guesses.
    """

    n_swaps: int
    n_people: int
    nearer_than_sources: Estimate
    nearest_of_four: Estimate | None
    beats_copying: Estimate
    beats_additive: Estimate
    beats_mean_walk: Estimate
    errors: dict[str, Estimate]


def swap_errors(
    fitted: Fitted,
    cycles: Cycles,
    reference: Cycles | None = None,
    target_N: npt.NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> Errors:
    """Swap everything that can be swapped within ``cycles`` (N); means come from ``reference`` (default: the same).

    ``target_N`` says which cycles may be targets (default: all); sources may be any. Raises TrainingError.
    """
    drawn = draw(cycles, target_N, seed)
    x_NFT = features_of(fitted, cycles)
    means = _Means(fitted, cycles if reference is None else reference)
    parts = [_errors(fitted, cycles, x_NFT, means, batch) for batch in _batches(drawn)]
    return Errors(*(np.concatenate([getattr(part, name) for part in parts]) for name in Errors.__slots__))


def joined(parts: list[Errors]) -> Errors:
    """The swaps of several folds."""
    return Errors(*(np.concatenate([getattr(part, name) for part in parts]) for name in Errors.__slots__))


def features_of(fitted: Fitted, cycles: Cycles) -> Tensor:
    """Cycles as the encoders see them (N, F, T)."""
    return fitted.standardiser.features(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))


def draw(cycles: Cycles, target_N: npt.NDArray[np.bool_] | None = None, seed: int = 0) -> Drawn:
    """Every swap there is a truth for; raises TrainingError when there is none."""
    rng = np.random.default_rng(seed)
    may_N = np.ones(len(cycles), dtype=bool) if target_N is None else target_N
    cells, targets = _cells(cycles, np.ones(len(cycles), dtype=bool)), _cells(cycles, may_N)
    rows = []
    for (k, l), (i, j) in permutations(cells, 2):  # noqa: E741  # the paper's letters
        if k != i and j != l and (k, j) in targets:
            at = [rng.choice(cells[k, l]), rng.choice(cells[i, j]), rng.choice(targets[k, j])]
            rows.append([*at, rng.choice(cells[i, l]) if (i, l) in cells else _MISSING])
    if not rows:
        found = f"{len(cells)} cells of person and acted affect in which no affect can be swapped"
        raise TrainingError(found, "two people who both show two affects", "Give data with more cells.")
    return Drawn(*np.array(rows, dtype=np.int64).T)


def figures(errors: Errors, seed: int = 0) -> SwapFigures:
    """Shares and mean errors with intervals over people."""
    over = _OverPeople(errors, seed)
    source = np.minimum(errors.swap_to_person_source, errors.swap_to_affect_source)
    copied = np.minimum(errors.person_source_to_target, errors.affect_source_to_target)
    found, has = errors.swap_to_target, np.isfinite(errors.swap_to_opposite)
    four = np.where(has, found < np.minimum(source, errors.swap_to_opposite), np.nan)
    measures = [name for name in Errors.__slots__ if not name.startswith("person_") or name.endswith("target")]
    return SwapFigures(
        n_swaps=len(found),
        n_people=over.n_people,
        nearer_than_sources=over.mean(found < source),
        nearest_of_four=over.mean(four) if has.any() else None,
        beats_copying=over.mean(found < copied),
        beats_additive=over.mean(found < errors.additive_to_target),
        beats_mean_walk=over.mean(found < errors.mean_walk_to_target),
        errors={
            name: over.mean(getattr(errors, name)) for name in measures if np.isfinite(getattr(errors, name)).any()
        },
    )


class _OverPeople:
    """Means over swaps, with intervals from resampling people."""

    def __init__(self, errors: Errors, seed: int) -> None:
        people, at = np.unique(np.concatenate([errors.person_k_Q, errors.person_i_Q]), return_inverse=True)
        self.n_people = len(people)
        self._k_Q, self._i_Q = np.split(at, 2)
        even = np.full(self.n_people, 1.0 / self.n_people)
        self._times_RP = np.random.default_rng(seed).multinomial(self.n_people, even, size=_N_RESAMPLES).astype(float)

    def mean(self, value_Q: npt.NDArray) -> Estimate:
        kept_Q = np.isfinite(value_Q)
        sum_PP, n_PP = (self._summed(each, kept_Q) for each in (np.asarray(value_Q, float), np.ones(len(value_Q))))
        sum_R, n_R = (np.einsum("rk,ki,ri->r", self._times_RP, each, self._times_RP) for each in (sum_PP, n_PP))
        values_R = sum_R[n_R > 0] / n_R[n_R > 0]
        low, high = np.quantile(values_R, (0.025, 0.975))
        return Estimate(float(sum_PP.sum() / n_PP.sum()), float(low), float(high))

    def _summed(self, value_Q: Floats, kept_Q: npt.NDArray[np.bool_]) -> Floats:
        table_PP = np.zeros((self.n_people, self.n_people))
        np.add.at(table_PP, (self._k_Q[kept_Q], self._i_Q[kept_Q]), value_Q[kept_Q])
        return table_PP


class _Means:
    """Mean walks of everyone but one person: of all affects and of each; people weigh equally."""

    def __init__(self, fitted: Fitted, reference: Cycles) -> None:
        x_NFT = features_of(fitted, reference)
        self._cells = {cell: x_NFT[at].mean(dim=0) for cell, at in _cells(reference, np.ones(len(x_NFT), bool)).items()}
        self._kept: dict[tuple[str, int | None], Tensor] = {}

    def without(self, person: str, affect: int | None = None) -> Tensor:
        """(F, T); NaN where nobody else shows that affect."""
        key = person, affect
        if key not in self._kept:
            others = [x for (who, how), x in self._cells.items() if who != person and affect in (None, how)]
            like = next(iter(self._cells.values()))
            self._kept[key] = torch.stack(others).mean(dim=0) if others else torch.full_like(like, torch.nan)
        return self._kept[key]


@torch.inference_mode()
def _errors(fitted: Fitted, cycles: Cycles, x_NFT: Tensor, means: _Means, drawn: Drawn) -> Errors:
    kl, ij, truth, opposite = (x_NFT[at] for at in (drawn.kl_Q, drawn.ij_Q, drawn.kj_Q, drawn.il_Q))
    who_k, who_i = cycles.subject_N[drawn.kl_Q], cycles.subject_N[drawn.ij_Q]
    before, after = cycles.acted_N[drawn.kl_Q].tolist(), cycles.acted_N[drawn.ij_Q].tolist()
    mean = torch.stack([means.without(who) for who in who_k])
    toward = [means.without(k, j) - means.without(k, was) for k, j, was in zip(who_k, after, before, strict=True)]
    swap, own = fitted.autoencoder.transfer(kl, ij), fitted.autoencoder.transfer(truth, truth)
    to_opposite = np.where(drawn.il_Q == _MISSING, np.nan, _error(swap, opposite))
    return Errors(
        person_k_Q=who_k,
        person_i_Q=who_i,
        swap_to_target=_error(swap, truth),
        swap_to_person_source=_error(swap, kl),
        swap_to_affect_source=_error(swap, ij),
        swap_to_opposite=to_opposite,
        swap_to_mean_walk=_error(swap, mean),
        person_source_to_target=_error(kl, truth),
        affect_source_to_target=_error(ij, truth),
        mean_walk_to_target=_error(mean, truth),
        additive_to_target=_error(kl + torch.stack(toward), truth),
        own_to_target=_error(own, truth),
    )


def _error(found_QFT: Tensor, wanted_QFT: Tensor) -> Floats:
    return (found_QFT - wanted_QFT).square().flatten(1).mean(dim=1).double().numpy()


def _cells(cycles: Cycles, may_N: npt.NDArray[np.bool_]) -> dict[tuple[str, int], list[int]]:
    cells: dict[tuple[str, int], list[int]] = defaultdict(list)
    for at in np.flatnonzero(may_N).tolist():
        cells[str(cycles.subject_N[at]), int(cycles.acted_N[at])].append(at)
    return cells


def _batches(drawn: Drawn) -> list[Drawn]:
    starts = range(0, len(drawn.kl_Q), _BATCH)
    return [Drawn(*(getattr(drawn, name)[at : at + _BATCH] for name in Drawn.__slots__)) for at in starts]
