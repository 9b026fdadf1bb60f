"""May this place be watched now? The one decision that joins consent, pauses, quiet hours and what became of state.db.

Promises: it fails closed. A state that cannot be read rests every place; a live camera is watched only with a
consent that stands, and after a withdrawal nothing is; with quiet hours and a clock that was never set nobody can
tell, so it rests. Pure: state, settings and clock come with the call. Refuses nothing: every case has an answer, and
where it is no, a reason and what to do.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Final

import msgspec

from edge.consent import ConsentNote, stands, withdrawn
from edge.errors import StateError
from edge.pause import EARLIEST_SET_S, Clock, Pause
from edge.quiet_hours import QuietHours, quiet_until_s

CLOCK_JITTER_S: Final = 10.0


class Reason(StrEnum):
    """Why a place is not watched."""

    HOUSEHOLD = "paused by the household"
    GUEST = "paused for guests"
    QUIET = "quiet hours"
    CLOCK = "quiet hours and a clock that was never set"
    UNREADABLE = "its state cannot be read"
    CONSENT = "no consent"


@dataclass(frozen=True, slots=True)
class Rest:
    """A place is not watched: why, until when (None: until somebody does something), and what to do."""

    reason: Reason
    until_s: float | None = None
    do: str = "Watch again with: quietstep resume"

    def is_like(self, other: "Rest") -> bool:
        """The same reason and, but for a few seconds between two clocks, the same end."""
        ends_s = (_end_s(self), _end_s(other))
        return self.reason is other.reason and (ends_s[0] == ends_s[1] or abs(ends_s[0] - ends_s[1]) < CLOCK_JITTER_S)

    def told(self, zone: tzinfo | None) -> str:
        """In words, with the end in ``zone`` (None: the system's)."""
        if self.until_s is None:
            return str(self.reason)
        return f"{self.reason} until {datetime.fromtimestamp(self.until_s, zone):%a %d %b %H:%M}"


class State(msgspec.Struct, frozen=True):
    """What state.db holds: pauses, and the record of consent, oldest first."""

    pauses: tuple[Pause, ...] = ()
    consents: tuple[ConsentNote, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What the settings file says about it."""

    quiet: tuple[QuietHours, ...]
    zone: tzinfo


_MEND_QUIET: Final = "They are in quietstep.toml, below [[quiet]]."
_FOREVER: Final = float("inf")


def rest_of(place: str, live: bool, state: State | StateError, settings: Settings, now: Clock) -> Rest | None:
    """Why ``place`` must not be watched at ``now``, or None. Of several reasons the one that lasts longest."""
    if isinstance(state, StateError):
        return Rest(Reason.UNREADABLE, None, str(state))
    if withdrawn(state.consents) or (live and not stands(state.consents)):
        return Rest(Reason.CONSENT, None, "Read and accept with: quietstep consent")
    rests = [_rest(pause, now) for pause in state.pauses if pause.covers(place) and pause.lasts(now)]
    rests += _quiet(place, settings, now)
    return max(rests, key=_end_s, default=None)


def _rest(pause: Pause, now: Clock) -> Rest:
    return Rest(Reason.GUEST if pause.guest else Reason.HOUSEHOLD, pause.end_s(now))


def _quiet(place: str, settings: Settings, now: Clock) -> list[Rest]:
    if not any(window.covers(place) for window in settings.quiet):
        return []
    if now.wall_s < EARLIEST_SET_S:
        return [Rest(Reason.CLOCK, None, "Set the clock.")]
    until_s = quiet_until_s(settings.quiet, place, now.wall_s, settings.zone)
    return [] if until_s is None else [Rest(Reason.QUIET, until_s, _MEND_QUIET)]


def _end_s(rest: Rest) -> float:
    return _FOREVER if rest.until_s is None else rest.until_s
