"""``quietstep bench encoder``: every rung that can be had here beside torch, in one run, round by round in turn.

torch is never imported by a home's code: its rows are made by a program of the trainer, started like any other
program where the trainer is installed, and spoken to over its standard input and output.

Promises: all competitors run one thread on the CPU, live in processes of their own and are timed in turn within
each round, so that a busy moment hits all; nothing that cannot be had here gets a figure, but its reason. Refuses to
assert anything: it measures.
"""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from edge.encoder.timing import Absent, Open, Order, Times
from edge.errors import EncoderError
from edge.rungs import RUNGS

ONE: Final = Order(1, 200)
BATCHES: Final = (Order(4, 60), Order(16, 30), Order(64, 10), Order(100, 8))
BASE: Final = "torch eager, cpu"
_START_LIMIT_S: Final = 1200
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Tell = Callable[[str], None]


class Row(msgspec.Struct, frozen=True):
    """One competitor: what was measured, or why nothing was.

    Milliseconds for one cycle over all rounds; cycles a second by batch size, medians over all calls; ``times_torch``
    is the median over rounds of torch eager's median on the CPU over this one's.
    """

    name: str
    reason: str = ""
    do: str = ""
    precision: str = ""
    gap: float | None = None
    one_median_ms: float | None = None
    one_p99_ms: float | None = None
    cycles_per_s: dict[int, float] = {}
    times_torch: float | None = None
    memory_mib: float | None = None
    start_s: float | None = None


class Report(msgspec.Struct, frozen=True):
    """The bench's answer."""

    bundle: str
    n_rounds: int
    rows: tuple[Row, ...]


@dataclass(slots=True)
class Competitor:
    """A process that is timed, and what it took so far: seconds of every call by batch size and round."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    opened: Open | None = None
    absent: Absent | None = None
    start_s: float = 0.0
    memory_mib: float = 0.0
    seconds: dict[int, list[list[float]]] = field(default_factory=dict)


def measure(bundle: Path, engines: str, n_rounds: int, tell: Tell) -> Report:
    """Start every competitor, time them in turn, and tell what came of it; raises EncoderError if none can start."""
    competitors = competitors_for(bundle, engines)
    try:
        for competitor in competitors:
            tell(f"starting {competitor.name}")
            _start(competitor)
        running = [competitor for competitor in competitors if competitor.opened]
        if not running:
            do = competitors[-1].absent.do if competitors[-1].absent else "Run: quietstep doctor"
            raise EncoderError("nothing to measure", "one rung that answers", do)
        for number in range(n_rounds):
            for order in (ONE, *BATCHES):
                tell(f"round {number + 1} of {n_rounds}, {order.n_cycles} cycles a call")
                for competitor in running:
                    _time(competitor, order)
    finally:
        for competitor in competitors:
            _end(competitor)
    base = next((competitor for competitor in competitors if competitor.name == BASE), None)
    return Report(str(bundle), n_rounds, tuple(row_of(competitor, base) for competitor in competitors))


def competitors_for(bundle: Path, engines: str) -> list[Competitor]:
    """Each rung, then torch eager and compiled, on the CPU and on CUDA, where the trainer is installed."""
    python = sys.executable
    rungs = [Competitor(rung, [python, "-m", "edge.bench_rung", rung, str(bundle), engines]) for rung in RUNGS]
    if any(importlib.util.find_spec(name) is None for name in ("trainer", "torch")):
        return rungs
    torch = [
        Competitor(f"torch {how}, {where}", [python, "-m", "trainer.bench_encoder", how, where, str(bundle)])
        for where in ("cpu", "cuda")
        for how in ("eager", "compile")
    ]
    return rungs + torch


def row_of(competitor: Competitor, base: Competitor | None) -> Row:
    """What is told of a competitor."""
    if competitor.opened is None:
        absent = competitor.absent or Absent("no answer", "")
        return Row(competitor.name, absent.reason, absent.do)
    one = sorted(second for part in competitor.seconds[1] for second in part)
    return Row(
        competitor.name,
        precision=competitor.opened.precision,
        gap=competitor.opened.gap,
        one_median_ms=round(1000 * _quantile(one, 0.5), 3),
        one_p99_ms=round(1000 * _quantile(one, 0.99), 3),
        cycles_per_s={n: round(n / _quantile(_flat(parts), 0.5)) for n, parts in competitor.seconds.items()},
        times_torch=round(_ratio(competitor, base), 2) if base and base.opened else None,
        memory_mib=round(competitor.memory_mib),
        start_s=round(competitor.start_s, 2),
    )


def _ratio(competitor: Competitor, base: Competitor) -> float:
    """How many times faster than ``base`` for one cycle: the median of the rounds' ratios."""
    pairs = zip(base.seconds[1], competitor.seconds[1], strict=True)
    return _quantile(sorted(_quantile(sorted(b), 0.5) / _quantile(sorted(c), 0.5) for b, c in pairs), 0.5)


def _flat(parts: list[list[float]]) -> list[float]:
    return sorted(second for part in parts for second in part)


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _start(competitor: Competitor) -> None:
    begin_s = time.perf_counter()
    competitor.process = subprocess.Popen(
        ["env", *(f"{name}=1" for name in _ONE_THREAD), *competitor.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    said = _hear(competitor)
    competitor.start_s = time.perf_counter() - begin_s
    competitor.opened = said if isinstance(said, Open) else None
    competitor.absent = said if isinstance(said, Absent) else None


def _time(competitor: Competitor, order: Order) -> None:
    assert competitor.process is not None
    assert competitor.process.stdin is not None
    competitor.process.stdin.write(msgspec.json.encode(order) + b"\n")
    competitor.process.stdin.flush()
    said = _hear(competitor)
    if not isinstance(said, Times):
        found = f"that {competitor.name} ended while it was timed"
        raise EncoderError(found, "times", "Run: quietstep doctor")
    competitor.seconds.setdefault(order.n_cycles, []).append(list(said.seconds))
    competitor.memory_mib = max(competitor.memory_mib, said.memory_mib)


def _hear(competitor: Competitor) -> Open | Absent | Times | None:
    assert competitor.process is not None
    assert competitor.process.stdout is not None
    line = competitor.process.stdout.readline()
    return msgspec.json.decode(line, type=Open | Absent | Times) if line else None


def _end(competitor: Competitor) -> None:
    if competitor.process:
        competitor.process.kill()
        competitor.process.communicate()
