"""``quietstep homeassistant``.

Promises: as ``edge.cli``, which puts it beside its own. Refuses to take a decision: that is
``edge.homeassistant_command``'s.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

_stderr = Console(stderr=True)
Command = Callable[..., None]


def homeassistant(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml, as for run.")] = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")] = None,
) -> None:
    """Tell Home Assistant over MQTT, until Ctrl-C: whether it watches, and yesterday in numbers. Off by default.

    Nothing finer than a day is told, and nothing is listened to. What Home Assistant has heard it keeps by its own
    rules: `quietstep erase` does not reach it.
    """
    from edge.config import find_config, load_config
    from edge.homeassistant_command import homeassistant_command

    homeassistant_command(load_config(config or find_config(), data_dir=data_dir), _stderr)


def add_homeassistant(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Put the command into ``app``; ``sentences`` turns its failures into one."""
    app.command()(sentences(homeassistant))
