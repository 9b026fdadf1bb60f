"""update.db: what this device trusts about updates, behind one door. All input and output of it is in this file.

Promises: the trusted metadata bytes, the time floor, the version floor and the marks of cut downloads are on disk when
a call returns (WAL, ``synchronous=FULL``), whole or not at all; floors only rise; one updater at a time.
Refuses, with UpdateStoreError: a file that is damaged, of another program or a newer Quietstep, unreadable, or gone
although there was one. Then no update is taken and the model that runs goes on.

Why not state.db: whoever cannot read that one must take everything as paused. Losing the trust in updates must stop
updates and nothing else, and a poll every few hours must never hold the lock of a pause. It is opened as state.db is:
through sqlcipher3 under a key that is *no secret*, so that every page carries an HMAC and a single changed byte is
found out. tuf itself never calls fsync; with two of its files zeroed it took a replay, which is why no file of it is
trusted here (``trust.py`` builds them anew from these rows).
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlcipher3.dbapi2 as sqlite

from edge.durable import clear, own_folder, swap, sync_folder
from edge.errors import UpdateStoreError
from edge.sealed import opened_sealed
from edge.update.release import Version, read_version

APPLICATION_ID: Final = 0x51535550
"""Marks the file as Quietstep's update trust ("QSUP")."""
VERSION: Final = 1
FILE: Final = "update.db"
OPEN_KEY: Final = hashlib.sha256(b"quietstep update trust: a checksum, not a secret").hexdigest()
_WAIT_S: Final = 5.0
_TABLES: Final = (
    "CREATE TABLE metadata (role TEXT PRIMARY KEY, content BLOB NOT NULL, sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE standing (n INTEGER PRIMARY KEY CHECK (n = 1), device_id TEXT NOT NULL, "
    "time_floor_s INTEGER NOT NULL, version_floor TEXT NOT NULL, timestamp_etag TEXT, "
    "last_try_s INTEGER, last_good_s INTEGER, n_failures INTEGER NOT NULL) STRICT",
    "CREATE TABLE cut_download (name TEXT PRIMARY KEY, validator TEXT NOT NULL) STRICT, WITHOUT ROWID",
)
_DO: Final = "No update is taken; the model that runs goes on. "


class Metadata(msgspec.Struct, frozen=True):
    """One role's trusted metadata, byte for byte as it was signed."""

    role: str
    content: bytes


class Standing(msgspec.Struct, frozen=True):
    """Where this device stands; times in whole seconds since 1970, ``device_id`` random and never sent anywhere."""

    device_id: str
    time_floor_s: int
    version_floor: str
    timestamp_etag: str | None
    last_try_s: int | None
    last_good_s: int | None
    n_failures: int


class TrustStore:
    """The one way to read and change update.db; ``open_trust_store`` gives it."""

    def __init__(self, connection: Any, path: Path) -> None:
        self._connection = connection
        self._path = path

    @property
    def standing(self) -> Standing:
        """Floors, polls and the device's own random number."""
        with _explained(self._path):
            cursor = self._connection.execute("SELECT * FROM standing")
            names = [column[0] for column in cursor.description][1:]
            row = cursor.fetchone()
        if row is None:
            raise _damaged(self._path)
        return msgspec.convert(dict(zip(names, row[1:], strict=True)), Standing)

    @property
    def version_floor(self) -> Version:
        """No release below it is taken."""
        return read_version(self.standing.version_floor)

    def metadata(self) -> tuple[Metadata, ...]:
        """All trusted metadata."""
        with _explained(self._path):
            rows = self._connection.execute("SELECT role, content, sha256 FROM metadata ORDER BY role").fetchall()
        # SQLCipher hands out a damaged overflow page without a word, so long contents carry their own digest.
        if any(_sha256(content) != sha256 for _, content, sha256 in rows):
            raise _damaged(self._path)
        return tuple(Metadata(role, content) for role, content, _ in rows)

    def keep(self, trusted: Iterable[Metadata], time_floor_s: int, timestamp_etag: str | None) -> None:
        """Put newer trusted metadata in place of older, and raise the time floor, in one transaction."""
        with self._changing():
            for one in trusted:
                row = (one.role, one.content, _sha256(one.content))
                self._connection.execute("INSERT OR REPLACE INTO metadata VALUES (?, ?, ?)", row)
            change = "UPDATE standing SET time_floor_s = max(time_floor_s, ?), timestamp_etag = ?"
            self._connection.execute(change, (time_floor_s, timestamp_etag))

    def raise_version_floor(self, version: str) -> None:
        """To be called when a release is committed; a lower version changes nothing."""
        with self._changing():
            if read_version(version) > self.version_floor:
                self._connection.execute("UPDATE standing SET version_floor = ?", (version,))

    def note_poll(self, now_s: int, *, good: bool) -> None:
        """Remember a poll: what ``poll.py`` decides the next one from."""
        good_s, failures = ("?", "0") if good else ("last_good_s", "n_failures + 1")
        values = (now_s, now_s) if good else (now_s,)
        with self._changing():
            change = f"UPDATE standing SET last_try_s = ?, last_good_s = {good_s}, n_failures = {failures}"
            self._connection.execute(change, values)

    def validator(self, name: str) -> str | None:
        """What the server said of the bytes of a cut download (ETag or Last-Modified), or None."""
        with _explained(self._path):
            row = self._connection.execute("SELECT validator FROM cut_download WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def keep_validator(self, name: str, validator: str | None) -> None:
        """Remember it for the only download that can be cut; None forgets."""
        if validator is None and self.validator(name) is None:
            return
        with self._changing():
            self._connection.execute("DELETE FROM cut_download")
            if validator is not None:
                self._connection.execute("INSERT INTO cut_download VALUES (?, ?)", (name, validator))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """One transaction, all of it or nothing; on disk when the block ends."""
        with _explained(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                _commit(self._connection)
            except BaseException:
                with contextlib.suppress(sqlite.Error):
                    self._connection.execute("ROLLBACK")
                raise


@contextlib.contextmanager
def open_trust_store(folder: Path, build_s: int, version: str) -> Iterator[TrustStore]:
    """Open ``folder/update.db``, made where there never was one; raises UpdateStoreError.

    ``build_s`` (when this Quietstep was built) and ``version`` (of the model that came with it) are the floors of a
    new file, and raise those of an old one.
    """
    path = folder / FILE
    read_version(version)
    with _alone(path):
        if not path.exists():
            _create(path, build_s, version)
        with _opened(path) as connection:
            _refuse_foreign(connection, path)
            for pragma in ("journal_mode = WAL", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            _mark(path)
            store = TrustStore(connection, path)
            if store.standing.time_floor_s < build_s:
                store.keep(store.metadata(), build_s, store.standing.timestamp_etag)
            store.raise_version_floor(version)
            yield store


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One updater at a time; the lock ends with its process."""
    try:
        own_folder(path.parent)
        handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UpdateStoreError(f"{path} held by another updater", "one at a time", "Try again in a while.") from None
    finally:
        os.close(handle)


def _create(path: Path, build_s: int, version: str) -> None:
    if _marker(path).exists():
        do = _DO + f"Put it back; or, if it is lost, remove {_marker(path).name} beside it, which starts trust anew."
        raise UpdateStoreError(f"no file {path} although there was one", "the update trust", do)
    half = path.with_name(path.name + ".new")
    try:
        for stale in (half, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))):
            clear(stale)  # an old log would be played into the new file
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with _opened(half) as connection:
            for pragma in ("synchronous = FULL", f"application_id = {APPLICATION_ID}", f"user_version = {VERSION}"):
                connection.execute(f"PRAGMA {pragma}")
            for table in _TABLES:
                connection.execute(table)
            values = (secrets.token_hex(16), build_s, version)
            connection.execute("INSERT INTO standing VALUES (1, ?, ?, ?, NULL, NULL, NULL, 0)", values)
        swap(half, path)
    except OSError as error:
        raise _unwritable(path, error) from None


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _commit(connection: Any) -> None:
    connection.execute("COMMIT")


def _marker(path: Path) -> Path:
    """Tells a device that never had a trust from one that lost it."""
    return path.with_name(path.name + ".made")


def _mark(path: Path) -> None:
    if not _marker(path).exists():
        try:
            os.close(os.open(_marker(path), os.O_WRONLY | os.O_CREAT, 0o600))
            sync_folder(path.parent)
        except OSError as error:
            raise _unwritable(path, error) from None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A connection in autocommit; what the database says against it becomes an UpdateStoreError."""
    with _explained(path), opened_sealed(path, "rw", OPEN_KEY, _WAIT_S) as connection:
        yield connection


def _refuse_foreign(connection: Any, path: Path) -> None:
    """Raise unless the file is ours, whole and not of a newer version; what its log holds is put into it on the way."""
    mark, version = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if mark == APPLICATION_ID and version > VERSION:
        found = f"an update trust at {path} of a newer Quietstep (version {version})"
        raise UpdateStoreError(found, f"version {VERSION}", _DO + "Update Quietstep.")
    tables = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if mark != APPLICATION_ID or tables != set(_TABLES):
        raise _damaged(path)
    # The next check reads the file past its log: pages that a power cut tore while they were copied out of the log are
    # whole in the log, and only there.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    # Every page's HMAC, also of pages that no query and no quick_check happens to read.
    whole = not connection.execute("PRAGMA cipher_integrity_check").fetchall()
    whole = whole and connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    if not whole:
        raise _damaged(path)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite.Error as error:
        said = str(error).lower()
        if any(word in said for word in ("not a database", "malformed", "disk i/o")):
            raise _damaged(path) from None
        raise _unwritable(path, error) from None


def _damaged(path: Path) -> UpdateStoreError:
    do = _DO + f"Move {path.name} and {_marker(path).name} away, which starts trust anew from the built-in root."
    return UpdateStoreError(f"a damaged file, or one of another kind, at {path}", "the update trust, whole", do)


def _unwritable(path: Path, error: Exception) -> UpdateStoreError:
    found = f"no way to read or write {path} ({error})"
    return UpdateStoreError(found, "a file of this user", _DO + "Check the folder's permissions and the disk.")
