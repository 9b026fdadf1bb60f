"""Process 2: receives frames, runs the monitor, writes the diary. ``python -m edge.monitor_process``.

Promises: it locks itself out of the network before anything else and refuses to run unlocked; it reads no clock (the
supervisor's ticks bring the time); a diary that cannot be written is told, counted and tried again, and watching
goes on. On SIGTERM it finishes what is queued, books the running minute and leaves with 0. Exit codes: 0 stopped,
1 a sentence on stderr says why it could not go on.
"""

import signal
import sys
from pathlib import Path
from types import FrameType

from edge.sense.lock import die_with_parent, lock_out_network

if __name__ == "__main__":  # before numpy and ONNX Runtime start threads
    die_with_parent()
    lock_out_network()

import msgspec
import structlog

from edge.affect import Abstention
from edge.diary import Diary, Store
from edge.encoder import open_encoder
from edge.errors import DiaryError, QuietstepError
from edge.gauges import Gauges
from edge.log import set_up_logging
from edge.monitor import NS, Monitor, Seen
from edge.wire import Frame, Message, Receiver, Tick

log = structlog.get_logger("monitor")


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the supervisor tells the monitor; one JSON document on stdin."""

    endpoint: str
    places: tuple[str, ...]
    bundle: str
    diary: str
    key: str
    gauges_fd: int
    kind: str = "home"
    json_log: bool = False


class Loop:
    """Receives until told to stop."""

    def __init__(self, monitor: Monitor, receiver: Receiver, gauges: Gauges) -> None:
        self._monitor = monitor
        self._receiver = receiver
        self._gauges = gauges
        self._t_wall_s = 0.0
        self._stopping = False
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor, which stops us in order

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def run(self) -> None:
        """Until SIGTERM, then until the queue is empty."""
        while True:
            message = self._receiver.receive(timeout_ms=200)
            self._gauges.put("n_refused", self._receiver.n_refused)
            if message is not None:
                self._handle(message)
            elif self._stopping:
                break
        self._finish()

    def _handle(self, message: Message) -> None:
        self._t_wall_s = max(self._t_wall_s, message.t_wall_ns / NS) if self._stopping else message.t_wall_ns / NS
        try:
            self._count(message, self._monitor.update(message))
        except DiaryError as error:
            self._tell(error)
        self._gauges.add("beat")

    def _count(self, message: Message, seen: Seen) -> None:
        gauges = self._gauges
        if isinstance(message, Frame):
            gauges.add("n_frames")
            gauges.put("n_people", len(message.people))
            gauges.add("n_gaps", seen.n_gaps)
        elif isinstance(message, Tick) and message.down:
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


def main() -> int:
    """Run as a process; returns its exit code."""
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=Spec)
    set_up_logging(json=spec.json_log)
    try:
        encoder = open_encoder(Path(spec.bundle))
        gauges = Gauges(spec.gauges_fd)
        with Store.open(Path(spec.diary), Path(spec.key), kind=spec.kind) as store:
            monitor = Monitor(encoder, Diary(store, encoder.model_id, encoder.rung), spec.places)
            receiver = Receiver(spec.endpoint)
            gauges.put_rung(encoder.rung)
            gauges.put("ready", 1)
            Loop(monitor, receiver, gauges).run()
            receiver.close()
    except QuietstepError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
