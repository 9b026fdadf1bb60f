"""A diary that its monitor lends for a moment, to be erased, restored or written under a new key.

Promises: before it is lent everything is committed; while it is lent notes wait in memory, in order; when it comes back
they are booked as if nothing had happened, and a place whose checkpoint is not as it was left begins anew, so that what
was erased cannot come back from memory. Refuses to lend what could not be committed. What waits too long is given up
and counted (its minutes are then faults).
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from edge.diary.booking import Counters, CycleNote, MinuteNote
from edge.diary.diary import Diary, Ledger
from edge.diary.trend import TrendRow
from edge.errors import DiaryBusyError

MOST_WAITING: Final = 20_000


class Closable(Ledger, Protocol):
    """A ledger that can be let go."""

    def close(self) -> None:
        """Let go of the file and of the right to write."""
        ...


class LentDiary:
    """What `edge.diary.diary.Diary` is to a monitor; ``look`` once a tick. Raises what ``open_ledger`` raises."""

    def __init__(self, open_ledger: Callable[[], Closable], is_asked_for: Callable[[], bool], model_id: str, rung: str):
        self._open_ledger = open_ledger
        self._is_asked_for = is_asked_for
        self._ledger: Closable | None = open_ledger()
        self._diary = Diary(self._ledger, model_id, rung)
        self._source = (model_id, rung)
        self._waiting: deque[CycleNote | MinuteNote] = deque()

    @property
    def counters(self) -> Counters:
        """What was late, set aside or given up."""
        return self._diary.counters

    def look(self) -> tuple[TrendRow, ...]:
        """Lend it if somebody asks, take it back if nobody does any more; the rows that this kept."""
        asked = self._is_asked_for()
        if self._ledger is None:
            return () if asked else self._take_back()
        return self._lend() if asked else self._catch_up()

    def start(self, t_s: float, places: Iterable[str]) -> tuple[TrendRow, ...]:
        """Watching begins; while it is lent the first minute tells it."""
        return () if self._ledger is None else self._diary.start(t_s, places)

    def update(self, note: CycleNote | MinuteNote) -> tuple[TrendRow, ...]:
        """Take one note, or let it wait."""
        self._waiting.append(note)
        if self._ledger is not None:
            return self._catch_up()
        if len(self._waiting) > MOST_WAITING:
            self.counters.overflow_cycles += isinstance(self._waiting.popleft(), CycleNote)
        return ()

    def go_on_with(self, model_id: str, rung: str) -> None:
        """Another model or rung answers from now on. Cycles that wait are of the earlier one: they are set aside."""
        minutes = [note for note in self._waiting if isinstance(note, MinuteNote)]
        self.counters.set_aside_cycles += len(self._waiting) - len(minutes)
        self._waiting = deque(minutes)
        self._source = (model_id, rung)
        if self._ledger is not None:
            self._diary.go_on_with(model_id, rung)

    def stop(self, t_s: float) -> tuple[TrendRow, ...]:
        """A clean stop. Raises DiaryBusyError while it is lent: then the next start books a fault."""
        return (*self._have(), *self._diary.stop(t_s))

    def finish(self, t_s: float) -> tuple[TrendRow, ...]:
        """A clean stop after which nothing follows; as `stop`."""
        return (*self._have(), *self._diary.finish(t_s))

    def close(self) -> None:
        """Let go of the file."""
        if self._ledger is not None:
            self._ledger.close()

    def _have(self) -> tuple[TrendRow, ...]:
        rows = self.look()
        if self._ledger is None:
            raise DiaryBusyError("a diary that another command has just now", "the diary", "Start again afterwards.")
        return rows

    def _lend(self) -> tuple[TrendRow, ...]:
        rows = (*self._catch_up(), *self._diary.settle())
        if self._ledger is not None:
            self._ledger.close()
        self._ledger = None
        return rows

    def _take_back(self) -> tuple[TrendRow, ...]:
        self._ledger = self._open_ledger()
        self._diary.go_on_in(self._ledger)
        self._diary.go_on_with(*self._source)
        return self._catch_up()

    def _catch_up(self) -> tuple[TrendRow, ...]:
        """Book what waits. Where a commit fails the rest goes on waiting; what was booked is tried again with it."""
        rows: list[TrendRow] = []
        while self._waiting:
            rows += self._diary.update(self._waiting.popleft())
        return tuple(rows)
