"""One line a source and method: `python -m tests.bench.leave_source_out --data PATH --results DIR`.

Reads what `quietstep-train compare --data egait:PATH/egait --label perceived --protocols by_source --out DIR` kept, and
tells each held-out source alone: laboratories differ in size and in how often a label occurs, and one pooled figure
hides which of them is foreign. Majority: the commonest label of that source. Intervals resample cycles where a source
stands as one subject (SIG, ICT, RGB): its people are not known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from edge.affect import CLASSES
from trainer.compare import Result
from trainer.cycles import Cycles
from trainer.readers import read_cycles
from trainer.scores import score


def main() -> None:
    """Read and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the motion data folder")
    parser.add_argument("--results", type=Path, required=True, help="the --out of the comparison")
    asked = parser.parse_args()
    cycles = read_cycles(f"egait:{asked.data / 'egait'}").cycles.labelled("perceived")
    files = sorted((asked.results / "results").glob("by_source-*.json"))
    table = Table("held out", "method", "seed", "cycles", "accuracy (95 %)", "macro-F1", "majority", *CLASSES,
                  title="Trained on all other sources, perceived labels; answers (of so many)")  # fmt: skip
    for result in (msgspec.json.decode(path.read_bytes(), type=Result) for path in files):
        table.add_row(*_row(result, cycles))
    Console(width=150).print(table)


def _row(result: Result, cycles: Cycles) -> list[str]:
    held = cycles.take(np.asarray(result.test))
    answer_N = np.argmax(result.proba, axis=1)
    people_N = held.subject_N if len(set(held.subject_N.tolist())) > 1 else held.key_N
    found = score(held.acted_N, answer_N, people_N)
    said, true = (np.bincount(some_N, minlength=len(CLASSES)) for some_N in (answer_N, held.acted_N))
    right = f"{found.accuracy.value:.3f} ({found.accuracy.low:.2f} to {found.accuracy.high:.2f})"
    shares = (f"{a} (of {b})" for a, b in zip(said, true, strict=True))
    figures = (right, f"{found.macro_f1.value:.3f}", f"{found.majority:.3f}")
    return [str(held.source_N[0]), result.method, str(result.seed), str(len(held)), *figures, *shares]


if __name__ == "__main__":
    main()
