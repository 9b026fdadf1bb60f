"""Asking the one writer for the diary, and noticing that somebody asks.

Whoever wants to erase, restore or give a new key beside a running monitor holds a shared lock on a file beside the
diary (``diary.db.door``); the monitor looks at each tick whether anybody does, lets go of the diary, and takes it back
when nobody does any more. Promises: a request ends with the process that made it, however that ends. Refuses to wait
for ever: DiaryBusyError with what to do. Reads a clock that nobody can set, to know how long it waited.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from edge.diary.engine import read_only
from edge.diary.opening import lock_out_others
from edge.errors import DiaryBusyError

WAIT_S = 20.0
"""A monitor ticks each second; one that is building an engine may need longer to answer."""
_LOOK_EVERY_S: Final = 0.05


def asked_for(path: Path) -> bool:
    """Somebody wants the diary at ``path``, or has it. A folder in which nothing can be made asks for nothing."""
    try:
        door = _open(path)
    except OSError:
        return False
    try:
        fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(door)
    return False


@contextmanager
def to_oneself(path: Path) -> Iterator[None]:
    """Inside, a monitor that writes ``path`` has let go of it. Raises DiaryBusyError when its writer does not."""
    try:
        door = _open(path)
    except OSError:
        raise read_only(path) from None
    try:
        fcntl.flock(door, fcntl.LOCK_SH)  # waits only for a look, which takes no time
        _wait_until_free(path)
        yield
    finally:
        os.close(door)


def _open(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path.with_name(path.name + ".door"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _wait_until_free(path: Path) -> None:
    until_s = time.monotonic() + WAIT_S
    while True:
        try:
            os.close(lock_out_others(path))
            return
        except DiaryBusyError:
            if time.monotonic() > until_s:
                raise
        time.sleep(_LOOK_EVERY_S)
