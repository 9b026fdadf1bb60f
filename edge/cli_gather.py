"""``quietstep gather``: for a service that gathers what many consenting homes shared. Never for a home.

Promises: one thing a call. Refuses two at once; what it does is in `edge.gather_commands`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edge.cli_diary import JsonOption, YesOption, ZoneOption

Command = Callable[..., None]
_DIARY = "A study's participant hands over a whole diary: a file of `quietstep backup`, with --key-file and --home."


def gather(
    url: Annotated[
        str,
        typer.Option(envvar="QUIETSTEP_GATHER_URL", help="postgresql+psycopg://USER@HOST/DATABASE; see PGPASSWORD."),
    ],
    packets: Annotated[list[Path] | None, typer.Argument(help="Files that `quietstep share` wrote.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="What the packets say together.")] = False,
    diary: Annotated[Path | None, typer.Option(help=_DIARY)] = None,
    key_file: Annotated[Path | None, typer.Option(help="The key of that diary.")] = None,
    home: Annotated[str | None, typer.Option(help="The opaque id of the home a diary is of.")] = None,
    weeks: Annotated[bool, typer.Option("--weeks", help="The weeks of --home as CSV.")] = False,
    erase: Annotated[bool, typer.Option("--erase", help="Erase --from, --to, --place of --home.")] = False,
    forget: Annotated[str | None, typer.Option(help="Forget a home's diary, wholly.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First local date of --erase.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Local date it ends before.")] = None,
    place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
    zone: ZoneOption = None,
    json: JsonOption = False,
    yes: YesOption = False,
) -> None:
    """Gather what consenting homes shared, on a PostgreSQL server: for a service, not for a home.

    Packets (randomised answers) go into one table in which nothing says which come from one home; a packet counts once.
    A diary that somebody hands over goes into a schema of its own. Needs the extra "gather".
    """
    from edge.gather_commands import Asked, gather_command

    asked = Asked(
        url, tuple(packets or ()), summary, diary, key_file, home, weeks, erase, forget, (from_, to, place), zone
    )
    gather_command(asked, Console(), as_json=json, yes=yes)


def add_gather(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Add it to the command line; ``sentences`` turns its failures into one."""
    app.command("gather")(sentences(gather))
