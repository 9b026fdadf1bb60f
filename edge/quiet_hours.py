"""Quiet hours: times of the day, in the household's zone, at which nothing is watched. Pure: time comes with the call.

Promises: every moment at which a clock on the wall shows a time inside a window is quiet, over midnight and over both
changes of daylight saving. Where such a change makes a time happen twice, or never, the window is read so that it is
longer: it begins at the earliest and ends at the latest moment that can be meant, without a hole in between.
Quiet hours follow the clock, so a wrong clock has wrong quiet hours; a clock that was never set has nothing else
(see ``edge.permission``). Refuses a window that ends when it begins.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from edge.pause import earliest_s, latest_s


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Half-open, from ``start`` to ``end`` (over midnight where ``end`` is earlier); None: at every place."""

    start: time
    end: time
    place: str | None = None

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError("a window whose end is not its start; `quietstep pause` is for whole days")

    def covers(self, place: str) -> bool:
        """Whether it is about ``place``."""
        return self.place in (None, place)

    def quiet_until_s(self, now_s: float, zone: tzinfo) -> float | None:
        """When the quiet that reigns at ``now_s`` ends; None where there is none."""
        today = datetime.fromtimestamp(now_s, zone).date()
        ends_s = []
        for n in (-2, -1, 0, 1):
            day = today + timedelta(days=n)
            last_day = day + timedelta(days=self.end < self.start)
            end_s = latest_s(datetime.combine(last_day, self.end), zone)
            if earliest_s(datetime.combine(day, self.start), zone) <= now_s < end_s:
                ends_s.append(end_s)
        return max(ends_s, default=None)


def quiet_until_s(hours: Iterable[QuietHours], place: str, now_s: float, zone: tzinfo) -> float | None:
    """When the last of the windows ends that are quiet for ``place`` at ``now_s``; None where none is."""
    ends_s = [window.quiet_until_s(now_s, zone) for window in hours if window.covers(place)]
    return max((end_s for end_s in ends_s if end_s is not None), default=None)
