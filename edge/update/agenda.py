"""Keeps the next poll's time while the clock, the settings and what came of earlier polls may change. Pure.

Promises: what ``next_poll_s`` spread stays spread, however often it is looked at; a clock that was set back is noticed,
and a device that slept into quiet hours asks after them. Refuses nothing.
"""

from edge.update.poll import Polled, PollSettings, next_poll_s

_LONG_AGO = Polled(0.0, 0)


class Agenda:
    """``due`` again and again; ``next_s`` in seconds since 1970, None on hold. ``random`` in [0, 1), this device's."""

    def __init__(self, random: float) -> None:
        self.next_s: float | None = None
        self._random = random
        self._for: tuple[Polled, PollSettings] | None = None
        self._looked_s = 0.0

    def due(self, polled: Polled, settings: PollSettings, now_s: float) -> bool:
        """Whether to ask now."""
        if self._for != (polled, settings) or now_s < self._looked_s:
            self._for = (polled, settings)
            self.next_s = next_poll_s(polled, settings, now_s, self._random)
        self._looked_s = now_s
        if self.next_s is None or now_s < self.next_s:
            return False
        self.next_s = next_poll_s(_LONG_AGO, settings, now_s, self._random)
        return self.next_s == now_s
