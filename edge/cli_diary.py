"""The commands that keep the diary itself: ``quietstep erase``, ``log`` and the others of `add_diary_commands`.

Promises: what cannot be undone asks first, unless ``--yes`` says that it was asked. Refuses nothing of its own: what
they do is in `edge.diary_commands`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

Command = Callable[..., None]
ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml, as for run.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ZoneOption = Annotated[str | None, typer.Option("--zone", help="Such as Europe/Berlin; else this machine's.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


def add_diary_commands(app: typer.Typer, sentences: Callable[[Command], Command], console: Console) -> None:
    """Add them to the command line; ``sentences`` turns their failures into one."""

    def command(function: Command, name: str | None = None) -> None:
        app.command(name)(sentences(function))

    def erase(
        from_: Annotated[str | None, typer.Option("--from", help="First local date (or date and time).")] = None,
        to: Annotated[str | None, typer.Option("--to", help="Local date at whose beginning it ends; else now.")] = None,
        place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
        everything: Annotated[bool, typer.Option("--all", help="The whole diary, its backups and key.")] = False,
        yes: YesOption = False,
        zone: ZoneOption = None,
        config: ConfigOption = None,
        data_dir: DataOption = None,
    ) -> None:
        """Erase days of the diary, or all of it, and look whether anything is left.

        Dates are the household's and half-open: --from 2026-11-01 --to 2026-11-02 is the first of November. An hour
        that lies only partly inside goes whole. Backups in the data folder go, too. Stop `quietstep run` before.
        """
        from edge.diary_commands import erase_command

        erase_command(_settings(config, data_dir), (from_, to, place), zone, console, everything=everything, yes=yes)

    def log(
        days: Annotated[int, typer.Option(help="So many of the last days that have rows.", min=1, max=36_600)] = 7,
        place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
        json: JsonOption = False,
        zone: ZoneOption = None,
        config: ConfigOption = None,
        data_dir: DataOption = None,
    ) -> None:
        """The diary's rows as they are kept, with the minutes of the six kinds, in local time."""
        from edge.diary_commands import log_command

        log_command(_settings(config, data_dir), days, place, zone, console, as_json=json)

    command(erase)
    command(log)


def _settings(config: Path | None, data_dir: Path | None):  # type: ignore[no-untyped-def]
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
