"""What the eyes do once they are locked in: picture, bodies, numbers, message; again and again.

Promises: one message for every frame that was taken, also when nobody is there, with the frame's own times; sequence
numbers go on where eyes that died left off. Every thread is proved to be locked once the estimator stands. The process
ends, to be started afresh, when its own memory grows over its limit. No landmark is printed or logged.
Refuses nothing of a picture; raises PoseError when the estimator fails, LockError when a thread is found unlocked.
"""

from __future__ import annotations

import resource
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Final

from edge.sense.frames import Phase, PictureMemory, SlotState, Taken
from edge.sense.light import judge_light
from edge.sense.lock import prove_locked
from edge.sense.pose import Body, PoseEstimator
from edge.sense.specs import ExitCode, EyesSpec
from edge.sense.tracks import TrackKeeper
from edge.wire import MAX_PEOPLE, Frame, Person, Sender, State, pack_body

BEAT_S: Final = 0.25
FULL_QUEUE_PAUSE_S: Final = 0.01
MEMORY_CHECK_FRAMES: Final = 100


def watch(spec: EyesSpec) -> ExitCode:
    """Until the recording ends, the supervisor asks, or memory grows too large."""
    stop = _StopFlag()
    memory = PictureMemory.attach(spec.memory)
    memory.eyes_beat(Phase.STARTING)
    estimator = PoseEstimator(Path(spec.pose_model), spec.max_people)
    estimator.warm_up()
    sender = Sender(spec.endpoint)
    prove_locked()
    try:
        return Watcher(spec, memory, estimator, sender).run(stop)
    finally:
        sender.close()
        memory.eyes_beat(Phase.ENDED)


class Watcher:
    """One camera's eyes."""

    def __init__(self, spec: EyesSpec, memory: PictureMemory, estimator: PoseEstimator, sender: Sender) -> None:
        self._spec, self._memory, self._estimator, self._sender = spec, memory, estimator, sender
        # No message gives more new numbers than this, so numbers of eyes that died never come back.
        self._tracks = TrackKeeper(first=1 + MAX_PEOPLE * memory.progress().n_sent)

    def run(self, stop: _StopFlag) -> ExitCode:
        """Take frame after frame."""
        n_frames = 0
        while not (stop.asked or self._memory.ended):
            self._memory.eyes_beat(Phase.RUNNING)
            taken = self._memory.take()
            if taken is None:
                self._memory.wait_fresh(BEAT_S)
                continue
            self._send(self.update(taken), stop)
            n_frames += 1
            if n_frames % MEMORY_CHECK_FRAMES == 0 and own_memory_mb() > self._spec.memory_limit_mb:
                return ExitCode.RECYCLE
        return ExitCode.ENDED

    def update(self, taken: Taken) -> Frame:
        """The message about one frame."""
        bodies: tuple[Body, ...] = ()
        state: State = "lost"
        if taken.state is SlotState.OK:
            bodies = self._estimator.update(taken.rgb_HWC, taken.t_mono_ns // 1_000_000)
            # A body is proof enough that there is something to see.
            state = "ok" if bodies else judge_light(taken.rgb_HWC)
        numbers = self._tracks.update(taken.t_mono_ns / 1e9, [body.spot for body in bodies])
        people = tuple(
            Person(number, pack_body(body.x_JC, body.visibility_J))
            for number, body in zip(numbers, bodies, strict=True)
        )
        return Frame(self._spec.camera, self._memory.claim_sequence(), taken.t_mono_ns, taken.t_wall_ns, state, people)

    def _send(self, frame: Frame, stop: _StopFlag) -> None:
        accepted = self._sender.send(frame)
        while not accepted and self._spec.lossless and not stop.asked:
            time.sleep(FULL_QUEUE_PAUSE_S)
            self._memory.eyes_beat(Phase.RUNNING)
            accepted = self._sender.send(frame)
        self._memory.count_message(accepted, len(frame.people))


class _StopFlag:
    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        self.asked = True


def own_memory_mb() -> float:
    """Resident memory of this process without the pictures it shares."""
    n_resident, n_shared = (int(field) for field in Path("/proc/self/statm").read_text().split()[1:3])
    return (n_resident - n_shared) * resource.getpagesize() / 1e6
