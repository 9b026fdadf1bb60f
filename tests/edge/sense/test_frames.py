"""Picture memory: nameless, never torn, the newest wins, nothing is left."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import CameraError
from edge.sense.frames import MAX_WIDTH, Phase, PictureMemory, SlotState
from edge.sense.specs import MemoryFds

WRITER = """
import json, sys
import msgspec, numpy as np
from edge.sense.frames import Phase, PictureMemory
from edge.sense.specs import MemoryFds

memory = PictureMemory.attach(msgspec.json.decode(sys.argv[1], type=MemoryFds))
n_pictures, lossless = int(sys.argv[2]), sys.argv[3] == "lossless"
sizes = np.random.default_rng(1)
for number in range(1, n_pictures + 1):
    height, width = sizes.integers(50, 400, 2)
    memory.publish(np.full((height, width, 3), number % 251, np.uint8), number, 7 * number)
    while lossless and not memory.wait_taken(number, 0.2):
        pass
memory.capture_beat(Phase.ENDED)
"""


def picture(value: int, height: int = 20, width: int = 30) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def start_writer(memory: PictureMemory, n_pictures: int, how: str) -> subprocess.Popen[bytes]:
    fds = memory.fds
    document = f'{{"memory":{fds.memory},"fresh":{fds.fresh},"taken":{fds.taken}}}'
    command = [sys.executable, "-c", WRITER, document, str(n_pictures), how]
    return subprocess.Popen(command, pass_fds=fds.all(), cwd=Path(__file__).parents[3])


def take_all(memory: PictureMemory) -> list[int]:
    numbers = []
    while not memory.ended:
        memory.wait_fresh(0.2)
        taken = memory.take()
        if taken is None:
            continue
        # One colour all over, and the colour that belongs to the stamps: not torn.
        assert (taken.rgb_HWC == taken.number % 251).all()
        assert (taken.t_mono_ns, taken.t_wall_ns) == (taken.number, 7 * taken.number)
        numbers.append(taken.number)
    return numbers


def test_another_process_s_pictures_are_never_torn_and_the_last_one_arrives(memory: PictureMemory) -> None:
    writer = start_writer(memory, 3000, "fast")
    numbers = take_all(memory)
    assert writer.wait(30) == 0
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 3000


def test_lossless_loses_nothing(memory: PictureMemory) -> None:
    writer = start_writer(memory, 400, "lossless")
    assert take_all(memory) == list(range(1, 401))
    assert writer.wait(30) == 0


@given(st.lists(st.booleans(), max_size=40))
@settings(deadline=None, max_examples=50)
def test_the_newest_frame_wins(actions: list[bool]) -> None:
    memory = PictureMemory.create()
    published = taken = 0
    for publish in actions:
        if publish:
            published = memory.publish(picture(published % 200), published, 0)
            continue
        frame = memory.take()
        if published > taken:
            assert frame is not None
            assert (frame.number, int(frame.rgb_HWC[0, 0, 0])) == (published, (published - 1) % 200)
            taken = published
        else:
            assert frame is None
    memory.close()


def test_the_memory_has_no_name(memory: PictureMemory) -> None:
    memory.publish(picture(1), 1, 1)
    assert "(deleted)" in os.readlink(f"/proc/self/fd/{memory.fds.memory}")
    assert os.fstat(memory.fds.memory).st_nlink == 0
    assert not [name for name in os.listdir("/dev/shm") if "quietstep" in name]


def test_nothing_is_left_after_wiping(memory: PictureMemory) -> None:
    for value in (200, 201, 202, 203):
        memory.publish(picture(value, 480, 640), 1, 1)
    memory.take()
    n_bytes = os.fstat(memory.fds.memory).st_size
    before = os.pread(memory.fds.memory, n_bytes, 4096)
    assert all(bytes([value]) * 1000 in before for value in (201, 202, 203)), "the scan finds what is there"
    memory.wipe()
    assert not any(os.pread(memory.fds.memory, n_bytes, 4096))


def test_a_smaller_picture_leaves_nothing_of_the_larger_one(memory: PictureMemory) -> None:
    for _ in range(3):
        memory.publish(picture(250, 200, 200), 1, 1)
    for _ in range(3):
        memory.publish(picture(1, 10, 10), 1, 1)
    assert bytes([250]) not in os.pread(memory.fds.memory, 10**8, 4096)


def test_a_lost_camera_blanks_its_pictures(memory: PictureMemory) -> None:
    memory.publish(picture(250), 1, 1)
    for _ in range(3):
        memory.publish(None, 2, 2)
    taken = memory.take()
    assert taken is not None
    assert taken.state is SlotState.LOST
    assert taken.rgb_HWC.size == 0
    assert bytes([250]) not in os.pread(memory.fds.memory, 10**8, 4096)


def test_what_was_wiped_is_taken_as_empty(memory: PictureMemory) -> None:
    memory.publish(picture(9), 1, 1)
    memory.wipe()
    taken = memory.take()
    assert taken is not None
    assert taken.state is SlotState.EMPTY


def test_only_what_is_used_takes_room(memory: PictureMemory) -> None:
    memory.publish(picture(9, 480, 640), 1, 1)
    assert os.fstat(memory.fds.memory).st_blocks * 512 < 1_500_000


def test_a_child_cannot_cut_the_memory_from_under_the_others(memory: PictureMemory) -> None:
    with pytest.raises(PermissionError):
        os.ftruncate(memory.fds.memory, 0)


def test_progress_is_seen_without_a_picture(memory: PictureMemory) -> None:
    other = PictureMemory.attach(memory.fds)
    other.publish(picture(1), 111, 1)
    other.publish(picture(1), 222, 1)
    other.take()
    other.capture_beat(Phase.RUNNING)
    other.eyes_beat(Phase.LOST)
    for sequence, accepted in enumerate((True, False)):
        assert other.claim_sequence() == sequence
        other.count_message(accepted, n_people=2 - sequence)
    seen = memory.progress()
    assert (seen.n_published, seen.published_mono_ns, seen.n_taken, seen.taken_mono_ns) == (2, 222, 2, 222)
    assert (seen.capture_phase, seen.capture_beats) == (Phase.RUNNING, 1)
    assert (seen.eyes_phase, seen.eyes_beats) == (Phase.LOST, 1)
    assert (seen.n_sent, seen.n_refused, seen.n_people) == (2, 1, 1)
    assert memory.claim_sequence() == 2


def test_a_waiting_reader_is_woken(memory: PictureMemory) -> None:
    assert not memory.wait_fresh(0.01)
    timer = threading.Timer(0.05, memory.publish, (picture(1), 1, 1))
    timer.start()
    assert memory.wait_fresh(10)
    timer.join()


def test_foreign_descriptors_are_refused(memory: PictureMemory, tmp_path: Path) -> None:
    with (tmp_path / "small").open("w+b") as small, pytest.raises(CameraError, match="picture memory"):
        PictureMemory.attach(MemoryFds(small.fileno(), memory.fds.fresh, memory.fds.taken))
    blank = os.memfd_create("blank")
    os.ftruncate(blank, os.fstat(memory.fds.memory).st_size)
    with pytest.raises(CameraError, match="mark"):
        PictureMemory.attach(MemoryFds(blank, memory.fds.fresh, memory.fds.taken))
    os.close(blank)


def test_a_picture_too_large_is_refused(memory: PictureMemory) -> None:
    with pytest.raises(CameraError, match=f"{MAX_WIDTH + 1}x1"):
        memory.publish(picture(1, 1, MAX_WIDTH + 1), 1, 1)


def test_a_taken_frame_shows_no_pixels(memory: PictureMemory) -> None:
    memory.publish(picture(77), 1, 1)
    assert repr(memory.take()) == "Taken(number=1, state=OK)"
