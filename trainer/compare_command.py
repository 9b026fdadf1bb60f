"""Body of ``quietstep-train compare``: run what is missing, then the tables, JSON, Markdown and picture.

Promises: progress is one bar for each protocol and method; what is on disk is not computed again. Refuses what
``compare`` refuses.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from trainer.compare import Plan, compare
from trainer.compare_report import difference, draw_confusion, markdown, paper_table, summary
from trainer.compare_scores import rows_of
from trainer.measured import write_json
from trainer.methods import methods_named
from trainer.protocols import one_cycle_per_recording
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for."""

    methods: Sequence[str]
    protocols: Sequence[str]
    n_seeds: int
    n_folds: int | None
    threads: int
    label: Literal["acted", "perceived"] = "acted"


def run(data: str, out: Path, wanted: Wanted) -> None:
    """Compare methods on ``kind:path`` in folder ``out``; raises TrainingError."""
    torch.set_num_threads(wanted.threads)
    console = Console(soft_wrap=False)
    reading = read_cycles(data)
    cycles = reading.cycles.labelled(wanted.label)
    tell_left_out(reading, len(cycles))
    protocols = list(wanted.protocols)
    if one_cycle_per_recording(cycles) and {"by_cycle", "by_recording"} <= set(protocols):
        protocols.remove("by_recording")
        console.print("One cycle of each recording: by_recording is by_cycle and is not run twice.")
    plan = Plan(protocols, methods_named(wanted.methods), range(wanted.n_seeds), wanted.n_folds)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=sys.stderr)) as progress:
        task = progress.add_task("", total=None)

        def tell(what: str, done: int, total: int, seconds: float) -> None:
            progress.update(task, description=what, completed=done, total=total)

        results = compare(cycles, plan, out, tell)
    rows = rows_of(results, cycles)
    write_json(out / "comparison.json", rows)
    (out / "report.md").write_text(markdown(rows, cycles, len(reading.refused), reading.provenance), encoding="utf-8")
    console.print(summary(rows))
    console.print(paper_table(rows))
    console.print(difference(cycles))
    draw_confusion(rows, out / "confusion.png")
    console.print(f"Written: comparison.json, report.md and confusion.png in {out}", highlight=False)
