"""The commands of ``quietstep update``: which model runs, what happened to others, and whether new ones are taken.

Promises: as ``edge.cli``, which puts them beside its own. Refuses nothing of its own: `edge.update_commands` does.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml, as for run.")]
DataOption = Annotated[Path | None, typer.Option("--data-dir", help="Where models.db and the bundles live.")]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]
Command = Callable[..., None]

_stdout = Console()


def add_update(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Put ``update`` and its commands into ``app``; ``sentences`` turns their failures into one."""
    update = typer.Typer(help="The model: which one runs, what became of others.", no_args_is_help=True)
    for command in (status, now, history, hold, accept, rehearse):
        update.command()(sentences(command))
    app.add_typer(update, name="update")


def status(config: ConfigOption = None, data_dir: DataOption = None, json: JsonOption = False) -> None:
    """Which model runs, which one is tried, and what that waits for."""
    from edge.update_commands import print_update_status

    print_update_status(_settings(config, data_dir), _stdout, as_json=json)


def now(config: ConfigOption = None, data_dir: DataOption = None, json: JsonOption = False) -> None:
    """Ask for a new model at once. Exits with 0 where the server was heard, 3 where it was not, 1 for what is refused.

    What comes is staged; it is tested and tried while `quietstep run` runs.
    """
    from edge.update_now import update_now

    update_now(_settings(config, data_dir), _stdout, as_json=json)


def history(config: ConfigOption = None, data_dir: DataOption = None, json: JsonOption = False) -> None:
    """What happened to every model that came: tested, tried, committed, or refused and why."""
    from edge.update_commands import print_history

    print_history(_settings(config, data_dir), _stdout, as_json=json)


def hold(
    length: Annotated[str | None, typer.Option("--for", help="How long: 2h, 3d; else until it is ended.")] = None,
    end: Annotated[bool, typer.Option("--end", help="Take updates again.")] = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """Begin no new model for a while. One that is on trial is still decided on."""
    from edge.update_commands import hold

    hold(_settings(config, data_dir), _stdout, length=length, end=end)


def accept(
    folder: Annotated[Path, typer.Argument(help="The folder of a bundle, with its manifest.json.")],
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """For engineers: stage a bundle from a folder, without the network; it is tested and tried like any other."""
    from edge.update_commands import accept

    accept(_settings(config, data_dir), _stdout, folder)


def rehearse(
    short: Annotated[bool, typer.Option("--short", help="For a demonstration: fewer cycles, a shorter trial.")] = False,
    visitor: Annotated[bool, typer.Option("--visitor", help="Somebody very slow comes by during the trial.")] = False,
    config: ConfigOption = None,
    data_dir: DataOption = None,
) -> None:
    """For a bench: let a staged model go all its way on simulated walks, in simulated time, within the real limits.

    Refuses a data folder with a diary: a home's model is decided on by how its own people walk.
    """
    from edge.rehearse import rehearse

    rehearse(_settings(config, data_dir), _stdout, short=short, visitor=visitor)


def _settings(config: Path | None, data_dir: Path | None) -> Any:
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
