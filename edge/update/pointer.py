"""models.db: which model is committed, which is tried, which never again, and what happened. All of its I/O.

Promises: what ``change`` returned from is on disk (WAL, ``synchronous=FULL``), all of it or nothing, one writer at a
time; what is read is what was written, to the byte (every page carries a checksum), in tables of known columns. Of how
people walked it holds counts rounded down to fives, of one candidate, and forgets them when its stage ends.
Refuses, with UpdateStoreError, a file that is damaged, of another program or a newer Quietstep: then the model that
ships with Quietstep runs, and no new one is taken, until somebody moves the file away.

As in ``edge.state`` the key is no secret: it makes a changed byte show. It is a file of its own because it has its own
writer (the supervisor; the trust in the repository has another) and because erasing the diary must not touch it.
"""

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import sqlcipher3.dbapi2 as sqlite

from edge.durable import sync_folder
from edge.errors import UpdateStoreError
from edge.pause import ALL_PLACES, Pause
from edge.sealed import opened_sealed
from edge.update.decide import Candidate, Floor, Pointer, ShadowCounts, Stage, TrialHealth, World
from edge.update.release import dotted, read_version

APPLICATION_ID: Final = 0x51534D44
"""Marks the file as Quietstep's models ("QSMD")."""
VERSION: Final = 1
MOST_NOTES: Final = 200
ROUNDED_TO: Final = 5
_WAIT_S: Final = 5.0
_KEY: Final = hashlib.sha256(b"quietstep models: a checksum, not a secret").hexdigest()
_COUNTS: Final = (
    *("n_cycles", "n_both", "n_flips", "n_abstained", "n_abstained_before", "n_same", "n_dropped"),
    *("trial_cycles", "trial_s"),
)
_ONE: Final = "one INTEGER PRIMARY KEY CHECK (one = 1)"
_TABLES: Final = (
    f"CREATE TABLE pointer ({_ONE}, active TEXT NOT NULL, fallback TEXT NOT NULL) STRICT",
    "CREATE TABLE floor (model_id TEXT PRIMARY KEY, version TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
    f"CREATE TABLE candidate ({_ONE}, sha256 TEXT NOT NULL, model_id TEXT NOT NULL, version TEXT NOT NULL, "
    "stage TEXT NOT NULL, attempts INTEGER NOT NULL, running INTEGER NOT NULL) STRICT",
    f"CREATE TABLE progress ({_ONE}, {', '.join(f'{name} INTEGER NOT NULL' for name in _COUNTS)}) STRICT",
    "CREATE TABLE quarantine (sha256 TEXT PRIMARY KEY, reason TEXT NOT NULL) STRICT",
    f"CREATE TABLE hold ({_ONE}, since_s INTEGER NOT NULL, until_s INTEGER, boot_s INTEGER NOT NULL, "
    "boot_id TEXT NOT NULL) STRICT",
    "CREATE TABLE history (n INTEGER PRIMARY KEY, at_s INTEGER NOT NULL, sha256 TEXT NOT NULL, model TEXT NOT NULL, "
    "event TEXT NOT NULL, detail TEXT NOT NULL) STRICT",
)
_DO: Final = "The model that ships with Quietstep runs. Move that file away to take updates again."


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the history: Unix seconds, the bundle, its name and version, what happened, and why."""

    at_s: int
    sha256: str
    model: str
    event: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a candidate's stage is, as it was last written down."""

    shadow: ShadowCounts = field(default_factory=ShadowCounts)
    trial: TrialHealth = field(default_factory=TrialHealth)


@dataclass(frozen=True, slots=True)
class Written:
    """All that the file holds, but the history."""

    world: World = field(default_factory=World)
    progress: Progress = field(default_factory=Progress)
    reasons: tuple[tuple[str, str], ...] = ()
    hold: Pause | None = None


Change = Callable[[World], World]


class ModelStore:
    """The file's door. Opened for each call, so that nobody waits for somebody else's connection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, ...]:
        """Differs when the file may have changed; cheap enough for every second."""
        stats = []
        for path in (self.path, self.path.with_name(self.path.name + "-wal")):
            with contextlib.suppress(OSError):
                found = path.stat()
                stats += [found.st_ino, found.st_mtime_ns, found.st_size]
        return tuple(stats)

    def read(self) -> Written:
        """What is written down; the beginning of all where there is no file yet. Raises UpdateStoreError."""
        if not self.path.exists():
            return Written()
        with _opened(self.path, "ro") as connection:
            _refuse_strange(connection, self.path)
            return _read(connection, self.path)

    def history(self) -> tuple[Note, ...]:
        """What happened, oldest first. Raises UpdateStoreError."""
        if not self.path.exists():
            return ()
        with _opened(self.path, "ro") as connection:
            _refuse_strange(connection, self.path)
            rows = connection.execute("SELECT at_s, sha256, model, event, detail FROM history ORDER BY n").fetchall()
        return tuple(Note(*row) for row in rows)

    def change(self, how: Change, note: Note | None = None) -> World:
        """Write down what ``how`` makes of the world, and the note with it; the world that then is.

        What ``how`` raises passes through, and nothing was changed. Raises UpdateStoreError.
        """
        with self._writing() as connection:
            before = _read(connection, self.path)
            world = how(before.world)
            _write(connection, before.world, world, note)
            return world

    def progress(self, progress: Progress) -> None:
        """Write down how far the stage is, rounded down to fives."""
        shadow, trial = progress.shadow, progress.trial
        counts = [getattr(shadow, name) // ROUNDED_TO * ROUNDED_TO for name in _COUNTS[:-2]]
        counts += [trial.n_cycles // ROUNDED_TO * ROUNDED_TO, int(trial.trial_s)]
        with self._writing() as connection:
            marks = ", ".join("?" * len(counts))
            connection.execute(f"INSERT OR REPLACE INTO progress VALUES (1, {marks})", counts)

    def hold(self, pause: Pause | None, note: Note) -> None:
        """Take no new model until the pause ends (None: take them again)."""
        with self._writing() as connection:
            connection.execute("DELETE FROM hold")
            if pause is not None:
                values = (pause.since_s, pause.until_s, pause.boot_s, pause.boot_id)
                connection.execute("INSERT INTO hold VALUES (1, ?, ?, ?, ?)", values)
            _add(connection, note)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[Any]:
        if not self.path.exists():
            _create(self.path)
        with _opened(self.path, "rw") as connection:
            _refuse_strange(connection, self.path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite.Error):
                    connection.execute("ROLLBACK")
                raise


def _read(connection: Any, path: Path) -> Written:
    try:
        active, fallback = connection.execute("SELECT active, fallback FROM pointer").fetchone()
        floors = connection.execute("SELECT model_id, version, sha256 FROM floor ORDER BY model_id").fetchall()
        reasons = connection.execute("SELECT sha256, reason FROM quarantine ORDER BY sha256").fetchall()
        pointer = Pointer(active, fallback, tuple(Floor(name, read_version(text), sha) for name, text, sha in floors))
        world = World(pointer, _candidate(connection), frozenset(sha for sha, _reason in reasons))
        return Written(world, _progress(connection), tuple(map(tuple, reasons)), _hold(connection))
    except (TypeError, ValueError, UpdateStoreError) as error:
        raise _damaged(path) from error


def _candidate(connection: Any) -> Candidate | None:
    columns = "sha256, model_id, version, stage, attempts, running"
    row = connection.execute(f"SELECT {columns} FROM candidate").fetchone()
    if row is None:
        return None
    sha256, model_id, version, stage, attempts, running = row
    return Candidate(sha256, model_id, read_version(version), Stage(stage), attempts, bool(running))


def _progress(connection: Any) -> Progress:
    row = connection.execute(f"SELECT {', '.join(_COUNTS)} FROM progress").fetchone()
    return Progress(ShadowCounts(*row[:-2]), TrialHealth(row[-2], row[-1])) if row else Progress()


def _hold(connection: Any) -> Pause | None:
    row = connection.execute("SELECT since_s, until_s, boot_s, boot_id FROM hold").fetchone()
    return Pause(ALL_PLACES, False, *row) if row else None


def _write(connection: Any, before: World, world: World, note: Note | None) -> None:
    pointer, candidate = world.pointer, world.candidate
    connection.execute("UPDATE pointer SET active = ?, fallback = ?", (pointer.active, pointer.fallback))
    floors = [(floor.model_id, dotted(floor.version), floor.sha256) for floor in pointer.floors]
    connection.executemany("INSERT OR REPLACE INTO floor VALUES (?, ?, ?)", floors)
    why = note.detail if note else ""
    new = [(sha256, why) for sha256 in sorted(world.quarantined - before.quarantined)]
    connection.executemany("INSERT INTO quarantine VALUES (?, ?)", new)
    connection.execute("DELETE FROM candidate")
    if candidate is not None:
        version = dotted(candidate.version)
        values = (candidate.sha256, candidate.model_id, version, candidate.stage, candidate.attempts, candidate.running)
        connection.execute("INSERT INTO candidate VALUES (1, ?, ?, ?, ?, ?, ?)", values)
    if _stage_of(before) != _stage_of(world):
        connection.execute("DELETE FROM progress")
    if note is not None:
        _add(connection, note)


def _stage_of(world: World) -> tuple[str, Stage] | None:
    return (world.candidate.sha256, world.candidate.stage) if world.candidate else None


def _add(connection: Any, note: Note) -> None:
    values = (note.at_s, note.sha256, note.model, note.event, note.detail)
    connection.execute("INSERT INTO history (at_s, sha256, model, event, detail) VALUES (?, ?, ?, ?, ?)", values)
    connection.execute("DELETE FROM history WHERE n <= (SELECT max(n) FROM history) - ?", (MOST_NOTES,))


def named(candidate: Candidate) -> str:
    """A candidate as people call it: id and version."""
    return f"{candidate.model_id} {dotted(candidate.version)}"


def _create(path: Path) -> None:
    """Under another name first: a file that is there is whole."""
    half = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        with _opened(half, "rw") as connection:
            for pragma in (f"application_id = {APPLICATION_ID}", f"user_version = {VERSION}", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            for table in _TABLES:
                connection.execute(table)
            connection.execute("INSERT INTO pointer VALUES (1, '', '')")
            connection.execute("PRAGMA journal_mode = WAL")
        with contextlib.suppress(FileExistsError):
            os.link(half, path)  # unlike a rename it never replaces what another writer just made
        half.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


@contextlib.contextmanager
def _opened(path: Path, mode: Literal["ro", "rw"]) -> Iterator[Any]:
    try:
        with opened_sealed(path, mode, _KEY, _WAIT_S) as connection:
            yield connection
    except UnicodeDecodeError:
        raise _damaged(path) from None
    except sqlite.Error as error:
        if any(word in str(error).lower() for word in ("not a database", "malformed", "disk i/o")):
            raise _damaged(path) from None
        raise _unwritable(path, error) from None


def _refuse_strange(connection: Any, path: Path) -> None:
    mark, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if mark == APPLICATION_ID and version > VERSION:
        raise UpdateStoreError(f"{path} written by a newer Quietstep", f"version {VERSION}", "Update Quietstep.")
    tables = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if mark != APPLICATION_ID or tables != set(_TABLES):
        raise UpdateStoreError(f"a file at {path} that does not hold Quietstep's models", "one that does", _DO)
    if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _damaged(path)


def _damaged(path: Path) -> UpdateStoreError:
    return UpdateStoreError(f"a damaged file, or one of another kind, at {path}", "Quietstep's models, whole", _DO)


def _unwritable(path: Path, error: Exception) -> UpdateStoreError:
    do = "Nothing was changed. Check the folder's permissions and the disk."
    return UpdateStoreError(f"no way to read or write {path} ({error})", "a file of this user", do)
