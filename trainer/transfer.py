"""Equation 1, shown: D(E_S(x_kl), E_A(x_ij)) = x_kj, one person's walk with another's affect, back in metres.

The z-score of the decoder's answer is undone (each landmark and axis in metres, the logarithm of the duration). What
``trainer.posture`` takes out before the encoders see a cycle cannot be: how far the trunk leans and how far the
ankles swing are gone, and neither code holds them. So every walk here, recorded or transferred, is shown as the model
sees it: trunk upright over the hips, stride of one size. Nothing else is touched; bones of a transferred walk are
as long as the network draws them.

Of a cell with several cycles the most typical is shown: the one nearest to the cell's mean.

Promises: the same model and data give the same walks; the duration is transferred too. Refuses (TrainingError)
people and affects the data do not have, one person for both, one affect for both.

Shape letters: N cycle, T time, J landmark, C coordinate, F feature channel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cycles import Cycles
from trainer.train import Fitted, Standardiser

_Floats = npt.NDArray[Any]
NEUTRAL = CLASSES.index("neutral")


@dataclass(frozen=True, slots=True, repr=False)
class Walk:
    """One cycle to show: landmarks (T, J, C) in metres as the model sees them, its duration, whose and how."""

    person: str
    affect: str
    x_TJC: _Floats
    duration_s: float


@dataclass(frozen=True, slots=True, repr=False)
class Transfer:
    """x_kl gives the person, x_ij the affect; ``found`` is the model's x_kj and ``true`` the recorded one."""

    person_from: Walk
    affect_from: Walk
    found: Walk
    true: Walk | None

    def away_cm(self, other: Walk) -> float | None:
        """Mean distance of the landmarks of ``other`` to the true walk, phase by phase; None without a true one."""
        if self.true is None:
            return None
        return 100.0 * float(np.linalg.norm(other.x_TJC - self.true.x_TJC, axis=-1).mean())


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose affect (``from_person``, ``from_affect``) goes to whom, and in which affect the other is seen walking.

    ``to_affect`` None: neutral where it was recorded, else the first affect that was.
    """

    from_person: str
    from_affect: str
    to_person: str
    to_affect: str | None = None


def transfer(fitted: Fitted, cycles: Cycles, asked: Asked) -> Transfer:
    """The four walks of equation 1; raises TrainingError."""
    _refuse_same(asked)
    give = _position(cycles, asked.from_person, _affect(asked.from_affect))
    take = _position(cycles, asked.to_person, _source_affect(cycles, asked))
    truth_N = _cell(cycles, asked.to_person, _affect(asked.from_affect))
    seen_2FT = _features(fitted, cycles.take([take, give]))
    with torch.inference_mode():
        made_1FT = fitted.autoencoder.transfer(seen_2FT[:1], seen_2FT[1:])
    return Transfer(
        person_from=_walk(fitted, cycles, take),
        affect_from=_walk(fitted, cycles, give),
        found=_in_metres(fitted.standardiser, made_1FT, asked.to_person, asked.from_affect),
        true=_walk(fitted, cycles, typical(cycles, truth_N)) if len(truth_N) else None,
    )


def in_metres(standardiser: Standardiser, z_NFT: Tensor) -> tuple[Tensor, Tensor]:
    """Undo the z-score: features (N, F, T) to comparable cycles (N, T, J, C) in metres and durations (N,) in seconds.

    The inverse of ``Standardiser.features`` but for ``comparable``. The decoder may let the duration change within the
    cycle; its mean logarithm is taken.
    """
    z_NTJC = z_NFT[:, :-1].transpose(1, 2).unflatten(2, tuple(standardiser.mean_JC.shape))
    log_duration_N = z_NFT[:, -1].mean(dim=-1) * standardiser.log_duration_std + standardiser.log_duration_mean
    return z_NTJC * standardiser.std_JC + standardiser.mean_JC, log_duration_N.exp()


def typical(cycles: Cycles, at_N: npt.NDArray[np.int64]) -> int:
    """Of these positions the cycle nearest to their mean."""
    x_NTJC = cycles.x_NTJC[at_N]
    return int(at_N[np.square(x_NTJC - x_NTJC.mean(axis=0)).mean(axis=(1, 2, 3)).argmin()])


def _walk(fitted: Fitted, cycles: Cycles, at: int) -> Walk:
    person, affect = str(cycles.subject_N[at]), CLASSES[cycles.acted_N[at]]
    return _in_metres(fitted.standardiser, _features(fitted, cycles.take([at])), person, affect)


def _in_metres(standardiser: Standardiser, z_1FT: Tensor, person: str, affect: str) -> Walk:
    x_1TJC, duration_s_1 = in_metres(standardiser, z_1FT)
    return Walk(person, affect, x_1TJC[0].numpy(), float(duration_s_1[0]))


def _features(fitted: Fitted, cycles: Cycles) -> Tensor:
    return fitted.standardiser.features(torch.tensor(cycles.x_NTJC), torch.tensor(cycles.duration_s_N))


def _cell(cycles: Cycles, person: str, affect: int) -> npt.NDArray[np.int64]:
    return np.flatnonzero((cycles.subject_N == person) & (cycles.acted_N == affect))


def _position(cycles: Cycles, person: str, affect: int) -> int:
    _refuse_unknown(cycles, person)
    at_N = _cell(cycles, person, affect)
    if not len(at_N):
        has = ", ".join(CLASSES[each] for each in np.unique(cycles.acted_N[cycles.subject_N == person]))
        raise TrainingError(f"no {CLASSES[affect]} walk of {person}", f"one of {has}", "Name another affect or person.")
    return typical(cycles, at_N)


def _source_affect(cycles: Cycles, asked: Asked) -> int:
    if asked.to_affect is not None:
        return _affect(asked.to_affect)
    _refuse_unknown(cycles, asked.to_person)
    shown = set(cycles.acted_N[cycles.subject_N == asked.to_person].tolist()) - {_affect(asked.from_affect)}
    if not shown:
        found = f"no walk of {asked.to_person} that is not {asked.from_affect} already"
        raise TrainingError(found, "one to give another affect to", "Name another person with --to.")
    return NEUTRAL if NEUTRAL in shown else min(shown)


def _affect(name: str) -> int:
    if name not in CLASSES:
        raise TrainingError(f"the affect {name!r}", f"one of {', '.join(CLASSES)}", "Correct it.")
    return CLASSES.index(name)


def _refuse_unknown(cycles: Cycles, person: str) -> None:
    known = np.unique(cycles.subject_N).tolist()
    if not known:
        raise TrainingError("no cycle with an acted affect", "acted labels of two people", "Give labelled data.")
    if person not in known:
        shown = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
        raise TrainingError(f"nobody called {person!r} with acted affect", f"one of {shown}", "Name one of these.")


def _refuse_same(asked: Asked) -> None:
    if asked.from_person == asked.to_person:
        found = f"{asked.to_person} as giver and taker"
        raise TrainingError(found, "two people", "Name somebody else with --to.")
    if asked.from_affect == asked.to_affect:
        raise TrainingError(f"{asked.to_affect} walks of both", "two affects", "Name another one with --to-affect.")
