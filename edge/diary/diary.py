"""The diary of a home: notes of cycles and minutes in, rows of closed buckets out once they are safely kept.

Promises: one commit per booked minute, with the closed rows and the checkpoint of the open bucket together, so that
kill -9 loses at most the current minute. A row is returned only after its commit. If a commit fails (a full disk),
`update` raises the ledger's error, everything stays in memory, and the next booked minute tries again. Refuses to
book a minute twice. Reads no clock: time comes in with the notes.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from edge.diary.booking import Counters, CycleNote, MinuteNote, OpenBucket, PlaceBook
from edge.diary.minutes import MINUTE_S
from edge.diary.trend import LONGEST_BUCKET_S, TrendRow

__all__ = ["Counters", "CycleNote", "Diary", "Ledger", "MemoryLedger", "MinuteNote", "OpenBucket"]

MOST_UNSAVED_ROWS: Final = 20_000
DAY_S: Final = 86_400


class Ledger(Protocol):
    """Where a diary keeps what it closed. A row that is already there (place and start) stays as it is."""

    def load(self) -> Sequence[OpenBucket]:
        """The checkpoints of the last run."""
        ...

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        """Rows and checkpoints, all or nothing; raises DiaryError and may then be called again with more."""
        ...


class MemoryLedger:
    """A ledger that forgets: for replay, which wants only the rows out."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int], TrendRow] = {}
        self._buckets: dict[str, OpenBucket] = {}

    @property
    def rows(self) -> tuple[TrendRow, ...]:
        """All rows kept, by time and place."""
        return tuple(sorted(self._rows.values(), key=lambda row: (row.bucket_start_s, row.place)))

    def load(self) -> Sequence[OpenBucket]:
        """The checkpoints saved last."""
        return tuple(self._buckets.values())

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        """Keep rows and checkpoints in memory."""
        for row in rows:
            self._rows.setdefault((row.place, row.bucket_start_s), row)
        self._buckets.update({bucket.place: bucket for bucket in buckets})


class Diary:
    """Books what happens at the places of one home.

    ``bucket_s`` is the length of a bucket: whole minutes, a divisor of a day, at most six hours. Raises ValueError
    for another one. Without ``checkpoint_each_minute`` only closed buckets and stops are committed: for
    simulations, which can be run again; a crash then costs the open bucket. Bout numbers of `CycleNote` are those
    of one run; places are independent of each other.
    """

    def __init__(
        self,
        ledger: Ledger,
        model_id: str,
        rung: str,
        bucket_s: int = 3600,
        checkpoint_each_minute: bool = True,
    ) -> None:
        if bucket_s <= 0 or bucket_s % MINUTE_S or DAY_S % bucket_s or bucket_s > LONGEST_BUCKET_S:
            raise ValueError(f"a bucket of {bucket_s} s: whole minutes, a divisor of a day, at most six hours")
        self.counters = Counters()
        self._ledger = ledger
        self._source = (model_id, rung)
        self._bucket_s = bucket_s
        self._each_minute = checkpoint_each_minute
        self._books: dict[str, PlaceBook] = {}
        self._unsaved: list[TrendRow] = []
        self._changed: set[str] = set()
        for bucket in ledger.load():
            self._book_of(bucket.place).resume(bucket)

    def start(self, t_s: float, places: Iterable[str]) -> tuple[TrendRow, ...]:
        """Watching begins at these places; optional, but a crash before the first booked minute then shows."""
        minute = int(t_s // MINUTE_S)
        for place in places:
            self._keep(place, self._book_of(place).start(minute))
        return self._commit()

    def update(self, note: CycleNote | MinuteNote) -> tuple[TrendRow, ...]:
        """Take one note; the rows that are now safely kept. Raises DiaryError when a commit failed (see above)."""
        if isinstance(note, CycleNote):
            if not math.isfinite(note.t_s):
                raise ValueError("the time of a cycle is not a number")
            self._book_of(note.place).hold(note)
            return ()
        self._keep(note.place, self._book_of(note.place).book(note))
        self._end_forgotten_places(note.minute)
        return self._commit() if self._each_minute or self._unsaved else ()

    def go_on_with(self, model_id: str, rung: str) -> None:
        """Another model or rung answers from now on: rows name it, and moods of two are not mixed."""
        self._source = (model_id, rung)
        for book in self._books.values():
            book.go_on_with(model_id, rung)

    def stop(self, t_s: float) -> tuple[TrendRow, ...]:
        """A clean stop: from this minute on until the next start the household has it off."""
        minute = int(t_s // MINUTE_S)
        for place, book in self._books.items():
            self._keep(place, book.stop(minute))
        return self._commit()

    def finish(self, t_s: float) -> tuple[TrendRow, ...]:
        """A clean stop after which nothing follows: also closes every open bucket (the rest of it is paused)."""
        minute = int(t_s // MINUTE_S)
        for place, book in self._books.items():
            self._keep(place, book.stop(minute) + book.end_bucket())
        return self._commit()

    def settle(self) -> tuple[TrendRow, ...]:
        """Commit what every place is at, before somebody else has the ledger; lend none that raises DiaryError."""
        self._changed.update(self._books)
        return self._commit()

    def go_on_in(self, ledger: Ledger) -> None:
        """Go on after `settle`, in a ledger that somebody else had.

        A place whose checkpoint there is what this diary left goes on; one that is gone or another (erased, restored)
        is what the ledger says, and nothing of it comes back from memory.
        """
        self._ledger = ledger
        there = {bucket.place: bucket for bucket in ledger.load()}
        for place in [*self._books, *there]:
            if place not in self._books or self._books[place].checkpoint() != there.get(place):
                self._books[place] = PlaceBook(place, *self._source, self._bucket_s, self.counters)
                if place in there:
                    self._books[place].resume(there[place])

    def _book_of(self, place: str) -> PlaceBook:
        if place not in self._books:
            self._books[place] = PlaceBook(place, *self._source, self._bucket_s, self.counters)
        return self._books[place]

    def _keep(self, place: str, rows: list[TrendRow]) -> None:
        self._changed.add(place)
        self._unsaved += rows
        too_many = len(self._unsaved) - MOST_UNSAVED_ROWS
        if too_many > 0:
            del self._unsaved[:too_many]
            self.counters.rows_given_up += too_many

    def _end_forgotten_places(self, minute: int) -> None:
        """Close the last bucket of places that this run does not watch (their camera left the configuration)."""
        for place, book in self._books.items():
            if not book.started and book.booked_until is not None and minute >= book.bucket_end_minute:
                rows = book.end_bucket()
                if rows:
                    self._keep(place, rows)

    def _commit(self) -> tuple[TrendRow, ...]:
        checkpoints = [self._books[place].checkpoint() for place in sorted(self._changed)]
        self._ledger.save(self._unsaved, [bucket for bucket in checkpoints if bucket is not None])
        saved, self._unsaved = tuple(self._unsaved), []
        self._changed.clear()
        return saved
