"""Connections to the encrypted file, and every database error turned into a sentence.

Promises: SQLCipher with a raw 256-bit key; a writer in WAL with ``synchronous=FULL`` (measured: nothing
acknowledged is lost in a power cut) whose transactions begin IMMEDIATE; a reader that cannot write and never
blocks the writer. Refuses to let a key into a message: SQLAlchemy hides parameters and SQLCipher's own log is off.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy.pool import StaticPool

from edge.diary.pages import PAGE_BYTES, FileState, examine
from edge.errors import (
    DiaryBusyError,
    DiaryDamagedError,
    DiaryError,
    DiaryFullError,
    DiaryKeyError,
    DiaryReadOnlyError,
)

WAIT_MS: Final = 2000
LITTLE_ROOM_BYTES: Final = 1 << 20
_BOTH: Final = ("cipher_log_level = NONE", "temp_store = MEMORY", "trusted_schema = OFF")
_WRITER: Final = ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON", "cell_size_check = ON")
_READER: Final = ("query_only = ON",)


def writer_engine(path: Path, key: bytes) -> sa.Engine:
    """The one engine that may write; opens on first use."""
    return _engine(str(path), {}, key, (f"busy_timeout = {WAIT_MS}", *_BOTH, *_WRITER), "BEGIN IMMEDIATE")


def reader_engine(path: Path, key: bytes) -> sa.Engine:
    """An engine that can only read.

    A reader of a WAL file needs a little shared memory beside it. Where the folder cannot be written and no writer
    left anything in the log, the file cannot change, and is read as it stands.
    """
    still = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    query = {"uri": "true", "mode": "ro", **({"immutable": "1"} if still else {})}
    quoted = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return _engine(f"file:{quoted}", query, key, (f"busy_timeout = {WAIT_MS}", *_BOTH, *_READER), "BEGIN")


def _engine(database: str, query: dict[str, str], key: bytes, pragmas: tuple[str, ...], begin: str) -> sa.Engine:
    url = sa.URL.create("sqlite+pysqlcipher", password=f"x'{key.hex()}'", database=database, query=query)
    engine = sa.create_engine(url, module=sqlcipher, poolclass=StaticPool, hide_parameters=True)

    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN would come too late and is DEFERRED
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", on_begin)
    return engine


def outside_transaction(engine: sa.Engine, pragma: str) -> list[tuple[Any, ...]]:
    """Run one PRAGMA or VACUUM that must not be in a transaction."""
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        return list(driver.execute(pragma).fetchall())
    finally:
        pooled.close()


@contextmanager
def explained(path: Path, key: bytes) -> Iterator[None]:
    """Turn whatever the database says inside the block into a DiaryError."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlcipher.Error) as error:
        raise explain(str(getattr(error, "orig", error)), path, key) from None


def explain(message: str, path: Path, key: bytes) -> DiaryError:
    """The DiaryError for one of SQLite's messages (the driver gives no codes)."""
    said = message.lower()
    if "not a database" in said or "malformed" in said:
        return _not_readable(path, key)
    if "disk is full" in said or ("disk i/o" in said and _little_room(path)):
        return DiaryFullError(
            f"no room left to write {path}",
            "a few megabytes",
            "Free some space; what happened since is kept in memory and written as soon as there is room.",
        )
    if "readonly" in said or "read-only" in said or "unable to open" in said:
        return read_only(path)
    if "is locked" in said or "busy" in said:
        return DiaryBusyError(
            f"{path} held by another process", "a diary with one writer", "It is tried again at the next minute."
        )
    return DiaryError(
        f"a database error at {path} ({message})",
        "a diary that can be read and written",
        "Check the disk; if it goes on, stop the service and restore a backup.",
    )


def read_only(path: Path) -> DiaryReadOnlyError:
    """No permission, or a read-only file system."""
    return DiaryReadOnlyError(
        f"no permission to open or write {path}",
        "a file in a folder that this user may write to",
        "Change the folder's permissions, or name another data folder in quietstep.toml.",
    )


def _little_room(path: Path) -> bool:
    room = os.statvfs(path.parent)
    return room.f_bavail * room.f_frsize < LITTLE_ROOM_BYTES


def _not_readable(path: Path, key: bytes) -> DiaryError:
    state = examine(path, key)
    if state is FileState.PLAIN:
        return not_a_diary(path, "an unencrypted SQLite database")
    if state is FileState.NO_PAGE_OPENS and path.stat().st_size % PAGE_BYTES == 0:
        return DiaryKeyError(
            f"a file at {path} of which no page opens with this key",
            "the key that the diary was written with",
            "Name the right key file with QUIETSTEP_KEY_FILE; nothing was changed.",
        )
    if state is FileState.NO_PAGE_OPENS:
        return not_a_diary(path, "a file of another kind, or one that is damaged all over")
    return DiaryDamagedError(
        f"a damaged diary at {path} (the key is right)",
        "every page whole",
        "Nothing was changed. Restore a backup, or move the file away to begin a new diary.",
    )


def not_a_diary(path: Path, what: str) -> DiaryDamagedError:
    """Something that Quietstep did not write."""
    return DiaryDamagedError(
        f"{what} at {path}",
        "a Quietstep diary, or no file at all",
        "Nothing was changed. Move the file away, or name another data folder in quietstep.toml.",
    )
