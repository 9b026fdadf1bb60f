"""Whole diaries that participants of a study handed over: each home in a PostgreSQL schema of its own.

Promises: the same tables by the same migrations as at home, and the same typed decoder as the only way back; rows read
back equal; handing a diary over again adds what is new and changes nothing; a home that is forgotten is gone with its
schema. Refuses a row that differs from one that is kept, a demonstration into a home's tables, and an id that could be
more than an opaque name.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from edge.diary import schema
from edge.diary.gathered.server import Server
from edge.diary.migrate import MIGRATIONS
from edge.diary.records import record_of_row, row_of_record
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

    def take(self, home_id: str, rows: Sequence[TrendRow], kind: str) -> Taken:
        """Keep a diary's rows, all of them or none; raises DiaryError when one differs from what is kept."""
        with self._server.working(schema_of(home_id), MIGRATIONS) as connection:
            _check_tables(connection, home_id)
            _check_kind(connection, home_id, kind)
            kept = {(row.bucket_start_s, row.place): row for row in _rows(connection, EVERYTHING)}
            new = tuple(_new(rows, kept, home_id))
            if new:
                connection.execute(sa.insert(schema.TREND), [record_of_row(row) for row in new])
        return Taken(len(new), len(rows) - len(new))

    def rows(self, home_id: str, span: Span = EVERYTHING) -> tuple[TrendRow, ...]:
        """Rows of which any part lies in the stretch, by time and place."""
        with self._server.reading(schema_of(home_id), MIGRATIONS) as connection:
            if connection is None:
                raise _unknown(home_id)
            return tuple(_rows(connection, span))

    def erase(self, home_id: str, span: Span) -> int:
        """Erase what lies in a stretch, wholly or partly, and write the table anew; how many rows went."""
        self.rows(home_id, span)  # an unknown home must not come into being by this
        with self._server.working(schema_of(home_id), MIGRATIONS) as connection:
            gone = connection.execute(sa.delete(schema.TREND).where(span.touched_rows()))
        self._server.rewrite(schema_of(home_id), schema.TREND.name)
        return int(gone.rowcount)

    def forget(self, home_id: str) -> None:
        """Take the home away, with its schema."""
        if not self._server.drop(schema_of(home_id)):
            raise _unknown(home_id)


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
            raise DiaryError(
                f"another row of {row.place!r} at {row.bucket_start_s} than the one that {home_id} has",
                "the same row again, or none",
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


def _unknown(home_id: str) -> DiaryError:
    return DiaryError(f"no home {home_id!r} on this server", "one that was handed over", "Check the id.")
