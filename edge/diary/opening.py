"""Making a diary's file, and everything that is checked before one is opened.

Promises: half a diary never carries the real name; a file that is not this home's whole diary is a sentence and
stays as it is. Refuses a second writer (an exclusive lock on a file beside the diary, gone with its process).
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from edge.diary import schema
from edge.diary.engine import explained, not_a_diary, read_only, reader_engine, writer_engine
from edge.diary.migrate import revision_of, upgrade
from edge.diary.pages import FileState, examine
from edge.durable import sync_folder
from edge.errors import DiaryBusyError, DiaryDamagedError, DiaryError, DiaryVersionError

Kind = Literal["home", "demo"]


def lock_out_others(path: Path) -> int:
    """Become the one writer; the descriptor holds the right until it is closed."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        raise read_only(path) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DiaryBusyError(
            f"another process that already writes {path}",
            "one writer",
            "Stop the other one (`quietstep run` or `demo`), or name another data folder.",
        ) from None
    return lock


@contextmanager
def the_one_writer(path: Path) -> Iterator[None]:
    """Hold the right to write a diary; DiaryBusyError while somebody else does."""
    lock = lock_out_others(path)
    try:
        yield
    finally:
        os.close(lock)


def create(path: Path, key: bytes, kind: Kind) -> None:
    """Build the file under another name, so that half a diary never carries the real one."""
    half = path.with_name(path.name + ".new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        half.with_name(half.name + suffix).unlink(missing_ok=True)
    engine = writer_engine(half, key)
    try:
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with explained(half, key):
            upgrade(engine, half, key)
            with engine.begin() as connection:
                connection.execute(sa.insert(schema.META).values(id=1, kind=kind))
    except OSError:
        raise read_only(path) from None
    finally:
        engine.dispose()
    with half.open("rb") as file:
        os.fsync(file.fileno())
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    half.rename(path)
    sync_folder(path.parent)


def check(engine: sa.Engine, path: Path, key: bytes, kind: Kind) -> None:
    """Ours, whole, of a known schema (upgraded where it is older), with nothing but the whitelist, of this kind."""
    _look_before_writing(path, key)
    upgrade(engine, path, key)
    with engine.begin() as connection:
        unknown = schema.differences(connection)
        if unknown:
            raise not_a_diary(path, f"a database with another schema ({unknown[0]})")
        found = kind_of(connection)
    if found != kind:
        raise DiaryError(
            f"a diary of kind {found!r} at {path}",
            f"one of kind {kind!r}, so that a demonstration and a home never mix",
            "Name another data folder.",
        )


def _look_before_writing(path: Path, key: bytes) -> None:
    """Becoming a writer changes the first page, so a file that is not ours is found out by a reader."""
    reader = reader_engine(path, key)
    try:
        with reader.begin() as connection:
            own_revision(connection, path)
            if connection.exec_driver_sql("PRAGMA quick_check(1)").all() != [("ok",)]:
                raise not_a_diary(path, "a diary whose tables are damaged")
    finally:
        reader.dispose()


def own_revision(connection: sa.Connection, path: Path) -> str:
    """The schema's revision; DiaryDamagedError unless the file bears the mark of a Quietstep diary."""
    marked = connection.exec_driver_sql("PRAGMA application_id").scalar() == schema.APPLICATION_ID
    revision = revision_of(connection)
    if not marked or revision is None:
        raise not_a_diary(path, "another program's encrypted database")
    return revision


def kind_of(connection: sa.Connection) -> str:
    """What `meta` says."""
    kind = connection.execute(sa.select(schema.META.c.kind)).scalar()
    return str(kind)


def refuse_cut_short(path: Path, key: bytes) -> None:
    """SQLite takes a file of less than a page for a new database; here it is what is left of a diary."""
    try:
        state = examine(path, key)
    except OSError:
        raise read_only(path) from None
    if state is FileState.CUT_SHORT:
        raise DiaryDamagedError(
            f"an empty or almost empty file where the diary should be ({path})",
            "the diary",
            "Restore a backup, or move the file away to begin a new diary.",
        )


def older(path: Path, revision: str) -> DiaryVersionError:
    """A reader cannot upgrade."""
    return DiaryVersionError(
        f"a diary at {path} of an older schema ({revision})",
        f"schema {schema.REVISION}",
        "Start `quietstep run` once: it makes a backup and brings the diary up to date.",
    )
