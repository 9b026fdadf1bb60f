"""Pauses: how long one lasts, and which of two lasts longer. Decisions only: no clock, no file.

Promises: no step of the clock shortens a pause while the device stays on. A pause is over only when *both* clocks say
so: the wall clock passed its end, and, in the boot in which it began, as much time went by as was asked for. So

- a clock set forward (a board without a battery that just learned the time, a wrong hand) ends nothing early;
- a clock set back, even to before the pause began, makes it longer, never shorter; ``resume`` ends it at once;
- after a restart of the device only the wall clock is left, as nobody knows how long the device was off: a clock set
  forward *while it was off* does end a timed pause early. Where that matters, pause without an end.

A new pause never shortens one that stands. Refuses lengths and times it cannot read, with ConfigError.
Nothing remote exists here: a pause begins and ends by a command at this device, or by the quiet hours of its settings
file; a message that a broker kept (retained) could not switch anything, and must not when there is one.
Times are Unix seconds (wall) and seconds since the boot, time asleep included.
"""

import re
from datetime import datetime, time, timedelta, tzinfo
from typing import Annotated, Final

import msgspec

from edge.errors import ConfigError

ALL_PLACES: Final = "*"
EARLIEST_SET_S: Final = 1_704_067_200
"""2024-01-01: a clock before it was never set (a board without a battery, just booted)."""
LONGEST_S: Final = 366 * 86_400
_UNITS_S: Final = {"d": 86_400, "h": 3600, "m": 60, "min": 60, "s": 1}
_LENGTH: Final = re.compile(r"(?:\d{1,6}\s*(?:d|h|min|m|s)\s*)+")
_PART: Final = re.compile(r"(\d+)\s*(d|h|min|m|s)")
_TIME: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")

Second = Annotated[int, msgspec.Meta(ge=0)]


class Clock(msgspec.Struct, frozen=True):
    """One moment: Unix seconds, seconds since the boot, and which boot (empty: the system does not say)."""

    wall_s: float
    boot_s: float
    boot_id: str


class Pause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One pause, of one place or of all (``ALL_PLACES``); ``until_s`` None means until somebody resumes.

    ``boot_s`` and ``boot_id`` are the moment ``since_s`` on the clock that nobody can set.
    """

    place: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    guest: bool
    since_s: Second
    until_s: Second | None
    boot_s: Second
    boot_id: str

    def covers(self, place: str) -> bool:
        """Whether it is about ``place``."""
        return self.place in (ALL_PLACES, place)

    def end_s(self, now: Clock) -> float | None:
        """When it ends as seen from ``now`` (in the past where it is over); None: until somebody resumes."""
        if self.until_s is None:
            return None
        if not self.boot_id or self.boot_id != now.boot_id:
            return self.until_s
        left_s = self.until_s - self.since_s - (now.boot_s - self.boot_s)
        return max(self.until_s, now.wall_s + left_s)

    def lasts(self, now: Clock) -> bool:
        """Whether it still stands at ``now``; see the module's first lines for what clocks can and cannot do."""
        end_s = self.end_s(now)
        return end_s is None or now.wall_s < end_s


def new_pause(place: str, now: Clock, until_s: float | None, *, guest: bool = False) -> Pause:
    """A pause from ``now`` on; fractions of seconds are rounded so that it only gets longer."""
    end_s = None if until_s is None else max(int(now.wall_s), _ceil(until_s))
    return Pause(place, guest, int(now.wall_s), end_s, _ceil(now.boot_s), now.boot_id)


def longer(standing: Pause, new: Pause, now: Clock) -> Pause:
    """Which of two pauses of the same place stays: a new one never shortens one that still lasts."""
    ends_s = standing.end_s(now), new.end_s(now)
    if ends_s[0] is None or ends_s[1] is None:
        return standing if ends_s[0] is None else new
    return new if ends_s[1] >= ends_s[0] else standing


def _ceil(seconds: float) -> int:
    return -int(-seconds // 1)


def seconds_of(length: str) -> int:
    """``2h``, ``90m``, ``1h30m``, ``3d`` in seconds."""
    text = length.strip().lower()
    seconds = sum(int(n) * _UNITS_S[unit] for n, unit in _PART.findall(text)) if _LENGTH.fullmatch(text) else 0
    if not 0 < seconds <= LONGEST_S:
        raise ConfigError(
            f"the length {length!r}",
            "something like 30m, 2h, 1h30m or 3d, at most 366 days",
            "Leave it out for a pause that lasts until `quietstep resume`.",
        )
    return seconds


def time_of(text: str) -> time:
    """``08:00`` as a time of the day."""
    if not (found := _TIME.fullmatch(text.strip())):
        raise ConfigError(f"the time {text!r}", "a time of the day from 00:00 to 23:59", "Write it like 08:00.")
    return time(int(found[1]), int(found[2]))


def next_time_s(at: time, now_s: float, zone: tzinfo) -> float:
    """The next moment after ``now_s`` at which clocks in ``zone`` show ``at``; where that is twice, the later one."""
    if now_s < EARLIEST_SET_S:
        raise ConfigError(
            "a clock that was never set", "one that knows the day", "Set the clock, or give --for instead of --until."
        )
    today = datetime.fromtimestamp(now_s, zone).date()
    ends_s = (latest_s(datetime.combine(today + timedelta(days=n), at), zone) for n in range(3))
    return next(end_s for end_s in ends_s if end_s > now_s)


def latest_s(local: datetime, zone: tzinfo) -> float:
    """The later of the moments at which clocks in ``zone`` show ``local``; of a time that is skipped, the later
    reading."""
    return max(local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))


def earliest_s(local: datetime, zone: tzinfo) -> float:
    """The earlier of the moments at which clocks in ``zone`` show ``local``."""
    return min(local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
