"""The one message between the eyes and the monitor, the supervisor's tick, and their sockets.

Promises: ``decode`` is the only door; what comes through it has the right version, shape, size and finite numbers.
``Sender.send`` never blocks: a full queue drops the newest message, says so, and the gap shows in the sequence.
Refuses everything else with WireError; multipart messages, oversized messages, NaN and infinity among it.

One frame with one person is about 400 bytes. Single-part messages over ``ipc://`` in a folder of mode 0700.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import zmq

from edge.errors import WireError
from edge.model_order import ModelOrder

VERSION: Final = 3
N_LANDMARKS: Final = 20
MAX_PEOPLE: Final = 4
BODY_BYTES: Final = N_LANDMARKS * 4 * 4
MAX_MESSAGE_BYTES: Final = 4096
QUEUE_MESSAGES: Final = 512
LINGER_MS: Final = 2000
LARGEST_METRES: Final = 100.0
_LITTLE: Final = np.dtype("<f4")

Float32 = npt.NDArray[np.float32]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Count = Annotated[int, msgspec.Meta(ge=0)]
State = Literal["ok", "dark", "blocked", "lost"]


class Person(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One person in one frame: a short-lived track number and 20 x (x, y, z, visibility), float32."""

    track: Count
    body: Annotated[bytes, msgspec.Meta(min_length=BODY_BYTES, max_length=BODY_BYTES)]

    def __repr__(self) -> str:
        return f"Person(track={self.track})"


class Frame(msgspec.Struct, frozen=True, array_like=True, tag="frame", forbid_unknown_fields=True):
    """One processed camera frame; ``people`` is empty when nobody is there."""

    camera: Name
    seq: Count
    t_mono_ns: Count
    t_wall_ns: Count
    state: State
    people: Annotated[tuple[Person, ...], msgspec.Meta(max_length=MAX_PEOPLE)] = ()
    version: int = VERSION


class Tick(msgspec.Struct, frozen=True, array_like=True, tag="tick", forbid_unknown_fields=True):
    """The supervisor's clock, about once a second; which places' cameras are down, which are paused, then, and which
    model is to answer (None: the one that does)."""

    t_mono_ns: Count
    t_wall_ns: Count
    down: tuple[Name, ...] = ()
    paused: tuple[Name, ...] = ()
    models: ModelOrder | None = None
    version: int = VERSION


Message = Frame | Tick
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Message)


def pack_body(x_JC: Float32, visibility_J: Float32) -> bytes:
    """(20, 3) metres and (20,) visibility to the body bytes of a Person."""
    body_JD = np.empty((N_LANDMARKS, 4), dtype=_LITTLE)
    body_JD[:, :3] = x_JC
    body_JD[:, 3] = visibility_J
    return body_JD.tobytes()


def unpack_body(body: bytes) -> tuple[Float32, Float32]:
    """Body bytes to (20, 3) metres and (20,) visibility, as read-only views."""
    body_JD = np.frombuffer(body, dtype=_LITTLE).reshape(N_LANDMARKS, 4)
    return body_JD[:, :3], body_JD[:, 3]


def encode(message: Message) -> bytes:
    """The bytes of one message."""
    return _ENCODER.encode(message)


def decode(data: bytes) -> Message:
    """One message from its bytes; raises WireError for anything but a sound one."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise _refusal(f"a message of {len(data)} bytes", f"at most {MAX_MESSAGE_BYTES}")
    try:
        message: Message = _DECODER.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise _refusal(f"a message that does not decode ({type(error).__name__})", "a frame or a tick") from error
    if message.version != VERSION:
        raise _refusal(f"wire version {message.version}", f"version {VERSION}")
    if isinstance(message, Frame):
        _refuse_unsound(message)
    return message


def _refuse_unsound(frame: Frame) -> None:
    for person in frame.people:
        body_J = np.frombuffer(person.body, dtype=_LITTLE)
        if not np.isfinite(body_J).all():
            raise _refusal("a coordinate that is not finite", "finite metres")
        if np.abs(body_J).max() > LARGEST_METRES:
            raise _refusal("a coordinate beyond any room", f"within {LARGEST_METRES:.0f} m")
    if len({person.track for person in frame.people}) != len(frame.people):
        raise _refusal("one track number twice in a frame", "one body per track")


def _refusal(found: str, wanted: str) -> WireError:
    return WireError(found, wanted, "The message was dropped and counted; restart if it goes on.")


def ipc_endpoint(folder: Path) -> str:
    """The monitor's endpoint inside ``folder``, which must be private (0700) and short enough for a socket."""
    path = folder / "frames"
    if folder.stat().st_mode & 0o077:
        raise WireError(f"the folder {folder} open to others", "mode 0700", f"Run: chmod 700 {folder}")
    if len(str(path)) > 100:
        raise WireError(f"the long path {path}", "at most 100 characters", "Set runtime_dir to a shorter folder.")
    return f"ipc://{path}"


class Sender:
    """Pushes messages without ever blocking; counts what a full queue refused in ``n_refused``."""

    def __init__(self, endpoint: str, queue: int = QUEUE_MESSAGES, linger_ms: int = LINGER_MS) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUSH)
        self._socket.setsockopt(zmq.SNDHWM, queue)
        # Before connect: what is set at close no longer reaches the connection (128 of 5,000 were lost that way).
        self._socket.setsockopt(zmq.LINGER, linger_ms)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
        self._socket.connect(endpoint)
        self.n_refused = 0

    def send(self, message: Message) -> bool:
        """Queue ``message``; False when the queue is full (the message is dropped)."""
        try:
            self._socket.send(encode(message), zmq.DONTWAIT)
        except zmq.Again:
            self.n_refused += 1
            return False
        return True

    def close(self) -> None:
        """Close; what is queued still leaves, for at most the ``linger_ms`` it was made with."""
        self._socket.close()


class Receiver:
    """Pulls messages; what is not sound is dropped and counted in ``n_refused``."""

    def __init__(self, endpoint: str, queue: int = QUEUE_MESSAGES) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PULL)
        self._socket.setsockopt(zmq.RCVHWM, queue)
        self._socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(endpoint)
        self.n_refused = 0

    def waiting(self) -> bool:
        """Whether a message is there to be received."""
        return bool(self._socket.poll(0))

    def receive(self, timeout_ms: int) -> Message | None:
        """The next sound message, or None after ``timeout_ms`` without any message."""
        if not self._socket.poll(timeout_ms):
            return None
        parts = self._socket.recv_multipart()
        if len(parts) == 1:
            try:
                return decode(parts[0])
            except WireError:
                pass
        self.n_refused += 1
        return None

    def close(self) -> None:
        """Close at once."""
        self._socket.close(0)
