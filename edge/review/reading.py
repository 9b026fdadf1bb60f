"""Reading the diary for the page. All reading of the diary's file is in this file.

Promises: each look opens the file, reads and lets go, so the page never stands in the way of the writer or of an
erasure; what was read before is kept and only what is new is read, until anything was erased or restored: then all of
it is forgotten and read anew. Days whose hours were retired meanwhile are told from the hours as they were read.
Refuses to raise: a diary that does not open is a `Broken`.
"""

import os
import threading
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa

from edge.diary import receipts, schema
from edge.diary.annotation import Annotation, annotations
from edge.diary.day_rows import known_days
from edge.diary.days import Day, days_of_rows, midnight_s
from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.diary.verdict_memory import VerdictMemory
from edge.errors import DiaryError
from edge.review.history import HISTORY_WEEKS, Broken, Counts, History, broken
from edge.review.home import Home
from edge.review.report import report_of_days
from edge.review.terminal import history_s
from edge.review.views import Bucket

AGAIN_S: Final = 3 * 86_400
"""Of days so near to the newest one all hours are read again: one may come late, of another place."""


class _Mark(NamedTuple):
    """Changes when something else than new hours happened to the file."""

    inode: int
    n_erased_bytes: int
    from_s: int


class Reading:
    """The diary of one home, as read so far."""

    def __init__(self, home: Home, also_forget: Callable[[], None] = lambda: None) -> None:
        self._home = home
        self._also_forget = also_forget
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Forget everything that was read, and what was drawn of it."""
        self._also_forget()
        self._mark: _Mark | None = None
        self._days: dict[tuple[str, date], Day] = {}
        self._verdicts = VerdictMemory()
        self._newest: tuple[int | None, int] | None = None
        self._history: History | None = None

    def look(self) -> History | Broken:
        """The diary as it is now."""
        try:
            with self._lock, DiaryReader.open(self._home.diary, self._home.key) as reader:
                return self._read(reader)
        except DiaryError as error:
            with self._lock:
                self.forget()
            return broken(error, is_there=self._home.diary.exists())

    def hours(self, place: str, day: date) -> tuple[TrendRow, ...]:
        """The rows of one day. Raises DiaryError."""
        zone = self._home.zone
        from_s, to_s = midnight_s(day, zone), midnight_s(date.fromordinal(day.toordinal() + 1), zone)
        with DiaryReader.open(self._home.diary, self._home.key) as reader:
            return tuple(row for row in reader.rows(from_s, to_s) if row.place == place)

    def rows(self, from_s: int | None, to_s: int | None) -> tuple[TrendRow, ...]:
        """Rows of a stretch. Raises DiaryError."""
        with DiaryReader.open(self._home.diary, self._home.key) as reader:
            return reader.rows(from_s, to_s)

    def buckets(self, place: str, from_s: int, to_s: int) -> tuple[Bucket, ...]:
        """What a heat map needs of a place's rows that start in [from_s, to_s). Raises DiaryError."""
        trend = schema.TREND.c
        watched = trend.minutes_observed + trend.minutes_several_people + trend.minutes_nobody
        query = sa.select(trend.bucket_start_s, watched, trend.bucket_length_s // 60, trend.valence).where(
            trend.place == place, trend.bucket_start_s >= from_s, trend.bucket_start_s < to_s
        )
        with DiaryReader.open(self._home.diary, self._home.key) as reader, reader.reading() as connection:
            return tuple(Bucket(*record) for record in connection.execute(query))

    def newest_rows(self, n: int) -> tuple[TrendRow, ...]:
        """The last rows, the newest first. Raises DiaryError."""
        with DiaryReader.open(self._home.diary, self._home.key) as reader:
            last_s = reader.last_start_s()
            rows = reader.rows(None if last_s is None else last_s - n * 3600)
        return tuple(reversed(rows))[:n]

    def _read(self, reader: DiaryReader) -> History:
        last_s = reader.last_start_s()
        from_s = history_s(last_s or 0, 0)
        mark = _Mark(self._home.diary.stat().st_ino, _erased_bytes(self._home.diary), from_s)
        if mark != self._mark:
            self.forget()
            self._mark = mark
        notes = annotations(reader)
        newest = (last_s, _n_since(reader, (last_s or 0) - AGAIN_S))
        if newest != self._newest or self._history is None:
            self._add(reader, from_s, last_s)
            self._newest = newest
            self._history = self._whole(reader, notes)
        if len(notes) != len(self._history.notes) or any(
            a != b[1] for a, b in zip(notes, self._history.notes, strict=True)
        ):
            self._history = History(self._history.report, _dated(notes, self._home.zone), self._history.counts)
        return self._history

    def _add(self, reader: DiaryReader, from_s: int, last_s: int | None) -> None:
        zone = self._home.zone
        if not self._days:
            days = known_days(reader.rows(from_s), reader.days(from_s), zone)
        else:
            again = datetime.fromtimestamp((last_s or 0) - AGAIN_S, zone).date()
            newest = max(day for _place, day in self._days)
            days = days_of_rows(reader.rows(midnight_s(min(again, newest), zone)), zone)
        self._days |= {(day.place, day.day): day for day in days}

    def _whole(self, reader: DiaryReader, notes: tuple[Annotation, ...]) -> History:
        zone = self._home.zone
        days = list(self._days.values())
        report = report_of_days(days, HISTORY_WEEKS, zone, reader.kind(), judge=self._verdicts.verdicts_of)
        return History(report, _dated(notes, zone), _counts(reader))


def _dated(notes: tuple[Annotation, ...], zone: tzinfo) -> tuple[tuple[date, Annotation], ...]:
    return tuple((datetime.fromtimestamp(note.day_start_s, zone).date(), note) for note in notes)


def _erased_bytes(diary: Path) -> int:
    try:
        return os.stat(receipts.file_of(diary)).st_size
    except OSError:
        return 0


def _n_since(reader: DiaryReader, from_s: int) -> int:
    query = sa.select(sa.func.count()).select_from(schema.TREND).where(schema.TREND.c.bucket_start_s >= from_s)
    with reader.reading() as connection:
        return int(connection.execute(query).scalar_one())


def _counts(reader: DiaryReader) -> Counts:
    trend = schema.TREND.c
    with reader.reading() as connection:
        n_hours, n_days, n_notes, n_open = (
            int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in (schema.TREND, schema.DAY, schema.ANNOTATION, schema.OPEN_BUCKET)
        )
        first = connection.execute(sa.select(sa.func.min(trend.bucket_start_s))).scalar()
        first_day = connection.execute(sa.select(sa.func.min(schema.DAY.c.day_start_s))).scalar()
        newest = connection.execute(
            sa.select(trend.bucket_start_s + trend.bucket_length_s).order_by(trend.bucket_start_s.desc()).limit(1)
        ).scalar()
    known = [int(t_s) for t_s in (first, first_day) if t_s is not None]
    gone_s = reader.hours_gone_until_s() if n_days else None
    return Counts(n_hours, n_days, n_notes, n_open, min(known, default=None), newest, gone_s)
