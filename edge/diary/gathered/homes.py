"""Whole diaries that participants of a study handed over: each home in a PostgreSQL schema of its own.

Promises: the same tables by the same migrations as at home, and the same typed decoder as the only way back; rows read
back equal; handing a diary over again adds what is new and changes nothing; a home that is forgotten is gone with its
schema. Refuses a row that differs from one that is kept, a demonstration into a home's tables, and an id that could be
more than an opaque name.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

import sqlalchemy as sa

from edge.diary import day_table, schema
from edge.diary.day_rows import DayRow
from edge.diary.gathered.server import Server
from edge.diary.migrate import MIGRATIONS
from edge.diary.records import day_of_record, record_of_row, row_of_record
from edge.diary.span import EVERYTHING, Span
from edge.diary.trend import TrendRow
from edge.errors import DiaryDamagedError, DiaryError

PREFIX: Final = "home_"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9_]{3,47}")
LIMITS: Final = (
    "The server's write-ahead log and its backups hold what was erased until the server's owner lets them go."
)


class Taken(NamedTuple):
    """How many rows of a diary were new, and how many were there already."""

    n_new: int
    n_known: int


class Homes:
    """The homes at one server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def take(self, home_id: str, rows: Sequence[TrendRow], kind: str, days: Sequence[DayRow] = ()) -> Taken:
        """Keep a diary's hours and days, all or none; raises DiaryError when one differs from what is kept.

        A day that books more minutes than the one that is kept (hours came late) takes its place.
        """
        with self._server.working(schema_of(home_id), MIGRATIONS) as connection:
            _check_tables(connection, home_id)
            _check_kind(connection, home_id, kind)
            kept = {(row.bucket_start_s, row.place): row for row in _rows(connection, EVERYTHING)}
            new = tuple(_new(rows, kept, home_id))
            if new:
                connection.execute(sa.insert(schema.TREND), [record_of_row(row) for row in new])
            kept_days = {(day.day_start_s, day.place): day for day in day_table.days(connection)}
            new_days = tuple(_new_days(days, kept_days, home_id))
            day_table.put(connection, new_days)
        n_new = len(new) + len(new_days)
        return Taken(n_new, len(rows) + len(days) - n_new)

    def rows(self, home_id: str, span: Span = EVERYTHING) -> tuple[TrendRow, ...]:
        """Hours of which any part lies in the stretch, by time and place."""
        with self._reading(home_id) as connection:
            return tuple(_rows(connection, span))

    def days(self, home_id: str, span: Span = EVERYTHING) -> tuple[DayRow, ...]:
        """Days of which any part lies in the stretch, by time and place."""
        day = schema.DAY
        query = sa.select(day).where(span.touched_days()).order_by(day.c.day_start_s, day.c.place)
        with self._reading(home_id) as connection:
            return tuple(day_of_record(record) for record in connection.execute(query).mappings())

    def kind(self, home_id: str) -> str:
        """A home's diary or a demonstration's."""
        with self._reading(home_id) as connection:
            return str(connection.execute(sa.select(schema.META.c.kind)).scalar())

    def erase(self, home_id: str, span: Span) -> tuple[int, int]:
        """Erase what lies in a stretch, wholly or partly, and write the tables anew; how many hours and days went."""
        self.rows(home_id, span)  # an unknown home must not come into being by this
        with self._server.working(schema_of(home_id), MIGRATIONS) as connection:
            n_days = connection.execute(sa.delete(schema.DAY).where(span.touched_days())).rowcount
            n_rows = connection.execute(sa.delete(schema.TREND).where(span.touched_rows())).rowcount
        for table in (schema.DAY, schema.TREND):
            self._server.rewrite(schema_of(home_id), table.name)
        return n_rows, n_days

    def forget(self, home_id: str) -> None:
        """Take the home away, with its schema."""
        if not self._server.drop(schema_of(home_id)):
            raise DiaryError(f"no home {home_id!r} on this server", "one that was handed over", "Check the id.")

    @contextmanager
    def _reading(self, home_id: str) -> Iterator[sa.Connection]:
        with self._server.reading(schema_of(home_id), MIGRATIONS) as connection:
            if connection is None:
                raise DiaryError(f"no home {home_id!r} on this server", "one that was handed over", "Check the id.")
            yield connection


def schema_of(home_id: str) -> str:
    """The name of a home's schema; DiaryError for an id that is none."""
    if not _ID.fullmatch(home_id):
        raise DiaryError(
            f"the home {home_id!r}",
            "an opaque id of 4 to 48 small letters, digits and underscores",
            "Give it one that tells nothing of the people, such as 7f3a09c2.",
        )
    return PREFIX + home_id


def _rows(connection: sa.Connection, span: Span) -> Iterable[TrendRow]:
    trend = schema.TREND
    query = sa.select(trend).where(span.touched_rows()).order_by(trend.c.bucket_start_s, trend.c.place)
    return (row_of_record(record) for record in connection.execute(query).mappings())


def _new(rows: Iterable[TrendRow], kept: dict[tuple[int, str], TrendRow], home_id: str) -> Iterable[TrendRow]:
    for row in rows:
        there = kept.get((row.bucket_start_s, row.place))
        if there is None:
            yield row
        elif there != row:
            raise _another("row", row.place, row.bucket_start_s, home_id)


def _new_days(days: Iterable[DayRow], kept: dict[tuple[int, str], DayRow], home_id: str) -> Iterable[DayRow]:
    for day in days:
        there = kept.get((day.day_start_s, day.place))
        if there is None or there.n_minutes < day.n_minutes:
            yield day
        elif there != day:
            raise _another("day", day.place, day.day_start_s, home_id)


def _another(what: str, place: str, start_s: int, home_id: str) -> DiaryError:
    return DiaryError(
        f"another {what} of {place!r} at {start_s} than the one that {home_id} has",
        "the same again, or none",
        "Is it this home's diary? If it is, erase the stretch first. Nothing was changed.",
    )


def _check_kind(connection: sa.Connection, home_id: str, kind: str) -> None:
    there = connection.execute(sa.select(schema.META.c.kind)).scalar()
    if there is None:
        connection.execute(sa.insert(schema.META).values(id=1, kind=kind))
    elif there != kind:
        raise DiaryError(f"a diary of kind {kind!r} for {home_id}", f"one of kind {there!r}", "Take another id.")


def _check_tables(connection: sa.Connection, home_id: str) -> None:
    """The whitelist of the diary's file, held against the home's schema."""
    listed = connection.execute(
        sa.text("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = :schema"),
        {"schema": schema_of(home_id)},
    ).all()
    found = {(str(table), str(column)) for table, column in listed}
    wanted = {(table, column) for table, columns in schema.WHITELIST.items() for column in columns}
    if found != wanted:
        odd = ", ".join(sorted(".".join(pair) for pair in found ^ wanted))
        raise DiaryDamagedError(
            f"tables of {home_id} that are not the diary's ({odd})", "the diary's own", "Nothing was changed."
        )
