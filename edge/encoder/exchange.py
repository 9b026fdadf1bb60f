"""What this process and the one of an accelerated rung say to each other, over a socket pair that nobody can name.

Promises: one typed message at a time, every wait with a limit; an end that is gone is told from one that is slow.
Refuses messages that are longer than the largest batch can be, or of no known kind.

Shape letters: N cycle, T time, J landmark, C coordinate, K class.
"""

import socket
import struct
import time
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from edge.affect import CLASSES
from edge.bundle import N_SAMPLES
from edge.encoder.answers import N_LANDMARKS, Floats, Raw

_LENGTH: Final = struct.Struct("<I")
_MOST_BYTES: Final = 256 * 1024 * 1024
_CHUNK: Final = 1 << 18


class Ask(msgspec.Struct, frozen=True, tag=True):
    """Cycles (N, 64, 16, 3) and durations (N,), float32."""

    x_NTJC: bytes
    duration_s_N: bytes


class Working(msgspec.Struct, frozen=True, tag=True):
    """What takes so long."""

    stage: str


class Ready(msgspec.Struct, frozen=True, tag=True):
    """The rung is open."""


class Answered(msgspec.Struct, frozen=True, tag=True):
    """Logits (N, K) and scores (N,), float32."""

    logits_NK: bytes
    ood_score_N: bytes


class Failed(msgspec.Struct, frozen=True, tag=True):
    """Why there is no answer, as an error says it."""

    found: str
    do: str


Message = Ask | Working | Ready | Answered | Failed
_decoder: Final = msgspec.msgpack.Decoder(Message)


class Line:
    """One end of the pair."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._held = bytearray()

    def send(self, message: Message, limit_s: float | None = None) -> None:
        """Send; raises TimeoutError after ``limit_s``, ConnectionError when the other end is gone."""
        payload = msgspec.msgpack.encode(message)
        self._end.settimeout(limit_s)
        self._end.sendall(_LENGTH.pack(len(payload)) + payload)

    def receive(self, limit_s: float | None = None, on_wait: Callable[[], None] | None = None) -> Message:
        """The next message; ``on_wait`` is called at least twice a second while there is none.

        Raises TimeoutError after ``limit_s``, ConnectionError when the other end is gone or talks nonsense.
        """
        end_s = None if limit_s is None else time.monotonic() + limit_s
        (length,) = _LENGTH.unpack(self._take(_LENGTH.size, end_s, on_wait))
        if length > _MOST_BYTES:
            raise ConnectionError(f"a message of {length} bytes")
        try:
            return _decoder.decode(self._take(length, end_s, on_wait))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConnectionError(f"a message of no known kind ({error})") from error

    def close(self) -> None:
        """Let the other end see that this one is gone."""
        self._end.close()

    def _take(self, n_bytes: int, end_s: float | None, on_wait: Callable[[], None] | None) -> bytes:
        while len(self._held) < n_bytes:
            self._wait(end_s, on_wait)
        taken = bytes(self._held[:n_bytes])
        del self._held[:n_bytes]
        return taken

    def _wait(self, end_s: float | None, on_wait: Callable[[], None] | None) -> None:
        left_s = None if end_s is None else end_s - time.monotonic()
        if left_s is not None and left_s <= 0:
            raise TimeoutError
        self._end.settimeout(left_s if on_wait is None else min(0.5, left_s if left_s is not None else 0.5))
        try:
            got = self._end.recv(_CHUNK)
        except TimeoutError:
            if on_wait:
                on_wait()
            return
        if not got:
            raise ConnectionError("the other end is gone")
        self._held += got


def ask(x_NTJC: Floats, duration_s_N: Floats) -> Ask:
    """The question for these cycles."""
    return Ask(x_NTJC.tobytes(), duration_s_N.tobytes())


def asked(message: Ask) -> tuple[Floats, Floats]:
    """The cycles and durations of a question."""
    x_NTJC = np.frombuffer(message.x_NTJC, np.float32).reshape(-1, N_SAMPLES, N_LANDMARKS, 3)
    return x_NTJC, np.frombuffer(message.duration_s_N, np.float32)


def answered(raw: Raw) -> Answered:
    """The message for an answer."""
    return Answered(raw.logits_NK.astype(np.float32).tobytes(), raw.ood_score_N.astype(np.float32).tobytes())


def answer_of(message: Answered) -> Raw:
    """The answer of a message; raises ConnectionError when it is none."""
    try:
        logits_NK = np.frombuffer(message.logits_NK, np.float32).reshape(-1, len(CLASSES))
        return Raw(logits_NK, np.frombuffer(message.ood_score_N, np.float32))
    except ValueError as error:
        raise ConnectionError("an answer that is no row of numbers") from error
