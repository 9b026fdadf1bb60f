"""The real eyes in their own process: locked in every thread, while poses keep flowing."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge.sense.frames import PictureMemory
from edge.sense.lock import unlocked_threads
from edge.sense.specs import CaptureSpec, ExitCode, EyesSpec, SourceSpec
from edge.wire import Frame, Receiver, ipc_endpoint

pytestmark = pytest.mark.chain
EYES = "edge.sense.eyes"

# The eyes' own main, with two threads beside it: one that is there before the lock, one that is born after mediapipe.
PROBED_EYES = """
import socket, sys, threading, time

def tries():
    answers = []
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.socket(family, socket.SOCK_STREAM).close()
            answers.append("open")
        except OSError as error:
            answers.append(f"errno{error.errno}")
    return " ".join(answers)

def probe():
    print("PROBE early before the lock:", tries(), file=sys.stderr, flush=True)
    started.set()
    while "mediapipe" not in sys.modules:
        time.sleep(0.01)
    for _ in range(40):
        time.sleep(0.1)
        print("PROBE early after mediapipe:", tries(), file=sys.stderr, flush=True)
        late = threading.Thread(target=lambda: print("PROBE late:", tries(), file=sys.stderr, flush=True))
        late.start()
        late.join()

started = threading.Event()
threading.Thread(target=probe, daemon=True).start()
started.wait()
from edge.sense.eyes import main
sys.exit(main())
"""


@dataclass
class Chain:
    """Capture, eyes and the receiving end of one camera."""

    memory: PictureMemory
    receiver: Receiver
    endpoint: str
    model: Path
    start: Callable[..., object]
    frames: list[Frame] = field(default_factory=list)

    def capture(self, source: SourceSpec, lossless: bool = True):
        return self.start("edge.sense.capture", CaptureSpec(source, self.memory.fds, os.getpid(), lossless))

    def spec(self, **more) -> EyesSpec:
        values = {"lossless": True} | more
        return EyesSpec("hall", self.memory.fds, os.getpid(), self.endpoint, str(self.model), **values)

    def eyes(self, env: dict[str, str] | None = None, **more):
        return self.start(EYES, self.spec(**more), env)

    def receive(self, until: Callable[[], bool], limit_s: float = 60) -> list[Frame]:
        end_s = time.monotonic() + limit_s
        while not until():
            assert time.monotonic() < end_s, f"only {len(self.frames)} messages came"
            self.take_one(100)
        return self.frames

    def take_one(self, timeout_ms: int) -> bool:
        message = self.receiver.receive(timeout_ms)
        if isinstance(message, Frame):
            self.frames.append(message)
        return message is not None

    def receive_all(self, eyes) -> list[Frame]:
        self.receive(lambda: not eyes.running)
        while self.take_one(200):
            pass
        return self.frames


@pytest.fixture
def chain(memory, runtime_dir, pose_model, start) -> Iterator[Chain]:
    endpoint = ipc_endpoint(runtime_dir)
    receiver = Receiver(endpoint)
    yield Chain(memory, receiver, endpoint, pose_model, start)
    receiver.close()


def n_people(frames: list[Frame]) -> list[int]:
    return [len(frame.people) for frame in frames]


def test_no_thread_opens_an_internet_socket_while_poses_keep_flowing(chain, tmp_path) -> None:
    (tmp_path / "probed_eyes.py").write_text(PROBED_EYES)
    chain.capture(SourceSpec("synthetic:seconds=6"))
    eyes = chain.start("probed_eyes", chain.spec(), {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"})
    chain.receive(lambda: len(chain.frames) >= 20)
    assert unlocked_threads(eyes.pid) == []
    n_threads = len(os.listdir(f"/proc/{eyes.pid}/task"))
    frames = chain.receive_all(eyes)
    probes = [line for line in eyes.lines if line.startswith("PROBE")]
    assert probes[0] == "PROBE early before the lock: open open", "the probe can tell an open socket"
    assert n_threads > 2
    assert len([line for line in probes if line.startswith("PROBE late")]) >= 3
    assert {line.rpartition(": ")[2] for line in probes[1:]} == {"errno13 errno13"}
    assert [frame.seq for frame in frames] == list(range(180)), "nothing was lost"
    assert sum(n_people(frames)) >= 175, "poses kept flowing"
    assert [line for line in eyes.lines if not line.startswith("PROBE")] == []


def test_unlocked_they_refuse_to_start(chain, tmp_path) -> None:
    (tmp_path / "pyseccomp.py").write_text('raise RuntimeError("Unable to find libseccomp")')
    started_s = time.monotonic()
    eyes = chain.eyes(env={"PYTHONPATH": str(tmp_path)})
    assert eyes.wait() == ExitCode.LOCK
    assert eyes.lines[-1].startswith("Found no seccomp filter")
    assert not chain.take_one(200)
    assert time.monotonic() - started_s < 20


def test_a_model_that_does_not_load_gets_a_sentence(chain, tmp_path) -> None:
    (tmp_path / "bad.task").write_bytes(b"not a model")
    chain.model = tmp_path / "bad.task"
    eyes = chain.eyes()
    assert eyes.wait() == ExitCode.MODEL
    assert "quietstep pose-model" in eyes.lines[-1]


def test_nobody_there_is_a_message_too(chain, video) -> None:
    chain.capture(SourceSpec(str(video(20, width=320, height=240))))
    eyes = chain.eyes()
    frames = chain.receive_all(eyes)
    assert eyes.wait() == ExitCode.ENDED
    assert [(frame.state, frame.people) for frame in frames] == [("ok", ())] * 20
    assert {frame.camera for frame in frames} == {"hall"}


def test_killed_eyes_are_replaced_and_the_sequence_goes_on(chain) -> None:
    chain.capture(SourceSpec("synthetic:seconds=4"))
    first = chain.eyes()
    chain.receive(lambda: len(chain.frames) >= 20)
    first.kill()
    while chain.take_one(200):
        pass
    n_before = len(chain.frames)
    second = chain.eyes()
    frames = chain.receive_all(second)
    seqs = [frame.seq for frame in frames]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] >= 110
    assert len(frames) >= 110, "at most a frame or two died with the first"
    assert n_people(frames)[-20:] == [1] * 20
    tracks = [
        {person.track for frame in part for person in frame.people} for part in (frames[:n_before], frames[n_before:])
    ]
    assert tracks[0].isdisjoint(tracks[1]), "nobody knows whether it is still the same person"


def test_eyes_that_grow_too_large_end_to_be_started_afresh(chain) -> None:
    chain.capture(SourceSpec("synthetic:seconds=5"))
    eyes = chain.eyes(memory_limit_mb=100)
    chain.receive(lambda: not eyes.running)
    assert eyes.wait() == ExitCode.RECYCLE


def test_asked_to_end_they_end(chain) -> None:
    chain.capture(SourceSpec("synthetic:seconds=30"))
    eyes = chain.eyes()
    chain.receive(lambda: len(chain.frames) >= 5)
    eyes.terminate()
    assert eyes.wait(10) == ExitCode.ENDED


def test_the_real_walker_is_seen(chain) -> None:
    data = os.environ.get("QUIETSTEP_DATA")
    if not data:
        pytest.skip("QUIETSTEP_DATA is not set")
    demo = Path(data) / "video" / "demo.mp4"
    if not demo.exists():
        pytest.skip(f"{demo} is not there")
    chain.capture(SourceSpec(str(demo), crop=(0.0, 0.45, 1.0, 1.0), frames=(55, 190)))
    frames = chain.receive_all(chain.eyes())
    assert len(frames) == 136
    assert sum(n > 0 for n in n_people(frames)) >= 130


def test_the_processes_leave_no_file_behind(chain, runtime_dir) -> None:
    shm = set(os.listdir("/dev/shm"))
    chain.capture(SourceSpec("synthetic:seconds=1"))
    eyes = chain.eyes()
    chain.receive(lambda: len(chain.frames) >= 5)
    opened = subprocess.run(["ls", "-l", f"/proc/{eyes.pid}/fd"], capture_output=True, text=True, check=False).stdout
    chain.receive_all(eyes)
    assert set(os.listdir("/dev/shm")) <= shm
    assert "quietstep-pictures (deleted)" in opened
    assert os.listdir(runtime_dir) == ["frames"]
