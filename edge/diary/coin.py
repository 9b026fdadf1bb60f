"""The randomness of a packet; the one module that knows OpenDP.

Promises: the only thing in a packet that depends on the diary is one bit, and it went through OpenDP's randomised
response; what that cost is OpenDP's own figure (`epsilon`), rounded up by it and never above what was asked for. The
home is the unit: OpenDP's input here is the home's whole bit, so any two histories of a home, however different, are
neighbours at distance 1. Refuses floating point on the way: a number becomes a whole number of SCALE parts before any
randomness, and the bit is drawn by the system's random numbers, so the low digits of floats tell nothing.

Sources: Warner 1965; OpenDP 0.16 `make_randomized_response_bool` (in constant time) and its proof document.
"""

import math
import secrets
from collections.abc import Sequence
from typing import Any, Final

from edge.diary.packet import QUESTIONS, Question, truth_probability
from edge.errors import SharingError

SCALE: Final = 10_000
NANO: Final = 10**9
_NEIGHBOURS: Final = 1
"""OpenDP's distance between two bits that may differ."""


class Coin:
    """Answers that cost at most ``epsilon_asked`` each; raises SharingError where OpenDP is not installed."""

    def __init__(self, epsilon_asked: float) -> None:
        probability = truth_probability(epsilon_asked)
        self._measurement = _randomised_response(probability)
        while self.epsilon > epsilon_asked:
            probability = math.nextafter(probability, 0.5)
            self._measurement = _randomised_response(probability)
        self.probability = probability

    @property
    def epsilon(self) -> float:
        """What one answer costs, as OpenDP says."""
        return float(self._measurement.map(_NEIGHBOURS))

    @property
    def cost_nano(self) -> int:
        """The same in billionths, rounded up: whole numbers add up without error."""
        return math.ceil(self.epsilon * NANO)

    def answer(self, position: int) -> bool:
        """One answer for a number that lies ``position`` of SCALE parts high in its range; ValueError outside."""
        if not 0 <= position <= SCALE:
            raise ValueError(f"a position from 0 to {SCALE}")
        return bool(self._measurement(secrets.randbelow(SCALE) < position))

    def composed(self, n_answers: int) -> float:
        """What so many answers cost together, as OpenDP says."""
        from opendp.combinators import make_composition  # noqa: PLC0415  (an extra; slow to load)

        together: Any = make_composition([self._measurement] * n_answers)
        return float(together.map(_NEIGHBOURS))


def draw_question(questions: Sequence[Question] = QUESTIONS) -> Question:
    """One of them, each as often, whatever the diary holds."""
    return secrets.choice(questions)


def _randomised_response(probability: float) -> Any:
    try:
        from opendp.measurements import make_randomized_response_bool  # noqa: PLC0415  (an extra; slow to load)
        from opendp.mod import enable_features  # noqa: PLC0415
    except ImportError:
        raise SharingError(
            "no OpenDP here", "the library that makes the noise", "pip install 'quietstep[share]', then ask again."
        ) from None
    enable_features("contrib")  # OpenDP calls a measurement so until its proof was vetted; this one has its proof
    return make_randomized_response_bool(prob=probability, constant_time=True)
