"""state.db: pauses and the record of consent, behind one door. All input and output of them is in this file.

Promises: what ``pause``, ``resume``, ``accept`` and ``withdraw`` returned from is on disk (WAL, ``synchronous=FULL``);
a change is there whole or not at all; one writer at a time, others wait. Reading never changes the file.
Refuses, with StateError and what to do: a file that is damaged, cut short, of another program or a newer Quietstep,
that cannot be read, or that is gone although there was one. Whoever reads takes that as *paused*
(``edge.permission``), and a state made anew after a loss stays paused until ``quietstep resume``.

It is opened through sqlcipher3, whose SQLite is newer than the one of Python 3.11 with its WAL bug, under a key that is
*no secret* (it stands below): not to hide the names and times in it (mode 0600 does what can be done), but because
every page then carries an HMAC, so that a single changed byte is found out. The diary's own key is not used, for losing
that one must not lose a pause. Nothing remote reads or writes the file.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec
import sqlcipher3.dbapi2 as sqlite

from edge.boot_clock import read_clock
from edge.consent import TEXT_SHA256, ConsentNote, checked_name
from edge.durable import sync_folder
from edge.errors import StateError
from edge.pause import ALL_PLACES, Clock, Pause, longer, new_pause
from edge.permission import State
from edge.sealed import opened_sealed

APPLICATION_ID: Final = 0x51535453
"""Marks the file as a Quietstep state ("QSTS")."""
VERSION: Final = 1
WAIT_S: Final = 2.0
OPEN_KEY: Final = hashlib.sha256(b"quietstep state: a checksum, not a secret").hexdigest()
_TABLES: Final = (
    "CREATE TABLE pause (place TEXT NOT NULL, guest INTEGER NOT NULL, since_s INTEGER NOT NULL, until_s INTEGER, "
    "boot_s INTEGER NOT NULL, boot_id TEXT NOT NULL, PRIMARY KEY (place, guest)) STRICT, WITHOUT ROWID",
    "CREATE TABLE consent (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, at_s INTEGER NOT NULL, "
    "text_sha256 TEXT NOT NULL) STRICT",
)
_MOVE: Final = "Everything is paused. Move that file away, then: quietstep consent, and quietstep resume."
Row = TypeVar("Row")


def read_state(path: Path) -> State:
    """Everything that is in force; an empty State where there never was a file. Raises StateError for all else."""
    if not _is_there(path):
        if _is_there(_marker(path)):
            raise _lost(path)
        return State()
    try:
        return _read(path)
    except StateError:
        if not _log_played_back(path):
            raise
        return _read(path)


def _read(path: Path) -> State:
    with _opened(path, "ro") as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("BEGIN")
        return _whole_state(connection, path)


def _log_played_back(path: Path) -> bool:
    """Let a power cut's log or journal be worked off in a file of ours; whether there was one.

    The check of every page reads the file past its log: pages that a power cut tore while they were copied out of the
    log are whole in the log, and only there. A journal (of the very first opening) no mere reader may roll back.
    """
    with contextlib.suppress(OSError, StateError):
        logs = [path.with_name(path.name + suffix) for suffix in ("-wal", "-journal")]
        if any(log.exists() and log.stat().st_size for log in logs):
            with _opened(path, "rw") as connection:
                _refuse_strange(connection, path)
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                return True
    return False


class StateDoor:
    """The one way to change something; ``open_door`` gives it."""

    def __init__(self, connection: Any, path: Path) -> None:
        self._connection = connection
        self._path = path

    def pause(self, place: str, now: Clock, until_s: float | None, *, guest: bool = False) -> Pause:
        """Pause; the pause that then stands, which is an earlier one where that lasts longer."""
        with self._changing() as state:
            new = new_pause(place, now, until_s, guest=guest)
            same = [pause for pause in state.pauses if (pause.place, pause.guest) == (place, guest)]
            stays = longer(same[0], new, now) if same else new
            self._put(stays)
            return stays

    def resume(self, place: str = ALL_PLACES, *, guest: bool | None = None) -> int:
        """End pauses: of one place or all, of guests (True), others (False) or both; how many there were."""
        with self._changing() as state:
            gone = [pause for pause in state.pauses if place in (ALL_PLACES, pause.place)]
            gone = [pause for pause in gone if guest is None or pause.guest == guest]
            for pause in gone:
                self._connection.execute(
                    "DELETE FROM pause WHERE place = ? AND guest = ?", (pause.place, int(pause.guest))
                )
            return len(gone)

    def accept(self, name: str, now: Clock) -> ConsentNote:
        """Record that ``name`` accepted the text of today."""
        return self._note(ConsentNote("accepted", checked_name(name), int(now.wall_s), TEXT_SHA256))

    def withdraw(self, name: str, now: Clock) -> ConsentNote:
        """Record that the consent is withdrawn."""
        return self._note(ConsentNote("withdrawn", checked_name(name), int(now.wall_s), TEXT_SHA256))

    def _note(self, note: ConsentNote) -> ConsentNote:
        with self._changing():
            values = (note.kind, note.name, note.at_s, note.text_sha256)
            self._connection.execute("INSERT INTO consent (kind, name, at_s, text_sha256) VALUES (?, ?, ?, ?)", values)
        return note

    def _put(self, pause: Pause) -> None:
        values = (pause.place, int(pause.guest), pause.since_s, pause.until_s, pause.boot_s, pause.boot_id)
        self._connection.execute("INSERT OR REPLACE INTO pause VALUES (?, ?, ?, ?, ?, ?)", values)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[State]:
        """One transaction, all of it or nothing; on disk when the block ends."""
        with _explained(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield _whole_state(self._connection, self._path)
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite.Error):
                    self._connection.execute("ROLLBACK")
                raise


@contextlib.contextmanager
def open_door(path: Path) -> Iterator[StateDoor]:
    """Open for changes; made where there is none. Raises StateError; a file that is not ours stays as it is."""
    if not _is_there(path):
        _create(path)
    read_state(path)  # becoming a writer changes the file; one that is not ours is found out by reading
    with _opened(path, "rw") as connection:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _mark(path)
        yield StateDoor(connection, path)


def _create(path: Path) -> None:
    """Build the file under another name; one that replaces a lost one is paused until somebody resumes."""
    half = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(path.parent):
            if _is_there(path):
                return
            for stale in (half, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
                stale.unlink(missing_ok=True)  # an old log would be played into the new file
            os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with _opened(half, "rw") as connection:
                _make_tables(connection)
                if _is_there(_marker(path)):
                    StateDoor(connection, half).pause(ALL_PLACES, read_clock(), None)
            with half.open("rb") as file:
                os.fsync(file.fileno())
            half.rename(path)
            sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else makes the file meanwhile."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise _unwritable(path, error) from None


def _make_tables(connection: Any) -> None:
    for pragma in ("synchronous = FULL", f"application_id = {APPLICATION_ID}", f"user_version = {VERSION}"):
        connection.execute(f"PRAGMA {pragma}")
    for table in _TABLES:
        connection.execute(table)


def _marker(path: Path) -> Path:
    """Tells a home that never had a state from one that lost it."""
    return path.with_name(path.name + ".made")


def _mark(path: Path) -> None:
    marker = _marker(path)
    if _is_there(marker):
        return
    try:
        os.close(os.open(marker, os.O_WRONLY | os.O_CREAT, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None


@contextlib.contextmanager
def _opened(path: Path, mode: Literal["ro", "rw"]) -> Iterator[Any]:
    """A connection in autocommit; what the database says against it becomes a StateError."""
    with _explained(path), opened_sealed(path, mode, OPEN_KEY, WAIT_S) as connection:
        yield connection


def _whole_state(connection: Any, path: Path) -> State:
    """The state, after the file proved to be ours and whole."""
    _refuse_strange(connection, path)
    # quick_check believes pages of which only the page's own HMAC says that they are damaged.
    if _one(connection, "PRAGMA quick_check(1)") != "ok" or _one(connection, "PRAGMA cipher_integrity_check"):
        raise _damaged(path)
    pauses = "SELECT place, guest, since_s, until_s, boot_s, boot_id FROM pause ORDER BY place, guest"
    consents = "SELECT kind, name, at_s, text_sha256 FROM consent ORDER BY n"
    return State(_rows(connection, pauses, Pause, path), _rows(connection, consents, ConsentNote, path))


def _refuse_strange(connection: Any, path: Path) -> None:
    """Raise StateError unless the file is ours and of this version."""
    mark, version = (_one(connection, f"PRAGMA {name}") for name in ("application_id", "user_version"))
    if mark == APPLICATION_ID and version > VERSION:
        raise StateError(
            f"a state at {path} written by a newer Quietstep (version {version})",
            f"version {VERSION}",
            "Everything is paused. Update Quietstep.",
        )
    tables = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if mark != APPLICATION_ID or tables != set(_TABLES):
        raise StateError(f"a file at {path} that is not a Quietstep state, or not all of one", "a whole one", _MOVE)


def _one(connection: Any, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _rows(connection: Any, query: str, kind: type[Row], path: Path) -> tuple[Row, ...]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    try:
        # strict=False lets 0 and 1 be a bool; SQLite's STRICT tables hold every other type.
        return tuple(msgspec.convert(dict(zip(names, row, strict=True)), kind, strict=False) for row in cursor)
    except msgspec.ValidationError:
        raise _damaged(path) from None


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError:
        raise _damaged(path) from None
    except sqlite.Error as error:
        said = str(error).lower()
        if any(word in said for word in ("not a database", "malformed", "disk i/o")):
            raise _damaged(path) from None
        if "locked" in said or "busy" in said:
            raise StateError(
                f"{path} held by another process", "a moment of quiet", "Everything is paused. Try again."
            ) from None
        raise _unwritable(path, error) from None


def _damaged(path: Path) -> StateError:
    return StateError(f"a damaged file, or one of another kind, at {path}", "a Quietstep state, whole", _MOVE)


def _lost(path: Path) -> StateError:
    do = "Everything is paused. Put it back; or, if it is lost: quietstep consent, and quietstep resume."
    return StateError(f"no file {path} although there was one", "the state (pauses and consent)", do)


def _unwritable(path: Path, error: Exception) -> StateError:
    do = "Nothing was changed, and what cannot be read is paused. Check the folder's permissions and the disk."
    return StateError(f"no way to read or write {path} ({error})", "a file of this user", do)
