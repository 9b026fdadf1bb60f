"""What ``quietstep update status | history | hold | accept`` do, around models.db, for a terminal.

Promises: what they say is read from models.db as the service reads it; ``accept`` takes a bundle from a folder without
a network and without signatures, and the history says that it came by hand. Refuses to let anything run: a bundle that
was accepted goes the same way as any other, from its self-test on.
"""

import time
from datetime import datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from edge.boot_clock import read_clock
from edge.bundle import read_bundle
from edge.config import REFERENCE_BUNDLE, Config
from edge.pause import ALL_PLACES, new_pause, seconds_of
from edge.running_note import read_note
from edge.update.bundles import archive_sha256, candidate_of, put, stage
from edge.update.decide import offered
from edge.update.pointer import ModelStore, Note, named
from edge.update.standing import SHIPS, Asking, ModelFiles, ModelStatus
from edge.update.standing import model_status as status_of_files


def files_of(config: Config) -> ModelFiles:
    """What these settings say of models and updates."""
    by_hand = None if config.bundle == REFERENCE_BUNDLE else config.bundle
    paths = (config.models, config.bundles, config.running_note, config.update_note)
    return ModelFiles(*paths, config.update.url, config.update.ring, by_hand)


def model_status(config: Config) -> ModelStatus:
    """Where the models stand now; a file that cannot be read is told, not raised."""
    return status_of_files(files_of(config))


def print_update_status(config: Config, console: Console, *, as_json: bool) -> None:
    """``update status``."""
    now = model_status(config)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(now), indent=2).decode())
        return
    for line in status_lines(config, now):
        console.print(line, highlight=False, markup=False)


def status_lines(config: Config, now: ModelStatus) -> list[str]:
    """The same for people; the first line says enough for ``quietstep status``."""
    lines = [
        f"model: {now.active}" + (f"; answers now: {now.answers}" if now.answers not in (None, now.active) else "")
    ]
    if now.by_hand:
        lines.append(f"a bundle was named by hand, so no update is taken: {now.by_hand}")
    if now.active_since_s is not None:
        lines.append(f"since {_local(config, now.active_since_s)}")
    if now.active != SHIPS:
        lines.append(f"falls back to: {now.fallback}")
    if now.candidate:
        waits = f" ({now.waits_for})" if now.waits_for else ""
        lines.append(f"new model: {now.candidate}, {now.stage}{waits}")
    if now.held:
        lines.append(f"updates are on hold {_until(config, now.held_until_s)}")
    if now.updates:
        lines += _asking_lines(config, now.updates)
    lines += [f"in quarantine: {one.model} ({one.reason})" for one in now.quarantined]
    return [*lines, *([now.error] if now.error else [])]


def print_history(config: Config, console: Console, *, as_json: bool) -> None:
    """``update history``."""
    notes = ModelStore(config.models).history()
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(notes), indent=2).decode())
        return
    table = Table(show_edge=False)
    for column in ("when", "model", "what", "why", "bundle"):
        table.add_column(column, overflow="fold")
    for note in notes:
        table.add_row(_local(config, note.at_s), note.model, note.event, note.detail, note.sha256[:12])
    console.print(table if notes else "Nothing happened yet: the model that ships with Quietstep runs.")


def hold(config: Config, console: Console, *, length: str | None, end: bool) -> None:
    """``update hold``: begin no new model for a while; one on trial is still decided on."""
    now, store = read_clock(), ModelStore(config.models)
    if end:
        store.hold(None, _note("hold ended"))
        console.print("Updates are taken again.")
        return
    pause = new_pause(ALL_PLACES, now, now.wall_s + seconds_of(length) if length else None)
    store.hold(pause, _note("hold", f"for {length}" if length else "until it is ended"))
    console.print(f"Updates are on hold {_until(config, pause.end_s(now))}.", highlight=False)


def accept(config: Config, console: Console, folder: Path) -> None:
    """``update accept FOLDER``: a bundle by hand, from a folder; a running service takes it up within seconds."""
    bundle, store = read_bundle(folder), ModelStore(config.models)
    offered(store.read().world, candidate_of(bundle, archive_sha256(bundle)))  # refused before anything is copied
    sha256 = put(bundle, config.bundles)
    how = "from a folder, without signatures"
    candidate = stage(store, bundle, sha256, int(time.time()), "accepted by hand", how)
    running = read_note(config.running_note) is not None
    then = "It is tested next." if running else "It is tested when `quietstep run` runs."
    console.print(f"{named(candidate)} is staged ({sha256[:12]}). {then}", highlight=False, markup=False)


def _asking_lines(config: Config, asking: Asking) -> list[str]:
    lines = [f"updates: {asking.url}, ring {asking.ring}"]
    if asking.last_check_s is not None and asking.outcome is not None:
        lines.append(f"asked last: {_local(config, asking.last_check_s)}: {asking.outcome.said}")
    if asking.next_poll_s is not None:
        lines.append(f"asks next: {_local(config, asking.next_poll_s)}")
    return lines


def _note(event: str, detail: str = "") -> Note:
    return Note(int(time.time()), "", "", event, detail)


def _until(config: Config, end_s: float | None) -> str:
    return "until `quietstep update hold --end`" if end_s is None else f"until {_local(config, end_s)}"


def _local(config: Config, t_s: float) -> str:
    return f"{datetime.fromtimestamp(t_s, config.zone):%a %d %b %Y %H:%M}"
