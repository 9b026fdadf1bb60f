"""Bad input to the real commands and processes: a sentence where it ends them, and nothing lost where it does not."""

import contextlib
import os
import sqlite3
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

from edge.config import REFERENCE_BUNDLE
from edge.diary.store import Store
from edge.gauges import Gauges
from edge.monitor_spec import MonitorSpec
from edge.wire import Frame, Sender, Tick, ipc_endpoint

NS = 1_000_000_000
HOUR_S = 1_900_000_800


def quietstep(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    places = {"HOME": folder, "XDG_DATA_HOME": folder / "data", "XDG_CONFIG_HOME": folder / "config"}
    environment = os.environ | {name: str(path) for name, path in places.items()} | {"COLUMNS": "400"}
    command = [sys.executable, "-m", "edge.cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=folder
    )


def refused(*arguments: object, folder: Path) -> str:
    done = quietstep(*arguments, folder=folder)
    assert done.returncode != 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Wanted" in done.stderr
    return done.stderr


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    Store.open(tmp_path / "diary.db", tmp_path / "diary.key").close()
    return tmp_path


def run_in(folder: Path, pose_model: Path) -> tuple[object, ...]:
    source = "synthetic:seconds=1"
    return "run", "--source", source, "--data-dir", folder, "--pose-model", pose_model


@pytest.mark.parametrize("command", ["run", "report"])
def test_a_wrong_key(command: str, diary: Path, pose_model: Path) -> None:
    (diary / "diary.key").write_text("ab" * 32 + "\n")
    arguments = run_in(diary, pose_model) if command == "run" else ("report", "--data-dir", diary)
    before = (diary / "diary.db").read_bytes()
    assert "key" in refused(*arguments, folder=diary)
    assert (diary / "diary.db").read_bytes() == before


@pytest.mark.parametrize("command", ["run", "report"])
def test_a_damaged_diary(command: str, diary: Path, pose_model: Path) -> None:
    content = bytearray((diary / "diary.db").read_bytes())
    content[5000] ^= 1
    (diary / "diary.db").write_bytes(content)
    arguments = run_in(diary, pose_model) if command == "run" else ("report", "--data-dir", diary)
    assert "diary.db" in refused(*arguments, folder=diary)
    assert (diary / "diary.db").read_bytes() == bytes(content)


def test_a_foreign_database(diary: Path, pose_model: Path) -> None:
    (diary / "diary.db").unlink()
    with sqlite3.connect(diary / "diary.db") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = (diary / "diary.db").read_bytes()
    assert "diary.db" in refused(*run_in(diary, pose_model), folder=diary)
    assert (diary / "diary.db").read_bytes() == before


def test_a_folder_that_cannot_be_written(tmp_path: Path, pose_model: Path) -> None:
    assert "/sys/quietstep" in refused(*run_in(Path("/sys/quietstep"), pose_model), folder=tmp_path)


def test_a_bundle_with_one_byte_changed(tmp_path: Path, pose_model: Path) -> None:
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    for file in REFERENCE_BUNDLE.iterdir():
        (bundle / file.name).write_bytes(file.read_bytes())
    golden = bytearray((bundle / "golden.npz").read_bytes())
    golden[100] ^= 1
    (bundle / "golden.npz").write_bytes(golden)
    assert "SHA-256" in refused(*run_in(tmp_path, pose_model), "--bundle", bundle, folder=tmp_path)


def empty_room(path: Path, n_frames: int) -> Path:
    """A video in which nobody is."""
    noise = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(n_frames):
            rgb_HWC = np.full((240, 320, 3), 140, np.uint8)
            rgb_HWC[160:] = 90
            rgb_HWC[40:90, 60:120] = noise.integers(60, 90, (50, 60, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb_HWC, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.chain
def test_a_video_without_people(tmp_path: Path, pose_model: Path) -> None:
    video = empty_room(tmp_path / "empty-room.mp4", 30)
    done = quietstep(
        "run", "--source", video, "--data-dir", tmp_path / "data", "--pose-model", pose_model, folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "frames=30" in done.stderr
    assert "cycles=0" in done.stderr
    told = refused("record", video, tmp_path / "out.npz", "--pose-model", pose_model, folder=tmp_path)
    assert "nobody in 30 frames" in told
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.chain
def test_two_people_crossing_are_several_people(tmp_path: Path, pose_model: Path) -> None:
    source = "synthetic:people=2,path=cross,view=side,seconds=9,live=no"
    done = quietstep(
        *("run", "--source", source, "--every-frame", "--data-dir", tmp_path / "data", "--pose-model", pose_model),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    with Store.open(tmp_path / "data" / "diary.db", tmp_path / "data" / "diary.key") as store:
        bucket = store.load()[0]
    assert bucket.mood.n_judged == 0


@pytest.mark.chain
def test_a_camera_that_vanishes_comes_back_and_the_service_goes_on(tmp_path: Path, pose_model: Path) -> None:
    source = "synthetic:view=side,path=treadmill,vanish=2,live=yes,rate=10"
    done = quietstep(
        *("run", "--source", source, "--seconds", 12, "--data-dir", tmp_path / "data", "--pose-model", pose_model),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("no more pictures") >= 2, "it did not come back"
    with Store.open(tmp_path / "data" / "diary.db", tmp_path / "data" / "diary.key") as store:
        assert store.load()[0].minutes.total >= 1 or store.rows(), "no minute was booked, nor an hour that ended"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("no tmpfs can be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


class MonitorProcess:
    """A real monitor process whose clock is ours: the ticks we send."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        self.folder, self.gauges = folder, Gauges.create()
        endpoint = ipc_endpoint(runtime)
        paths = (str(REFERENCE_BUNDLE), str(folder / "diary.db"), str(folder / "diary.key"))
        spec = MonitorSpec(endpoint, ("hall",), *paths, self.gauges.fd, os.getpid())
        command = [sys.executable, "-m", "edge.monitor_process"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=(self.gauges.fd,))
        assert self.process.stdin
        self.process.stdin.write(msgspec.json.encode(spec))
        self.process.stdin.close()
        self.sender, self.n_sent, self.second = Sender(endpoint), 0, 0

    def live(self, minutes: int) -> None:
        """So many minutes with nobody there."""
        for _ in range(60 * minutes):
            t_ns = self.second * NS
            for message in (
                Tick(t_ns, HOUR_S * NS + t_ns),
                Frame("hall", self.second, t_ns, HOUR_S * NS + t_ns, "ok"),
            ):
                while not self.sender.send(message):
                    time.sleep(0.005)
                self.n_sent += 1
            self.second += 1
        deadline_s = time.monotonic() + 60
        while self.gauges.read().beat < self.n_sent:
            assert self.process.poll() is None
            assert time.monotonic() < deadline_s
            time.sleep(0.01)

    def stop(self) -> int:
        self.sender.close()
        self.process.terminate()
        return self.process.wait(30)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    with contextlib.suppress(OSError):
        while os.write(file, b"x" * 4096):
            pass
    os.close(file)


def test_a_full_disk_stops_nothing_and_loses_nothing(small_disk: Path) -> None:
    with tempfile.TemporaryDirectory() as runtime:
        monitor = MonitorProcess(small_disk, Path(runtime))
        monitor.live(minutes=65)
        filler = small_disk / "filler"
        fill(filler)
        monitor.live(minutes=60)  # an hour ends meanwhile
        assert monitor.gauges.read().diary_failures > 0
        filler.unlink()
        monitor.live(minutes=60)
        assert monitor.stop() == 0
        with Store.read_only(small_disk / "diary.db", small_disk / "diary.key") as reader:
            rows = reader.rows()
    assert [row.minutes_nobody for row in rows] == [60] * 3


def test_kill_9_of_the_monitor_keeps_every_acknowledged_row_and_books_the_gap(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as runtime:
        monitor = MonitorProcess(tmp_path, Path(runtime))
        monitor.live(minutes=130)
        monitor.process.kill()
        monitor.process.wait()
        with Store.read_only(tmp_path / "diary.db", tmp_path / "diary.key") as reader:
            before = reader.rows()
        assert len(before) == monitor.gauges.read().n_rows == 2
        again = MonitorProcess(tmp_path, Path(runtime))
        again.second = monitor.second + 300
        again.live(minutes=60)
        assert again.stop() == 0
        with Store.read_only(tmp_path / "diary.db", tmp_path / "diary.key") as reader:
            after = reader.rows()
    assert after[:2] == before
    assert 5 <= after[2].minutes_fault <= 8
    assert after[2].minutes_fault + after[2].minutes_nobody == 60
