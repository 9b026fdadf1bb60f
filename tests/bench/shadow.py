"""What a model beside the one that answers costs it: `python -m tests.bench.shadow [--calls 300] [--bundle FOLDER]`.

The model that ships with Quietstep answers for one cycle at a time, alone, with a shadow that is asked the same, and
beside a spare; then the model changes place and answers from a process of its own. Prints milliseconds a call, and how
long the call of ``follow`` took in which they changed places. Promises to judge nothing.

Shape letters: N cycle, T time, J landmark, C coordinate.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from edge.answering import Answering
from edge.bundle import GOLDEN
from edge.config import REFERENCE_BUNDLE
from edge.encoder import AffectEncoder, open_encoder
from edge.encoder.climb import Listener, Silent
from edge.encoder.timing import memory_mib
from edge.gauges import Gauges
from edge.model_order import ModelOrder
from edge.rungs import CPU_ONLY

BESIDE = "b" * 64
WITHIN_S = 60.0


def main() -> None:
    """Time everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--bundle", type=Path, default=REFERENCE_BUNDLE)
    options = parser.parse_args()
    page = Gauges.create()
    models = Answering(opener(options.bundle), ModelOrder(), page, Silent())
    table = Table("", "ms a call, median", "99th", title="one cycle a call", title_justify="left")
    table.add_row("alone", *timed(models, options.calls))
    shadow = ModelOrder(beside=BESIDE, stage="shadow")
    until(lambda: page.read().n_shadow_cycles > 0, models, shadow)
    table.add_row("with a shadow", *timed(models, options.calls))
    counted = page.read()
    trial = ModelOrder(beside=BESIDE, stage="trial")
    longest_s = until(lambda: page.model() == BESIDE, models, trial)
    table.add_row("on trial, in a process of its own", *timed(models, options.calls))
    Console().print(table)
    print(f"compared {counted.n_shadow_cycles}, dropped {counted.n_shadow_dropped}, flips {counted.n_shadow_flips}")
    print(f"longest call of follow while they changed places: {1000 * longest_s:.2f} ms")
    print(f"memory with what the main thread started: {memory_mib():.0f} MiB")
    models.close()


def opener(bundle: Path) -> Callable[[str, Listener], AffectEncoder]:
    """The shipped model here, ``bundle`` in a process of its own."""
    apart = msgspec.structs.replace(CPU_ONLY, apart=True)
    return lambda name, told: open_encoder(*((bundle, apart) if name else (REFERENCE_BUNDLE, CPU_ONLY)), told)


def cycle() -> tuple[np.ndarray, np.ndarray]:
    """One golden cycle (1, 64, 16, 3) and its duration (1,)."""
    with np.load(REFERENCE_BUNDLE / GOLDEN) as arrays:
        return arrays["x_NTJC"][:1], arrays["duration_s_N"][:1]


def until(done: Callable[[], bool], models: Answering, order: ModelOrder) -> float:
    """Follow ``order`` and answer until ``done``; the longest call of ``follow`` in seconds."""
    longest_s, begin_s = 0.0, time.monotonic()
    while not done() and time.monotonic() - begin_s < WITHIN_S:
        before_s = time.perf_counter()
        models.follow(order)
        longest_s = max(longest_s, time.perf_counter() - before_s)
        models.encode(*cycle())
        time.sleep(0.02)
    return longest_s


def timed(models: Answering, n_calls: int) -> tuple[str, str]:
    """Median and 99th percentile of ``n_calls``, with time between them as between steps."""
    x_NTJC, duration_s_N = cycle()
    times_s = []
    for _ in range(n_calls):
        before_s = time.perf_counter()
        models.encode(x_NTJC, duration_s_N)
        times_s.append(time.perf_counter() - before_s)
        time.sleep(0.01)
    return f"{1000 * statistics.median(times_s):.3f}", f"{1000 * statistics.quantiles(times_s, n=100)[98]:.3f}"


if __name__ == "__main__":
    main()
