"""The commands that keep the diary itself: ``quietstep erase``, ``log`` and the others of `add_diary_commands`.

Promises: what cannot be undone asks first, unless ``--yes`` says that it was asked. Refuses nothing of its own: what
they do is in `edge.diary_commands`.
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
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
ZoneOption = Annotated[str | None, typer.Option("--zone", help="Such as Europe/Berlin; else the household's.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


class Form(StrEnum):
    """What an export can be."""

    csv = "csv"
    parquet = "parquet"
    fhir = "fhir"


class By(StrEnum):
    """What a line of a log or an export stands for."""

    hour = "hour"
    day = "day"
    week = "week"


def erase(
    from_: Annotated[str | None, typer.Option("--from", help="First local date (or date and time).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Local date it ends before; else up to now.")] = None,
    place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole diary, its backups and key.")] = False,
    yes: YesOption = False,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Erase days of the diary, or all of it, and look whether anything is left.

    Dates are the household's and half-open: --from 2026-11-01 --to 2026-11-02 is the first of November. An hour
    that lies only partly inside goes whole. Backups in the data folder go, too. Also while `quietstep run` is running.
    """
    from edge.diary_commands import erase_command

    erase_command(_settings(config, data_dir), (from_, to, place), zone, _stdout, everything=everything, yes=yes)


def log(
    days: Annotated[int, typer.Option(help="How many days back from the newest row.", min=1, max=36_600)] = 7,
    place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
    by: Annotated[By, typer.Option(help="A line for each hour, day or week.")] = By.hour,
    json: JsonOption = False,
    zone: ZoneOption = None,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """The diary's rows as they are kept, with the minutes of the six kinds, in local time; or its days or weeks."""
    from edge.diary_commands import log_command

    log_command(_settings(config, data_dir), (days, place, by.value), zone, _stdout, as_json=json)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Write a proven copy of the diary, encrypted with the same key; also while `quietstep run` is running.

    Keep the key (diary.key), too, and elsewhere: without it nobody can read the copy.
    """
    from edge.diary_commands import backup_command

    backup_command(_settings(config, data_dir), file, _stdout)


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `quietstep backup` wrote.")],
    yes: YesOption = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Put a backup in the diary's place, once it is proven. What was erased since stays erased."""
    from edge.diary_commands import restore_command

    restore_command(_settings(config, data_dir), file, _stdout, yes=yes)


def rotate_key(yes: YesOption = False, config: ConfigOption = None, data_dir: DataOption = None) -> None:
    """Write the diary anew under a new key and destroy the old one: earlier backups can then not be read."""
    from edge.diary_commands import rotate_command

    rotate_command(_settings(config, data_dir), _stdout, yes=yes)


def check(json: JsonOption = False, config: ConfigOption = None, data_dir: DataOption = None) -> None:
    """Read every page and row of the diary: whole, adding up, nothing left half done? Changes nothing."""
    from edge.diary_commands import check_command

    check_command(_settings(config, data_dir), _stdout, as_json=json)


def export(
    format_: Annotated[Form, typer.Option("--format", help="csv, parquet or fhir (R4B, a Bundle of Observations).")],
    out: Annotated[Path | None, typer.Option(help="The file to write; else CSV and FHIR go to the terminal.")] = None,
    by: Annotated[By, typer.Option(help="A line an hour (as kept), a day or a week (from Monday).")] = By.hour,
    from_: Annotated[str | None, typer.Option("--from", help="First local date (or date and time).")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Local date it ends before; else up to now.")] = None,
    place: Annotated[str | None, typer.Option(help="Only this place.")] = None,
    zone: ZoneOption = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    subject_reference: Annotated[
        str | None,
        typer.Option(help="FHIR: who you say it is about, as Patient/123. Quietstep does not know, and leaves it out."),
    ] = None,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Write the diary's rows for other programs: spreadsheets, data frames, clinical systems.

    The file is NOT encrypted, and `quietstep erase` does not reach it: it is yours to keep and to delete.
    Hours, days and weeks belong to the stretch in which they begin. Parquet and FHIR need the extra "export".
    A spreadsheet asks how to open a CSV: choose comma, UTF-8, English (USA) and "Detect special numbers", or its times
    stay text; in another language its numbers do, too.
    """
    from edge.export_commands import Wish, export_command

    wish = Wish(format_.value, by.value, from_, to, place, zone, out, subject_reference, force)
    export_command(_settings(config, data_dir), wish, Console(stderr=True))


def add_diary_commands(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Add them to the command line; ``sentences`` turns their failures into one."""
    for command in (erase, log, export, backup, restore, rotate_key, check):
        app.command(command.__name__.replace("_", "-"))(sentences(command))


def _settings(config: Path | None, data_dir: Path | None):  # type: ignore[no-untyped-def]
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
