"""Copies of the diary: made while it is being written, and proven before they bear their name.

Promises: a copy is of one moment, under a key, and is opened again from the disk, checked page by page and compared
row by row with that moment before it gets its name; half a copy never carries it. Refuses to write over a file.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import sqlcipher3.dbapi2 as sqlcipher

from edge.diary.copies import remove
from edge.diary.engine import explained, reader_engine
from edge.durable import sync_folder
from edge.errors import DiaryDamagedError, DiaryError, DiaryReadOnlyError

HALF: Final = ".new"


def back_up(engine: sa.Engine, path: Path, key: bytes, label: str) -> Path:
    """A proven copy beside the diary, under the same key, in the place of an earlier one of that label."""
    target = path.with_name(f"{path.name}.{label}")
    half = target.with_name(target.name + HALF)
    remove((half,))
    copy_proven(engine, half, key)
    half.rename(target)
    sync_folder(target.parent)
    return target


def write_backup(diary: Path, key: bytes, target: Path) -> int:
    """``quietstep backup``: a proven copy anywhere; how many rows it holds. Does not hold up a running monitor."""
    if target.exists():
        raise DiaryError(f"a file at {target} already", "a name that is free", "Name another, or move it away.")
    half = target.with_name(target.name + HALF)
    engine = reader_engine(diary, key)
    try:
        if half.exists():
            remove((half,))
        with explained(diary, key):
            n_rows = copy_proven(engine, half, key)
        half.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise DiaryReadOnlyError(
            f"no way to write a backup to {target} ({error.strerror})",
            "a folder that this user may write to, with room",
            "Name another place; the diary is as it was.",
        ) from None
    finally:
        engine.dispose()
    return n_rows


def copy_proven(engine: sa.Engine, half: Path, key: bytes) -> int:
    """Copy what ``engine`` sees in this moment into the new file ``half``, under ``key``, and prove it; its rows.

    On the disk when this returns; on any failure nothing is left of it. Raises DiaryDamagedError for a copy that is
    not equal.
    """
    os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with _one_moment(engine) as original:
            with _opened(half, key) as copy:
                original.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, no log beside it
            meant = fingerprint(original)
        _fsync(half)
        with _opened(half, key) as copy:
            n_rows = _prove(copy, meant, half)
    except BaseException:
        remove((half,))
        raise
    return n_rows


def fingerprint(connection: Any) -> bytes:
    """SHA-256 over schema and every row of every table, in an order of their own."""
    digest = hashlib.sha256()
    listed = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    for name, sql in listed:
        digest.update(repr((name, sql)).encode())
        n_columns = len(connection.execute(f'PRAGMA table_info("{name}")').fetchall())
        order = ", ".join(map(str, range(1, min(n_columns, 3) + 1)))
        for row in connection.execute(f'SELECT * FROM "{name}" ORDER BY {order}'):
            digest.update(repr(row).encode())
    return digest.digest()


def damaged_pages(connection: Any) -> list[str]:
    """What the pages' own proofs and SQLite's structure say; empty when both are in order."""
    pages = [str(said) for (said,) in connection.execute("PRAGMA cipher_integrity_check").fetchall()]
    structure = [str(said) for (said,) in connection.execute("PRAGMA integrity_check").fetchall() if said != "ok"]
    return pages + structure


def _prove(copy: Any, meant: bytes, half: Path) -> int:
    if damaged_pages(copy) or fingerprint(copy) != meant:
        raise DiaryDamagedError(
            f"a copy at {half} that is not equal to the diary",
            "a copy that is equal, row by row",
            "Nothing was changed. Check the disk.",
        )
    return int(copy.execute("SELECT count(*) FROM trend").fetchone()[0])


@contextmanager
def _one_moment(engine: sa.Engine) -> Iterator[Any]:
    pooled = engine.raw_connection()
    original: Any = pooled.driver_connection
    try:
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield original
    finally:
        original.execute("ROLLBACK")
        pooled.close()


@contextmanager
def _opened(file: Path, key: bytes) -> Iterator[Any]:
    connection = sqlcipher.connect(str(file), isolation_level=None)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        yield connection
    finally:
        connection.close()


def _fsync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
