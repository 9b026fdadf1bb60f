"""A pause with real processes: the camera is closed, nothing is captured, and nothing but a resume brings it back."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from edge.boot_clock import read_clock
from edge.config import Camera, Config, Encoder
from edge.diary.store import Store
from edge.doorkeeper import Doorkeeper
from edge.errors import ConsentError
from edge.pause import ALL_PLACES
from edge.permission import Reason
from edge.quiet_settings import Quiet
from edge.running_note import read_note
from edge.sense.frames import N_SLOTS, Progress
from edge.sense.sources import open_source
from edge.sense.specs import SourceSpec
from edge.service import STEP_S, Service, serving
from edge.state import open_door
from edge.wire import Tick
from tests.edge.mortal import mortal

WALKER = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,rate=10,live=yes"
CLOSED_WITHIN_S = 5.0
BACK_WITHIN_S = 10.0


class Home:
    """A service in a folder of its own, and what the household does beside it."""

    def __init__(self, folder: Path, pose_model: Path, *places: str) -> None:
        cameras = tuple(Camera(place=place, source=WALKER) for place in places)
        self.config = Config(camera=cameras, data_dir=folder / "data", encoder=Encoder(rungs=("cpu",)))
        self.service = Service(self.config, pose_model)
        self.told_down: set[str] = set()
        send = self.service._sender.send

        def listen(message: Tick) -> bool:
            self.told_down |= set(message.down)
            return send(message)

        self.service._sender.send = listen  # type: ignore[method-assign,assignment]

    def pause(self, place: str = ALL_PLACES) -> None:
        with open_door(self.config.state) as door:
            door.pause(place, read_clock(), None)

    def resume(self, place: str = ALL_PLACES) -> None:
        with open_door(self.config.state) as door:
            assert door.resume(place)

    def step_until(self, done: Callable[[], bool], within_s: float) -> None:
        begin_s = time.monotonic()
        while not done():
            assert time.monotonic() - begin_s < within_s, f"not within {within_s} s: {self.service.status}"
            self.service.step()
            time.sleep(STEP_S)

    def step_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        self.step_until(lambda: time.monotonic() >= end_s, seconds + 60)

    def progress(self, place: str) -> Progress:
        return self.service.status.cameras[place]

    def closed(self, place: str) -> bool:
        """Neither process of the place that could see a picture exists."""
        ours = [child for child in self.service.children if child.name.endswith(f" of {place}")]
        assert len(ours) == 2
        return not any(child.running or (child.pid and Path(f"/proc/{child.pid}/exe").exists()) for child in ours)

    def pictures_left(self, place: str) -> int:
        """Bytes that are not blank in the memory in which capture and eyes share pictures."""
        memory = next(eye.memory for eye in self.service._eyes if eye.camera.place == place)
        return sum(int(np.count_nonzero(memory._slot(number)[1])) for number in range(N_SLOTS))

    def gains(self, place: str, n_frames: int = 5) -> Callable[[], bool]:
        goal = self.progress(place).n_taken + n_frames
        return lambda: self.progress(place).n_taken >= goal and not self.service.status.down

    def minutes(self) -> tuple[int, int, int]:
        """Paused, fault and all minutes of all places."""
        with Store.open(self.config.diary, self.config.key) as store:
            booked = [bucket.minutes for bucket in store.load()]
            rows = store.rows()
        paused = sum(m.paused for m in booked) + sum(row.minutes_paused for row in rows)
        fault = sum(m.fault for m in booked) + sum(row.minutes_fault for row in rows)
        return paused, fault, sum(m.total for m in booked) + 60 * len(rows)


@pytest.mark.chain
def test_one_place_of_two_then_a_torn_state_then_both_again(tmp_path: Path, pose_model: Path) -> None:
    home = Home(tmp_path, pose_model, "hall", "stairs")
    with serving(home.service):
        home.step_until(lambda: all(home.progress(place).n_taken > 5 for place in ("hall", "stairs")), within_s=60)
        home.pause("hall")
        home.step_until(lambda: home.closed("hall"), CLOSED_WITHIN_S)
        before = home.progress("hall")
        assert home.pictures_left("hall") == 0
        assert home.pictures_left("stairs") > 0, "it finds no picture where there is one, so it proves nothing"
        home.step_until(home.gains("stairs"), within_s=20)
        assert home.progress("hall").n_published == before.n_published
        assert home.progress("hall").capture_beats == before.capture_beats
        assert list(home.service.status.rests) == ["hall"]

        whole = home.config.state.read_bytes()
        home.config.state.write_bytes(whole[:-100])
        home.step_until(lambda: home.closed("stairs"), CLOSED_WITHIN_S)
        assert {rest.reason for rest in home.service.status.rests.values()} == {Reason.UNREADABLE}
        home.config.state.write_bytes(whole)
        home.step_until(home.gains("stairs"), BACK_WITHIN_S)
        assert home.closed("hall")
        home.resume("hall")
        home.step_until(home.gains("hall"), BACK_WITHIN_S)
        assert not home.service.status.rests
    _paused, fault, _total = home.minutes()
    assert fault == 0, "a pause was booked as a fault"
    assert not home.told_down


@pytest.mark.chain
def test_paused_before_the_start_no_picture_is_ever_read(tmp_path: Path, pose_model: Path) -> None:
    for _restart in range(2):
        home = Home(tmp_path, pose_model, "hall")
        home.pause()
        with serving(home.service):
            home.step_for(3)
            assert home.progress("hall").n_published == home.progress("hall").capture_beats == 0
            assert [child.pid for child in home.service.children[1:]] == [None, None]
    paused, fault, total = home.minutes()
    assert fault == 0
    assert paused == total >= 1

    home = Home(tmp_path, pose_model, "hall")
    with serving(home.service):
        home.step_for(1)
        home.resume()
        home.step_until(home.gains("hall"), BACK_WITHIN_S)


@pytest.mark.chain
def test_a_withdrawal_ends_the_service(tmp_path: Path, pose_model: Path) -> None:
    home = Home(tmp_path, pose_model, "hall")
    home.pause()
    with serving(home.service):
        home.step_for(1)
        with open_door(home.config.state) as door:
            door.withdraw("Anna", read_clock())
        with pytest.raises(ConsentError):
            home.step_for(5)


@pytest.mark.chain
def test_kill_9_of_the_supervisor_while_paused(tmp_path: Path, pose_model: Path) -> None:
    data = tmp_path / "data"
    run = [sys.executable, "-m", "edge.cli", "run", "--source", WALKER, "--data-dir", data, "--pose-model", pose_model]
    with mortal(run, stderr=subprocess.DEVNULL) as service:
        _wait(lambda: (note := read_note(data / "running.json")) and note.cameras["hall"] == "watching")
        pause = [sys.executable, "-m", "edge.cli", "pause", "--data-dir", data]
        done = subprocess.run(pause, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Cameras closed." in done.stdout
        assert not _processes_of(service.pid, "edge.sense")
        assert _processes_of(service.pid, "edge.monitor_process"), "it finds no process, so it proves nothing"
        os.kill(service.pid, signal.SIGKILL)
    assert read_note(data / "running.json") is None
    again = subprocess.run([*run, "--seconds", "3"], capture_output=True, text=True, check=False, timeout=90)
    assert again.returncode == 0, again.stderr
    assert "paused by the household" in again.stderr
    assert "frames=0 " in again.stderr


def _wait(done: Callable[[], object], within_s: float = 60.0) -> None:
    begin_s = time.monotonic()
    while not done():
        assert time.monotonic() - begin_s < within_s
        time.sleep(0.1)


def _processes_of(parent: int, module: str) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if ppid == parent and module in (path / "cmdline").read_text():
                found.append(int(path.name))
        except OSError:
            continue
    return found


@pytest.fixture
def network_camera() -> Iterator[ThreadingHTTPServer]:
    """A camera on the network as a camera is: it knows who looks, and how many pictures it gave."""
    source = open_source(SourceSpec("synthetic:view=side,path=treadmill,rate=10,seconds=2,live=no"))
    jpegs = []
    while picture := source.read():
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = source.width, source.height, "yuvj420p"
        encoder.time_base = Fraction(1, 10)
        image = av.VideoFrame.from_ndarray(picture.rgb_HWC, format="rgb24").reformat(format="yuvj420p")
        jpegs.append(b"".join(bytes(packet) for packet in [*encoder.encode(image), *encoder.encode(None)]))

    class Looks(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.n_looking += 1  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            with contextlib.suppress(OSError):
                for jpeg in itertools.cycle(jpegs):
                    head = b"--next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                    self.wfile.write(head + jpeg + b"\r\n")
                    self.server.n_given += 1  # type: ignore[attr-defined]
                    time.sleep(0.1)
            self.server.n_looking -= 1  # type: ignore[attr-defined]

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Looks)
    server.daemon_threads = True
    server.n_looking = server.n_given = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.chain
def test_a_network_camera_sees_nobody_look_without_a_consent_nor_during_a_pause(
    tmp_path: Path, pose_model: Path, network_camera: Any
) -> None:
    camera = Camera(place="hall", source=f"http://127.0.0.1:{network_camera.server_port}/video")
    config = Config(camera=(camera,), data_dir=tmp_path, encoder=Encoder(rungs=("cpu",)))
    with pytest.raises(ConsentError), serving(Service(config, pose_model)):
        pytest.fail("it started")
    assert network_camera.n_given == 0
    with open_door(config.state) as door:
        door.accept("Anna", read_clock())
    home = Home(tmp_path, pose_model, "hall")
    home.config, home.service = config, Service(config, pose_model)
    with serving(home.service):
        home.step_until(lambda: home.progress("hall").n_taken > 5, within_s=60)
        home.pause()
        home.step_until(lambda: network_camera.n_looking == 0, CLOSED_WITHIN_S)
        n_given = network_camera.n_given
        home.step_for(2)
        assert network_camera.n_given == n_given
        home.resume()
        home.step_until(home.gains("hall"), BACK_WITHIN_S)
        assert network_camera.n_looking == 1


def test_quiet_hours_rest_a_place_and_an_open_pause_the_others(tmp_path: Path) -> None:
    cameras = tuple(Camera(place=place, source=WALKER) for place in ("hall", "stairs"))
    always = (Quiet.model_validate({"from": "00:00", "to": "12:00", "place": "hall"}),)
    always += (Quiet.model_validate({"from": "12:00", "to": "00:00", "place": "hall"}),)
    config = Config(camera=cameras, quiet=always, timezone="Europe/Berlin", data_dir=tmp_path)
    assert {place: rest.reason for place, rest in Doorkeeper(config).update().items()} == {"hall": Reason.QUIET}
    with open_door(config.state) as door:
        door.pause(ALL_PLACES, read_clock(), None)
    assert set(Doorkeeper(config).update()) == {"hall", "stairs"}


def test_a_live_camera_without_a_consent_rests(tmp_path: Path) -> None:
    config = Config(camera=(Camera(place="hall", source="0"),), data_dir=tmp_path)
    assert Doorkeeper(config).update()["hall"].reason is Reason.CONSENT
    with open_door(config.state) as door:
        door.accept("Anna", read_clock())
    assert not Doorkeeper(config).update()
    config.state.unlink()
    assert Doorkeeper(config).update()["hall"].reason is Reason.UNREADABLE
