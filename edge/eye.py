"""One camera as the supervisor has it: its picture memory, its capture process and its eyes.

Promises: both processes are started with what they need and nothing else, and whether pictures flow is judged by what
they did, not by what they say. Refuses nothing of its own.
"""

import os
import sys
from pathlib import Path

import msgspec

from edge.child import Child, Start
from edge.config import Camera
from edge.errors import ServiceError
from edge.sense.frames import Phase, PictureMemory
from edge.sense.sources import is_live, is_synthetic
from edge.sense.specs import CaptureSpec, ExitCode, EyesSpec, SourceSpec

CHILD_STOP_S = 3.0


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
        return all(child.exit_code == ExitCode.ENDED for child in self.children)

    @property
    def gives_nothing(self) -> bool:
        """Its source did not open, and never did before."""
        return self.refused and not self.ever_ran

    def beats(self, child: Child) -> int:
        """The sign of life of one of its processes."""
        progress = self.memory.progress()
        return progress.capture_beats if child is self.capture else progress.eyes_beats

    def is_down(self, now_s: float) -> bool:
        """Whether pictures should flow from it and do not."""
        return (self.ever_ran or self.refused) and not self._flows(now_s)

    def _flows(self, now_s: float) -> bool:
        if self.ended:
            return True
        running = all(child.running or child.exit_code == ExitCode.ENDED for child in self.children)
        progress = self.memory.progress()
        steady = progress.capture_phase != Phase.STARTING and progress.eyes_phase != Phase.STARTING
        return running and steady and all(child.watch.flowing(now_s) for child in self.children if child.running)

    def look(self) -> None:
        """Note whether it ever gave a picture, and whether its source was refused."""
        self.ever_ran = self.ever_ran or self.memory.progress().n_taken > 0
        self.refused = self.refused or self.capture.exit_code == ExitCode.SOURCE

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
