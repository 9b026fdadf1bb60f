"""Homes handed over to a PostgreSQL server: `python -m tests.bench.gathering [--years 1] [--packets 10000]`.

A throw-away server of this machine with its usual durability (fsync on), on a unix socket: a whole diary of three
places taken the first and the second time, a week's query, a day erased, a home forgotten; packets taken and summed up.
Promises wall time and this
side's CPU, each once, and that every answer is the right one. Refuses to judge.
"""

import argparse
import random
import time
from collections.abc import Callable
from typing import TypeVar

from edge.diary.gathered.homes import Homes
from edge.diary.gathered.packets import Packets, summaries
from edge.diary.gathered.server import Server
from edge.diary.packet import QUESTIONS, Packet
from edge.diary.span import Span
from tests.bench.diary import DAY_S, START_S, rows_of
from tests.edge.diary.gathered.conftest import SETTINGS, Cluster, binaries

HOME = "bench_home"
Answer = TypeVar("Answer")


def main() -> None:
    """Start a server, measure, take it away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=1.0)
    parser.add_argument("--packets", type=int, default=10_000)
    asked = parser.parse_args()
    programs = binaries()
    if programs is None:
        raise SystemExit("No PostgreSQL server here: install Debian's package postgresql.")
    SETTINGS.pop("fsync", None)
    cluster = Cluster(programs)
    try:
        cluster.start()
        server = Server.at(cluster.url())
        _diary(Homes(server), asked.years)
        _packets(Packets(server), asked.packets)
    finally:
        cluster.remove()


def _diary(homes: Homes, n_years: float) -> None:
    rows = tuple(rows_of(int(n_years * 365 * 24), random.Random(7)))
    taken = _timed(f"take a diary of {len(rows)} rows", lambda: homes.take(HOME, rows, "home"))
    assert taken == (len(rows), 0)
    assert _timed("take it again", lambda: homes.take(HOME, rows, "home")) == (0, len(rows))
    assert _timed("read all of it", lambda: homes.rows(HOME)) == rows
    week = _timed("a week", lambda: homes.rows(HOME, Span(START_S, START_S + 7 * DAY_S)))
    assert week == rows[: len(week)]
    gone = _timed("erase a day, tables written anew", lambda: homes.erase(HOME, Span(START_S, START_S + DAY_S)))
    assert gone[0] == 72
    _timed("forget the home", lambda: homes.forget(HOME))


def _packets(packets: Packets, n_packets: int) -> None:
    rng = random.Random(7)
    own = [
        Packet(
            schema_version=1,
            packet_id=f"{rng.getrandbits(128):032x}",
            period="2026-W48",
            model_id="reference-2",
            question=QUESTIONS[n % 5],
            answer=rng.random() < 0.5,
            epsilon=0.5,
        )
        for n in range(n_packets)
    ]
    assert _timed(f"take {n_packets} packets", lambda: packets.take(own)).n_new == n_packets
    (summary,) = _timed("sum them up", lambda: summaries(packets.all()))
    assert summary.n_packets == n_packets


def _timed(what: str, do: Callable[[], Answer]) -> Answer:
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    answer = do()
    wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - start_cpu_s
    print(f"{what}: {wall_s:.2f} s, of it {cpu_s:.2f} s of this side's CPU", flush=True)
    return answer


if __name__ == "__main__":
    main()
