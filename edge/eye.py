"""One camera as the supervisor has it: its picture memory, its capture process and its eyes.

Promises: both processes are started with what they need and nothing else, and whether pictures flow is judged by what
they did, not by what they say. While it rests (a pause, quiet hours) neither process that could see a picture exists,
so the camera is closed and its light is out, and the memory between them is blank. Refuses nothing of its own.

A recording that was paused begins anew when it is resumed; a live camera has nothing to go back to.
"""

import os
import sys
from pathlib import Path

import msgspec

from edge.child import Child, Start
from edge.config import Camera
from edge.errors import ServiceError
from edge.running_note import EyeStage
from edge.sense.frames import Phase, PictureMemory
from edge.sense.sources import is_live, is_synthetic
from edge.sense.specs import CaptureSpec, ExitCode, EyesSpec, SourceSpec

CHILD_STOP_S = 3.0
REST_S = 1.5
"""So long both processes may take to leave when a pause begins; then they are killed."""
WAKE_S = 60.0
"""So long after a resume the start-up of both counts as part of the pause, not as a fault."""


class Eye:
    """One camera: its picture memory, its capture process and its eyes."""

    def __init__(self, camera: Camera, endpoint: str, pose_model: Path) -> None:
        self.camera = camera
        self.memory = PictureMemory.create()
        self.lossless = keeps_every_frame(camera)
        self.capture = Child(f"capture of {camera.place}", self._capture)
        self.eyes = Child(f"eyes of {camera.place}", lambda: self._eyes(endpoint, pose_model))
        self.ever_ran = False
        self.refused = False
        self._over = False
        self._ever_rested = False
        self._rests_since_s: float | None = None
        self._blank = False
        self._woke_s: float | None = None
        self._n_taken_before = 0

    def _capture(self) -> Start:
        source = SourceSpec(self.camera.source, self.camera.crop, self.camera.frames)
        spec = CaptureSpec(source, self.memory.fds, os.getpid(), self.lossless)
        return start_of("edge.sense.capture", spec, self.memory.fds.all())

    def _eyes(self, endpoint: str, pose_model: Path) -> Start:
        camera, fds = self.camera, self.memory.fds
        spec = EyesSpec(
            camera.place, fds, os.getpid(), endpoint, str(pose_model), camera.max_people, lossless=self.lossless
        )
        return start_of("edge.sense.eyes", spec, fds.all())

    @property
    def children(self) -> tuple[Child, Child]:
        """Capture and eyes."""
        return self.capture, self.eyes

    @property
    def ended(self) -> bool:
        """Its recording is over and both processes left as they should."""
        return self._over or (not self.resting and self._left_by_itself())

    @property
    def resting(self) -> bool:
        """Nobody may look: its processes are gone or on their way out."""
        return self._rests_since_s is not None

    @property
    def awake_soon(self) -> bool:
        """It was resumed and its first picture is still on its way."""
        return self._woke_s is not None

    @property
    def gives_nothing(self) -> bool:
        """Its source did not open, and never did before."""
        return self.refused and not self.ever_ran and not self._ever_rested

    def beats(self, child: Child) -> int:
        """The sign of life of one of its processes."""
        progress = self.memory.progress()
        return progress.capture_beats if child is self.capture else progress.eyes_beats

    def is_down(self, now_s: float) -> bool:
        """Whether pictures should flow from it and do not."""
        if self.resting or self.awake_soon:
            return False
        return (self.ever_ran or self.refused or self._ever_rested) and not self._flows(now_s)

    def told(self, now_s: float) -> EyeStage:
        """Where it stands, in one word."""
        if self.ended:
            return "over"
        if self.resting:
            return "closing" if any(child.running for child in self.children) else "closed"
        if self.awake_soon or not self.ever_ran:
            return "starting"
        return "down" if self.is_down(now_s) else "watching"

    def _flows(self, now_s: float) -> bool:
        if self.ended:
            return True
        running = all(child.running or child.exit_code == ExitCode.ENDED for child in self.children)
        progress = self.memory.progress()
        steady = progress.capture_phase != Phase.STARTING and progress.eyes_phase != Phase.STARTING
        return running and steady and all(child.watch.flowing(now_s) for child in self.children if child.running)

    def look(self, now_s: float) -> None:
        """Note whether it ever gave a picture, whether its source was refused, and whether it is over or awake."""
        n_taken = self.memory.progress().n_taken
        self.ever_ran = self.ever_ran or n_taken > 0
        self.refused = self.refused or self.capture.exit_code == ExitCode.SOURCE
        self._over = self.ended
        if self._woke_s is not None:
            late = now_s - self._woke_s >= WAKE_S or self.capture.exit_code == ExitCode.SOURCE
            self._woke_s = None if late or n_taken > self._n_taken_before else self._woke_s

    def rest(self, now_s: float) -> None:
        """End both processes and blank what they leave; call it again and again for as long as nobody may look."""
        if self._rests_since_s is None:
            self._rests_since_s, self._woke_s, self._ever_rested, self._blank = now_s, None, True, False
            self.capture.ask_to_stop()
        if not self.capture.running:  # the eyes take its last picture, so that it need not wait
            self.eyes.ask_to_stop()
        running = [child for child in self.children if child.running]
        if running and now_s - self._rests_since_s >= REST_S:
            for child in running:
                child.kill()
        elif not running and not self._blank:
            self.memory.wipe()
            self._blank = True

    def wake(self, now_s: float) -> None:
        """Start both processes again, once the old ones are gone; until then it goes on resting."""
        if not self._blank:
            self.rest(now_s)
            return
        self._rests_since_s, self._woke_s = None, now_s
        self._n_taken_before = self.memory.progress().n_taken
        self.start(now_s)

    def start(self, now_s: float) -> None:
        """Start both processes."""
        self.memory.capture_beat(Phase.STARTING)  # an earlier end would end the new ones
        self.memory.eyes_beat(Phase.STARTING)
        for child in self.children:
            child.start(now_s, self.beats(child))

    def _left_by_itself(self) -> bool:
        return all(child.exit_code == ExitCode.ENDED for child in self.children)

    def close(self) -> None:
        """End both processes and blank every picture."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop(CHILD_STOP_S)
        self.memory.wipe()
        self.memory.close()


def start_of(
    module: str, spec: msgspec.Struct, fds: tuple[int, ...], environment: tuple[tuple[str, str], ...] = ()
) -> Start:
    """How one of our modules is started as a child, with ``spec`` on its stdin."""
    return Start((sys.executable, "-m", module), msgspec.json.encode(spec), fds, environment)


def keeps_every_frame(camera: Camera) -> bool:
    """Whether no frame may be skipped: files by default, live cameras never, the synthetic one on demand."""
    if camera.every_frame is None:
        return not is_live(camera.source) and not is_synthetic(camera.source)
    return camera.every_frame


def no_pictures(eyes: list[Eye]) -> ServiceError:
    """What to say when no camera gives pictures."""
    words = " ".join(eye.capture.last_words() for eye in eyes)
    return ServiceError(f"no pictures at {', '.join(eye.camera.place for eye in eyes)}", "a camera that opens", words)
