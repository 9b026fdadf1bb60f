"""``quietstep review`` and ``quietstep account``.

Promises: as ``edge.cli``, which puts them beside its own. Refuses to take a decision: that is
``edge.review_command``'s.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_stdout = Console()
Command = Callable[..., None]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml, as for run.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")]


class Act(StrEnum):
    """What to do with accounts."""

    list = "list"
    add = "add"
    remove = "remove"


class Role(StrEnum):
    """What an account may see and do."""

    household = "household"
    carer = "carer"
    engineer = "engineer"


def review(
    address: Annotated[str | None, typer.Option(help="Where to listen; else this machine alone (127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="The port; else 8745.", min=1, max=65535)] = None,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Serve the page: this week at a glance, pause, erase, what is stored. For this machine alone, unless set so.

    In the home's network it needs TLS (certificate and private_key below [review]) and an account.
    """
    from edge.review_command import review_command

    review_command(_settings(config, data_dir), _stdout, address=address, port=port)


def account(
    act: Annotated[Act, typer.Argument(help="What to do.")],
    name: Annotated[str | None, typer.Argument(help="Whose account.")] = None,
    role: Annotated[Role, typer.Option(help="household: all; carer: trends; engineer: what was watched.")] = Role.carer,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Who may sign in to the page. With any account there, everybody has to, on this machine, too."""
    from edge.review_command import account_command

    account_command(_settings(config, data_dir), _stdout, act.value, name, role.value)


def add_review(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Add them to the command line; ``sentences`` turns their failures into one."""
    for command in (review, account):
        app.command()(sentences(command))


def _settings(config: Path | None, data_dir: Path | None):  # type: ignore[no-untyped-def]
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
