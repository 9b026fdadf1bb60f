"""How far a cycle is from any walk of the training people: the out-of-distribution score.

A network's own features say little about inputs far from its data, so the score looks at the body: for each limb its
mean pose, its movement (first two harmonics of the cycle) and its roughness (what is left above them). Each is a
Mahalanobis distance under a shrunk covariance of disturbed training cycles, divided by what 97.5 % of those stay
under and by a slack; the score is the largest. So one stuck leg cannot hide behind fifteen good landmarks.

Two things are not fitted, for people of a laboratory neither limp nor stand. How unevenly the knees bend: the range of
each leg's length from hip to ankle (its first three harmonics) follows the knee; a knee that moves a sixth as far as
the other one, or less, is a stiff leg or an estimator that lost one, and either way nothing to read a mood from. A
limit of a third also caught limps of half that degree, and every cycle of the one real person filmed from the side,
whose far knee the estimator loses by a factor of 3 to 5 (LOG.md): so milder limps are judged. And how little the
stiller foot swings: under 0.3 of what actors do is standing, marching on the spot or a depth that was lost.

The slacks are choices, not laws: arms may do much (pockets, bags), a camera's landmarks may be rough and sit
elsewhere, legs must walk. They were chosen on the unlabelled sources of ``egait/`` and one real clip (LOG.md).

Promises: a scalar per cycle, about 1 at the edge of what is accepted; exports as matrix products.
Refuses: fewer than ten cycles to fit.

Shape letters: N cycle, T time, H wave, J landmark, C coordinate, P feature of a part.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from edge.bundle import N_SAMPLES
from edge.errors import TrainingError
from edge.gait.skeleton import LEFT_ANKLE, LEFT_HIP, RIGHT_ANKLE, RIGHT_HIP
from trainer.posture import SWING_M, upright_trunk

LIMBS: Final = {
    "left_leg": (11, 12),
    "right_leg": (14, 15),
    "left_arm": (4, 5, 6),
    "right_arm": (7, 8, 9),
    "body": (3, 10, 13),
}
KNEES: Final = "knees uneven"
STILL: Final = "feet still"
N_HARMONICS: Final = 2
KNEE_HARMONICS: Final = 3
LIMITS: Final = {KNEES: float(np.log(6.0)), STILL: float(np.log(1 / 0.3))}
QUANTILE: Final = 0.975
SHRINKAGE: Final = 0.05
SLACK: Final = {"pose": 1.7, "movement": 1.5, "roughness": 4.0}
ARM_MOVEMENT_SLACK: Final = 2.4
DURATION_SLACK: Final = 1.5
_MIN_CYCLES: Final = 10
_EPSILON: Final = 1e-12
_STILL_M: Final = 0.002


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the score: centre, whitening matrix already divided by its limit, and whether only more counts."""

    centre_P: Tensor
    whiten_PP: Tensor
    one_sided: bool


class Strangeness(nn.Module):
    """The score as a module of constants; ``fitted`` makes one."""

    def __init__(self) -> None:
        super().__init__()
        self.waves_HT = _waves(N_HARMONICS)
        self.knee_waves_HT = _waves(KNEE_HARMONICS)
        self.parts: dict[str, Part] = {}

    def forward(self, x_NTJC: Tensor, duration_s_N: Tensor) -> Tensor:
        """Score (N,) of normalised cycles (metres) and durations (seconds); higher is stranger."""
        return torch.stack(list(self.by_part(x_NTJC, duration_s_N).values())).amax(dim=0)

    def by_part(self, x_NTJC: Tensor, duration_s_N: Tensor) -> dict[str, Tensor]:
        """Each part's ratio (N,) to its limit."""
        features = self.features(x_NTJC, duration_s_N)
        return {name: _distance(features[name], part) for name, part in self.parts.items()}

    def features(self, x_NTJC: Tensor, duration_s_N: Tensor) -> dict[str, Tensor]:
        """Named features (N, P) of every part."""
        x_NTJC = upright_trunk(x_NTJC)
        out = {"duration": duration_s_N.log()[:, None], KNEES: self._uneven_knees(x_NTJC)}
        out[STILL] = _stillness(x_NTJC)
        for limb, landmarks in LIMBS.items():
            x_NTP = torch.cat([x_NTJC[:, :, at] for at in landmarks], dim=-1)
            weight_NHP = self.waves_HT @ x_NTP
            rough_NTP = x_NTP - self.waves_HT.transpose(0, 1) @ weight_NHP
            out[f"{limb} pose"] = weight_NHP[:, 0]
            out[f"{limb} movement"] = weight_NHP[:, 1:].flatten(1)
            out[f"{limb} roughness"] = (rough_NTP.square().mean(dim=(1, 2)) + _EPSILON).sqrt()[:, None]
        return out

    def _uneven_knees(self, x_NTJC: Tensor) -> Tensor:
        """Log of how much farther the right leg's length moves than the left one's (N, 1); 0 is even."""
        leg_NTSC = x_NTJC[:, :, [LEFT_ANKLE, RIGHT_ANKLE]] - x_NTJC[:, :, [LEFT_HIP, RIGHT_HIP]]
        weight_NHS = self.knee_waves_HT @ (leg_NTSC.square().sum(dim=-1) + _EPSILON).sqrt()
        length_NTS = self.knee_waves_HT.transpose(0, 1) @ weight_NHS
        left_N, right_N = (length_NTS.amax(dim=1) - length_NTS.amin(dim=1) + _STILL_M).unbind(dim=-1)
        return (right_N / left_N).log()[:, None]


def fitted(x_NTJC: Tensor, duration_s_N: Tensor) -> Strangeness:
    """Fit to (disturbed) training cycles; raises TrainingError for too few of them."""
    if len(x_NTJC) < _MIN_CYCLES:
        raise TrainingError(f"{len(x_NTJC)} cycles", f"at least {_MIN_CYCLES}", "Add recordings.")
    module = Strangeness()
    for name, value_NP in module.features(x_NTJC, duration_s_N).items():
        if name in LIMITS:
            module.parts[name] = Part(torch.zeros(1), torch.full((1, 1), 1.0 / LIMITS[name]), one_sided=name == STILL)
            continue
        module.parts[name] = _fit_part(value_NP.double(), _slack(name), one_sided=name.endswith("roughness"))
    return module


def threshold(score_N: Tensor) -> float:
    """The larger of 1 (the edge of the slacks) and the 97.5 % quantile of held-out people's scores."""
    return max(1.0, float(torch.quantile(score_N.double(), QUANTILE)))


def _stillness(x_NTJC: Tensor) -> Tensor:
    """Log of how much less the stiller foot swings forward than an actor's (N, 1); below 0 it swings more."""
    ahead_NTS = x_NTJC[:, :, [LEFT_ANKLE, RIGHT_ANKLE], 2]
    swing_NS = (ahead_NTS - ahead_NTS.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()
    return (SWING_M / (swing_NS.amin(dim=1, keepdim=True) + _STILL_M)).log()


def _slack(name: str) -> float:
    if name == "duration":
        return DURATION_SLACK
    limb, kind = name.rsplit(" ", 1)
    return ARM_MOVEMENT_SLACK if kind == "movement" and limb.endswith("arm") else SLACK[kind]


def _fit_part(value_NP: Tensor, slack: float, one_sided: bool) -> Part:
    centre_P = value_NP.mean(dim=0)
    covariance_PP = np.atleast_2d(np.cov(value_NP.numpy().T))
    n_features = len(covariance_PP)
    shrunk_PP = (1 - SHRINKAGE) * covariance_PP + SHRINKAGE * np.trace(covariance_PP) / n_features * np.eye(n_features)
    whiten_PP = torch.as_tensor(np.linalg.inv(np.linalg.cholesky(shrunk_PP)))
    limit = slack * float(torch.quantile(_distance(value_NP, Part(centre_P, whiten_PP, one_sided)), QUANTILE))
    return Part(centre_P.float(), (whiten_PP / limit).float(), one_sided)


def _distance(value_NP: Tensor, part: Part) -> Tensor:
    away_NP = value_NP - part.centre_P
    if part.one_sided:
        away_NP = away_NP.relu()
    return ((away_NP @ part.whiten_PP.transpose(0, 1)).square().sum(dim=1) + _EPSILON).sqrt()


def _waves(n_harmonics: int) -> Tensor:
    """Orthonormal rows: the constant, then cosine and sine of each harmonic."""
    phase_T = 2 * np.pi * np.arange(N_SAMPLES) / N_SAMPLES
    rows = [np.full(N_SAMPLES, 1 / np.sqrt(N_SAMPLES))]
    for harmonic in range(1, n_harmonics + 1):
        rows += [wave(harmonic * phase_T) * np.sqrt(2 / N_SAMPLES) for wave in (np.cos, np.sin)]
    return torch.tensor(np.array(rows), dtype=torch.float32)
