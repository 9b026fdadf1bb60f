"""The monitor's loop around its sockets, gauges and diary.

Promises: it reads no clock (the supervisor's ticks bring the time); a diary that cannot be written is told, counted
and tried again, and watching goes on. On SIGTERM it finishes what is queued, books the running minute and returns.
Refuses to start with a bundle or diary that does not open: one sentence on stderr, exit code 1.
"""

import signal
import sys
import time
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec
import structlog

from edge.affect import Abstention
from edge.answering import Answering
from edge.diary.door import asked_for
from edge.diary.lending import LentDiary
from edge.diary.rolling import RollingLedger
from edge.diary.store import Store
from edge.encoder import AffectEncoder, Encoder, open_encoder
from edge.encoder.climb import Listener
from edge.errors import DiaryError, QuietstepError
from edge.gauges import Gauges
from edge.ladder_log import LadderLog
from edge.log import set_up_logging
from edge.monitor import NS, Monitor, Seen
from edge.monitor_spec import MonitorSpec
from edge.wire import Frame, Message, Receiver, Tick
from edge.zone import household_zone

NAP_S: Final = 0.2
"""Frames are taken a few at a time: nothing needs a trend sooner, and waking for each one costs twice the CPU."""
MOST_AT_ONCE: Final = 256
"""So many frames are judged together at most; more only waited because this process was held up."""
LAST_SILENCES: Final = 3
"""So many empty looks in a row, after SIGTERM, mean that nothing more is on its way."""

log = structlog.get_logger("monitor")


class Loop:
    """Receives until told to stop."""

    def __init__(
        self, monitor: Monitor, diary: LentDiary, receiver: Receiver, gauges: Gauges, models: Answering | None = None
    ) -> None:
        self._monitor = monitor
        self._diary = diary
        self._receiver = receiver
        self._gauges = gauges
        self._models = models
        self._t_wall_s = 0.0
        self._stopping = False
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which stops us in order

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def run(self) -> None:
        """Until SIGTERM, then until the queue is empty."""
        n_silent = 0
        while not (self._stopping and n_silent >= LAST_SILENCES):
            n_silent = 0 if self._receiver.waiting() else n_silent + 1
            while self._receiver.waiting():
                self._handle(self._take())
            self._gauges.put("n_refused", self._receiver.n_refused)
            time.sleep(NAP_S)
        self._finish()

    def _take(self) -> list[Message]:
        """What waits, up to the next tick: those frames have nothing between them."""
        taken: list[Message] = []
        while len(taken) < MOST_AT_ONCE and self._receiver.waiting():
            message = self._receiver.receive(timeout_ms=0)
            if message is not None:
                taken.append(message)
            if isinstance(message, Tick):
                break
        return taken

    def _handle(self, messages: list[Message]) -> None:
        for message in messages:
            t_wall_s = message.t_wall_ns / NS
            self._t_wall_s = max(self._t_wall_s, t_wall_s) if self._stopping else t_wall_s
        frames = [message for message in messages if isinstance(message, Frame)]
        for frame, seen in zip(frames, self._monitor.update_frames(frames), strict=True):
            self._count(frame, seen)
        for tick in messages[len(frames) :]:
            if self._models is not None and isinstance(tick, Tick) and tick.models is not None:
                self._models.follow(tick.models)
            try:
                self._gauges.add("n_rows", len(self._diary.look()))
                self._count(tick, self._monitor.update(tick))
            except DiaryError as error:
                self._tell(error)
        self._gauges.add("beat", len(messages))

    def _count(self, message: Message, seen: Seen) -> None:
        gauges = self._gauges
        if isinstance(message, Frame):
            gauges.add("n_frames")
            gauges.put("n_people", len(message.people))
            gauges.add("n_gaps", seen.n_gaps)
        elif isinstance(message, Tick) and (message.down or message.paused):
            gauges.put("n_people", 0)
        n_refused = sum(not cycle.usable for cycle in seen.cycles)
        gauges.add("n_contacts", len(seen.contacts))
        gauges.add("n_cycles", len(seen.cycles) - n_refused)
        gauges.add("n_refused_cycles", n_refused)
        gauges.add("n_abstained", _n_abstained(seen) - n_refused)
        gauges.add("n_rows", len(seen.rows))

    def _finish(self) -> None:
        try:
            self._monitor.flush()
            rows = self._monitor.stop(self._t_wall_s) if self._t_wall_s else ()
            self._gauges.add("n_rows", len(rows))
        except DiaryError as error:
            self._tell(error)

    def _tell(self, error: DiaryError) -> None:
        self._gauges.add("diary_failures")
        log.error("the diary could not be written; it will be tried again", why=str(error))


def _n_abstained(seen: Seen) -> int:
    return sum(isinstance(timed.judgement, Abstention) for timed in seen.judgements)


def run_monitor(spec: MonitorSpec) -> int:
    """Run until SIGTERM; returns the exit code of the process."""
    set_up_logging(json=spec.json_log)
    try:
        gauges = Gauges(spec.gauges_fd)
        models = Answering(lambda name, told: _open_model(spec, name, told), spec.models, gauges, LadderLog(gauges))
        with closing(models), closing(_diary_of(spec, models)) as diary:
            monitor = Monitor(models, diary, spec.places)
            receiver = Receiver(spec.endpoint)
            gauges.put("ready", 1)
            Loop(monitor, diary, receiver, gauges, models).run()
            receiver.close()
    except QuietstepError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _open_model(spec: MonitorSpec, name: str, listener: Listener) -> AffectEncoder:
    """The model that ships with Quietstep, or a downloaded one: that one always in a process of its own."""
    if not name:
        return open_encoder(Path(spec.bundle), spec.ladder, listener)
    return open_encoder(Path(spec.bundles) / name, msgspec.structs.replace(spec.ladder, apart=True), listener)


def _diary_of(spec: MonitorSpec, encoder: Encoder) -> LentDiary:
    path = Path(spec.diary)
    return LentDiary(
        lambda: RollingLedger(
            Store.open(path, Path(spec.key), kind=spec.kind), household_zone(spec.zone), spec.retention
        ),
        lambda: asked_for(path),
        encoder.model_id,
        encoder.rung,
    )
