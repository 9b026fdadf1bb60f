"""The household's commands of ``quietstep``: pause, resume, consent, status, notice.

Promises: as ``edge.cli``, which puts them beside its own. Refuses to take a decision: that is ``edge.household``'s.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml; else the one found here.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")]
PlaceOption = Annotated[str | None, typer.Option("--place", help="One place; else all.")]
Command = Callable[..., None]

_stdout = Console()


def add_household(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Put the commands into ``app``; ``sentences`` turns their failures into one."""
    for command in (pause, resume, consent, status, notice):
        app.command()(sentences(command))


def pause(
    length: Annotated[str | None, typer.Option("--for", help="How long: 30m, 2h, 1h30m, 3d.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Until this time of the day, like 08:00.")] = None,
    place: PlaceOption = None,
    guest: Annotated[bool, typer.Option("--guest", help="For guests; a pause of its own.")] = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Close the cameras, for a while or until `quietstep resume`. It survives restarts and power cuts."""
    from edge import household

    household.pause(_settings(config, data_dir), _stdout, length=length, until=until, place=place, guest=guest)


def resume(
    place: PlaceOption = None,
    guest: Annotated[bool, typer.Option("--guest", help="End the pause for guests only.")] = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Watch again: ends every pause (quiet hours stay), or those of one place."""
    from edge import household

    household.resume(_settings(config, data_dir), _stdout, place=place, guest=guest)


def consent(
    accept: Annotated[str | None, typer.Option("--accept", help="Accept in this name, without being asked.")] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="End the watching and erase the diary.")] = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """What is watched, computed and kept, and what it is not for; accept it, or withdraw."""
    from edge import household

    household.consent(_settings(config, data_dir), _stdout, accept=accept, withdraw=withdraw)


def status(
    config: ConfigOption = None,
    data_dir: DataOption = None,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Whether it runs, what is paused until when, who consented."""
    from edge.standing import print_status

    print_status(_settings(config, data_dir), _stdout, as_json=json)


def notice(
    out: Annotated[Path, typer.Option("--out", help="The file to write: .pdf, .html or .txt.")],
    config: ConfigOption = None,
) -> None:
    """A note for the door, to print: that a camera looks at how people walk here."""
    from edge.notice import write_notice

    write_notice(out, tuple(camera.place for camera in _settings(config, None).camera))
    _stdout.print(str(out), soft_wrap=True, highlight=False)


def _settings(config: Path | None, data_dir: Path | None) -> Any:
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
