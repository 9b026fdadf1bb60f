"""What a command says: sentences, tables, or JSON.

Promises: an expected failure is one sentence on standard error and a non-zero exit; ``--json`` writes one JSON value
and nothing else to standard output. Refuses nothing.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from deploy.audit import Line
from deploy.desk import Outcome
from deploy.expiry import Expiry
from edge.bundle import Figure, Manifest
from edge.errors import QuietstepError
from edge.update.release import Rollout

_COLOURS = {"good": "green", "soon": "yellow", "expired": "red"}


@contextlib.contextmanager
def one_sentence() -> Iterator[None]:
    """An expected failure becomes one sentence and an exit code."""
    try:
        yield
    except QuietstepError as error:
        Console(stderr=True).print(f"quietstep-deploy: {error}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(error.exit_code) from None


def tell_json(value: object) -> None:
    """Any value, indented."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def tell(outcome: Outcome, json: bool) -> None:
    """What was done, and what is next."""
    if json:
        return tell_json(outcome)
    console = Console(soft_wrap=True)
    for sentence in outcome.did:
        console.print(sentence, markup=False, highlight=False)
    for sentence in outcome.next:
        console.print(f"Next: {sentence}", style="bold", markup=False, highlight=False)
    return None


def bundle_table(manifest: Manifest) -> Table:
    """What a bundle says of itself."""
    rows = [(each.name, f"{each.value:.3f}", _interval(each), each.note) for each in _figures(manifest)]
    rows += [("data", "", "", source) for source in manifest.provenance]
    title = f"{manifest.id} {manifest.version}: every file proven"
    return _table(title, ("figure", "value", "interval", "how"), rows)


def expiry_table(rows: Sequence[Expiry]) -> Table:
    """What runs out when."""
    cells = [
        (
            row.role,
            str(row.version),
            f"{row.expires:%Y-%m-%d %H:%M} UTC",
            f"{row.days_left:.1f}",
            f"[{_COLOURS[row.state]}]{row.state}[/]",
            row.do,
        )
        for row in rows
    ]
    return _table("What runs out when", ("role", "version", "until", "days left", "state", "do"), cells)


def rings_table(rings: Sequence[Rollout]) -> Table:
    """What each ring is offered."""
    cells = [(each.ring, each.target, f"{each.share} %", each.previous or "") for each in rings]
    return _table("Rings", ("ring", "release", "share", "before"), cells)


def audit_table(lines: Sequence[Line], names: dict[str, str]) -> Table:
    """Who did what, when."""
    cells = [
        (str(act.n), act.at, act.who, act.act, names.get(act.keyid, act.keyid[:12]), "\n".join(act.detail))
        for act in (line.act for line in lines)
    ]
    return _table("Who did what", ("n", "at", "who", "what", "key", "in detail"), cells)


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Table:
    table: Any = Table(title=title, title_justify="left", show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    found: Table = table
    return found


def _figures(manifest: Manifest) -> tuple[Figure, ...]:
    return (*manifest.evaluation, *manifest.privacy)


def _interval(figure: Figure) -> str:
    return "" if figure.low is None or figure.high is None else f"{figure.low:.3f} to {figure.high:.3f}"
