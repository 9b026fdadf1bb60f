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
from edge.bundle import read_bundle, read_manifest
from edge.config import Config
from edge.errors import QuietstepError, UpdateStoreError
from edge.pause import ALL_PLACES, new_pause, seconds_of
from edge.running_note import read_note
from edge.update.bundles import archive_sha256, candidate_of, put, stage
from edge.update.decide import SHIPPED, offered
from edge.update.note import UpdateNote
from edge.update.note import read_note as read_update_note
from edge.update.outcome import Outcome
from edge.update.pointer import ModelStore, Note, Written, named

SHIPS: str = "ships with Quietstep"


class Asking(msgspec.Struct, frozen=True):
    """From where and as which ring; when (Unix s) the last check was and what came of it; when the next one is (None
    where no service runs, or on hold); the release that was offered last."""

    url: str
    ring: str
    last_check_s: float | None
    outcome: Outcome | None
    next_poll_s: float | None


class ModelStatus(msgspec.Struct, frozen=True):
    """The whole answer. ``answers`` is None where nothing runs; ``until`` of a hold is Unix seconds."""

    active: str
    fallback: str
    answers: str | None
    candidate: str | None
    stage: str | None
    waits_for: str | None
    n_quarantined: int
    held: bool
    held_until_s: float | None
    error: str | None
    updates: Asking | None = None


def model_status(config: Config) -> ModelStatus:
    """Where the models stand now; a file that cannot be read is told, not raised."""
    note = read_note(config.running_note)
    error = None
    try:
        written = ModelStore(config.models).read()
    except UpdateStoreError as found:
        written, error = Written(), str(found)
    world, now = written.world, read_clock()
    held = written.hold is not None and written.hold.lasts(now)
    return ModelStatus(
        _name(config, world.pointer.active),
        _name(config, world.pointer.fallback),
        _name(config, note.model) if note else None,
        named(world.candidate) if world.candidate else None,
        str(world.candidate.stage) if world.candidate else None,
        (note.update or None) if note and world.candidate else None,
        len(world.quarantined),
        held,
        written.hold.end_s(now) if held and written.hold else None,
        error,
        _asking(config, runs=note is not None),
    )


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
    if now.active != SHIPS:
        lines.append(f"falls back to: {now.fallback}")
    if now.candidate:
        waits = f" ({now.waits_for})" if now.waits_for else ""
        lines.append(f"new model: {now.candidate}, {now.stage}{waits}")
    if now.held:
        lines.append(f"updates are on hold {_until(config, now.held_until_s)}")
    if now.updates:
        lines += _asking_lines(config, now.updates)
    if now.n_quarantined:
        lines.append(f"in quarantine: {now.n_quarantined} (quietstep update history)")
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


def _asking(config: Config, *, runs: bool) -> Asking | None:
    if config.update.url is None:
        return None
    note = read_update_note(config.update_note) or UpdateNote(None, None, None)
    return Asking(config.update.url, config.update.ring, note.at_s, note.outcome, note.next_s if runs else None)


def _asking_lines(config: Config, asking: Asking) -> list[str]:
    lines = [f"updates: {asking.url}, ring {asking.ring}"]
    if asking.last_check_s is not None and asking.outcome is not None:
        lines.append(f"asked last: {_local(config, asking.last_check_s)}: {asking.outcome.said}")
    if asking.next_poll_s is not None:
        lines.append(f"asks next: {_local(config, asking.next_poll_s)}")
    return lines


def _note(event: str, detail: str = "") -> Note:
    return Note(int(time.time()), "", "", event, detail)


def _name(config: Config, sha256: str) -> str:
    """A bundle as people call it."""
    if sha256 == SHIPPED:
        return SHIPS
    try:
        manifest = read_manifest(config.bundles / sha256)
    except (QuietstepError, OSError):
        return f"{sha256[:12]} (not there)"
    return f"{manifest.id} {manifest.version}"


def _until(config: Config, end_s: float | None) -> str:
    return "until `quietstep update hold --end`" if end_s is None else f"until {_local(config, end_s)}"


def _local(config: Config, t_s: float) -> str:
    return f"{datetime.fromtimestamp(t_s, config.zone):%a %d %b %Y %H:%M}"
