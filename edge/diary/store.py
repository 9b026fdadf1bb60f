"""The diary's file: one writer, any number of readers, encrypted.

Promises: what `save` returned from is on disk; rows and checkpoints of one call are there together or not at all.
A file that does not open, whatever the reason, is a sentence and stays as it is: never an empty diary in its place.
Refuses a second writer, a demonstration's diary as a home's, and a schema with anything beyond the whitelist.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from edge.diary import day_table, schema
from edge.diary.backup import damaged_pages
from edge.diary.booking import OpenBucket
from edge.diary.day_rows import DayRow
from edge.diary.engine import explained, outside_transaction, reader_engine, writer_engine
from edge.diary.key import create_key, key_path_for, read_key
from edge.diary.migrate import newer
from edge.diary.opening import Kind, check, create, kind_of, lock_out_others, older, own_revision, refuse_cut_short
from edge.diary.records import bucket_of_record, record_of_bucket, record_of_row, row_of_record
from edge.diary.rotate import key_that_opens, settle
from edge.diary.span import EVERYTHING, Span
from edge.diary.traces import USUAL_DAYS_S, Traces
from edge.diary.trend import TrendRow
from edge.errors import DiaryBusyError, DiaryError

USUAL_LENGTH_S: Final = 3600


class Gone(NamedTuple):
    """Closed buckets, those of them (and of the days) that lie only partly in the stretch, open buckets, days of
    which only the day was left, and annotations."""

    n_rows: int
    n_partly: int
    n_open: int
    n_days: int
    n_annotations: int


class DiaryReader:
    """Reads a diary; never blocks its writer, cannot change anything."""

    def __init__(self, engine: sa.Engine, path: Path, key: bytes) -> None:
        self._engine = engine
        self._path = path
        self._key = key

    @classmethod
    def open(cls, path: Path, key_path: Path | None = None) -> Self:
        """Open for reading; raises DiaryError when there is no diary, or it does not open with this key."""
        if not path.exists():
            raise DiaryError(f"no diary at {path}", "a diary to read", "Run `quietstep run` or `quietstep demo` first.")
        key = key_that_opens(path, key_path_for(path, key_path))
        engine = reader_engine(path, key)
        try:
            refuse_cut_short(path, key)
            with explained(path, key), engine.begin() as connection:
                revision = own_revision(connection, path)
                if revision > schema.REVISION:
                    raise newer(path, revision)
                if revision < schema.REVISION:
                    raise older(path, revision)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, path, key)

    def kind(self) -> Kind:
        """A home's diary or a demonstration's."""
        with self.reading() as connection:
            return "demo" if kind_of(connection) == "demo" else "home"

    def rows(self, from_s: int | None = None, to_s: int | None = None) -> tuple[TrendRow, ...]:
        """Rows whose bucket starts in [from_s, to_s), by time and place."""
        trend = schema.TREND
        query = sa.select(trend).order_by(trend.c.bucket_start_s, trend.c.place)
        if from_s is not None:
            query = query.where(trend.c.bucket_start_s >= from_s)
        if to_s is not None:
            query = query.where(trend.c.bucket_start_s < to_s)
        with self.reading() as connection:
            return tuple(row_of_record(record) for record in connection.execute(query).mappings())

    def days(self, from_s: int | None = None, to_s: int | None = None) -> tuple[DayRow, ...]:
        """Day rows that start in [from_s, to_s), by time and place."""
        with self.reading() as connection:
            return day_table.days(connection, from_s, to_s)

    def hours_gone_until_s(self) -> int | None:
        """Where the newest day ends of which no hour is left; None where there is no such day."""
        with self.reading() as connection:
            return day_table.hours_gone_until_s(connection)

    def touched(self, span: Span) -> Gone:
        """What lies in a stretch, wholly or partly."""
        with self.reading() as connection:
            return Gone(*_touched(connection, span))

    def traces(self, span: Span, places: frozenset[str] = frozenset()) -> Traces:
        """What to look for once a stretch was erased; ``places`` are further names to look for."""
        trend, bucket, day = schema.TREND.c, schema.OPEN_BUCKET.c, schema.DAY.c
        with self.reading() as connection:
            known = {
                *connection.scalars(sa.select(trend.place).distinct()),
                *connection.scalars(sa.select(bucket.place)),
                *connection.scalars(sa.select(day.place).distinct()),
            }
            lengths = connection.scalars(sa.select(trend.bucket_length_s).union(sa.select(bucket.length_s)))
            day_lengths = connection.scalars(sa.select(day.day_length_s).distinct())
            notes = connection.execute(sa.select(schema.ANNOTATION).where(span.touched_annotations())).all()
            starts = connection.scalars(sa.select(trend.bucket_start_s).where(span.touched_rows()))
            return Traces(
                span,
                places | known,
                frozenset(lengths) | {USUAL_LENGTH_S},
                frozenset(starts),
                frozenset(day_lengths) | USUAL_DAYS_S,
                frozenset((int(day_s), str(text)) for _n, day_s, text in notes),
            )

    def damage(self) -> list[str]:
        """What the pages' own proofs and SQLite's structure say; empty when both are in order."""
        with self.reading() as connection:
            return damaged_pages(connection.connection.driver_connection)

    def last_start_s(self) -> int | None:
        """When the newest bucket starts, or day where there is none any more; None in an empty diary."""
        with self.reading() as connection:
            for newest in (sa.func.max(schema.TREND.c.bucket_start_s), sa.func.max(schema.DAY.c.day_start_s)):
                if (start_s := connection.execute(sa.select(newest)).scalar()) is not None:
                    return int(start_s)
        return None

    def differences(self) -> tuple[str, ...]:
        """What the live schema has beyond the whitelist or lacks of it."""
        with self.reading() as connection:
            return schema.differences(connection)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One moment of the diary. Raises DiaryError."""
        with explained(self._path, self._key), self._engine.begin() as connection:
            yield connection


class Store(DiaryReader):
    """The one writer; a `Ledger` for `edge.diary.diary.Diary`."""

    _lock: int | None = None

    @classmethod
    def open(cls, path: Path, key_path: Path | None = None, kind: Kind = "home") -> Self:
        """Open for writing; the first time makes key and diary. Raises DiaryError (see `edge.errors`)."""
        lock = lock_out_others(path)
        try:
            store = cls._open_locked(path, key_path_for(path, key_path), kind)
        except BaseException:
            os.close(lock)
            raise
        store._lock = lock
        return store

    @staticmethod
    def read_only(path: Path, key_path: Path | None = None) -> DiaryReader:
        """Open for reading, beside a running writer."""
        return DiaryReader.open(path, key_path)

    @classmethod
    def _open_locked(cls, path: Path, key_path: Path, kind: Kind) -> Self:
        if not path.exists():
            key = read_key(key_path) if key_path.exists() else create_key(key_path)
            create(path, key, kind)
        settle(path, key_path)
        key = read_key(key_path)
        refuse_cut_short(path, key)
        engine = writer_engine(path, key)
        try:
            with explained(path, key):
                check(engine, path, key, kind)
        except BaseException:
            engine.dispose()
            raise
        store = cls(engine, path, key)
        # A power cut while the log was taken into the file tears pages there; those in the log are whole.
        store.forget_old_pages()
        return store

    def load(self) -> Sequence[OpenBucket]:
        """The checkpoints of the last run."""
        bucket = schema.OPEN_BUCKET
        with self.reading() as connection:
            records = connection.execute(sa.select(bucket).order_by(bucket.c.place)).mappings()
            return tuple(bucket_of_record(record) for record in records)

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        """One commit. Raises DiaryFullError and others; then nothing of it was kept and it may be tried again."""
        with self.writing() as connection:
            if rows:
                _insert_rows(connection, rows)
            for bucket in buckets:
                _put_bucket(connection, bucket)
        if rows:
            self.forget_old_pages()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One commit around the block. Raises DiaryError; then nothing of it was kept."""
        with explained(self._path, self._key), self._engine.begin() as connection:
            yield connection

    def erase(self, span: Span = EVERYTHING) -> Gone:
        """Erase what was observed in a stretch, on the disk too. The key and the kind stay.

        Freed pages are overwritten, the log is emptied and the file rewritten; backups are not this method's (see
        `edge.diary.erase`). An open bucket that reaches into the stretch goes whole, and so does a day row: of the
        hours that are left of it the job writes it anew (`edge.diary.rolling`).
        """
        with explained(self._path, self._key):
            with self._engine.begin() as connection:
                gone = Gone(*_touched(connection, span))
                connection.execute(sa.delete(schema.ANNOTATION).where(span.touched_annotations()))
                connection.execute(sa.delete(schema.DAY).where(span.touched_days()))
                connection.execute(sa.delete(schema.TREND).where(span.touched_rows()))
                connection.execute(sa.delete(schema.OPEN_BUCKET).where(span.touched_open()))
            for step in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                self._refuse_busy(outside_transaction(self._engine, step))
        return gone

    def close(self) -> None:
        """Let go of the file and of the right to write."""
        super().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _refuse_busy(self, answer: list[tuple[object, ...]]) -> None:
        if answer and answer[0][0] != 0:
            raise DiaryBusyError(
                "a reader that still looks at what was erased",
                "nobody reading while old pages are overwritten",
                "Close it and erase again; the rows are gone from the tables already.",
            )

    def forget_old_pages(self) -> None:
        """Take the log into the file, now if nobody is in the way."""
        # The log would keep earlier versions of the open bucket, finer than a bucket. What was saved is already
        # safe in it, so a reader in the way or a full disk only puts this off until the next closed bucket.
        with contextlib.suppress(DiaryError), explained(self._path, self._key):
            outside_transaction(self._engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def _touched(connection: sa.Connection, span: Span) -> tuple[int, int, int, int, int]:
    conditions = ((schema.TREND, span.touched_rows()), (schema.TREND, span.partly_inside()))
    counted = [sa.select(sa.func.count()).select_from(table).where(condition) for table, condition in conditions]
    counted.append(sa.select(sa.func.count()).select_from(schema.OPEN_BUCKET).where(span.touched_open()))
    notes = sa.select(sa.func.count()).select_from(schema.ANNOTATION).where(span.touched_annotations())
    counted.append(notes)
    n_rows, n_partly, n_open, n_annotations = (int(connection.execute(query).scalar_one()) for query in counted)
    n_days = day_table.count(connection, day_table.alone(span))
    n_partly += day_table.count(connection, sa.and_(day_table.alone(span), span.days_partly_inside()))
    return n_rows, n_partly, n_open, n_days, n_annotations


def _insert_rows(connection: sa.Connection, rows: Sequence[TrendRow]) -> None:
    statement = insert(schema.TREND).on_conflict_do_nothing(index_elements=["bucket_start_s", "place"])
    connection.execute(statement, [record_of_row(row) for row in rows])


def _put_bucket(connection: sa.Connection, bucket: OpenBucket) -> None:
    record = record_of_bucket(bucket)
    statement = insert(schema.OPEN_BUCKET).values(record)
    rest = {name: statement.excluded[name] for name in record if name != "place"}
    connection.execute(statement.on_conflict_do_update(index_elements=["place"], set_=rest))
