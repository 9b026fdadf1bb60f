"""Temperature scaling and how honest the probabilities are.

Guo et al. 2017, "On Calibration of Modern Neural Networks": one temperature, by negative log-likelihood. It is
fitted on logits of people the model that made them has never seen.

Promises: a temperature in [0.2, 20]. Refuses nothing.

Shape letters: N cycle, K class.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.float64]
_RANGE: Final = (0.2, 20.0)


def temperature_of(logits_NK: Floats, label_N: npt.NDArray[np.int64]) -> float:
    """The temperature with the least negative log-likelihood."""

    def loss(log_temperature: float) -> float:
        likelihood_NK = log_softmax(logits_NK / np.exp(log_temperature), axis=1)
        return -float(likelihood_NK[np.arange(len(label_N)), label_N].mean())

    return float(np.exp(minimize_scalar(loss, bounds=np.log(_RANGE), method="bounded").x))


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of confidence that is not empty: its place, cycles in it, their mean confidence and share right."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


def reliability(posterior_NK: Floats, label_N: npt.NDArray[np.int64], n_bins: int = 10) -> tuple[Bin, ...]:
    """Confidence (the largest posterior) against accuracy in bins of equal width; empty bins are left out."""
    confidence_N = posterior_NK.max(axis=1)
    right_N = posterior_NK.argmax(axis=1) == label_N
    bin_N = np.minimum((confidence_N * n_bins).astype(int), n_bins - 1)
    return tuple(
        Bin(
            low=at / n_bins,
            high=(at + 1) / n_bins,
            n=int((bin_N == at).sum()),
            confidence=float(confidence_N[bin_N == at].mean()),
            accuracy=float(right_N[bin_N == at].mean()),
        )
        for at in np.unique(bin_N).tolist()
    )


def calibration_error(logits_NK: Floats, label_N: npt.NDArray[np.int64], n_bins: int = 10) -> float:
    """Expected calibration error: mean gap of confidence and accuracy over equal bins of confidence."""
    bins = reliability(softmax(logits_NK, axis=1), label_N, n_bins)
    return float(sum(abs(each.confidence - each.accuracy) * (each.n / len(label_N)) for each in bins))
