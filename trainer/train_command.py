"""Body of ``quietstep-train train`` and of ``export``: one bar for each stage, then the figures.

Promises: under several ranks the first one alone draws and speaks. Refuses what ``release`` refuses.
"""

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from trainer import release
from trainer.export import Release
from trainer.loss_log import Told
from trainer.readers import read_cycles
from trainer.refusals import tell_left_out
from trainer.release import Plan


def run(data: str, plan: Plan) -> None:
    """Train on ``kind:path`` and write the bundle; raises TrainingError, BundleError, EncoderError."""
    reading = read_cycles(data)
    if not plan.place.is_first:
        return release.assist(reading, plan)
    tell_left_out(reading, len(reading.cycles.acted()))
    with _bar(Console(file=sys.stderr)) as bar:
        made = release.make(reading, plan, _Bars(bar).tell)
    tell(made, plan.out)


def tell(made: Release, out: Path) -> None:
    """The figures of a bundle, and where it lies."""
    Console().print(_figures(made))
    Console(soft_wrap=True).print(f"Bundle {made.model_id} {made.version} in {out}", highlight=False)


class _Bars:
    """One bar per stage, with the losses of the latest epoch."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def tell(self, stage: str, done: int, total: int, losses: Told | None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total, losses="")
        self._progress.update(self._tasks[stage], completed=done, losses=_losses(losses))


def _losses(losses: Told | None) -> str:
    told = {} if losses is None else losses.told()
    return " ".join(f"{name.replace('_', ' ')} {value:.2f}" for name, value in told.items())


def _bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[losses]}"), console=console)


def _figures(made: Release) -> Table:
    table = Table("figure", "value", "95 %", title=f"{made.model_id} {made.version}")
    for figure in (*made.evaluation, *made.privacy):
        interval = "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"
        table.add_row(figure.name, f"{figure.value:.3g}", interval)
    return table
