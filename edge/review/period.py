"""The last weeks of a diary, read once, for a report that is filed.

Promises: the same days, usual and alerts as `quietstep report` tells on the terminal, for both read the same history
and build the same report; beside them the household's notes of the period. Refuses an unknown place with the names of
those that there are.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final

from edge.diary.annotation import annotations
from edge.diary.change import BUDGET
from edge.diary.day_rows import DayRow
from edge.diary.store import DiaryReader
from edge.diary.trend import TrendRow
from edge.errors import DiaryError
from edge.review.history import Counts, History
from edge.review.report import build_report
from edge.review.terminal import history_s

NO_ROWS: Final = "The diary has no row yet; leave --place out."


def read_period(
    diary: Path, key: Path | None, n_weeks: int, zone: tzinfo, n_alerts: int = BUDGET, place: str | None = None
) -> History:
    """The last ``n_weeks`` weeks; raises DiaryError when the diary does not open or knows no such place."""
    with DiaryReader.open(diary, key) as reader:
        from_s, kind = history_s(reader.last_start_s() or 0, n_weeks), reader.kind()
        rows, kept, notes = reader.rows(from_s), reader.days(from_s), annotations(reader)
    report = build_report(rows, n_weeks, zone, kind, n_alerts, kept)
    names = [one.place for one in report.places]
    if place is not None and place not in names:
        known = f"one of {', '.join(names)}" if names else "a place with a row"
        raise DiaryError(f"no row of {place!r}", known, "Write it so." if names else NO_ROWS)
    dated = tuple((datetime.fromtimestamp(note.day_start_s, zone).date(), note) for note in notes)
    return History(report, dated, _counts(rows, kept, len(notes)))


def _counts(rows: Sequence[TrendRow], kept: Sequence[DayRow], n_notes: int) -> Counts:
    """Of what was read: the report needs no more than when it begins and ends."""
    first = min((row.bucket_start_s for row in rows), default=None)
    newest = max((row.bucket_start_s + row.bucket_length_s for row in rows), default=None)
    return Counts(len(rows), len(kept), n_notes, 0, first, newest, None)
