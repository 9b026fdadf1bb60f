"""The supervisor's doorkeeper: reads clock and state.db twice a second and says which places must not be watched.

Promises: an answer is never older than ``POLL_S`` when it is asked for; each change is logged once. It reads the
whole file each time: that costs a third of a millisecond, finds out a file that was swapped or torn, and is far from
the path of any frame. A state that cannot be read rests every place, and the log says what to do. Refuses nothing.
"""

import time
from typing import Final

import structlog

from edge.boot_clock import read_clock
from edge.config import Config
from edge.errors import StateError
from edge.permission import Rest, State, rest_of
from edge.sense.sources import is_live
from edge.state import read_state

POLL_S: Final = 0.5

log = structlog.get_logger("supervisor")


class Doorkeeper:
    """``update`` gives the places that rest, by name."""

    def __init__(self, config: Config) -> None:
        self._path = config.state
        self._settings = config.settings
        self._live = {camera.place: is_live(camera.source) for camera in config.camera}
        self._rests: dict[str, Rest] = {}
        self._looked_s: float | None = None

    def update(self) -> dict[str, Rest]:
        """Which places rest now, and why; looked up anew where the last answer is older than ``POLL_S``."""
        now_s = time.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= POLL_S:
            self._looked_s = now_s
            before, self._rests = self._rests, self._look()
            self._tell(before)
        return self._rests

    def _look(self) -> dict[str, Rest]:
        state: State | StateError
        try:
            state = read_state(self._path)
        except StateError as error:
            state = error
        now = read_clock()
        rests = {place: rest_of(place, live, state, self._settings, now) for place, live in self._live.items()}
        return {place: rest for place, rest in rests.items() if rest is not None}

    def _tell(self, before: dict[str, Rest]) -> None:
        for place in self._live:
            rest, was = self._rests.get(place), before.get(place)
            if rest and (was is None or not rest.is_like(was)):
                log.warning("paused", place=place, why=rest.told(self._settings.zone), do=rest.do)
            elif was and not rest:
                log.info("watching again", place=place)
