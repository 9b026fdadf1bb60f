"""A backup becomes the diary again.

Promises: the backup is proven before anything is touched, and the new diary before the old one goes; what was erased
since stays erased, for the receipts say what (`edge.diary.receipts`). Refuses a backup of another key, of a newer
schema or of another kind. Its rows are those of the backup: what the diary had beyond them is counted beforehand.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from edge.diary import day_table, receipts, schema
from edge.diary.backup import copy_proven, damaged_pages
from edge.diary.copies import remove
from edge.diary.day_rows import DayRow, without_hours
from edge.diary.engine import explained, outside_transaction, reader_engine, writer_engine
from edge.diary.minutes import MINUTE_S
from edge.diary.opening import kind_of, own_revision, refuse_cut_short
from edge.diary.receipts import Receipt
from edge.diary.replace import put_in_place
from edge.diary.store import DiaryReader
from edge.errors import DiaryDamagedError, DiaryError, DiaryKeyError

FIRST_WITH_DAYS: Final = "0002"
"""The schema; backups of the one before hold hours only, and the next start upgrades them."""
FIRST_WITH_ANNOTATIONS: Final = "0003"


class Contents(msgspec.Struct, frozen=True):
    """What a backup holds, and how many rows the diary has that it does not (None: the diary does not open)."""

    n_rows: int
    kind: str
    n_lost: int | None


def examine_backup(diary: Path, key_path: Path, key: bytes, file: Path) -> Contents:
    """Prove a backup and compare it with the diary; changes nothing. Raises DiaryError when it is no whole backup."""
    if not file.is_file():
        raise DiaryError(f"no file at {file}", "a backup made with `quietstep backup`", "Check the path.")
    refuse_cut_short(file, key)
    engine = reader_engine(file, key)
    try:
        with explained(file, key), engine.begin() as connection:
            has_days = own_revision(connection, file) >= FIRST_WITH_DAYS
            _refuse_damaged(connection, file)
            kind, kept = kind_of(connection), _names(connection)
            days = day_table.days(connection) if has_days else ()
    finally:
        engine.dispose()
    return Contents(len(kept), kind, _n_lost(diary, key_path, kind, kept, days))


def restore(diary: Path, key: bytes, file: Path) -> int:
    """Put a backup that `examine_backup` has proven in the diary's place; how many rows were taken out again because
    they had been erased. The caller holds the right to write."""
    half, kept = (diary.with_name(f"{diary.name}.{name}") for name in ("restoring", "before-restore"))
    engine = reader_engine(file, key)
    try:
        if half.exists():
            remove((half,))
        with explained(file, key):
            copy_proven(engine, half, key)
    finally:
        engine.dispose()
    n_again = _erase_again(diary, half, key)
    _close_log(diary, key)
    put_in_place(half, diary, kept)
    _prove(diary, key)
    if kept.exists():
        remove((kept,))
    return n_again


def _erase_again(diary: Path, half: Path, key: bytes) -> int:
    engine = writer_engine(half, key)
    n_rows = 0
    try:
        with explained(half, key):
            with engine.begin() as connection:
                revision = own_revision(connection, half)
                has_days, has_notes = revision >= FIRST_WITH_DAYS, revision >= FIRST_WITH_ANNOTATIONS
                for receipt in receipts.read(diary):
                    rows, buckets, days = _of_before(receipt)
                    if has_notes:
                        connection.execute(sa.delete(schema.ANNOTATION).where(receipt.asked.touched_annotations()))
                    if has_days:
                        connection.execute(sa.delete(schema.DAY).where(days))
                    n_rows += connection.execute(sa.delete(schema.TREND).where(rows)).rowcount
                    connection.execute(sa.delete(schema.OPEN_BUCKET).where(buckets))
            for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA journal_mode = DELETE"):
                outside_transaction(engine, step)
    finally:
        engine.dispose()
    return n_rows


def _of_before(receipt: Receipt) -> tuple[sa.ColumnElement[bool], ...]:
    """What an erasure took: of its stretch, and booked before it began. What came later was never meant.

    A day row goes whole: whether it still counts what was erased cannot be seen. Where its hours are there it is
    written anew; a day of which a part was erased and whose hours have gone since does not come back.
    """
    trend, bucket, day, asked = schema.TREND.c, schema.OPEN_BUCKET.c, schema.DAY.c, receipt.asked
    closed = trend.bucket_start_s + trend.bucket_length_s <= receipt.begun_s
    booked = bucket.booked_until_minute * MINUTE_S <= receipt.begun_s
    over = day.day_start_s + day.day_length_s <= receipt.begun_s
    touched = (asked.touched_rows(), asked.touched_open(), asked.touched_days())
    return tuple(sa.and_(*both) for both in zip(touched, (closed, booked, over), strict=True))


def _close_log(diary: Path, key: bytes) -> None:
    """Take the old diary's log into its file, if it still opens."""
    if not diary.exists():
        return
    engine = writer_engine(diary, key)
    try:
        with explained(diary, key):
            outside_transaction(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    except (DiaryError, OSError):
        return
    finally:
        engine.dispose()


def _prove(diary: Path, key: bytes) -> None:
    engine = reader_engine(diary, key)
    try:
        with explained(diary, key), engine.begin() as connection:
            own_revision(connection, diary)
            _refuse_damaged(connection, diary)
    finally:
        engine.dispose()


def _refuse_damaged(connection: sa.Connection, file: Path) -> None:
    driver = connection.connection.driver_connection
    if said := damaged_pages(driver):
        raise DiaryDamagedError(f"a damaged file at {file} ({said[0]})", "every page whole", "Use another backup.")


def _names(connection: sa.Connection) -> set[tuple[int, str]]:
    found = connection.execute(sa.select(schema.TREND.c.bucket_start_s, schema.TREND.c.place))
    return {(int(start_s), str(place)) for start_s, place in found}


def _n_lost(diary: Path, key_path: Path, kind: str, kept: set[tuple[int, str]], days: Sequence[DayRow]) -> int | None:
    """Hours that the backup lacks, and days of which no hour is left and that it has neither as day nor as hours."""
    try:
        with DiaryReader.open(diary, key_path) as reader:
            if reader.kind() != kind:
                raise DiaryError(f"a backup of kind {kind!r}", f"one of kind {reader.kind()!r}", "Use another backup.")
            hours = {(row.bucket_start_s, row.place) for row in reader.rows()}
            alone = without_hours(without_hours(reader.days(), hours), kept)
            return len(hours - kept) + len(_starts(alone) - _starts(days))
    except (DiaryDamagedError, DiaryKeyError):
        return None
    except DiaryError:
        if diary.exists():
            raise
        return None


def _starts(days: Sequence[DayRow]) -> set[tuple[int, str]]:
    return {(day.day_start_s, day.place) for day in days}
