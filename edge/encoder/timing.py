"""What a competitor of ``quietstep bench encoder`` and the bench say to each other: one JSON document a line.

Promises: times are taken inside the competitor's process, around the call alone, so that whoever is compared is
compared alike; what libraries print goes to stderr and disturbs nothing. Refuses nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import msgspec
import numpy as np

from edge.encoder.answers import Floats
from edge.encoder.golden import Golden
from edge.errors import QuietstepError

_KIB: Final = 1024
_WARM_UP: Final = 3
_WORDS: Final = 200


class Open(msgspec.Struct, frozen=True, tag=True):
    """It is ready: precision, and largest difference of its golden logits."""

    precision: str
    gap: float


class Absent(msgspec.Struct, frozen=True, tag=True):
    """It cannot be had here, why, and what would change that."""

    reason: str
    do: str


class Order(msgspec.Struct, frozen=True):
    """Call it ``n_calls`` times with ``n_cycles`` cycles each."""

    n_cycles: int
    n_calls: int


class Times(msgspec.Struct, frozen=True, tag=True):
    """Seconds of each call, and the memory its processes took at most so far."""

    seconds: tuple[float, ...]
    memory_mib: float


Answer = Callable[[Floats, Floats], object]


def own_stdout() -> IO[bytes]:
    """The real standard output, for the bench alone; whatever else prints goes to stderr."""
    mine = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return mine


def compete(out: IO[bytes], golden: Golden, open_it: Callable[[], tuple[Open, Answer]]) -> int:
    """Open the competitor, then time it as ordered until the bench hangs up; the exit code of the process."""
    try:
        opened, answer = open_it()
    except QuietstepError as error:
        _say(out, Absent(error.found, error.do))
        return 1
    except Exception as error:  # a runtime's errors share no parent class; without its words it would just be gone
        words = f"{type(error).__name__}: {error}".splitlines()[0][:_WORDS]
        _say(out, Absent(f"a competitor that fails ({words})", "Report this with the command that you ran."))
        return 1
    _say(out, opened)
    for line in sys.stdin.buffer:
        order = msgspec.json.decode(line, type=Order)
        _say(out, Times(tuple(_timed(answer, golden, order)), memory_mib()))
    return 0


def _timed(answer: Answer, golden: Golden, order: Order) -> Iterator[float]:
    at_N = np.arange(order.n_cycles) % len(golden.x_NTJC)
    x_NTJC, duration_s_N = golden.x_NTJC[at_N], golden.duration_s_N[at_N]
    for _ in range(_WARM_UP):
        answer(x_NTJC, duration_s_N)
    for _ in range(order.n_calls):
        begin_s = time.perf_counter()
        answer(x_NTJC, duration_s_N)
        yield time.perf_counter() - begin_s


def memory_mib() -> float:
    """The most memory this process and those it started have taken at once, resident.

    Not by ``ru_maxrss``: Linux hands that of whoever started a process on to it.
    """
    return sum(_peak_kib(pid) for pid in (os.getpid(), *_children())) / _KIB


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def _peak_kib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def _say(out: IO[bytes], message: Open | Absent | Times) -> None:
    out.write(msgspec.json.encode(message) + b"\n")
