"""Between values and database rows, both ways; the typed decoder is the only way back.

Promises: a row that was written reads back equal. Refuses a row with a missing, unknown or wrongly typed column:
`DiaryDamagedError`, never a guess.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec
import sqlalchemy as sa

from edge.diary.booking import OpenBucket
from edge.diary.day_rows import DayRow
from edge.diary.trend import FEW, KINDS, MoodSums, TrendRow
from edge.errors import DiaryDamagedError

Record = dict[str, str | int | float | None]
Value = TypeVar("Value")

_COUNTS: Final = ("n_walks", "n_cycles")
_SPREADS: Final = ("valence", "arousal")
_TERMS: Final = ("s", "s_squared", "s_times_n")
_PLAIN_SUMS: Final = tuple(name for name in MoodSums.__struct_fields__ if name not in _SPREADS)
_HEAD: Final = ("place", "start_s", "length_s", "booked_until_minute", "model_id", "rung")


def record_of_row(row: TrendRow) -> Record:
    """A trend row as columns; its two counts are kept as the text that they read as."""
    record: Record = msgspec.structs.asdict(row)
    return record | {name: str(record[name]) for name in _COUNTS}


def row_of_record(record: sa.RowMapping) -> TrendRow:
    """A trend row from its columns."""
    return _decoded(_row, record)


def record_of_day(row: DayRow) -> Record:
    """A day row as columns, nothing rounded."""
    record: Record = msgspec.structs.asdict(row)
    return record


def day_of_record(record: sa.RowMapping) -> DayRow:
    """A day row from its columns."""
    return _decoded(_day, record)


def record_of_bucket(bucket: OpenBucket) -> Record:
    """A checkpoint as columns."""
    mood = bucket.mood
    record: Record = {name: getattr(bucket, name) for name in _HEAD} | {"running": int(bucket.running)}
    record |= {f"minutes_{kind}": getattr(bucket.minutes, kind) for kind in KINDS}
    record |= {name: getattr(mood, name) for name in _PLAIN_SUMS}
    return record | {f"{s}_{t}": getattr(getattr(mood, s), t) for s in _SPREADS for t in _TERMS}


def bucket_of_record(record: sa.RowMapping) -> OpenBucket:
    """A checkpoint from its columns."""
    return _decoded(_bucket, record)


def _row(record: dict[str, Any]) -> TrendRow:
    counts = {name: record[name] if record[name] == FEW else int(record[name]) for name in _COUNTS}
    return msgspec.convert(record | counts, TrendRow)


def _day(record: dict[str, Any]) -> DayRow:
    return msgspec.convert(record, DayRow)


def _bucket(record: dict[str, Any]) -> OpenBucket:
    mood = {name: record[name] for name in _PLAIN_SUMS}
    mood |= {s: {t: record[f"{s}_{t}"] for t in _TERMS} for s in _SPREADS}
    minutes = {kind: record[f"minutes_{kind}"] for kind in KINDS}
    head = {name: record[name] for name in _HEAD} | {"running": bool(record["running"])}
    return msgspec.convert(head | {"minutes": minutes, "mood": mood}, OpenBucket)


def _decoded(read: Callable[[dict[str, Any]], Value], record: sa.RowMapping) -> Value:
    try:
        return read({str(name): value for name, value in record.items()})
    except (msgspec.ValidationError, KeyError, ValueError, TypeError):
        raise DiaryDamagedError(
            "a row of the diary whose columns are not what was written",
            "the columns and types of the contract",
            "Restore a backup; nothing was changed.",
        ) from None
