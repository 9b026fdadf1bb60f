"""Lines as CSV (RFC 4180): for spreadsheets and data frames.

Promises: UTF-8 without a byte-order mark; a header; a number is a number; an unknown is empty; "<10" stays text; UTC
times end in Z, so that readers take them for times by themselves. Refuses to let a spreadsheet compute a text:
one that begins like a formula gets an apostrophe in front (OWASP, "CSV Injection"), which `meant` takes off again.
"""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

from edge.diary.export.columns import COLUMNS, Cell, Column
from edge.diary.export.lines import Line

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_APOSTROPHE: Final = "'"


def csv_bytes(lines: Sequence[Line], zone: tzinfo | None, kind: str) -> bytes:
    """The whole file; ``kind`` (home or demo) is its first column."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("diary", *(column.name for column in COLUMNS)))
    for line in lines:
        writer.writerow((kind, *(_text(column, column.of(line, zone)) for column in COLUMNS)))
    return out.getvalue().encode()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return _APOSTROPHE + text if text.startswith((*_FORMULA, _APOSTROPHE)) else text


def meant(text: str) -> str:
    """The text that `harmless` was given."""
    return text.removeprefix(_APOSTROPHE)


def _text(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.4f}" if column.name == "share_watched" else f"{cell:.2f}"
    return harmless(cell) if isinstance(cell, str) else str(cell)
