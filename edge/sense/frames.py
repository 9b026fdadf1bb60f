"""Pictures handed from capture to the eyes through memory that has no name.

Promises: the memory is an anonymous file (memfd) that only processes given its descriptor can reach; it goes when
they die. Three slots, the newest frame wins, and ``take`` never returns a torn one. Counters in the header let the
supervisor see progress, and the age of the newest frame, without touching a picture. ``wipe`` blanks every slot.
Refuses descriptors and sizes that do not fit (CameraError).

Why a picture cannot be torn: frame n lives in slot n % 3, so it is first overwritten by frame n + 3, which is begun
only after n + 2 was published. ``take`` copies frame n and then drops the copy if more than n + 1 is published by
then. One writer, one reader. Python has no memory fence: on weakly ordered processors the whole frame time between
two publications is the distance that keeps this safe.

Header: 64-bit integers, see ``_Field``. Slot: six of them, see ``_About``, a page later H x W x 3 bytes.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import select
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.errors import CameraError
from edge.sense.picture import Rgb
from edge.sense.specs import MemoryFds

__all__ = ["MemoryFds", "Phase", "PictureMemory", "Progress", "SlotState", "Taken"]

Int64 = npt.NDArray[np.int64]

MAX_WIDTH: Final = 1920
MAX_HEIGHT: Final = 1080
N_SLOTS: Final = 3
_MAGIC: Final = 0x51534650_00000001
_PAGE: Final = 4096
_SLOT_BYTES: Final = _PAGE + -(-MAX_WIDTH * MAX_HEIGHT * 3 // _PAGE) * _PAGE
_TOTAL_BYTES: Final = _PAGE + N_SLOTS * _SLOT_BYTES
_TAKE_ATTEMPTS: Final = 16
_EMPTY: Final = np.zeros((0, 0, 3), np.uint8)


class SlotState(IntEnum):
    """What a slot holds: nothing (wiped), a picture, or the notice that the camera is lost (no picture)."""

    EMPTY = 0
    OK = 1
    LOST = 2


class Phase(IntEnum):
    """How far a process is; a watchdog allows more time before RUNNING."""

    STARTING = 0
    RUNNING = 1
    LOST = 2
    ENDED = 3


class _Field(IntEnum):
    MAGIC = 0
    PUBLISHED = auto()
    PUBLISHED_MONO_NS = auto()
    TAKEN = auto()
    TAKEN_MONO_NS = auto()
    CAPTURE_PHASE = auto()
    CAPTURE_BEATS = auto()
    EYES_PHASE = auto()
    EYES_BEATS = auto()
    N_SENT = auto()
    N_REFUSED = auto()
    N_PEOPLE = auto()


class _About(IntEnum):
    WIDTH = 0
    HEIGHT = auto()
    MONO_NS = auto()
    WALL_NS = auto()
    STATE = auto()
    N_BYTES_USED = auto()


@dataclass(frozen=True, slots=True)
class Progress:
    """The counters of one camera; compare two of them to see whether data flow.

    ``beats`` rise several times a second in a process that is alive, frames or not. ``n_sent`` messages were made by
    the eyes, ``n_refused`` of them did not fit the queue. Times are the monotonic time of the frame itself.
    """

    n_published: int
    published_mono_ns: int
    n_taken: int
    taken_mono_ns: int
    capture_phase: Phase
    capture_beats: int
    eyes_phase: Phase
    eyes_beats: int
    n_sent: int
    n_refused: int
    n_people: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A frame as the eyes got it; ``rgb_HWC`` is overwritten by the next ``take``. Its repr shows no pixels."""

    number: int
    state: SlotState
    t_mono_ns: int
    t_wall_ns: int
    rgb_HWC: Rgb

    def __repr__(self) -> str:
        return f"Taken(number={self.number}, state={self.state.name})"


class PictureMemory:
    """The shared memory of one camera: one writer (capture), one reader (eyes), and the supervisor who watches."""

    def __init__(self, fds: MemoryFds) -> None:
        self.fds = fds
        try:
            self._map = mmap.mmap(fds.memory, _TOTAL_BYTES)
        except (OSError, ValueError) as error:
            raise _not_ours("a descriptor without Quietstep's picture memory") from error
        self._header = np.frombuffer(self._map, np.int64, _PAGE // 8)
        self._private = np.empty(0, np.uint8)

    @classmethod
    def create(cls) -> PictureMemory:
        """New memory (supervisor). Only what is written to ever takes room."""
        memory = os.memfd_create("quietstep-pictures", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(memory, _TOTAL_BYTES)
        fcntl.fcntl(memory, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        flags = os.EFD_NONBLOCK | os.EFD_CLOEXEC
        new = cls(MemoryFds(memory, os.eventfd(0, flags), os.eventfd(0, flags)))
        new._set(_Field.MAGIC, _MAGIC)
        return new

    @classmethod
    def attach(cls, fds: MemoryFds) -> PictureMemory:
        """The memory behind inherited descriptors; CameraError if it is not one of ours."""
        memory = cls(fds)
        if memory._get(_Field.MAGIC) != _MAGIC:
            raise _not_ours("memory without Quietstep's mark")
        return memory

    def publish(self, rgb_HWC: Rgb | None, t_mono_ns: int, t_wall_ns: int) -> int:
        """Write the next frame and wake the eyes; its number. None: the camera is lost, and the slot is blanked."""
        number = self._get(_Field.PUBLISHED) + 1
        state = SlotState.LOST if rgb_HWC is None else SlotState.OK
        self._write(number, _EMPTY if rgb_HWC is None else rgb_HWC, (t_mono_ns, t_wall_ns, state))
        self._set(_Field.PUBLISHED_MONO_NS, t_mono_ns)
        self._set(_Field.PUBLISHED, number)
        _signal(self.fds.fresh)
        return number

    def take(self) -> Taken | None:
        """The newest frame that was not taken yet, copied; None if there is none."""
        for _ in range(_TAKE_ATTEMPTS):
            number = self._get(_Field.PUBLISHED)
            if number <= self._get(_Field.TAKEN):
                return None
            taken = self._copy(number)
            if taken and self._get(_Field.PUBLISHED) <= number + 1:
                self._set(_Field.TAKEN_MONO_NS, taken.t_mono_ns)
                self._set(_Field.TAKEN, number)
                _signal(self.fds.taken)
                return taken
        return None

    def wait_fresh(self, timeout_s: float) -> bool:
        """Sleep until a frame is published (True) or the time is over (False)."""
        return _wait(self.fds.fresh, timeout_s)

    def wait_taken(self, number: int, timeout_s: float) -> bool:
        """Whether frame ``number`` was taken, waiting for at most about ``timeout_s`` for it."""
        if self._get(_Field.TAKEN) < number:
            _wait(self.fds.taken, timeout_s)
        return self._get(_Field.TAKEN) >= number

    def wipe(self) -> None:
        """Blank every picture. For the end, and for what a killed process left behind."""
        for number in range(N_SLOTS):
            self._write(number, _EMPTY, (0, 0, SlotState.EMPTY))
        self._map.madvise(mmap.MADV_REMOVE, _PAGE, N_SLOTS * _SLOT_BYTES)
        self._private[:] = 0

    def capture_beat(self, phase: Phase) -> None:
        """Capture says that it is alive."""
        self._beat(_Field.CAPTURE_PHASE, _Field.CAPTURE_BEATS, phase)

    def eyes_beat(self, phase: Phase) -> None:
        """The eyes say that they are alive."""
        self._beat(_Field.EYES_PHASE, _Field.EYES_BEATS, phase)

    def claim_sequence(self) -> int:
        """The sequence number of the next message, given once: eyes that die with it leave a gap, not a double."""
        sequence = self._get(_Field.N_SENT)
        self._set(_Field.N_SENT, sequence + 1)
        return sequence

    def count_message(self, accepted: bool, n_people: int) -> None:
        """What became of a message: ``accepted`` by the queue or not, and how many people it told of."""
        self._set(_Field.N_REFUSED, self._get(_Field.N_REFUSED) + (not accepted))
        self._set(_Field.N_PEOPLE, n_people)

    @property
    def n_published(self) -> int:
        """The number of the newest frame; frames count from 1."""
        return self._get(_Field.PUBLISHED)

    @property
    def ended(self) -> bool:
        """Whether capture came to the end of its recording and the last frame was taken."""
        at_end = self._get(_Field.CAPTURE_PHASE) == Phase.ENDED
        return at_end and self._get(_Field.TAKEN) >= self._get(_Field.PUBLISHED)

    def progress(self) -> Progress:
        """The counters now."""
        values = [int(value) for value in self._header[1 : len(_Field)]]
        values[_Field.CAPTURE_PHASE - 1] = Phase(values[_Field.CAPTURE_PHASE - 1])
        values[_Field.EYES_PHASE - 1] = Phase(values[_Field.EYES_PHASE - 1])
        return Progress(*values)  # type: ignore[arg-type]

    def close(self) -> None:
        """Let go of the memory and its descriptors."""
        self._header = np.empty(0, np.int64)
        with contextlib.suppress(BufferError):
            self._map.close()
        for fd in self.fds.all():
            with contextlib.suppress(OSError):
                os.close(fd)

    def _slot(self, number: int) -> tuple[Int64, Rgb]:
        at = _PAGE + number % N_SLOTS * _SLOT_BYTES
        about = np.frombuffer(self._map, np.int64, _PAGE // 8, at)
        return about, np.frombuffer(self._map, np.uint8, _SLOT_BYTES - _PAGE, at + _PAGE)

    def _write(self, number: int, rgb_HWC: Rgb, rest: tuple[int, int, SlotState]) -> None:
        height, width = rgb_HWC.shape[:2]
        if height > MAX_HEIGHT or width > MAX_WIDTH:
            raise _not_ours(f"a picture of {width}x{height}")
        about, pixels = self._slot(number)
        n_bytes = height * width * 3
        about[: _About.N_BYTES_USED] = width, height, *rest
        pixels[:n_bytes].reshape(height, width, 3)[:] = rgb_HWC
        pixels[n_bytes : about[_About.N_BYTES_USED]] = 0
        about[_About.N_BYTES_USED] = n_bytes

    def _copy(self, number: int) -> Taken | None:
        about, pixels = self._slot(number)
        width, height, t_mono_ns, t_wall_ns, state = (int(value) for value in about[: _About.N_BYTES_USED])
        if not (0 <= width <= MAX_WIDTH and 0 <= height <= MAX_HEIGHT):
            return None
        n_bytes = width * height * 3
        if self._private.size != n_bytes:
            self._private = np.zeros(n_bytes, np.uint8)
        self._private[:] = pixels[:n_bytes]
        return Taken(number, SlotState(state), t_mono_ns, t_wall_ns, self._private.reshape(height, width, 3))

    def _beat(self, phase_field: _Field, beats_field: _Field, phase: Phase) -> None:
        self._set(phase_field, phase)
        self._set(beats_field, self._get(beats_field) + 1)

    def _get(self, field: _Field) -> int:
        return int(self._header[field])

    def _set(self, field: _Field, value: int) -> None:
        self._header[field] = value


def _signal(eventfd: int) -> None:
    with contextlib.suppress(BlockingIOError):  # Full: nobody reads it, and one event is as good as many.
        os.eventfd_write(eventfd, 1)


def _wait(eventfd: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(eventfd, select.POLLIN)
    if not poll.poll(timeout_s * 1e3):
        return False
    with contextlib.suppress(BlockingIOError):
        os.eventfd_read(eventfd)
    return True


def _not_ours(found: str) -> CameraError:
    wanted = f"the supervisor's picture memory, for pictures of at most {MAX_WIDTH}x{MAX_HEIGHT}"
    return CameraError(found, wanted, "Start Quietstep with: quietstep run")
