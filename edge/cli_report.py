"""``quietstep report``: the last weeks on the terminal, as one HTML file, as a PDF to be filed.

Promises: as ``edge.cli``, which puts it beside its own. Refuses to take a decision: those are `edge.review.terminal`'s
and `edge.report_command`'s.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

_stdout = Console()
_stderr = Console(stderr=True)
Command = Callable[..., None]


class Language(StrEnum):
    """What a report can be written in."""

    en = "en"
    de = "de"


def report(
    config: Annotated[Path | None, typer.Option("--config", "-c", help="quietstep.toml, as for run.")] = None,
    weeks: Annotated[int, typer.Option(help="How many weeks to tell of.", min=1, max=520)] = 4,
    html: Annotated[Path | None, typer.Option(help="Write it as one HTML file that asks for nothing.")] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as a PDF to be filed: an A4 page for each place.")] = None,
    place: Annotated[str | None, typer.Option(help="For --html and --pdf: only this place.")] = None,
    lang: Annotated[Language | None, typer.Option(help="For --html and --pdf; else the home's, else English.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Where the diary and its key live.")] = None,
    json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    alerts: Annotated[int, typer.Option(help="How many alerts any seven days may raise.", min=0, max=14)] = 1,
) -> None:
    """The mood diary of the last weeks, per place: how much was observed, and what changed.

    Files are NOT encrypted, and `quietstep erase` does not reach them: they are yours to keep and to delete.
    --html and --pdf need the extra "review".
    """
    settings = _settings(config, data_dir)
    if html is None and pdf is None:
        from edge.review.terminal import print_report

        print_report(settings.diary, settings.key, weeks, _stdout, json, settings.zone, alerts)
        return
    from edge.report_command import Filing, file_report

    language = None if lang is None else lang.value
    file_report(settings, Filing(html, pdf, weeks, alerts, place, language, force), _stderr)


def add_report(app: typer.Typer, sentences: Callable[[Command], Command]) -> None:
    """Put the command into ``app``; ``sentences`` turns its failures into one."""
    app.command()(sentences(report))


def _settings(config: Path | None, data_dir: Path | None) -> Any:
    from edge.config import find_config, load_config

    return load_config(config or find_config(), data_dir=data_dir)
