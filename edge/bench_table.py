"""The bench of the encoder as two tables and as JSON.

Promises: what could not be had here has its reason where its figures would stand. Refuses nothing.
"""

from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.bench_encoder import Report, Row, measure
from edge.errors import EncoderError


def bench_encoder(bundle: Path, engines: str, n_rounds: int, json: Path | None, out: Console, err: Console) -> None:
    """The command: measure, print the tables, and write JSON to ``json`` if one is named ("-": only to stdout)."""
    with err.status("starting") as status:
        report = measure(bundle, engines, n_rounds, status.update)
    text = msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"
    if str(json) == "-":
        print(text, end="")
        return
    out.print(Text(f"{report.n_rounds} rounds, everyone in turn, one CPU thread each."))
    out.print(one_cycle(report), many_cycles(report), sep="\n")
    for row in report.rows:
        if row.reason:
            out.print(Text(f"{row.name}: {row.reason}. {row.do}"), soft_wrap=True)
    if json:
        _write(json, text)


def one_cycle(report: Report) -> Table:
    """Latency of one cycle, start, memory and agreement, one line for each competitor."""
    shown = _empty("One cycle", ("ms", "99th", "× torch", "start s", "MiB", "gap"))
    for row in report.rows:
        shown.add_row(row.name, *(["not here"] if row.reason else _of_one(row)))
    return shown


def many_cycles(report: Report) -> Table:
    """Cycles a second by cycles a call, one line for each competitor that is here."""
    sizes = sorted({n for row in report.rows for n in row.cycles_per_s})
    shown = _empty("Cycles a second, by cycles a call", tuple(map(str, sizes)))
    for row in report.rows:
        if not row.reason:
            shown.add_row(row.name, *(str(round(row.cycles_per_s[n])) for n in sizes))
    return shown


def _empty(title: str, columns: tuple[str, ...]) -> Table:
    shown = Table(title=title, title_justify="left", show_edge=False)
    shown.add_column("", no_wrap=True)
    for column in columns:
        shown.add_column(column, justify="right", no_wrap=True)
    return shown


def _of_one(row: Row) -> list[str]:
    return [
        f"{row.one_median_ms:.3f}",
        f"{row.one_p99_ms:.3f}",
        f"{row.times_torch:.1f}" if row.times_torch else "",
        f"{row.start_s:.1f}",
        f"{row.memory_mib:.0f}",
        f"{row.gap:.0e}{'' if row.precision == 'float32' else ' ' + row.precision}",
    ]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"no way to write {path} ({error.strerror})"
        raise EncoderError(found, "a file to write", "Choose another file for --json.") from error
