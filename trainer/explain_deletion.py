"""Does it hurt to take away what the map calls important? Deletion and insertion of whole landmarks.

A landmark is removed by putting the training mean in its place for the whole cycle (0 after the z-score). Each cycle
loses landmarks in the order of its own affect's map; random orders are the same for all cycles. Landmarks that never
differ between cycles (the root) are in no order: to remove them is to waste a step. The order of spread alone, how far
apart cycles are without any model, stands beside: what of the effect needs no explanation.

The logit is centred (minus the mean of the four), for logits are only defined up to a constant.

Promises: the same seed gives the same curves; intervals resample people. Refuses nothing; cycles of an affect without
a map must be left out by the caller.

Shape letters: O order, S step (landmarks removed so far), N cycle, J landmark.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch

from trainer.explain_findings import Curves, Interval, Line
from trainer.explain_map import N_BODY_CHANNELS, Effort, Sample
from trainer.explain_network import Explained

N_RESAMPLES: Final = 1000
Kind = Literal["deletion", "insertion"]
Floats = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """Along one order: right or not, and the centred logit of the truth, both (S, N)."""

    right_SN: Floats
    logit_SN: Floats

    def backwards(self) -> "Answers":
        """Read from the other end."""
        return Answers(self.right_SN[::-1], self.logit_SN[::-1])

    def line(self) -> Line:
        """Averaged over cycles."""
        return Line(self.right_SN.mean(axis=1).tolist(), self.logit_SN.mean(axis=1).tolist())


def curves(model: Explained, sample: Sample, share_NJ: Floats, effort: Effort) -> tuple[Curves, Curves]:
    """Deletion and insertion along the order of ``share_NJ`` (each cycle's own, largest first), and at random.

    To give landmarks one by one is to take them away from the other end, read backwards; random orders serve both.
    """
    moving = np.flatnonzero(sample.moving_J())
    rng = np.random.default_rng(effort.seed)
    map_NJ = _falling(share_NJ, moving)
    spread_J = sample.spread_FT[:N_BODY_CHANNELS].square().sum(dim=1).unflatten(0, (-1, 3)).sum(dim=1).numpy()
    spread_NJ = _falling(np.tile(spread_J, (len(share_NJ), 1)), moving)
    orders = [np.tile(rng.permutation(moving), (len(share_NJ), 1)) for _ in range(effort.n_orders)]
    chance = [without(model, sample, order_NJ) for order_NJ in orders]
    taken_map, taken_spread = (without(model, sample, order_NJ) for order_NJ in (map_NJ, spread_NJ))
    given_map, given_spread = (
        without(model, sample, order_NJ[:, ::-1]).backwards() for order_NJ in (map_NJ, spread_NJ)
    )
    given_chance = [answers.backwards() for answers in chance]
    deletion = _told("deletion", taken_map, taken_spread, chance, sample)
    return deletion, _told("insertion", given_map, given_spread, given_chance, sample)


def without(model: Explained, sample: Sample, order_NJ: npt.NDArray[np.int64]) -> Answers:
    """The model's answers with the first 0, 1, 2, ... landmarks of each cycle's order removed."""
    x_NFT = sample.x_NFT.clone()
    steps = [_answer(model, x_NFT, sample)]
    every_N = torch.arange(len(x_NFT))[:, None]
    for removed_N in order_NJ.T:
        x_NFT[every_N, 3 * torch.tensor(removed_N)[:, None] + torch.arange(3)] = 0.0
        steps.append(_answer(model, x_NFT, sample))
    return Answers(np.stack([right_N for right_N, _ in steps]), np.stack([truth_N for _, truth_N in steps]))


def _answer(model: Explained, x_NFT: torch.Tensor, sample: Sample) -> tuple[Floats, Floats]:
    logits_NK = model.logits(x_NFT)
    right_N = logits_NK.argmax(dim=1) == sample.label_N
    truth_N = logits_NK.gather(1, sample.label_N[:, None])[:, 0] - logits_NK.mean(dim=1)
    return right_N.double().numpy(), truth_N.double().numpy()


def _falling(share_NJ: Floats, moving: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return moving[np.argsort(-share_NJ[:, moving], axis=1, kind="stable")]


def _told(kind: Kind, by_map: Answers, by_spread: Answers, chance: list[Answers], sample: Sample) -> Curves:
    right_OSN = np.stack([answers.right_SN for answers in chance])
    logit_OSN = np.stack([answers.logit_SN for answers in chance])
    sign = 1.0 if kind == "deletion" else -1.0
    area_right_N = sign * _between(right_OSN.mean(axis=0), by_map.right_SN)
    area_logit_N = sign * _between(logit_OSN.mean(axis=0), by_map.logit_SN)
    area_logit = _over_people(area_logit_N, sample.subject_N)
    low, high = (_quantile(right_OSN, logit_OSN, share) for share in (0.025, 0.975))
    return Curves(
        kind=kind,
        n_orders=len(chance),
        n_cycles=len(area_logit_N),
        n_people=len(set(sample.subject_N.tolist())),
        by_map=by_map.line(),
        by_spread=by_spread.line(),
        random=Answers(right_OSN.mean(axis=0), logit_OSN.mean(axis=0)).line(),
        random_low=low,
        random_high=high,
        area_accuracy=_over_people(area_right_N, sample.subject_N),
        area_logit=area_logit,
        area_over_spread=_over_people(sign * _between(by_spread.logit_SN, by_map.logit_SN), sample.subject_N),
        beaten_accuracy=_beaten(sign, right_OSN, by_map.right_SN),
        beaten_logit=_beaten(sign, logit_OSN, by_map.logit_SN),
        passed=None if area_logit.low is None else area_logit.low > 0,
    )


def _between(upper_SN: Floats, lower_SN: Floats) -> Floats:
    """Mean distance (N,) between two curves; the ends, where all orders agree, do not count."""
    return (upper_SN - lower_SN)[1:-1].mean(axis=0)


def _beaten(sign: float, random_OSN: Floats, map_SN: Floats) -> float:
    """Share of random orders that do less than the map's: the mean of their curve lies on the worse side."""
    mean_O = random_OSN[:, 1:-1].mean(axis=(1, 2))
    return float((sign * (mean_O - map_SN[1:-1].mean()) > 0).mean())


def _quantile(right_OSN: Floats, logit_OSN: Floats, share: float) -> Line:
    pair = (np.quantile(each_OSN.mean(axis=2), share, axis=0).tolist() for each_OSN in (right_OSN, logit_OSN))
    return Line(*pair)


def _over_people(value_N: Floats, subject_N: npt.NDArray[np.str_]) -> Interval:
    people = [value_N[subject_N == who] for who in np.unique(subject_N)]
    if len(people) < 2:
        return Interval(float(value_N.mean()), None, None)
    rng = np.random.default_rng(0)
    draws = rng.integers(len(people), size=(N_RESAMPLES, len(people)))
    means = [np.concatenate([people[at] for at in drawn]).mean() for drawn in draws]
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(float(value_N.mean()), float(low), float(high))
