"""The bench of the encoder as a table and as JSON.

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
    """The command: measure, print the table, and write JSON to ``json`` if one is named ("-": only to stdout)."""
    with err.status("starting") as status:
        report = measure(bundle, engines, n_rounds, status.update)
    text = msgspec.json.format(msgspec.json.encode(report), indent=1).decode() + "\n"
    if str(json) == "-":
        print(text, end="")
        return
    out.print(table(report))
    for row in report.rows:
        if row.reason:
            out.print(Text(f"{row.name}: {row.reason}. {row.do}"), soft_wrap=True)
    if json:
        _write(json, text)


def table(report: Report) -> Table:
    """One line for each competitor."""
    title = f"Encoder, {report.n_rounds} rounds in turn, one CPU thread each; cycles a second by cycles a call"
    shown = Table(title=title, title_justify="left", show_edge=False)
    sizes = sorted({n for row in report.rows for n in row.cycles_per_s})
    columns = ("", "ms a cycle", "99th", "× torch", *(f"{n} a call" for n in sizes), "MiB", "start s", "gap")
    for column in columns:
        shown.add_column(column, justify="right" if column else "left")
    for row in report.rows:
        shown.add_row(row.name, *_cells(row, sizes))
    return shown


def _cells(row: Row, sizes: list[int]) -> list[str]:
    if row.reason:
        return ["not here", *[""] * (len(sizes) + 5)]
    return [
        f"{row.one_median_ms:.3f}",
        f"{row.one_p99_ms:.3f}",
        f"{row.times_torch:.1f}" if row.times_torch else "",
        *(str(round(row.cycles_per_s[n])) for n in sizes),
        f"{row.memory_mib:.0f}",
        f"{row.start_s:.1f}",
        f"{row.gap:.0e}{'' if row.precision == 'float32' else ' ' + row.precision}",
    ]


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        found = f"no way to write {path} ({error.strerror})"
        raise EncoderError(found, "a file to write", "Choose another file for --json.") from error
