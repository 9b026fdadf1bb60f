"""The capture process of one camera: ``python -m edge.sense.capture``, its CaptureSpec as JSON on standard input.

Promises: the newest picture is in the shared memory, stamped when it was taken. A recording starts when the eyes are
ready and keeps its own pace, or waits for the eyes where nothing may be lost (``lossless``). A live camera that fails
is opened again and again, for ever, and is told as lost meanwhile. Every picture is blanked at the end. It beats while
it waits, so a watchdog can tell a patient process from one that hangs in a read; such a one is killed, and that is why
it is a process of its own.
Refuses a source that does not open at the start: the sentence on stderr, exit code SOURCE. Codes: ``specs.ExitCode``.

This process may use the network (for network cameras); it sees pictures but makes nothing of them.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from types import FrameType
from typing import Final

import msgspec

from edge.errors import CameraError, QuietstepError
from edge.parent import die_with_parent
from edge.sense.frames import Phase, PictureMemory
from edge.sense.lock import no_core_dumps
from edge.sense.picture import Picture, PictureSource
from edge.sense.sources import open_source
from edge.sense.specs import CaptureSpec, ExitCode

BEAT_S: Final = 0.25
LOST_NOTICE_S: Final = 1.0
EYES_LIMIT_S: Final = 60.0
LAST_FRAME_LIMIT_S: Final = 2.0
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0
OFF_BEAT_S: Final = 0.5


class Stopped(Exception):
    """The supervisor asked this process to end."""


class Stamper:
    """Monotonic and wall time of each picture.

    A recording is stamped start + its own time. A live camera too, for its stamps have less jitter than our reads;
    but where they leave our clock by more than ``OFF_BEAT_S``, they are laid against it anew.
    """

    def __init__(self, live: bool, mono_ns: int, wall_ns: int) -> None:
        self._live = live
        self._start_ns = mono_ns
        self._wall_offset_ns = wall_ns - mono_ns
        self._last_ns = 0

    def update(self, t_s: float, mono_ns: int, wall_ns: int) -> tuple[int, int]:
        """The stamps (monotonic, wall) of a picture of source time ``t_s`` read at ``mono_ns``; strictly rising."""
        t_ns = self._start_ns + round(t_s * 1e9)
        if self._live:
            self._wall_offset_ns = wall_ns - mono_ns
            if abs(mono_ns - t_ns) > OFF_BEAT_S * 1e9:
                self._start_ns += mono_ns - t_ns
                t_ns = mono_ns
        self._last_ns = t_ns = max(t_ns, self._last_ns + 1)
        return t_ns, t_ns + self._wall_offset_ns


class Capture:
    """One camera until its end."""

    def __init__(self, spec: CaptureSpec, memory: PictureMemory) -> None:
        self._spec = spec
        self._memory = memory
        self._phase = Phase.STARTING

    def run(self) -> None:
        """Until the recording ends; raises CameraError where the source does not open at the start."""
        self._beat(Phase.STARTING)
        source = open_source(self._spec.source)
        try:
            while True:
                try:
                    self._stream(source)
                    break
                except CameraError as error:
                    source.close()
                    if not source.live:
                        raise
                    say(str(error))
                    source = self._reopen()
        finally:
            source.close()
        _tell_notice(source)

    def finish(self) -> None:
        """Wait for the last frame to be taken, then blank all pictures."""
        for _ in range(int(LAST_FRAME_LIMIT_S / BEAT_S)):
            if self._memory.wait_taken(self._memory.n_published, BEAT_S):
                break
            self._beat(self._phase)
        self._memory.wipe()
        self._beat(Phase.ENDED)

    def _stream(self, source: PictureSource) -> None:
        if not source.live:
            self._wait_for_eyes()
        stamper = Stamper(source.live, time.monotonic_ns(), time.time_ns())
        self._beat(Phase.RUNNING)
        while picture := source.read():
            stamps = stamper.update(picture.t_s, time.monotonic_ns(), time.time_ns())
            if not (source.live or self._spec.lossless):
                self._sleep_until(stamps[0])
            self._publish(picture, stamps)

    def _wait_for_eyes(self) -> None:
        # A recording does not run away while the estimator is still loading; a camera cannot be asked to wait.
        for _ in range(int(EYES_LIMIT_S / BEAT_S)):
            if self._memory.progress().eyes_phase is Phase.RUNNING:
                break
            self._beat(Phase.STARTING)
            time.sleep(BEAT_S)

    def _publish(self, picture: Picture, stamps: tuple[int, int]) -> None:
        number = self._memory.publish(picture.rgb_HWC, *stamps)
        self._beat(Phase.RUNNING)
        while self._spec.lossless and not self._memory.wait_taken(number, BEAT_S):
            self._beat(Phase.RUNNING)

    def _sleep_until(self, mono_ns: int) -> None:
        while (left_s := (mono_ns - time.monotonic_ns()) / 1e9) > 0:
            time.sleep(min(left_s, BEAT_S))
            self._beat(Phase.RUNNING)

    def _reopen(self) -> PictureSource:
        retry_s = FIRST_RETRY_S
        while True:
            self._wait_lost(retry_s)
            retry_s = min(2 * retry_s, LONGEST_RETRY_S)
            with contextlib.suppress(CameraError):
                return open_source(self._spec.source)

    def _wait_lost(self, wait_s: float) -> None:
        until_ns = time.monotonic_ns() + round(wait_s * 1e9)
        notice_ns = 0
        while (now_ns := time.monotonic_ns()) < until_ns:
            if now_ns >= notice_ns:
                self._memory.publish(None, now_ns, time.time_ns())
                notice_ns = now_ns + round(LOST_NOTICE_S * 1e9)
            self._beat(Phase.LOST)
            time.sleep(BEAT_S)

    def _beat(self, phase: Phase) -> None:
        self._phase = phase
        self._memory.capture_beat(phase)


def say(sentence: str) -> None:
    """One line on stderr; the supervisor logs it."""
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Run until the end; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the supervisor ends us in order.
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=CaptureSpec)
    die_with_parent(spec.parent_pid)
    no_core_dumps()
    capture = Capture(spec, PictureMemory.attach(spec.memory))
    code = ExitCode.ENDED
    try:
        signal.signal(signal.SIGTERM, _stop)
        capture.run()
    except Stopped:
        pass
    except QuietstepError as error:
        say(str(error))
        code = ExitCode.SOURCE
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    capture.finish()
    return code


def _stop(signum: int, frame: FrameType | None) -> None:
    raise Stopped


def _tell_notice(source: PictureSource) -> None:
    notice = getattr(source, "notice", None)
    if notice and (sentence := notice()):
        say(sentence)


if __name__ == "__main__":
    sys.exit(main())
