"""``quietstep record``: a video file or the synthetic camera becomes a recording of skeletons, for engineers.

Promises: the pictures go through the very capture and eyes processes of a home, and no frame is skipped. Refuses live
cameras: they are never recorded. Of several people it keeps the one who is in view longest, and says so.
"""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from edge.config import Camera
from edge.errors import CameraError, RecordingError
from edge.eye import Eye
from edge.recording import write_recording
from edge.sense.sources import is_live
from edge.sense.specs import ExitCode
from edge.service import private_folder
from edge.wire import Frame, Message, Receiver, ipc_endpoint, unpack_body

NS = 1_000_000_000


def record_file(
    source: str,
    out: Path,
    crop: tuple[float, float, float, float] | None,
    frames: tuple[int, int] | None,
    pose_model: Path,
    console: Console,
) -> None:
    """Record ``source`` into ``out``; raises CameraError or RecordingError."""
    if is_live(source):
        raise CameraError("a live camera", "a video file or synthetic:…", "Live cameras are never recorded.")
    camera = Camera(place="recording", source=source, crop=crop, frames=frames, every_frame=True)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("reading")
        heard = _hear(camera, pose_model, lambda n: progress.update(task, description=f"{n} frames"))
    tracks = Counter(person.track for frame in heard for person in frame.people)
    if not tracks:
        raise RecordingError(f"nobody in {len(heard)} frames", "a person in view", "Choose another part of the video.")
    (longest, n_kept), *others = tracks.most_common()
    _write(out, heard, longest)
    console.print(f"{out}: {n_kept} of {len(heard)} frames with a body")
    if others:
        console.print(f"{len(others)} other tracks were in view for a shorter time; they are left out.")


def _hear(camera: Camera, pose_model: Path, tell: Callable[[int], None]) -> list[Frame]:
    """Every frame's message, in order."""
    folder = private_folder()
    endpoint = ipc_endpoint(folder)
    receiver, eye = Receiver(endpoint), Eye(camera, endpoint, pose_model)
    message: Message | None = None
    heard: list[Frame] = []
    try:
        for child in eye.children:
            child.start(time.monotonic(), 0)
        over = False
        while not over or message is not None:
            over = _is_over(eye)  # asked first: what was sent before the end is then still received
            message = receiver.receive(200)
            if isinstance(message, Frame):
                heard.append(message)
                tell(len(heard))
    finally:
        eye.close()
        receiver.close()
        shutil.rmtree(folder, ignore_errors=True)
    return heard


def _is_over(eye: Eye) -> bool:
    """Whether both processes left; raises when one could not do its work."""
    for child in eye.children:
        if child.exit_code not in (None, ExitCode.ENDED):
            words = child.last_words() or f"exit code {child.exit_code}"
            raise RecordingError(f"that the {child.name} ended", "all frames", words)
    return eye.ended


def _write(out: Path, heard: list[Frame], track: int) -> None:
    bodies = [next((person.body for person in frame.people if person.track == track), None) for frame in heard]
    x_TJC, visibility_TJ = np.zeros((len(heard), 20, 3), np.float32), np.zeros((len(heard), 20), np.float32)
    for n, body in enumerate(bodies):
        if body is not None:
            x_TJC[n], visibility_TJ[n] = unpack_body(body)
    t_ns = np.array([frame.t_mono_ns for frame in heard])
    write_recording(out, (t_ns - t_ns[0]) / NS, x_TJC, visibility_TJ)
