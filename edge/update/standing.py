"""Where the models of a home stand: models.db, the bundles' names and both notes, read into one value.

Promises: `quietstep update status`, `quietstep status` and the page tell the same, for all of them read it here; a file
that cannot be read is told in ``error``, not raised. It only reads, and needs neither the settings nor a network
library. Refuses nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from edge.boot_clock import read_clock
from edge.bundle import read_manifest
from edge.errors import QuietstepError, UpdateStoreError
from edge.pause import Clock
from edge.running_note import read_note
from edge.update.note import UpdateNote
from edge.update.note import read_note as read_update_note
from edge.update.outcome import Outcome
from edge.update.pointer import ModelStore, Note, Written, named
from edge.update.world import SHIPPED, Stage, World

SHIPS: Final = "ships with Quietstep"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where a home keeps all this; ``url`` None: no update is asked for; ``by_hand``: a bundle that was named."""

    models: Path
    bundles: Path
    running_note: Path
    update_note: Path
    url: str | None = None
    ring: str = "stable"
    by_hand: Path | None = None


class Asking(msgspec.Struct, frozen=True):
    """From where and as which ring; when (Unix s) the last check was and what came of it; when the next one is (None
    where no service runs, or on hold); the release that was offered last."""

    url: str
    ring: str
    last_check_s: float | None
    outcome: Outcome | None
    next_poll_s: float | None


class Quarantined(msgspec.Struct, frozen=True):
    """A model that is never taken again: name (or the beginning of its SHA-256), why, and since when (Unix s, None
    where the history does not reach back so far)."""

    model: str
    reason: str
    since_s: int | None


class ModelStatus(msgspec.Struct, frozen=True):
    """The whole answer. ``answers`` is None where nothing runs; ``active_since_s`` (Unix s) is None where the model has
    run for longer than the history reaches; ``n_compared`` and ``n_answered`` are cycles of shadow and trial, in fives
    and as last written down; ``held_until_s`` is Unix seconds, None for an open end."""

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
    active_since_s: int | None = None
    by_hand: str | None = None
    testing: bool = False
    n_compared: int = 0
    n_answered: int = 0
    quarantined: tuple[Quarantined, ...] = ()


def model_status(files: ModelFiles) -> ModelStatus:
    """Where the models stand now."""
    note = read_note(files.running_note)
    written, history, error = _read(ModelStore(files.models))
    world, now = written.world, read_clock()
    candidate = world.candidate
    held, until_s = _hold(written, now)
    return ModelStatus(
        active=_name(files, world.pointer.active),
        fallback=_name(files, world.pointer.fallback),
        answers=_name(files, note.model) if note else None,
        candidate=named(candidate) if candidate else None,
        stage=str(candidate.stage) if candidate else None,
        waits_for=(note.update or None) if note and candidate else None,
        n_quarantined=len(world.quarantined),
        held=held,
        held_until_s=until_s,
        error=error,
        updates=_asking(files, runs=note is not None),
        active_since_s=since_s(history, world),
        by_hand=str(files.by_hand) if files.by_hand else None,
        testing=candidate is not None and candidate.stage is Stage.STAGED and candidate.running,
        n_compared=written.progress.shadow.n_cycles,
        n_answered=written.progress.trial.n_cycles,
        quarantined=_quarantined(written, history),
    )


def since_s(history: tuple[Note, ...], world: World) -> int | None:
    """When the committed model became it: its commit, or the fall of the one before it."""
    active, since = SHIPPED, None
    for note in history:
        if note.event == "committed":
            active, since = note.sha256, note.at_s
        elif note.event == "rolled back" and note.sha256 == active:
            active, since = world.pointer.active, note.at_s
    return since if active == world.pointer.active else None


def _read(store: ModelStore) -> tuple[Written, tuple[Note, ...], str | None]:
    try:
        return store.read(), store.history(), None
    except UpdateStoreError as error:
        return Written(), (), str(error)


def _hold(written: Written, now: Clock) -> tuple[bool, float | None]:
    if written.hold is None or not written.hold.lasts(now):
        return False, None
    return True, written.hold.end_s(now)


def _quarantined(written: Written, history: tuple[Note, ...]) -> tuple[Quarantined, ...]:
    told = {note.sha256: note for note in history if note.event in ("quarantined", "rolled back")}
    found = []
    for sha256, reason in written.reasons:
        note = told.get(sha256)
        found.append(Quarantined(note.model if note else sha256[:12], reason, note.at_s if note else None))
    return tuple(sorted(found, key=lambda one: one.since_s or 0))


def _asking(files: ModelFiles, *, runs: bool) -> Asking | None:
    if files.url is None:
        return None
    note = read_update_note(files.update_note) or UpdateNote(None, None, None)
    return Asking(files.url, files.ring, note.at_s, note.outcome, note.next_s if runs else None)


def _name(files: ModelFiles, sha256: str) -> str:
    """A bundle as people call it."""
    if sha256 == SHIPPED:
        return SHIPS
    try:
        manifest = read_manifest(files.bundles / sha256)
    except (QuietstepError, OSError):
        return f"{sha256[:12]} (not there)"
    return f"{manifest.id} {manifest.version}"
