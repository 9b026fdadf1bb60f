"""The capture process: paced, patient, and it comes back."""

import http.server
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sense.capture import OFF_BEAT_S, Stamper
from edge.sense.frames import Phase, PictureMemory, SlotState, Taken
from edge.sense.specs import CaptureSpec, ExitCode, SourceSpec

MODULE = "edge.sense.capture"
SECOND_NS = 1_000_000_000
pytestmark = pytest.mark.chain


def spec_of(source: str, memory: PictureMemory, lossless: bool = False) -> CaptureSpec:
    return CaptureSpec(SourceSpec(source), memory.fds, os.getpid(), lossless)


def take_until_end(memory: PictureMemory, pause_s: float = 0.0) -> list[Taken]:
    frames = []
    end_s = time.monotonic() + 30
    while not memory.ended and time.monotonic() < end_s:
        memory.wait_fresh(0.1)
        if taken := memory.take():
            frames.append(taken)
            time.sleep(pause_s)
    return frames


def is_blank(memory: PictureMemory) -> bool:
    return not any(os.pread(memory.fds.memory, 10**8, 4096))


def test_a_recording_keeps_its_pace_and_leaves_nothing(video, memory, start) -> None:
    memory.eyes_beat(Phase.RUNNING)
    child = start(MODULE, spec_of(str(video(30)), memory))
    frames = take_until_end(memory)
    assert child.wait() == ExitCode.ENDED
    passed_ns = frames[-1].t_mono_ns - frames[0].t_mono_ns
    assert passed_ns == pytest.approx((frames[-1].number - frames[0].number) * SECOND_NS / 30, rel=0.01)
    assert time.monotonic_ns() >= frames[-1].t_mono_ns, "no picture is published before its time"
    assert {frame.t_wall_ns - frame.t_mono_ns for frame in frames} == {frames[0].t_wall_ns - frames[0].t_mono_ns}
    assert frames[-1].number == 30
    assert is_blank(memory)


def test_lossless_waits_for_slow_eyes(video, memory, start) -> None:
    memory.eyes_beat(Phase.RUNNING)
    child = start(MODULE, spec_of(str(video(40)), memory, lossless=True))
    assert [frame.number for frame in take_until_end(memory, pause_s=0.02)] == list(range(1, 41))
    assert child.wait() == ExitCode.ENDED


def test_a_recording_waits_for_the_eyes_and_beats_meanwhile(video, memory, start, wait_for) -> None:
    start(MODULE, spec_of(str(video(10)), memory))
    wait_for(lambda: memory.progress().capture_beats > 3)
    assert memory.n_published == 0
    memory.eyes_beat(Phase.RUNNING)
    wait_for(lambda: memory.n_published > 0)


def test_a_source_that_does_not_open_gets_a_sentence(memory, start) -> None:
    child = start(MODULE, spec_of("no-such.mp4", memory))
    assert child.wait() == ExitCode.SOURCE
    assert len(child.lines) == 1
    assert child.lines[0].startswith("Found no file no-such.mp4.")


def test_damage_is_told_at_the_end(video, memory, start) -> None:
    path = video(60)
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    path.write_bytes(data)
    memory.eyes_beat(Phase.RUNNING)
    child = start(MODULE, spec_of(str(path), memory, lossless=True))
    take_until_end(memory)
    assert child.wait() == ExitCode.ENDED
    assert "damaged parts" in child.lines[-1]


def test_it_ends_in_order_when_asked(video, memory, start, wait_for) -> None:
    memory.eyes_beat(Phase.RUNNING)
    child = start(MODULE, spec_of(str(video(300)), memory))
    wait_for(lambda: memory.take())
    child.terminate()
    assert child.wait() == ExitCode.ENDED
    assert is_blank(memory)
    assert not child.lines


class StreamServer:
    """A network camera: an endless MPEG stream over HTTP that can be unplugged and plugged in again."""

    def __init__(self, stream: bytes) -> None:
        self.plugged = threading.Event()
        server_of = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not server_of.plugged.is_set():
                    self.send_error(503)
                    return
                self.send_response(200)
                self.end_headers()
                at = 0
                while server_of.plugged.is_set() and at < len(stream):
                    self.wfile.write(stream[at : at + 1880])
                    at += 1880
                    time.sleep(0.01)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}/camera"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.plugged.clear()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def camera(video: Callable[..., Path]) -> Iterator[StreamServer]:
    server = StreamServer(video(900, "stream.ts").read_bytes())
    yield server
    server.close()


def test_a_camera_that_vanishes_is_told_as_lost_and_comes_back(camera, memory, start, wait_for) -> None:
    camera.plugged.set()
    child = start(MODULE, spec_of(camera.address, memory))
    wait_for(lambda: (taken := memory.take()) and taken.state is SlotState.OK)
    camera.plugged.clear()
    wait_for(lambda: (taken := memory.take()) and taken.state is SlotState.LOST)
    assert memory.progress().capture_phase is Phase.LOST
    beats = memory.progress().capture_beats
    wait_for(lambda: memory.progress().capture_beats > beats + 2)
    camera.plugged.set()
    wait_for(lambda: (taken := memory.take()) and taken.state is SlotState.OK)
    assert child.running
    assert "It is tried again" in child.lines[0]
    child.terminate()
    assert child.wait() == ExitCode.ENDED


def test_a_camera_that_is_not_there_at_the_start(memory, camera, start) -> None:
    child = start(MODULE, spec_of(camera.address, memory))
    assert child.wait() == ExitCode.SOURCE
    assert "no camera that answers" in child.lines[0]


def test_a_process_that_hangs_stops_beating(video, memory, start, wait_for) -> None:
    """What the supervisor sees of a read that never returns: a stopped process stands for it."""
    memory.eyes_beat(Phase.RUNNING)
    child = start(MODULE, spec_of(str(video(300)), memory))
    wait_for(lambda: memory.n_published > 3)
    child.stop(signal.SIGSTOP)
    time.sleep(0.1)
    beats = memory.progress().capture_beats
    time.sleep(0.6)
    assert memory.progress().capture_beats == beats
    child.stop(signal.SIGCONT)
    wait_for(lambda: memory.progress().capture_beats > beats)


@given(st.booleans(), st.lists(st.tuples(st.floats(0, 0.2), st.floats(-0.1, 20)), min_size=1, max_size=40))
def test_stamps_rise_and_a_live_camera_stays_with_the_clock(live: bool, steps: list[tuple[float, float]]) -> None:
    stamper = Stamper(live, 5 * SECOND_NS, 1000 * SECOND_NS)
    last_ns, source_s, clock_ns = 0, 0.0, 5 * SECOND_NS
    for source_step_s, delay_s in steps:
        source_s += source_step_s
        clock_ns += round(max(0.0, source_step_s + delay_s) * SECOND_NS)
        t_ns, wall_ns = stamper.update(source_s, clock_ns, clock_ns + 995 * SECOND_NS)
        assert t_ns > last_ns
        assert wall_ns - t_ns == 995 * SECOND_NS
        if live:
            assert abs(t_ns - clock_ns) <= OFF_BEAT_S * SECOND_NS + len(steps)
        last_ns = t_ns


def test_a_recording_is_stamped_by_its_own_time_however_late_it_is_read() -> None:
    stamper = Stamper(False, 5 * SECOND_NS, 1000 * SECOND_NS)
    assert stamper.update(2.0, 99 * SECOND_NS, 0) == (7 * SECOND_NS, 1002 * SECOND_NS)
