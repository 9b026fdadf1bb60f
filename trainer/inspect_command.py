"""``quietstep-train inspect``: what is in a data source, before anything is trained on it.

Promises: tables on standard output, JSON for machines, a picture on request, progress on standard error; refusals are
shown by reason with an example, and all of them are in the JSON. Refuses (after showing why) a source in which no cycle
can be used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from edge.affect import CLASSES
from edge.errors import TrainingError
from trainer.cycles import Reading
from trainer.inspect_summary import UNKNOWN, Counts, Spread, Summary, summary_of
from trainer.read_spec import Tell
from trainer.readers import read_all
from trainer.stick_figure import draw_strips, row_of, rows_of

_SHOWN_SUBJECTS = 12
_SHOWN_REASONS = 12


def run(data: str, json: Path | None, png: Path | None, strip: str | None) -> None:
    """Read, count, show, and write what is asked for; raises TrainingError."""
    if strip is not None and png is None:
        raise TrainingError("--strip without --png", "a file for the picture", "Add --png OUT.png.")
    with _progress(Console(stderr=True)) as tell:
        reading = read_all(data, tell)
    summary = summary_of(data, reading)
    if json is not None:
        _write(json, msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")
    if json is None or str(json) != "-":
        _show(Console(), summary)
    if not len(reading.cycles):
        do = "See above, or --json, for what was refused and why."
        raise TrainingError(f"no usable cycle in {data}", "at least one", do)
    if png is not None:
        _draw(reading, png, strip)


def _draw(reading: Reading, png: Path, strip: str | None) -> None:
    cycles = reading.cycles
    draw_strips(rows_of(cycles) if strip is None else (row_of(cycles, strip),), png)


@contextmanager
def _progress(console: Console) -> Iterator[Tell]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("reading", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _show(console: Console, summary: Summary) -> None:
    console.print(f"{summary.data}: {summary.provenance}", markup=False, highlight=False, soft_wrap=True)
    every = summary.everything
    console.print(
        f"{every.n_cycles} cycles of {every.n_people} known people from {every.n_recordings} recordings; "
        f"{summary.n_read} recordings read, {summary.n_refused_recordings} refused; "
        f"{summary.n_refused_cycles} single cycles refused.",
        soft_wrap=True,
        highlight=False,
    )
    for name, spread, unit in (("rate", summary.rate_hz, "Hz"), ("recordings", summary.recording_s, "s")):
        if spread is not None:
            console.print(f"{name}: {_told(spread)} {unit}", highlight=False)
    console.print(_table("By source", summary.sources))
    console.print(_table("By subject", summary.subjects[:_SHOWN_SUBJECTS]))
    _tell_more(console, len(summary.subjects) - _SHOWN_SUBJECTS, "subjects")
    for note in summary.notes:
        console.print(f"Note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if summary.reasons:
        console.print(_refusals(summary))
        _tell_more(console, len(summary.reasons) - _SHOWN_REASONS, "reasons")


def _table(title: str, rows: tuple[Counts, ...]) -> Table:
    """Cycles by affect; where both kinds of label are there, acted / perceived."""
    kinds = [kind for kind in ("acted", "perceived") if any(_labelled(getattr(row, kind)) for row in rows)] or ["acted"]
    table = Table(title=f"{title} ({' / '.join(kinds)})", title_justify="left", show_edge=False)
    table.add_column(title.removeprefix("By "))
    for column in ("people", "recordings", "cycles", *CLASSES, UNKNOWN, "least s", "median s", "most s"):
        table.add_column(column, justify="right")
    for row in rows:
        shares = [" / ".join(str(getattr(row, kind)[name]) for kind in kinds) for name in (*CLASSES, UNKNOWN)]
        lengths = [f"{length_s:.2f}" for length_s in (row.cycle_s.min, row.cycle_s.median, row.cycle_s.max)]
        table.add_row(row.name, *(str(n) for n in (row.n_people, row.n_recordings, row.n_cycles)), *shares, *lengths)
    return table


def _labelled(counts: dict[str, int]) -> bool:
    return any(n for name, n in counts.items() if name != UNKNOWN)


def _refusals(summary: Summary) -> Table:
    table = Table("refused", "n", "why", "such as", title="Refused", title_justify="left", show_edge=False)
    for reason in summary.reasons[:_SHOWN_REASONS]:
        table.add_row(reason.what, str(reason.n), reason.reason, reason.example)
    return table


def _told(spread: Spread) -> str:
    if spread.min == spread.max:
        return f"{spread.min:.2f}"
    return f"{spread.min:.2f} to {spread.max:.2f}, half below {spread.median:.2f}"


def _tell_more(console: Console, n: int, what: str) -> None:
    if n > 0:
        console.print(f"and {n} more {what}; --json has them all", style="dim", highlight=False)


def _write(path: Path, payload: bytes) -> None:
    if str(path) == "-":
        print(payload.decode(), end="")
        return
    try:
        path.write_bytes(payload)
    except OSError as error:
        found = f"no way to write {path} ({error.strerror})"
        raise TrainingError(found, "a file to write", "Choose another file for --json.") from error
