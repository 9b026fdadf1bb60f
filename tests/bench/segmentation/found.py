"""What a method told about one trial, whichever method it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

# A cycle of a peer that tells contacts only: right to right in this time, one left contact inside.
_MIN_CYCLE_S, _MAX_CYCLE_S = 0.4, 2.5


@dataclass(frozen=True, slots=True)
class Told:
    """A contact at t_s, told when the frame at emitted_t_s came in (NaN: the method is not online).

    at_opening: told at the moment the walking gate opened, with all that the window held by then.
    """

    side: str
    t_s: float
    emitted_t_s: float
    at_opening: bool = False


@dataclass(slots=True)
class Found:
    """Contacts in time order, how many cycles, CPU of each frame (one mean figure where a method works offline)."""

    initials: list[Told] = field(default_factory=list)
    finals: list[Told] = field(default_factory=list)
    n_cycles: int = 0
    n_usable: int = 0
    cpu_ms: list[float] = field(default_factory=list)
    failure: str | None = None


def cycles_of(initials: list[Told]) -> int:
    """Right-to-right cycles of plausible length with exactly one left contact inside."""
    right_s = [c.t_s for c in initials if c.side == "right"]
    left_s = [c.t_s for c in initials if c.side == "left"]
    return sum(
        _MIN_CYCLE_S <= b - a <= _MAX_CYCLE_S and sum(a < t < b for t in left_s) == 1 for a, b in pairwise(right_s)
    )
