"""Affect: what the encoder may say about one gait cycle.

Promises: a posterior over four classes that sums to one, with valence and arousal derived from it, or an
abstention with its reason. Refuses anything else: an error never turns into a mood.

Shape letters: K class, D dimension (valence, arousal).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

CLASSES: Final = ("angry", "happy", "neutral", "sad")

COORDINATES_KD: Final[npt.NDArray[np.float64]] = np.array(
    [[-0.51, 0.59], [0.81, 0.51], [0.0, 0.0], [-0.63, -0.27]], dtype=np.float64
)
"""Valence and arousal of each class, in the order of CLASSES (Russell & Mehrabian 1977)."""
COORDINATES_KD.flags.writeable = False


class AbstainReason(StrEnum):
    """Why a cycle has no affect."""

    OUT_OF_DISTRIBUTION = "out_of_distribution"
    LOW_QUALITY = "low_quality"


@dataclass(frozen=True, slots=True)
class Affect:
    """A calibrated posterior over CLASSES; raises ValueError unless four finite shares sum to one."""

    posterior: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        shares = np.asarray(self.posterior, dtype=np.float64)
        whole = shares.shape == (len(CLASSES),) and bool(np.isfinite(shares).all())
        if not whole or bool((shares < -1e-6).any()) or abs(float(shares.sum()) - 1.0) > 1e-3:
            raise ValueError("a posterior is four finite shares that sum to one")

    @property
    def valence(self) -> float:
        """Expected valence, -1 unpleasant to 1 pleasant."""
        return float(np.dot(self.posterior, COORDINATES_KD[:, 0]))

    @property
    def arousal(self) -> float:
        """Expected arousal, -1 calm to 1 excited."""
        return float(np.dot(self.posterior, COORDINATES_KD[:, 1]))


@dataclass(frozen=True, slots=True)
class Abstention:
    """No affect for this cycle, and why."""

    reason: AbstainReason


Judgement = Affect | Abstention
