"""Does the graph a home runs say what torch says? On a thousand walks it was never compared on.

Half of the cycles are clean, half as MediaPipe would see them from one side or another; all are of synthetic people
(``walkers_factorial``) who are neither golden inputs nor training data.

Promises: the largest difference of a logit, and of a score relative to its size where that is above 1; and how many
labels differ. Where torch itself has two labels within the tolerance of each other a changed label is no error; such
cycles are counted beside. Refuses a graph whose answers differ by more than the tolerance, or are no numbers.

Shape letters: N cycle, K class.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.bundle import Figure
from edge.encoder.answers import Raw, Rung
from edge.errors import EncoderError
from trainer.cycles import Cycles, joined
from trainer.walkers_factorial import Factorial, factorial_cycles

Floats = npt.NDArray[np.float32]
N_CYCLES: Final = 1000
_CLEAN: Final = Factorial(n_people=5, n_affects=4, n_recordings=1, n_cycles=25, seed=1000)
_NOISY: Final = Factorial(n_people=5, n_affects=4, n_recordings=1, n_cycles=27, seed=1001, noise="any")


@dataclass(frozen=True, slots=True)
class Parity:
    """Largest difference, changed labels among clear cycles, cycles torch is undecided on, changed labels there."""

    gap: float
    n_flips: int
    n_undecided: int
    n_flips_undecided: int
    n_cycles: int

    def why_refused(self, tolerance: float) -> str:
        """A reason, or nothing."""
        if not self.gap <= tolerance:
            return f"answers {self.gap:.2g} away from torch on {self.n_cycles} cycles (at most {tolerance:.2g})"
        return f"{self.n_flips} changed labels on {self.n_cycles} cycles" if self.n_flips else ""

    def figure(self, precision: str) -> Figure:
        """For the manifest."""
        note = (
            f"largest difference to torch in a logit, or relative in a score, on {self.n_cycles} synthetic cycles, "
            f"half of them as a camera sees them; {self.n_flips} changed labels; {self.n_undecided} cycles on which "
            f"torch is undecided within the tolerance, {self.n_flips_undecided} changed labels there"
        )
        return Figure(f"parity {precision}", float(f"{self.gap:.2g}"), note=note)


@cache
def strange_walks() -> Cycles:
    """The thousand cycles."""
    clean, noisy = (factorial_cycles(plan) for plan in (_CLEAN, _NOISY))
    return joined([clean, noisy]).take(np.arange(N_CYCLES))


def parity(rung: Rung, torch_logits_NK: Floats, torch_score_N: Floats, tolerance: float) -> Parity:
    """Compare a rung's answers for ``strange_walks`` with torch's; raises EncoderError when the runtime fails."""
    cycles = strange_walks()
    return compared(rung.run(cycles.x_NTJC, cycles.duration_s_N), torch_logits_NK, torch_score_N, tolerance)


def compared(found: Raw, logits_NK: Floats, score_N: Floats, tolerance: float) -> Parity:
    """Answers beside torch's for the same cycles; a number that is none makes the gap none."""
    away_NK = np.abs(found.logits_NK - logits_NK)
    away_N = np.abs(found.ood_score_N - score_N) / np.maximum(np.abs(score_N), 1.0)
    best_NK = np.sort(logits_NK, axis=1)
    undecided_N = best_NK[:, -1] - best_NK[:, -2] < tolerance
    flipped_N = found.logits_NK.argmax(axis=1) != logits_NK.argmax(axis=1)
    return Parity(
        gap=float(np.max([away_NK.max(), away_N.max()])),
        n_flips=int((flipped_N & ~undecided_N).sum()),
        n_undecided=int(undecided_N.sum()),
        n_flips_undecided=int((flipped_N & undecided_N).sum()),
        n_cycles=len(logits_NK),
    )


def refuse(found: Parity, tolerance: float) -> Parity:
    """``found``, if a bundle may be made of it; raises EncoderError."""
    reason = found.why_refused(tolerance)
    if reason:
        do = "Report this: the exporter and torch disagree."
        raise EncoderError(reason, f"torch's answers within {tolerance:.2g} and no other label", do)
    return found
