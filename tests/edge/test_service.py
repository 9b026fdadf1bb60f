"""The whole service with real processes: it watches, survives kill -9, and leaves in order."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.config import Camera, Config, Encoder
from edge.diary.store import Store
from edge.service import STEP_S, Service, serving
from edge.wire import Tick

pytestmark = pytest.mark.chain
FEW_PICTURES = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,live=yes,rate=10"
"""Where no cycle is asked for: looking at a picture is what costs."""
RECORDED_S = 7
RECORDED = "synthetic:identity=1,affect=neutral,view=side,path=treadmill,live=no"
BACK_WITHIN_S = 10.0


class Home:
    """A service in a folder of its own."""

    def __init__(self, folder: Path, pose_model: Path, camera: Camera, encoder: Encoder | None = None) -> None:
        self.config = Config(camera=(camera,), data_dir=folder / "data", encoder=encoder or Encoder(rungs=("cpu",)))
        self.service = Service(self.config, pose_model)
        self.told_down: list[str] = []
        send = self.service._sender.send

        def listen(message: Tick) -> bool:
            self.told_down += message.down
            return send(message)

        self.service._sender.send = listen  # type: ignore[method-assign,assignment]

    def step_until(self, done: Callable[[], bool], within_s: float) -> float:
        """Step until ``done``; how long it took."""
        begin_s = time.monotonic()
        while not done():
            assert time.monotonic() - begin_s < within_s, f"not within {within_s} s: {self.service.status}"
            self.service.step()
            time.sleep(STEP_S)
        return time.monotonic() - begin_s

    @property
    def n_frames(self) -> int:
        return self.service.status.reading.n_frames

    def flows(self, n_frames: int = 10) -> Callable[[], bool]:
        goal = self.n_frames + n_frames
        return lambda: self.n_frames >= goal and not self.service.status.down

    def kill(self, victim: str) -> None:
        """Kill -9 one process, and see it and its pictures come back."""
        child = next(child for child in self.service.children if child.name == victim)
        assert child.pid
        os.kill(child.pid, signal.SIGKILL)
        self.step_until(lambda: child.exit_code is not None, within_s=5)
        self.step_until(lambda: child.running, within_s=BACK_WITHIN_S)
        self.step_until(self.flows(), within_s=BACK_WITHIN_S)


@pytest.fixture(scope="class")
def home(tmp_path_factory: pytest.TempPathFactory, pose_model: Path) -> Iterator[Home]:
    """One for all tests that leave it as they found it, watching; it ends with their class and disturbs no other."""
    home = Home(tmp_path_factory.mktemp("home"), pose_model, Camera(place="hall", source=FEW_PICTURES))
    with serving(home.service):
        home.step_until(home.flows(), within_s=60)
        yield home


def booked_minutes(config: Config) -> dict[str, int]:
    """Minutes of the open bucket, and of rows where an hour ended during the test."""
    with Store.open(config.diary, config.key) as store:
        minutes, rows = store.load()[0].minutes, store.rows()
    fault = minutes.fault + sum(row.minutes_fault for row in rows)
    return {"fault": fault, "total": minutes.total + 60 * len(rows)}


@pytest.mark.parametrize("victim", ["capture of hall", "monitor"])
def test_a_killed_process_is_back_its_minute_is_a_fault_and_nothing_is_left_behind(
    victim: str, tmp_path: Path, pose_model: Path
) -> None:
    home = Home(tmp_path, pose_model, Camera(place="hall", source=FEW_PICTURES))
    with serving(home.service):
        home.step_until(home.flows(), within_s=60)
        home.kill(victim)
        pids = [child.pid for child in home.service.children]
        folder = home.service.folder
        assert folder.stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    assert len(pids) == 3
    assert not [pid for pid in pids if not pid or Path(f"/proc/{pid}/exe").exists()]
    assert booked_minutes(home.config)["fault"] >= 1
    assert booked_minutes(home.config)["total"] >= 1


class TestOneWatchingHome:
    def test_killed_eyes_are_back_and_the_place_was_told_as_down(self, home: Home) -> None:
        home.told_down.clear()
        home.kill("eyes of hall")
        assert set(home.told_down) == {"hall"}

    def test_a_process_that_hangs_is_ended_and_comes_back(self, home: Home) -> None:
        eyes = next(child for child in home.service.children if child.name == "eyes of hall")
        assert eyes.pid
        before = eyes.pid
        home.told_down.clear()
        os.kill(before, signal.SIGSTOP)
        home.step_until(lambda: eyes.pid != before and eyes.running, within_s=20)
        home.step_until(home.flows(), within_s=BACK_WITHIN_S)
        assert set(home.told_down) == {"hall"}


def test_cycles_of_a_walker_come_through_the_whole_chain(tmp_path: Path, pose_model: Path) -> None:
    """Every picture, however slow the machine: on a busy one a live camera gives too few for a cycle."""
    camera = Camera(place="hall", source=f"{RECORDED},seconds={RECORDED_S}", every_frame=True)
    home = Home(tmp_path, pose_model, camera)
    rungs = set()
    with serving(home.service):
        while home.service.step():
            rungs.add(home.service.status.rung)
            time.sleep(STEP_S)
    reading = home.service.last_status.reading
    assert rungs == {"cpu"}
    assert reading.n_frames == 30 * RECORDED_S
    assert reading.n_cycles >= 2
    assert reading.n_refused == 0


def test_a_rung_that_hangs_is_dropped_and_watching_goes_on(
    tmp_path: Path, pose_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fakes = Path(__file__).parent / "encoder" / "fake_nvidia"
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{fakes}{os.pathsep}{root}")
    monkeypatch.setenv("FAKE_NVIDIA", "hang:15")
    encoder = Encoder(rungs=("tensorrt", "cpu"), engines=tmp_path / "engines")
    home = Home(tmp_path, pose_model, Camera(place="hall", source=RECORDED, every_frame=True), encoder)
    with serving(home.service):
        assert home.service.status.rung == "tensorrt"
        home.step_until(lambda: home.service.status.rung == "cpu", within_s=60)
        home.step_until(lambda: home.service.status.reading.n_cycles >= 4, within_s=40)
        monitor = home.service.children[0]
        assert monitor.watch.n_deaths == 0
        assert home.service.status.reading.n_rungs_dropped == 1


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path, pose_model: Path) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_a_supervisor(tmp_path, pose_model, writer)
    os.close(writer)
    pids = [int(word) for word in os.read(reader, 200).split()]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    deadline_s = time.monotonic() + 5
    while any(Path(f"/proc/{child}/exe").exists() for child in pids) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert len(pids) == 3
    assert not [child for child in pids if Path(f"/proc/{child}/exe").exists()]


def _be_a_supervisor(folder: Path, pose_model: Path, writer: int) -> None:
    try:
        camera = Camera(place="hall", source=FEW_PICTURES)
        service = Service(Config(camera=(camera,), data_dir=folder / "data"), pose_model)
        service.start()
        os.write(writer, " ".join(str(child.pid) for child in service.children).encode())
        while True:
            service.step()
            time.sleep(STEP_S)
    finally:
        os._exit(1)


def test_a_recording_is_watched_to_its_end(tmp_path: Path, pose_model: Path, data: Path) -> None:
    camera = Camera(place="hall", source=str(data / "video" / "demo.mp4"), crop=(0.0, 0.45, 1.0, 1.0), frames=(55, 190))
    home = Home(tmp_path, pose_model, camera)
    with serving(home.service):
        while home.service.step():
            time.sleep(STEP_S)
    reading = home.service.last_status.reading
    assert reading.n_frames == 136
    assert reading.n_gaps == 0
    assert reading.n_cycles >= 2
