"""The book of one place: minutes and cycles in, closed rows out, and a checkpoint of the open bucket.

Promises: every minute from the first bucket on is booked exactly once and in order; what nobody told of is booked
by the reason for the silence (see `PlaceBook`); cycles enter the mood only when their minute was *observed*.
Refuses to book a minute twice: what comes late is counted and dropped. Pure: time comes in with the notes.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from edge.affect import Judgement
from edge.diary.minutes import MINUTE_S, MinuteKind
from edge.diary.trend import BoutSums, Minutes, MoodSums, TrendRow, trend_row

LONGEST_GAP_MINUTES: Final = 400 * 24 * 60
"""A longer silence is a broken clock, not a silence; it is not filled."""
EARLIEST_SET_MINUTE: Final = 1_704_067_200 // MINUTE_S
"""2024-01-01: a clock that falls back to before it was never set (a board without a battery, just booted)."""
MOST_HELD_PER_MINUTE: Final = 300
MOST_HELD_MINUTES: Final = 10


@dataclass(frozen=True, slots=True)
class CycleNote:
    """One gait cycle's judgement: place, Unix time of its end, and the bout it was in (a number that means nothing
    outside this run). Low-quality cycles may be noted too: they count in the share abstained."""

    place: str
    t_s: float
    bout: int
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class MinuteNote:
    """What one minute (Unix minutes) of one place was; send it once all cycles that end in it were noted."""

    place: str
    minute: int
    kind: MinuteKind


class OpenBucket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The checkpoint of a place: sums of its open bucket and how far it is booked; nothing finer."""

    place: str
    start_s: int
    length_s: int
    booked_until_minute: int
    running: bool
    minutes: Minutes
    mood: MoodSums
    model_id: str
    rung: str


@dataclass(slots=True)
class Counters:
    """What was dropped and why; the service shows them."""

    late_minutes: int = 0
    late_cycles: int = 0
    set_aside_cycles: int = 0
    overflow_cycles: int = 0
    clock_jumps: int = 0
    rows_given_up: int = 0


@dataclass(slots=True)
class _Bout:
    sums: BoutSums = field(default_factory=BoutSums)
    last_minute: int = 0


class PlaceBook:
    """One place.

    Minutes that nobody told of are *paused* before the place's very first start and between a clean stop and the
    next start (the household had it off), and *fault* otherwise: lost to a crash, or silent while running. After a
    crash the minute in which it comes back is a fault too. A clock that steps back a little makes its minutes
    late; a clock that jumps by more than 400 days (unless it falls back to before 2024, when it was never set)
    ends the bucket and begins a new one without filling what lies between.
    """

    def __init__(self, place: str, model_id: str, rung: str, bucket_s: int, counters: Counters) -> None:
        self.place = place
        self._source = (model_id, rung)
        self._bucket_s = bucket_s
        self._counters = counters
        self._booked_until: int | None = None
        self._start_s = 0
        self._length_s = bucket_s
        self._minutes = Minutes()
        self._mood = MoodSums()
        self._bouts: dict[int, _Bout] = {}
        self._held: dict[int, list[CycleNote]] = {}
        self._silence = MinuteKind.PAUSED
        self._came_back_minute: int | None = None
        self._running = False
        self._started = False

    @property
    def booked_until(self) -> int | None:
        """First minute that is not booked; None before the very first start."""
        return self._booked_until

    @property
    def started(self) -> bool:
        """This run watches the place."""
        return self._started

    @property
    def bucket_end_minute(self) -> int:
        """First minute after the open bucket."""
        return (self._start_s + self._length_s) // MINUTE_S

    def resume(self, bucket: OpenBucket) -> None:
        """Go on from a checkpoint of an earlier run. Moods of another model or rung are not mixed with this
        one's."""
        self._booked_until = bucket.booked_until_minute
        self._start_s, self._length_s = bucket.start_s, bucket.length_s
        self._minutes = bucket.minutes
        same = (bucket.model_id, bucket.rung) == self._source
        self._mood = bucket.mood if same else MoodSums()
        self._silence = MinuteKind.FAULT if bucket.running else MinuteKind.PAUSED
        self._running = bucket.running

    def go_on_with(self, model_id: str, rung: str) -> None:
        """Another model or rung answers from now on; as after a restart, moods of two are not mixed in one bucket."""
        if (model_id, rung) == self._source:
            return
        self._source = (model_id, rung)
        self._counters.set_aside_cycles += sum(map(len, self._held.values()))
        self._mood, self._bouts, self._held = MoodSums(), {}, {}

    def hold(self, note: CycleNote) -> None:
        """Keep a cycle until its minute is booked."""
        minute = int(note.t_s // MINUTE_S)
        if self._booked_until is not None and minute < self._booked_until:
            self._counters.late_cycles += 1
            return
        if minute not in self._held and len(self._held) >= MOST_HELD_MINUTES:
            last = max(self._held)
            self._counters.overflow_cycles += len(self._held.pop(last)) if minute < last else 1
            if minute >= last:
                return
        held = self._held.setdefault(minute, [])
        if len(held) >= MOST_HELD_PER_MINUTE:
            self._counters.overflow_cycles += 1
            return
        held.append(note)

    def start(self, minute: int) -> list[TrendRow]:
        """The place is being watched from within this minute on; books the silence before it.

        A clock that is behind what is booked (not set yet after a start) is waited for.
        """
        if self._is_late(minute):
            return []
        rows = self._fill_silence(minute)
        if not self._started and self._silence is MinuteKind.FAULT:
            self._came_back_minute = minute
        self._started = self._running = True
        self._silence = MinuteKind.FAULT
        return rows

    def book(self, note: MinuteNote) -> list[TrendRow]:
        """Book one minute, after the silence before it; the rows that this closed."""
        if self._is_late(note.minute):
            self._counters.late_minutes += 1
            return []
        rows = self.start(note.minute)
        kind = MinuteKind.FAULT if note.minute == self._came_back_minute else note.kind
        self._take_held(note.minute, kind)
        return rows + self._advance(note.minute + 1, kind)

    def stop(self, minute: int) -> list[TrendRow]:
        """A clean stop within this minute, which belongs to the pause that begins."""
        if not self._started:
            return []
        rows = [] if self._is_late(minute) else self._fill_silence(minute)
        self._started = self._running = False
        self._silence = MinuteKind.PAUSED
        self._held.clear()
        self._fold_bouts(before_minute=None)
        return rows

    def end_bucket(self) -> list[TrendRow]:
        """Book the rest of the open bucket as silence and close it."""
        if self._booked_until is None or self._booked_until * MINUTE_S == self._start_s:
            return []
        return self._advance(self.bucket_end_minute, self._silence)

    def checkpoint(self) -> OpenBucket | None:
        """The open bucket as it would be if everything ended now; None before the very first start."""
        if self._booked_until is None:
            return None
        mood = self._mood
        for bout in self._bouts.values():
            mood = mood.plus(bout.sums.closed())
        return OpenBucket(
            self.place,
            self._start_s,
            self._length_s,
            self._booked_until,
            self._running,
            self._minutes,
            mood,
            *self._source,
        )

    def _is_late(self, minute: int) -> bool:
        if self._booked_until is None or minute >= self._booked_until:
            return False
        return minute < EARLIEST_SET_MINUTE or not self._is_far(minute)

    def _is_far(self, minute: int) -> bool:
        return self._booked_until is not None and abs(minute - self._booked_until) > LONGEST_GAP_MINUTES

    def _fill_silence(self, minute: int) -> list[TrendRow]:
        if self._booked_until is None:
            return self._begin(minute, MinuteKind.PAUSED)
        if self._is_far(minute):
            self._counters.clock_jumps += 1
            return self.end_bucket() + self._begin(minute, self._silence)
        return self._advance(minute, self._silence)

    def _begin(self, minute: int, silence: MinuteKind) -> list[TrendRow]:
        self._open(minute * MINUTE_S // self._bucket_s * self._bucket_s, self._bucket_s)
        return self._advance(minute, silence)

    def _open(self, start_s: int, length_s: int) -> None:
        self._start_s, self._length_s = start_s, length_s
        self._booked_until = start_s // MINUTE_S
        self._minutes, self._mood, self._bouts = Minutes(), MoodSums(), {}

    def _advance(self, until_minute: int, kind: MinuteKind) -> list[TrendRow]:
        rows: list[TrendRow] = []
        while self._booked_until is not None and self._booked_until < until_minute:
            next_minute = min(until_minute, self.bucket_end_minute)
            self._minutes = self._minutes.plus(kind, next_minute - self._booked_until)
            self._booked_until = next_minute
            self._fold_bouts(before_minute=next_minute - 1)
            if next_minute == self.bucket_end_minute:
                rows.append(self._close())
        return rows

    def _close(self) -> TrendRow:
        self._fold_bouts(before_minute=None)
        row = trend_row(self.place, self._start_s, self._length_s, self._minutes, self._mood, *self._source)
        end_s = self._start_s + self._length_s
        # A changed bucket length takes over where the old buckets meet a boundary of the new ones.
        self._open(end_s, self._length_s if end_s % self._bucket_s else self._bucket_s)
        return row

    def _take_held(self, minute: int, kind: MinuteKind) -> None:
        for early in [m for m in self._held if m < minute]:
            self._counters.set_aside_cycles += len(self._held.pop(early))
        notes = self._held.pop(minute, [])
        for note in notes:
            bout = self._bouts.setdefault(note.bout, _Bout())
            bout.last_minute = minute
            if kind is MinuteKind.OBSERVED:
                bout.sums.update(note.judgement)
            else:
                self._counters.set_aside_cycles += 1

    def _fold_bouts(self, before_minute: int | None) -> None:
        """Make bouts that had no cycle since ``before_minute`` part of the sums (None: all of them)."""
        over = [b for b, bout in self._bouts.items() if before_minute is None or bout.last_minute < before_minute]
        for number in over:
            self._mood = self._mood.plus(self._bouts.pop(number).sums.closed())
