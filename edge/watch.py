"""When a process counts as hung and how soon a dead one comes back; decisions only, no clock and no processes.

Promises: a process is judged by its progress, never by its own word; a process that still warms up is not judged,
nor is one that builds an engine (the ladder limits that); one that dies again and again is brought back ever more
slowly, but always brought back (a home has no operator).
Times are monotonic seconds that come in with the call.
"""

from dataclasses import dataclass
from typing import Final

WARM_UP_S: Final = 60.0
"""Longest accepted time from start to the first progress (model load on a slow device, pitfall 15)."""
STALL_S: Final = 5.0
"""Longest accepted time without progress once there was some."""
FIRST_DELAY_S: Final = 0.2
LONGEST_DELAY_S: Final = 30.0
STEADY_S: Final = 60.0
"""A process that ran this long died by accident, not in a loop: the delay starts over."""


@dataclass(slots=True)
class Watch:
    """The life of one child process, told by its starts, its progress and its deaths."""

    started_s: float = 0.0
    progress: int = 0
    progressed_s: float | None = None
    preparing: int = 0
    prepared_s: float = 0.0
    n_deaths: int = 0
    delay_s: float = 0.0
    due_s: float = 0.0
    warm_up_s: float = WARM_UP_S
    stall_s: float = STALL_S

    def start(self, now_s: float, progress: int) -> None:
        """The process was started; ``progress`` is where its counter stands."""
        self.started_s, self.progress, self.progressed_s = now_s, progress, None

    def update(self, now_s: float, progress: int, *, waiting: bool = False, preparing: int = 0) -> bool:
        """Note the counter; True while the process is in order, False when it hangs.

        ``waiting`` says that it has nothing to do (no input), which is not a hang. ``preparing`` is a second counter
        that moves while the process builds what it needs, at its start or later; that counts as life, not as progress.
        """
        if preparing != self.preparing:
            self.preparing, self.prepared_s = preparing, now_s
        if progress != self.progress or (waiting and self.progressed_s is not None):
            self.progress, self.progressed_s = progress, now_s
        if self.progressed_s is None:
            return now_s - max(self.started_s, self.prepared_s) < self.warm_up_s
        return now_s - max(self.progressed_s, self.prepared_s) < self.stall_s

    def flowing(self, now_s: float, within_s: float = 2.0) -> bool:
        """True when it progressed within the last ``within_s`` seconds."""
        return self.progressed_s is not None and now_s - self.progressed_s < within_s

    def died(self, now_s: float) -> float:
        """The process is gone; returns when it may start again (doubling delay, reset after a steady run)."""
        steady = now_s - self.started_s > STEADY_S
        self.delay_s = FIRST_DELAY_S if steady or not self.delay_s else min(2 * self.delay_s, LONGEST_DELAY_S)
        self.n_deaths += 1
        self.progressed_s = None
        self.due_s = now_s + self.delay_s
        return self.due_s
