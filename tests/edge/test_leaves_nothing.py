"""A run leaves no landmark, embedding, picture, name or track number anywhere it wrote.

The canaries are what really passed through: the bodies, cycles, posteriors and pictures of a known recording, a name
in the camera's path, and a track number no other number looks like. They are sought in every decrypted page of the
diary (free ones too) and in every other file below the folders the run could write to, after the scanner has proven
that it finds each of them when it was planted.
"""

import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest
from rich.console import Console

from edge.config import REFERENCE_BUNDLE
from edge.diary.store import Store
from edge.encoder import AffectEncoder
from edge.gait.walker import Walker, skeletons
from edge.gauges import Gauges
from edge.monitor_spec import MonitorSpec
from edge.record import record_file
from edge.recording import read_recording
from edge.replay import replay
from edge.sense.sources import open_source
from edge.sense.specs import SourceSpec
from edge.wire import Frame, Message, Person, Sender, Tick, ipc_endpoint, pack_body

pytestmark = pytest.mark.chain
NAME = "canary-annemarie"
TRACK = 0x5EED_CAFE_F00D
NS = 1_000_000_000
START_S = 1_900_000_800
SECONDS = 6


def spoken(numbers: np.ndarray) -> list[bytes]:
    """How a triple of coordinates, or any few numbers, could stand in a file."""
    shapes = [np.asarray(numbers, dtype).tobytes() for dtype in ("<f4", ">f4", "<f8", ">f8")]
    texts = [str(float(number)).encode() for number in numbers if abs(number) > 1e-3 and len(str(float(number))) > 6]
    return shapes + texts[:1]


def of_body(body: bytes) -> list[bytes]:
    return [canary for row in np.frombuffer(body, "<f4").reshape(20, 4)[[3, 9, 12, 15], :3] for canary in spoken(row)]


def of_track(track: int) -> list[bytes]:
    packed = [struct.pack(order + "Q", track) for order in "<>"]
    return [str(track).encode(), *(shape.strip(b"\0") for shape in packed)]


def of_picture(rgb_HWC: np.ndarray) -> list[bytes]:
    height, width = rgb_HWC.shape[:2]
    return [rgb_HWC[height // 2, left : left + 16].tobytes() for left in range(width // 3, 2 * width // 3, 40)]


def prove(scanner, folder: Path, key: Path, canaries: list[bytes]) -> None:
    """Each canary is found when it is planted, and gone when it is taken away."""
    planted = folder / "planted.bin"
    for canary in canaries[:50]:
        planted.write_bytes(b"\0" * 7 + canary + b"\0")
        assert "planted.bin" in scanner(folder, key, canary)
    planted.unlink()


def test_the_monitor_writes_nothing_of_the_bodies_it_sees(tmp_path: Path, scanner, encoder: AffectEncoder) -> None:
    bodies = _walks()
    _hours_through_a_real_monitor(tmp_path, bodies)
    diary, key = tmp_path / "diary.db", tmp_path / "diary.key"
    with Store.read_only(diary, key) as reader:
        assert reader.differences() == ()
        assert any(not row.held_back for row in reader.rows()), "nothing was written, so nothing was proven"
    canaries = [canary for body in bodies[::97] for canary in of_body(body)] + of_track(TRACK)
    prove(scanner, tmp_path, key, canaries)
    found = {canary: scanner(tmp_path, key, canary) for canary in canaries}
    assert not {canary: where for canary, where in found.items() if where}


def _walks() -> list[bytes]:
    t_s = np.arange(14 * 30) / 30
    visible = np.full(20, 0.8765, np.float32)
    walks = [skeletons(Walker(identity=3, affect="neutral", seed=seed), t_s) for seed in range(4)]
    return [pack_body(x_JC, visible) for x_TJC in walks for x_JC in x_TJC]


def _messages(bodies: list[bytes]) -> Iterator[Message]:
    """Four walks of 14 s at the beginning of four minutes, then quiet until the hour is over."""
    seq, n_frames = 0, len(bodies) // 4
    for second in range(3700):
        t_ns = second * NS
        yield Tick(t_ns, START_S * NS + t_ns)
        minute, within = divmod(second, 60)
        n_now = 30 if minute < 4 and within < 14 else 1
        for n in range(n_now):
            at_ns = t_ns + n * NS // 30
            people = (Person(TRACK + minute, bodies[minute * n_frames + within * 30 + n]),) if n_now == 30 else ()
            yield Frame("hall", seq, at_ns, START_S * NS + at_ns, "ok", people)
            seq += 1


def _hours_through_a_real_monitor(folder: Path, bodies: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as runtime:
        endpoint = ipc_endpoint(Path(runtime))
        gauges = Gauges.create()
        spec = MonitorSpec(
            endpoint,
            ("hall",),
            str(REFERENCE_BUNDLE),
            str(folder / "diary.db"),
            str(folder / "diary.key"),
            gauges.fd,
            os.getpid(),
        )
        monitor = subprocess.Popen(
            [sys.executable, "-m", "edge.monitor_process"], stdin=subprocess.PIPE, pass_fds=(gauges.fd,)
        )
        assert monitor.stdin
        monitor.stdin.write(msgspec.json.encode(spec))
        monitor.stdin.close()
        sender = Sender(endpoint, linger_ms=20_000)
        n_sent = 0
        for message in _messages(bodies):
            while not sender.send(message):
                assert monitor.poll() is None
                time.sleep(0.01)
            n_sent += 1
        while gauges.read().beat < n_sent:
            assert monitor.poll() is None
            time.sleep(0.01)
        sender.close()
        monitor.send_signal(signal.SIGTERM)
        assert monitor.wait(60) == 0


def _video_with_a_name(folder: Path) -> Path:
    """The synthetic walker as a video file whose name would give somebody away."""
    path = folder / f"{NAME}.mp4"
    camera = open_source(SourceSpec(f"synthetic:identity=1,affect=neutral,view=side,path=treadmill,seconds={SECONDS}"))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = camera.width, camera.height, "yuv420p", 8_000_000
        while picture := camera.read():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.rgb_HWC, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def _quietstep(home: Path, *arguments: object) -> None:
    places = {
        "HOME": "",
        "XDG_DATA_HOME": "data",
        "XDG_CONFIG_HOME": "config",
        "XDG_CACHE_HOME": "cache",
        "TMPDIR": "t",  # short: a socket's path has 100 characters
    }
    environment = os.environ | {name: str(home / below) for name, below in places.items()}
    (home / "t").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    with (home / "log.txt").open("ab") as log:
        done = subprocess.run(command, check=False, env=environment, cwd=home, stdout=log, stderr=log, timeout=300)
    assert done.returncode == 0, (home / "log.txt").read_text()[-4000:]


def test_a_whole_run_leaves_nothing_of_what_the_camera_saw(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, scanner, encoder: AffectEncoder, pose_model: Path
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    video = _video_with_a_name(outside)
    record_file(str(video), outside / "seen.npz", None, None, pose_model, Console(quiet=True))
    home = tmp_path  # and nothing below it: the path of a socket has 100 characters
    _quietstep(home, "run", "--source", video, "--data-dir", home / "data", "--pose-model", pose_model)
    recording = read_recording(outside / "seen.npz")
    canaries = [canary for x_JC in recording.x_TJC[20::9] for row in x_JC[[3, 12, 15]] for canary in spoken(row)]
    judged = [np.array(affect.posterior) for affect in replay(recording, encoder).affects if affect.posterior]
    assert judged, "no cycle was judged, so nothing was proven"
    canaries += [canary for posterior_K in judged for canary in spoken(posterior_K)[:4]]
    source = open_source(SourceSpec(str(video)))
    pictures = [picture.rgb_HWC.copy() for _ in range(20) if (picture := source.read())]
    canaries += [canary for rgb_HWC in pictures[::5] for canary in of_picture(rgb_HWC)] + [NAME.encode()]
    key = home / "data" / "diary.key"
    prove(scanner, home, key, canaries)
    found = {canary: scanner(home, key, canary) for canary in set(canaries)}
    assert not {canary: where for canary, where in found.items() if where}
    with Store.read_only(home / "data" / "diary.db", key) as reader:
        assert reader.differences() == ()
