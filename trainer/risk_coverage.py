"""What answering less is worth: the risk among the cycles answered, at every coverage.

El-Yaniv & Wiener 2010, "On the Foundations of Noise-free Selective Classification"; the area under the curve (AURC)
and its least possible value as in Geifman, Uziel & El-Yaniv 2019. Cycles are answered in order of confidence; at
coverage n/N the risk is the share of wrong labels among the n most confident. AURC is the mean risk over all N
coverages. Answering in random order has the risk of answering everything at each coverage (``aurc_random``); knowing
which answers are wrong, and giving them last, is the ideal.

Deviation: cycles of equal confidence have no order, so their errors are spread evenly among them instead of in the
order of the file.

Promises: nothing is drawn at random; a constant confidence has the AURC of random. Refuses (ValueError) no cycle.

Shape letters: N cycle.
"""

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MOST_POINTS: Final = 100


class Point(msgspec.Struct, frozen=True):
    """Answering the most confident ``coverage`` (0 to 1): the share of wrong labels among them, and the least
    confidence that is still answered."""

    coverage: float
    risk: float
    confidence: float


class RiskCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The curve, at most MOST_POINTS of it, from the least coverage to 1, with the areas under it."""

    aurc: float
    aurc_random: float
    aurc_ideal: float
    points: tuple[Point, ...]


def risk_coverage(confidence_N: npt.ArrayLike, right_N: npt.ArrayLike) -> RiskCoverage:
    """The curve of answers that were right (N,) or not, the most confident (N,) answered first."""
    confidence_N, right_N = np.asarray(confidence_N, dtype=np.float64), np.asarray(right_N, dtype=bool)
    if not len(confidence_N):
        raise ValueError("no cycle to answer")
    order_N = np.argsort(-confidence_N, kind="stable")
    ordered_N, wrong_N = confidence_N[order_N], (~right_N[order_N]).astype(np.float64)
    risk_N = _risk(_spread_over_equals(wrong_N, ordered_N))
    shown = np.unique(np.linspace(0, len(risk_N) - 1, min(MOST_POINTS, len(risk_N))).round().astype(int))
    points = (Point((at + 1) / len(risk_N), float(risk_N[at]), float(ordered_N[at])) for at in shown.tolist())
    wrong = float(wrong_N.mean())
    return RiskCoverage(
        aurc=float(risk_N.mean()),
        aurc_random=wrong,
        aurc_ideal=float(ideal_curve(wrong, len(risk_N))[1].mean()),
        points=tuple(points),
    )


def ideal_curve(wrong: float, n_cycles: int) -> tuple[Floats, Floats]:
    """Coverage and risk (N,) when the wrong answers, a share ``wrong`` of all, are given last."""
    wrong_N = np.arange(n_cycles) >= n_cycles - round(wrong * n_cycles)
    return np.arange(1, n_cycles + 1) / n_cycles, _risk(wrong_N.astype(np.float64))


def _risk(wrong_N: Floats) -> Floats:
    return np.asarray(np.cumsum(wrong_N) / np.arange(1, len(wrong_N) + 1))


def _spread_over_equals(wrong_N: Floats, confidence_N: Floats) -> Floats:
    _, group_N, n_G = np.unique(confidence_N, return_inverse=True, return_counts=True)
    return np.asarray((np.bincount(group_N, wrong_N) / n_G)[group_N])
