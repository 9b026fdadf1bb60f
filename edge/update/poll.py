"""When to ask for updates next. Pure: the clock and one random number come with the call.

Promises: a fleet that lost power at once does not ask at once (jitter over a quarter of the pause); failures double the
pause, up to a day; nothing is asked in quiet hours or on hold; a clock that was set back never delays by more than one
pause. On a metered line metadata (a few kB) are asked for, and payloads wait.
Refuses settings that make no sense.
"""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from edge.quiet_hours import QuietHours

JITTER: Final = 0.25


@dataclass(frozen=True, slots=True)
class PollSettings:
    """Pauses in seconds; ``on_hold`` stops everything; ``metered`` keeps payloads waiting."""

    zone: tzinfo
    every_s: float = 6 * 3600.0
    first_again_s: float = 300.0
    longest_s: float = 24 * 3600.0
    quiet: tuple[QuietHours, ...] = ()
    on_hold: bool = False
    metered: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.first_again_s <= self.every_s <= self.longest_s:
            raise ValueError("0 < first_again_s <= every_s <= longest_s")


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of it so far; ``last_try_s`` since 1970, or None before the first."""

    last_try_s: float | None
    n_failures: int


def next_poll_s(polled: Polled, settings: PollSettings, now_s: float, random: float) -> float | None:
    """When to poll, in seconds since 1970, not before ``now_s``; None on hold. ``random`` in [0, 1)."""
    if settings.on_hold:
        return None
    due_s = now_s + JITTER * settings.first_again_s * random
    if polled.last_try_s is not None:
        last_s = min(polled.last_try_s, now_s)  # a clock set back must not freeze the polls
        due_s = max(now_s, last_s + pause_s(polled.n_failures, settings) * (1 - JITTER / 2 + JITTER * random))
    return _after_quiet_s(due_s, settings, random)


def pause_s(n_failures: int, settings: PollSettings) -> float:
    """The pause before jitter: the usual one after a success, then doubling from the short one."""
    if n_failures == 0:
        return settings.every_s
    return min(settings.longest_s, settings.first_again_s * 2.0 ** min(n_failures - 1, 30))


def may_fetch_payload(settings: PollSettings) -> bool:
    """Whether a release may be downloaded on this line."""
    return not (settings.metered or settings.on_hold)


def _after_quiet_s(due_s: float, settings: PollSettings, random: float) -> float:
    """Past every window, also where one begins as another ends; then spread, or all homes would ask at its end."""
    start_s = due_s
    for _ in settings.quiet:
        ends_s = [end_s for window in settings.quiet if (end_s := window.quiet_until_s(due_s, settings.zone))]
        due_s = max(ends_s, default=due_s)
    return due_s if due_s == start_s else due_s + JITTER * settings.first_again_s * random
