"""Frames and ticks in, trend rows out: the only module that knows both a body and the diary.

Promises: one message after the other, deterministic, no clock and no sockets of its own; what leaves towards the
diary is a judgement or a minute's kind, with a time and a place. A minute is booked ``GRACE_S`` after it ended, so
that what was still on its way is in it. Refuses to guess: a cycle the segmenter refused, or that the encoder does
not know, is an abstention with its reason. Cycles that come together, of all people and cameras, are judged in one
call; a row never mixes moods of two models or rungs.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge.affect import AbstainReason, Abstention, Judgement
from edge.diary.booking import CycleNote, MinuteNote
from edge.diary.diary import Diary
from edge.diary.lending import LentDiary
from edge.diary.minutes import classify_minute
from edge.diary.trend import TrendRow
from edge.encoder import Encoder, judge
from edge.gait.cycle import Contact, GaitCycle
from edge.minute_book import MinuteBook
from edge.people import People, Step
from edge.wire import Frame, Message, Tick

GRACE_S: Final = 3.0
QUIET_TICKS: Final = 3
MAX_CAMERAS: Final = 64
NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TimedJudgement:
    """A judgement and the end of its cycle, in monotonic seconds."""

    t_s: float
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Seen:
    """What one message led to."""

    contacts: tuple[Contact, ...] = ()
    cycles: tuple[GaitCycle, ...] = ()
    judgements: tuple[TimedJudgement, ...] = ()
    rows: tuple[TrendRow, ...] = ()
    n_gaps: int = 0


NOTHING: Final = Seen()


@dataclass(slots=True)
class Camera:
    """What the monitor holds of one camera: its people, its minutes, and where its sequence stands."""

    people: People = field(default_factory=People)
    minutes: MinuteBook = field(default_factory=MinuteBook)
    next_seq: int | None = None
    wall_minus_mono_s: float = 0.0
    n_quiet_ticks: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """What one frame or flush gave, before its cycles are judged."""

    place: str
    steps: tuple[Step, ...]
    wall_minus_mono_s: float
    n_gaps: int = 0

    @property
    def cycles(self) -> list[GaitCycle]:
        """The cycles of all its people, in order."""
        return [cycle for step in self.steps for cycle in step.segmented.cycles]


class Monitor:
    """The loop's one stage; ``update`` takes a message and returns what came of it."""

    def __init__(self, encoder: Encoder, diary: Diary | LentDiary, places: tuple[str, ...] = ()) -> None:
        self._encoder = encoder
        self._diary = diary
        self._source = (encoder.model_id, encoder.rung)
        self._cameras: OrderedDict[str, Camera] = OrderedDict((place, Camera()) for place in places)
        self._started = False

    def update(self, message: Message) -> Seen:
        """Take one frame or tick. May raise DiaryError (nothing is lost, the next minute writes again)."""
        return self._tick(message) if isinstance(message, Tick) else self.update_frames((message,))[0]

    def update_frames(self, frames: Sequence[Frame]) -> list[Seen]:
        """Take frames that waited together, of any cameras, in order; all their cycles are judged in one call."""
        return self._note([self._frame(frame) for frame in frames])

    def flush(self) -> Seen:
        """Everyone leaves: finish what is pending, before the end of a recording or of the service."""
        return _together(self._note([self._leave(place, camera) for place, camera in self._cameras.items()]))

    def stop(self, t_wall_s: float, *, for_good: bool = False) -> tuple[TrendRow, ...]:
        """Book the minutes up to ``t_wall_s`` and tell the diary that watching ended on purpose.

        ``for_good`` also closes the running bucket: nothing will follow (the end of a replay).
        """
        for camera in self._cameras.values():
            camera.minutes.stop(t_wall_s)
        rows = self._book(int(t_wall_s // 60) + 1)
        for camera in self._cameras.values():
            camera.minutes = MinuteBook()
        self._started = False
        return (*rows, *(self._diary.finish(t_wall_s) if for_good else self._diary.stop(t_wall_s)))

    def _frame(self, frame: Frame) -> Pending:
        camera = self._camera(frame.camera)
        if camera is None:
            return Pending(frame.camera, (), 0.0)
        n_gaps = self._gap(camera, frame.seq)
        camera.n_quiet_ticks = 0
        camera.minutes.update(frame)
        camera.wall_minus_mono_s = (frame.t_wall_ns - frame.t_mono_ns) / NS
        steps = tuple(camera.people.update(frame.t_mono_ns / NS, frame.people))
        return Pending(frame.camera, steps, camera.wall_minus_mono_s, n_gaps)

    @staticmethod
    def _leave(place: str, camera: Camera) -> Pending:
        return Pending(place, tuple(camera.people.flush()), camera.wall_minus_mono_s)

    def _camera(self, place: str) -> Camera | None:
        if place not in self._cameras and len(self._cameras) < MAX_CAMERAS:
            self._cameras[place] = Camera()
        return self._cameras.get(place)

    @staticmethod
    def _gap(camera: Camera, seq: int) -> int:
        expected, camera.next_seq = camera.next_seq, seq + 1
        return max(0, seq - expected) if expected is not None else 0

    def _note(self, pendings: list[Pending]) -> list[Seen]:
        judgements = iter(self._judge([cycle for pending in pendings for cycle in pending.cycles]))
        return [self._note_one(pending, [next(judgements) for _ in pending.cycles]) for pending in pendings]

    def _note_one(self, pending: Pending, judgements: list[Judgement]) -> Seen:
        if not pending.steps:
            return Seen(n_gaps=pending.n_gaps) if pending.n_gaps else NOTHING
        cycles = pending.cycles
        bouts = [bout for step in pending.steps for bout in step.bouts]
        rows: list[TrendRow] = []
        for cycle, bout, judgement in zip(cycles, bouts, judgements, strict=True):
            rows += self._diary.update(
                CycleNote(pending.place, cycle.end_s + pending.wall_minus_mono_s, bout, judgement)
            )
        return Seen(
            tuple(contact for step in pending.steps for contact in step.segmented.contacts),
            tuple(cycles),
            tuple(TimedJudgement(cycle.end_s, said) for cycle, said in zip(cycles, judgements, strict=True)),
            tuple(rows),
            pending.n_gaps,
        )

    def _judge(self, cycles: list[GaitCycle]) -> list[Judgement]:
        judgements: list[Judgement] = [Abstention(AbstainReason.LOW_QUALITY)] * len(cycles)
        usable = {n: cycle.x_TJC for n, cycle in enumerate(cycles) if cycle.usable and cycle.x_TJC is not None}
        if usable:
            x_NTJC = np.stack(list(usable.values()))
            duration_s_N = np.array([cycles[n].duration_s for n in usable], dtype=np.float32)
            encoded = self._encoder.encode(x_NTJC, duration_s_N)
            self._notice_source()
            for n, judgement in zip(usable, judge(encoded, self._encoder.manifest), strict=True):
                judgements[n] = judgement
        return judgements

    def _notice_source(self) -> None:
        if self._source != (source := (self._encoder.model_id, self._encoder.rung)):
            self._source = source
            self._diary.go_on_with(*source)

    def _tick(self, tick: Tick) -> Seen:
        t_wall_s = tick.t_wall_ns / NS
        rows = self._start(t_wall_s) if not self._started else ()
        for place in tick.down:
            if camera := self._camera(place):
                camera.minutes.down(t_wall_s)
        for place in tick.paused:
            if camera := self._camera(place):
                camera.minutes.paused(t_wall_s)
        rows += self._book(int((t_wall_s - GRACE_S) // 60))
        silent = [self._leave(place, camera) for place, camera in self._cameras.items() if self._falls_silent(camera)]
        return _together([Seen(rows=rows), *self._note(silent)])

    def _start(self, t_wall_s: float) -> tuple[TrendRow, ...]:
        self._started = True
        return self._diary.start(t_wall_s, tuple(self._cameras))

    @staticmethod
    def _falls_silent(camera: Camera) -> bool:
        """One more tick without a frame; after some, whoever was in view has left (frames tell it sooner)."""
        camera.n_quiet_ticks += 1
        return camera.n_quiet_ticks == QUIET_TICKS

    def _book(self, before_minute: int) -> tuple[TrendRow, ...]:
        """Book every minute before ``before_minute``; a minute nothing was heard of is the fault it is."""
        rows: list[TrendRow] = []
        for place, camera in self._cameras.items():
            for minute, tally in camera.minutes.close(before_minute):
                rows += self._diary.update(MinuteNote(place, minute, classify_minute(tally)))
        return tuple(rows)


def _together(parts: list[Seen]) -> Seen:
    full = [part for part in parts if part is not NOTHING]
    if not full:
        return NOTHING
    return Seen(
        tuple(contact for part in full for contact in part.contacts),
        tuple(cycle for part in full for cycle in part.cycles),
        tuple(judgement for part in full for judgement in part.judgements),
        tuple(row for part in full for row in part.rows),
        sum(part.n_gaps for part in full),
    )
