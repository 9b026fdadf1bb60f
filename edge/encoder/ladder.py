"""What the ladder decides: which rung is next, and whether one that was tried may answer. No runtime, no files.

Promises: a rung is accepted only when the wanted provider was the one in use, every golden answer was finite and
within the tolerance of its precision, no label flipped and its time was taken; whoever is refused has a reason, and
is not tried again. Refuses to call the last refusal anything but an error.
"""

from dataclasses import dataclass, replace
from typing import Final

from edge.errors import EncoderError

FLOAT32: Final = "float32"
MIXED: Final = "mixed"
LOOSEST: Final = {FLOAT32: 0.01, MIXED: 0.1}
"""No manifest may ask for less agreement than this, in logits and score."""
SLOWEST_CYCLE_S: Final = 0.25
"""A rung that needs longer for one cycle is not one to wait for: several people at once would never catch up."""
HEAVY: Final = frozenset({"Conv", "MatMul", "Gemm", "FusedMatMul", "FusedConv", "FusedGemm"})
"""The operators that are worth an accelerator; if one of these runs elsewhere, the rung is not what it says."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of the golden inputs: largest difference, changed labels, whether all was finite, and the time."""

    gap: float
    n_flips: int
    finite: bool
    cycle_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A rung that may not answer, why, and what would change that."""

    rung: str
    reason: str
    do: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """Where the ladder stands: every rung in order, and those refused so far."""

    rungs: tuple[str, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def next(self) -> str | None:
        """The first rung that was not refused, or None."""
        out = {refused.rung for refused in self.refused}
        return next((rung for rung in self.rungs if rung not in out), None)

    def without(self, rung: str, reason: str, do: str) -> "Ladder":
        """The ladder after ``rung`` was refused."""
        return replace(self, refused=(*self.refused, Refused(rung, reason, do)))

    def error(self) -> EncoderError:
        """The sentence when no rung is left."""
        told = "; ".join(f"{refused.rung}: {refused.reason}" for refused in self.refused) or "no rung is configured"
        do = self.refused[-1].do if self.refused else 'Write rungs = ["cpu"] below [encoder].'
        return EncoderError(f"no rung that answers ({told})", "one accepted rung", do)


def why_refused(trial: Trial, tolerance: float) -> str | None:
    """Why a rung that gave ``trial`` may not answer; None when it may."""
    if not trial.finite:
        return "golden answers that are not numbers"
    if trial.n_flips or not trial.gap <= tolerance:
        return f"golden answers off by {trial.gap:.2g} with {trial.n_flips} changed labels (tolerance {tolerance:.2g})"
    if not 0 < trial.cycle_s <= SLOWEST_CYCLE_S:
        return f"{1000 * trial.cycle_s:.0f} ms for one cycle (at most {1000 * SLOWEST_CYCLE_S:.0f} ms)"
    return None


def why_elsewhere(wanted: str, providers: list[str], placed: dict[str, set[str]]) -> str | None:
    """Why a session is not on the wanted provider; None when it is.

    ``providers`` is what the session says it uses, ``placed`` the operators that each provider really got (empty
    where the runtime cannot tell).
    """
    if providers[:1] != [wanted]:
        return f"a session on {', '.join(providers[:1]) or 'no provider'} instead of {wanted}"
    strayed = sorted({operator for provider, got in placed.items() if provider != wanted for operator in got & HEAVY})
    if strayed:
        return f"{', '.join(strayed)} of the graph running outside {wanted}"
    return None


def precision_for(rung: str, tolerances: dict[str, float], has_mixed_graph: bool) -> str:
    """Mixed precision where the bundle names it and the rung gains by it, else float32."""
    return MIXED if rung != "cpu" and has_mixed_graph and MIXED in tolerances else FLOAT32


def tolerance_is_sane(precision: str, tolerance: float | None) -> bool:
    """Whether a manifest's tolerance can be meant."""
    return tolerance is not None and 0 < tolerance <= LOOSEST[precision]
