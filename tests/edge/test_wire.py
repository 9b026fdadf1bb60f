"""The wire: one door, and what is not sound does not come through it."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import WireError
from edge.wire import (
    MAX_MESSAGE_BYTES,
    Frame,
    Person,
    Receiver,
    Sender,
    Tick,
    decode,
    encode,
    ipc_endpoint,
    pack_body,
    unpack_body,
)


def body(value: float = 0.5) -> bytes:
    return pack_body(np.full((20, 3), value, np.float32), np.ones(20, np.float32))


def frame(seq: int = 0, people: tuple[Person, ...] = ()) -> Frame:
    return Frame("hall", seq, 1, 2, "ok", people)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    folder = Path("/tmp") / f"qs-wire-{os.getpid()}-{tmp_path.name[-12:]}"
    folder.mkdir(mode=0o700)
    yield ipc_endpoint(folder)
    for entry in folder.iterdir():
        entry.unlink()
    folder.rmdir()


def test_a_frame_comes_back_as_it_was() -> None:
    sent = frame(7, (Person(3, body()),))
    assert decode(encode(sent)) == sent


def test_a_tick_comes_back_as_it_was() -> None:
    assert decode(encode(Tick(1, 2, ("hall",), ("stairs",)))) == Tick(1, 2, ("hall",), ("stairs",))


def test_a_body_comes_back_as_it_was() -> None:
    x_JC = np.arange(60, dtype=np.float32).reshape(20, 3)
    visibility_J = np.linspace(0, 1, 20, dtype=np.float32)
    got_x_JC, got_visibility_J = unpack_body(pack_body(x_JC, visibility_J))
    assert np.array_equal(got_x_JC, x_JC)
    assert np.array_equal(got_visibility_J, visibility_J)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9])
def test_coordinates_that_are_no_place_in_a_room_are_refused(value: float) -> None:
    with pytest.raises(WireError):
        decode(encode(frame(0, (Person(0, body(value)),))))


@pytest.mark.parametrize(
    "message",
    [
        Frame("hall", 0, 1, 2, "ok", (), version=99),
        Frame("hall", 0, 1, 2, "ok", (Person(0, b"short"),)),
        Frame("hall", -1, 1, 2, "ok"),
        Frame("", 0, 1, 2, "ok"),
        Frame("hall", 0, 1, 2, "sleepy"),  # type: ignore[arg-type]
        Frame("hall", 0, 1, 2, "ok", tuple(Person(n, body()) for n in range(5))),
        Frame("hall", 0, 1, 2, "ok", (Person(1, body()), Person(1, body()))),
    ],
)
def test_unsound_messages_are_refused(message: Frame) -> None:
    with pytest.raises(WireError):
        decode(msgspec.msgpack.encode(message))


@given(st.binary(max_size=600))
def test_garbage_is_a_wire_error_and_nothing_else(data: bytes) -> None:
    with pytest.raises(WireError):
        decode(data)


@given(st.integers(0, 359), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_another_sound_message(at: int, value: int) -> None:
    data = bytearray(encode(frame(5, (Person(0, body()),))))
    data[at % len(data)] = value
    try:
        message = decode(bytes(data))
    except WireError:
        return
    for person in message.people if isinstance(message, Frame) else ():
        assert np.isfinite(unpack_body(person.body)[0]).all()


def test_a_message_over_the_limit_is_refused() -> None:
    with pytest.raises(WireError, match="at most"):
        decode(b"x" * (MAX_MESSAGE_BYTES + 1))


def test_no_repr_or_error_holds_landmarks() -> None:
    person = Person(3, body(0.123))
    assert "body" not in repr(frame(0, (person,)))


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(WireError, match="0700"):
        ipc_endpoint(tmp_path)


def test_messages_arrive_in_order_and_garbage_is_counted_while_the_stream_goes_on(endpoint: str) -> None:
    receiver, sender = Receiver(endpoint), Sender(endpoint)
    raw = zmq.Context.instance().socket(zmq.PUSH)
    raw.connect(endpoint)
    assert sender.send(frame(0))
    assert receiver.receive(2000) == frame(0)
    raw.send(b"garbage")
    assert receiver.receive(2000) is None
    raw.send_multipart([encode(frame(1)), b"second part"])
    assert receiver.receive(2000) is None
    assert receiver.n_refused == 2
    assert sender.send(frame(2))
    assert receiver.receive(2000) == frame(2)
    for socket in (receiver, sender):
        socket.close()
    raw.close(0)


def test_a_full_queue_drops_the_newest_and_says_so_without_blocking(endpoint: str) -> None:
    sender = Sender(endpoint, queue=10)  # nobody listens
    refused = [not sender.send(frame(seq)) for seq in range(50)]
    assert sender.n_refused == sum(refused) > 0
    sender.close()


def test_a_receiver_that_comes_late_or_again_still_gets_what_follows(endpoint: str) -> None:
    sender = Sender(endpoint)
    sender.send(frame(0))
    got: list[int] = []
    for first in (1, 100):
        receiver = Receiver(endpoint)
        deadline = time.monotonic() + 10
        seq = first
        while time.monotonic() < deadline and not any(number >= first for number in got):
            sender.send(frame(seq))
            seq += 1
            message = receiver.receive(50)
            if isinstance(message, Frame):
                got.append(message.seq)
        receiver.close()
    assert any(1 <= number < 100 for number in got)
    assert any(number >= 100 for number in got)
    sender.close()


def test_sending_from_another_thread_reaches_the_receiver(endpoint: str) -> None:
    receiver = Receiver(endpoint)

    def push() -> None:
        sender = Sender(endpoint)
        for seq in range(200):
            sender.send(frame(seq))
        sender.close()

    thread = threading.Thread(target=push)
    thread.start()
    got = [message.seq for _ in range(200) if isinstance(message := receiver.receive(2000), Frame)]
    thread.join()
    assert got == list(range(200))
    receiver.close()


def test_what_is_queued_at_the_close_still_arrives(endpoint: str) -> None:
    receiver, sender = Receiver(endpoint), Sender(endpoint)
    n_sent = sum(sender.send(frame(seq, (Person(0, body()),))) for seq in range(400))
    sender.close()
    n_got = 0
    while receiver.receive(500):
        n_got += 1
    assert n_got == n_sent > 0
    receiver.close()
