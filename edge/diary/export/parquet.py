"""Lines as Parquet, by pyarrow (extra "export"): for data frames and databases.

Promises: times are timestamps in UTC; what is held back is NULL and ``held_back`` says so (a "<10" becomes NULL, for a
column has one type); each field carries its unit and its limits, the file the limits of the whole. Refuses nothing.
"""

import io
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from edge.diary.export.columns import COLUMNS, Cell, Column, is_few
from edge.diary.export.lines import LIMITS, By, Line

_TYPES: Final = {
    "text": pa.string(),
    # Parquet knows no whole seconds; milliseconds are the coarsest it has.
    "time": pa.timestamp("ms", tz="UTC"),
    "whole": pa.int32(),
    "count": pa.int32(),
    "share": pa.float64(),
    "score": pa.float64(),
    "flag": pa.bool_(),
}
_NEVER_UNKNOWN: Final = frozenset({"text", "time", "whole", "flag"})


def parquet_bytes(lines: Sequence[Line], zone: tzinfo | None, kind: str, by: By, software: str) -> bytes:
    """The whole file; ``kind``, ``by`` and the software's version are in its metadata."""
    about = {"diary": kind, "by": by, "software": f"quietstep {software}", "limits": "\n".join(LIMITS)}
    schema = pa.schema([_field(column) for column in COLUMNS], metadata=about)
    arrays = [
        pa.array([_value(column, line, zone) for line in lines], type=field.type)
        for column, field in zip(COLUMNS, schema, strict=True)
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out)
    return out.getvalue()


def _field(column: Column) -> Any:
    about = {"unit": column.unit, "limits": column.limits}
    return pa.field(column.name, _TYPES[column.kind], column.kind not in _NEVER_UNKNOWN, about)


def _value(column: Column, line: Line, zone: tzinfo | None) -> Cell:
    cell = column.of(line, zone)
    return None if column.kind == "count" and is_few(cell) else cell
