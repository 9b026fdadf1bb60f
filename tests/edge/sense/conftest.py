"""Videos made on the spot, the pose model, and children started as the supervisor starts them."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from edge.sense.children import is_noise
from edge.sense.frames import PictureMemory
from edge.sense.specs import CaptureSpec, EyesSpec

ROOT = Path(__file__).parents[3]


def write_video(path: Path, n_frames: int, *, width: int = 160, height: int = 120, rate: int = 30) -> Path:
    """A video whose frame i is a grey of 10 + 2 i, with a moving bar so that it compresses to something."""
    container_format = "mpegts" if path.suffix == ".ts" else None
    with av.open(str(path), "w", format=container_format) as container:
        stream = container.add_stream("mpeg4" if path.suffix != ".ts" else "mpeg2video", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.time_base = Fraction(1, rate)
        stream.gop_size = 5
        stream.bit_rate = 4_000_000
        noise = np.random.default_rng(0)
        for i in range(n_frames):
            rgb_HWC = np.full((height, width, 3), min(250, 10 + 2 * i), np.uint8)
            rgb_HWC[: height // 4] = noise.integers(0, 255, (height // 4, width, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb_HWC, format="rgb24")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Callable[..., Path]:
    """Writes a video of so many frames and gives its path."""
    return lambda n_frames, name="video.mp4", **more: write_video(tmp_path / name, n_frames, **more)


class Process:
    """A child with its Spec on standard input and its stderr as lines."""

    def __init__(self, module: str, spec: CaptureSpec | EyesSpec, env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self.noise: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=spec.memory.all(),
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | (env or {}),
        )
        assert self._process.stdin
        self._process.stdin.write(msgspec.json.encode(spec))
        self._process.stdin.close()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.pid = self._process.pid

    def _read(self) -> None:
        assert self._process.stderr
        for raw in self._process.stderr:
            line = raw.decode().rstrip()
            (self.noise if is_noise(line) else self.lines).append(line)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, timeout_s: float = 30) -> int:
        code = self._process.wait(timeout_s)
        self._reader.join(5)
        return code

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self, number: int) -> None:
        self._process.send_signal(number)


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Starts children and sees to it that none is left."""
    started: list[Process] = []

    def start_one(module: str, spec: CaptureSpec | EyesSpec, env: dict[str, str] | None = None) -> Process:
        started.append(Process(module, spec, env))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()


@pytest.fixture
def memory() -> Iterator[PictureMemory]:
    """The picture memory of one camera."""
    memory = PictureMemory.create()
    yield memory
    memory.close()


@pytest.fixture
def runtime_dir() -> Iterator[Path]:
    """A private folder with a short path, for a socket."""
    with tempfile.TemporaryDirectory(prefix="qs-", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def wait_for() -> Callable[..., None]:
    """Waits until something is true, and fails when it does not become so."""

    def wait(what: Callable[[], object], limit_s: float = 20) -> None:
        end_s = time.monotonic() + limit_s
        while not what():
            assert time.monotonic() < end_s, "it did not come about"
            time.sleep(0.02)

    return wait
