"""``quietstep update now``: one check in the foreground, with a bar while something large comes.

Promises: it does what the updater does, at once; also on hold, on a metered line and in quiet hours: a person asked.
What it stages begins only when a hold ends. Refuses (ConfigError) settings without a url, or with a bundle by hand.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from edge.config import REFERENCE_BUNDLE, Config
from edge.errors import ConfigError, QuietstepError
from edge.running_note import read_note as read_running
from edge.update.network import Network, OnBytes
from edge.update.note import UpdateNote, read_note, write_note
from edge.update.outcome import Outcome, outcome_of
from edge.update.round import Follower, check_once

SHOWN_FROM: Final = 1 << 20
"""Bytes: smaller files are here before anybody could read a bar."""


def update_now(config: Config, console: Console, *, as_json: bool) -> None:
    """Ask, say what came, and remember it for ``update status``; raises UpdateError, BundleError."""
    home = follower(config)
    try:
        with _bar(console) as on_bytes:
            outcome = check_once(home, Network(on_bytes=on_bytes), time.time(), fetch=True)
    except QuietstepError as error:
        _remember(config, outcome_of(error))
        raise
    _remember(config, outcome)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(outcome)).decode())
    else:
        console.print(_sentence(config, outcome), highlight=False, markup=False, soft_wrap=True)


def follower(config: Config) -> Follower:
    """The home of these settings."""
    update = config.update
    if update.url is None or update.root is None:
        do = "No update is asked for. To follow one, write url and root below [update]."
        raise ConfigError("no url below [update]", "where updates come from", do)
    if config.bundle != REFERENCE_BUNDLE:
        do = "Remove it to take updates again."
        raise ConfigError("a bundle named by hand", "the model that ships with Quietstep", do)
    return Follower(update.url, update.root, update.ring, config.data_dir, config.models, config.bundle)


def _sentence(config: Config, outcome: Outcome) -> str:
    if outcome.event == "nothing":
        return f"{outcome.said[0].upper()}{outcome.said[1:]}."
    said = f"{outcome.said}."
    if outcome.event == "here":
        return said
    runs = read_running(config.running_note) is not None
    return said + (" It is tested next." if runs else " It is tested when `quietstep run` runs.")


def _remember(config: Config, outcome: Outcome) -> None:
    last = read_note(config.update_note)
    write_note(config.update_note, UpdateNote(time.time(), outcome, last.next_s if last else None))


@contextmanager
def _bar(console: Console) -> Iterator[OnBytes | None]:
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, TaskID] = {}

        def show(url: str, n_bytes: int, n_all: int | None) -> None:
            if (n_all or 0) < SHOWN_FROM:
                return
            if url not in tasks:
                tasks[url] = progress.add_task(Path(urlsplit(url).path).name.partition(".")[2], total=n_all)
            progress.update(tasks[url], completed=n_bytes)

        yield show
