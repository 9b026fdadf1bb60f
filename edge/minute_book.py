"""One camera's minutes while they are still open: counts of its frames and ticks, by UTC minute.

Promises: seconds before the camera's first frame, between two ticks that say paused, and after the stop count as
paused (the household had it off); every other second without a frame stays missing. At most ``MOST_OPEN`` minutes
are open, so a clock gone wild cannot fill the memory. Refuses to keep anything but counts.
"""

from collections.abc import Iterator
from typing import Final

from edge.diary.minutes import MINUTE_S, MinuteCounter, MinuteTally
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import LEFT_HIP, RIGHT_ANKLE
from edge.wire import Frame, Person, unpack_body

MOST_OPEN: Final = 8
NS: Final = 1_000_000_000
_LEGS: Final = slice(LEFT_HIP, RIGHT_ANKLE + 1)
_LEAST_VISIBILITY: Final = GaitSettings().min_visibility


class MinuteBook:
    """Counts frames into minutes; ``close`` hands out the tallies of those that are over."""

    def __init__(self) -> None:
        self._open: dict[int, MinuteCounter] = {}
        self._next: int | None = None
        self._paused_s: int | None = None

    def update(self, frame: Frame) -> None:
        """Count one frame."""
        minute, second = divmod(frame.t_wall_ns // NS, MINUTE_S)
        counter = self._counter_from(minute, second)
        if counter is None:
            return
        self._paused_s = None
        n_usable = sum(_legs_seen(person) for person in frame.people)
        counter.update(second, frame.state, len(frame.people), n_usable)

    def down(self, t_wall_s: float) -> None:
        """A tick said that a process of this camera is down."""
        counter = self._counter(int(t_wall_s // MINUTE_S))
        if counter is not None:
            counter.down()

    def paused(self, t_wall_s: float) -> None:
        """A tick said that this camera is off on purpose; from the last such tick on, unless frames came between."""
        now_s = int(t_wall_s)
        since_s = now_s if self._paused_s is None else min(now_s, self._paused_s)
        self._paused_s = now_s
        oldest = max(since_s // MINUTE_S, now_s // MINUTE_S - MOST_OPEN + 1)
        for minute in range(now_s // MINUTE_S, oldest - 1, -1):  # the newest first: not all may find room
            first_s, end_s = max(since_s, minute * MINUTE_S), min(now_s + 1, (minute + 1) * MINUTE_S)
            if counter := self._counter_from(minute, first_s % MINUTE_S):
                counter.paused(first_s - minute * MINUTE_S, end_s - minute * MINUTE_S)

    def stop(self, t_wall_s: float) -> None:
        """Watching ends on purpose: the rest of the minute is paused."""
        minute, second = divmod(int(t_wall_s), MINUTE_S)
        counter = self._counter(minute) if self._next is not None else None
        if counter is not None:
            counter.paused(second, MINUTE_S)

    def close(self, before_minute: int) -> Iterator[tuple[int, MinuteTally]]:
        """Tallies of the minutes before ``before_minute``, oldest first; unheard-of ones among them are empty.

        Of a longer silence only the newest minutes are given; the diary itself books what lies between.
        """
        if self._next is None:
            return
        start = max(self._next, before_minute - MOST_OPEN)
        for minute in sorted({*range(start, before_minute), *(m for m in self._open if m < before_minute)}):
            yield minute, self._open.pop(minute, MinuteCounter()).tally()
        self._next = max(self._next, before_minute)

    def _counter_from(self, minute: int, second: int) -> MinuteCounter | None:
        """The counter of ``minute``; of the very first one, what lies before ``second`` is paused."""
        first = self._next is None
        counter = self._counter(minute)
        if first and counter is not None:
            counter.paused(0, second)
        return counter

    def _counter(self, minute: int) -> MinuteCounter | None:
        if self._next is None:
            self._next = minute
        if minute < self._next:
            return None  # already booked: the clock was set back
        if minute not in self._open:
            if len(self._open) >= MOST_OPEN:
                return None
            self._open[minute] = MinuteCounter()
        return self._open[minute]


def _legs_seen(person: Person) -> bool:
    """Hips, knees and ankles are all in view: without them there is no gait to observe."""
    return bool(unpack_body(person.body)[1][_LEGS].min() >= _LEAST_VISIBILITY)
