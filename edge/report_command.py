"""What ``quietstep report --html`` and ``--pdf`` do.

Promises: all that was asked for is made before any of it is written, each file whole or not at all, and only its owner
may read it; the sentence afterwards says that it is not encrypted. Refuses a file that is there (without --force), one
name for both, and to start without the extra "review".
"""

from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from edge.bundle import EDGE_VERSION
from edge.config import Config
from edge.diary.export.new_file import write_new
from edge.errors import ConfigError, DiaryError
from edge.export_commands import UNPROTECTED


class Filing(NamedTuple):
    """What to file: over how many weeks, of which place (None: all), in which language (None: the home's)."""

    html: Path | None
    pdf: Path | None
    n_weeks: int
    n_alerts: int
    place: str | None
    language: str | None
    force: bool


def file_report(config: Config, filing: Filing, console: Console) -> None:
    """Write the files. Raises DiaryError; then what was not told to be written was not."""
    _refuse(filing)
    for path, content in _contents(config, filing):
        write_new(path, content, force=filing.force)
        console.print(f"Written: {path}. {UNPROTECTED}", soft_wrap=True, highlight=False, markup=False)


def _refuse(filing: Filing) -> None:
    named = [path for path in (filing.html, filing.pdf) if path is not None]
    if len({path.resolve() for path in named}) < len(named):
        raise DiaryError(f"{named[0]} for both forms", "two names", "Name another for one of them.")
    for path in named:
        if path.exists() and not filing.force:
            raise DiaryError(f"a file at {path} already", "a name that is free", "Name another, or say --force.")


def _contents(config: Config, filing: Filing) -> list[tuple[Path, bytes]]:
    try:
        from edge.review.period import read_period
        from edge.review.report_html import report_html
        from edge.review.report_pdf import report_pdf
        from edge.review.words import Words
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"no {error.name} on this machine", "what reports need, an extra", "pip install 'quietstep[review]'"
        ) from None
    history = read_period(config.diary, config.key, filing.n_weeks, config.zone, filing.n_alerts, filing.place)
    words = Words(filing.language or config.review.language or "en", config.zone)
    software = f"Quietstep {'.'.join(map(str, EDGE_VERSION))}"
    made = []
    if filing.html is not None:
        made.append((filing.html, report_html(history, words, software, filing.place)))
    if filing.pdf is not None:
        made.append((filing.pdf, report_pdf(history, words, software, filing.place)))
    return made
