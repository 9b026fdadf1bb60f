"""``quietstep share``: hand out one noised answer about a week or a day, as a file.

Promises: as ``edge.cli``, which puts it beside its own. Refuses to take a decision: that is `edge.share_commands`'.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from edge.errors import SharingError

_stdout = Console()
Command = Callable[..., None]


def add_share(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Put the command into ``app``; ``sentences`` turns its failures into one."""
    app.command()(sentences(share))


def share(
    period: Annotated[str | None, typer.Option(help="2026-W48 or 2026-11-24; else the newest that is over.")] = None,
    accept: Annotated[str | None, typer.Option("--accept", help="Say yes in this name, without being asked.")] = None,
    turn_off: Annotated[bool, typer.Option("--turn-off", help="Take the yes back.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="What would leave, and what the figures mean.")] = False,
    receipts: Annotated[bool, typer.Option("--receipts", help="Every file that was made, and what is left.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    config: Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml; else the one found.")] = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")] = None,
) -> None:
    """Write one noised answer about a week or day into a folder: the only thing of the diary that may leave.

    Off unless the settings say [share] on = true, and until somebody says yes. Nothing is sent: the file is yours.
    """
    from edge import share_commands

    if sum((turn_off, explain, receipts, period is not None or accept is not None)) > 1:
        raise SharingError("several things at once", "one of them", "Leave the others out.")
    settings = _settings(config, data_dir)
    if turn_off:
        share_commands.turn_off(settings, _stdout)
    elif explain:
        share_commands.explain(settings, _stdout, as_json=json)
    elif receipts:
        share_commands.receipts(settings, _stdout, as_json=json)
    else:
        share_commands.share_command(settings, period, accept, _stdout, as_json=json)


def _settings(config: Path | None, data_dir: Path | None) -> Any:
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
