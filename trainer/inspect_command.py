"""``quietstep-train inspect``: what is in a data source, before anything is trained on it.

Promises: tables on standard output, JSON for machines, a picture on request, progress on standard error; refusals are
shown by reason with an example, and all of them are in the JSON. Refuses (after showing why) a source in which no cycle
can be used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
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
    console.print(_sources(summary.sources))
    console.print(_subjects(summary.subjects[:_SHOWN_SUBJECTS]))
    _tell_more(console, len(summary.subjects) - _SHOWN_SUBJECTS, "subjects")
    for note in summary.notes:
        console.print(f"Note: {note}", style="yellow", markup=False, highlight=False, soft_wrap=True)
    if summary.reasons:
        console.print(_refusals(summary))
        _tell_more(console, len(summary.reasons) - _SHOWN_REASONS, "reasons")


def _sources(rows: tuple[Counts, ...]) -> Table:
    table = _table("source", rows, ("people", "takes", "cycles"), ("cycle: least,\nmedian, most s",))
    for row in rows:
        length = f"{row.cycle_s.min:.2f} {row.cycle_s.median:.2f} {row.cycle_s.max:.2f}"
        counts = (row.n_people, row.n_recordings, row.n_cycles)
        table.add_row(row.name, *(str(n) for n in counts), *_shares(row, rows), length)
    return table


def _subjects(rows: tuple[Counts, ...]) -> Table:
    table = _table("subject", rows, ("takes", "cycles"), ("median s",))
    for row in rows:
        counts = (row.n_recordings, row.n_cycles)
        table.add_row(row.name, *(str(n) for n in counts), *_shares(row, rows), f"{row.cycle_s.median:.2f}")
    return table


def _table(what: str, rows: tuple[Counts, ...], before: tuple[str, ...], after: tuple[str, ...]) -> Table:
    table = _plain_table(f"By {what}; a take is a recording, the affects are {' / '.join(_kinds(rows))}")
    table.add_column("", overflow="fold", min_width=5)
    for column in (*before, *CLASSES, "none", *after):
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _kinds(rows: tuple[Counts, ...]) -> list[str]:
    """Which labels to show: where both kinds are there, both."""
    return [kind for kind in ("acted", "perceived") if any(_labelled(getattr(row, kind)) for row in rows)] or ["acted"]


def _shares(row: Counts, rows: tuple[Counts, ...]) -> list[str]:
    return ["/".join(str(getattr(row, kind)[name]) for kind in _kinds(rows)) for name in (*CLASSES, UNKNOWN)]


def _plain_table(title: str) -> Table:
    """Narrow enough for a terminal of 80 columns."""
    return Table(title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))


def _labelled(counts: dict[str, int]) -> bool:
    return any(n for name, n in counts.items() if name != UNKNOWN)


def _refusals(summary: Summary) -> Table:
    table = _plain_table("Refused")
    for column in ("what", "n", "why", "such as"):
        table.add_column(column, overflow="fold")
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
