"""Day rows in the database: what is read of them and written to them, inside a transaction that somebody else holds.

Promises: each function is one or a few statements, the same on SQLite and PostgreSQL but for the insert's dialect.
Refuses to decide: what is to be written or may go is told to it (`edge.diary.retiring`).
"""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from edge.diary import schema
from edge.diary.day_rows import DayRow, day_row
from edge.diary.records import day_of_record, record_of_day, row_of_record
from edge.diary.retiring import Cutoffs
from edge.diary.span import Span
from edge.diary.trend import KINDS, TrendRow

LONGEST_DAY_S: Final = 172_800
"""As the table's own check; so near to an hour is the beginning of the day it is in."""

_DAY, _TREND = schema.DAY.c, schema.TREND.c
_IN_DAY: Final = sa.and_(
    _TREND.place == _DAY.place,
    _TREND.bucket_start_s >= _DAY.day_start_s,
    _TREND.bucket_start_s < _DAY.day_start_s + _DAY.day_length_s,
    _DAY.day_start_s > _TREND.bucket_start_s - LONGEST_DAY_S,  # so that the index of days can be used
    _DAY.day_start_s <= _TREND.bucket_start_s,
)


def days(connection: sa.Connection, from_s: int | None = None, to_s: int | None = None) -> tuple[DayRow, ...]:
    """Day rows that start in [from_s, to_s), by time and place."""
    query = sa.select(schema.DAY).order_by(_DAY.day_start_s, _DAY.place)
    if from_s is not None:
        query = query.where(_DAY.day_start_s >= from_s)
    if to_s is not None:
        query = query.where(_DAY.day_start_s < to_s)
    return tuple(day_of_record(record) for record in connection.execute(query).mappings())


def loose_hours(connection: sa.Connection, most: int) -> tuple[TrendRow, ...]:
    """The oldest hours that are in no standing day, by time and place."""
    query = sa.select(schema.TREND).where(~sa.exists().where(_IN_DAY))
    ordered = query.order_by(_TREND.bucket_start_s, _TREND.place).limit(most)
    return tuple(row_of_record(record) for record in connection.execute(ordered).mappings())


def add_late_hours(connection: sa.Connection) -> int:
    """Make the days anew of which more minutes are in their hours now than were counted; how many."""
    # A sum for each day, not a join and a grouping: forty times as fast (0.03 s for 1,200 days of hours).
    booked = sa.select(sa.func.sum(_total(_TREND))).where(_IN_DAY).scalar_subquery()
    query = sa.select(schema.DAY).where(booked > _total(_DAY)).order_by(_DAY.day_start_s, _DAY.place)
    stale = [day_of_record(record) for record in connection.execute(query).mappings().all()]
    put(connection, [day_row(day.day_start_s, day.day_length_s, hours_of(connection, day)) for day in stale])
    return len(stale)


def hours_of(connection: sa.Connection, day: DayRow) -> tuple[TrendRow, ...]:
    """The hours that are there of a standing day, oldest first."""
    query = sa.select(schema.TREND).where(
        _TREND.place == day.place, _TREND.bucket_start_s >= day.day_start_s, _TREND.bucket_start_s < day.day_end_s
    )
    return tuple(row_of_record(r) for r in connection.execute(query.order_by(_TREND.bucket_start_s)).mappings())


def put(connection: sa.Connection, rows: Sequence[DayRow]) -> None:
    """Write day rows, in the place of those that stand."""
    if not rows:
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(schema.DAY)
    key = ("day_start_s", "place")
    rest = {name: statement.excluded[name] for name in schema.WHITELIST["day"] if name not in key}
    upsert = statement.on_conflict_do_update(index_elements=list(key), set_=rest)
    connection.execute(upsert, [record_of_day(row) for row in rows])


def retire_hours(connection: sa.Connection, until: Cutoffs, most: int) -> tuple[int, bool]:
    """Delete the hours of days that ended by then and stand, whole days and ``most`` hours at most, the oldest first.

    How many, and whether that is all of them.
    """
    ordered = sa.select(_TREND.bucket_start_s).order_by(_TREND.bucket_start_s)
    beyond = connection.execute(ordered.offset(most).limit(1)).scalar()
    by_s = until.hours_s if beyond is None else min(until.hours_s, int(beyond))
    old = sa.and_(_IN_DAY, _DAY.day_start_s + _DAY.day_length_s <= by_s)
    gone = sa.delete(schema.TREND).where(_TREND.bucket_start_s < by_s, sa.exists().where(old))
    return connection.execute(gone).rowcount, by_s == until.hours_s


def retire_days(connection: sa.Connection, until: Cutoffs) -> int:
    """Delete days that ended by then; how many."""
    return connection.execute(
        sa.delete(schema.DAY).where(_DAY.day_start_s + _DAY.day_length_s <= until.days_s)
    ).rowcount


def retire_annotations(connection: sa.Connection, until: Cutoffs) -> None:
    """Delete what was written beside days as old as those that go."""
    connection.execute(sa.delete(schema.ANNOTATION).where(schema.ANNOTATION.c.day_start_s < until.days_s))


def alone(span: Span) -> sa.ColumnElement[bool]:
    """Days that a stretch touches of which no hour is there any more."""
    return sa.and_(span.touched_days(), ~sa.exists().where(_IN_DAY))


def hours_gone_until_s(connection: sa.Connection) -> int | None:
    """Where the newest day ends of which no hour is there any more."""
    ends = sa.func.max(_DAY.day_start_s + _DAY.day_length_s)
    newest = connection.execute(sa.select(ends).where(~sa.exists().where(_IN_DAY))).scalar()
    return None if newest is None else int(newest)


def count(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    """How many day rows there are of that kind."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(schema.DAY).where(condition)).scalar_one())


def _total(columns: sa.sql.base.ReadOnlyColumnCollection) -> sa.ColumnElement[int]:  # type: ignore[type-arg]
    total: sa.ColumnElement[int] = columns[f"minutes_{KINDS[0]}"]
    for kind in KINDS[1:]:
        total = total + columns[f"minutes_{kind}"]
    return total
