"""``quietstep check``: is the diary whole, does it add up, was everything that was begun finished?

Promises: reads every page and every row, beside a running monitor too, and changes nothing. Refuses to call sound
what it could not read.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from edge.diary import receipts
from edge.diary.copies import HALF_DONE
from edge.diary.day_rows import DayRow, day_row
from edge.diary.key import key_path_for, next_key_path
from edge.diary.minutes import MINUTE_S
from edge.diary.store import DiaryReader
from edge.diary.trend import KINDS, TrendRow


class Soundness(msgspec.Struct, frozen=True):
    """How much there is (hours, days, minutes of the hours), and everything that is not in order."""

    n_rows: int
    n_days: int
    n_minutes: int
    n_backups: int
    problems: tuple[str, ...]


def check_diary(diary: Path, key_path: Path | None) -> Soundness:
    """Look at all of it; raises DiaryError where it does not open at all."""
    with DiaryReader.open(diary, key_path) as reader:
        problems = [f"{said}{_hint(diary)}" for said in reader.damage()] + list(reader.differences())
        rows, days = ((), ()) if problems else (reader.rows(), reader.days())
    problems += [*of_rows(rows), *of_days(days, rows), *_of_folder(diary, key_path_for(diary, key_path))]
    n_backups = len([path for path in diary.parent.glob(f"{diary.name}.before-*") if not path.name.endswith("-wal")])
    return Soundness(len(rows), len(days), sum(map(_total, rows)), n_backups, tuple(problems))


def of_rows(rows: Sequence[TrendRow]) -> Iterator[str]:
    """Rows whose minutes do not add up to their length, or that overlap the one before at the same place."""
    ends_s: dict[str, int] = {}
    for row in rows:
        name = f"the bucket of {row.place} at {row.bucket_start_s}"
        if _total(row) * MINUTE_S != row.bucket_length_s:
            yield f"{name} has {_total(row)} minutes, not {row.bucket_length_s // MINUTE_S}"
        if row.bucket_start_s < ends_s.get(row.place, row.bucket_start_s):
            yield f"{name} begins before the one before it ends"
        ends_s[row.place] = row.bucket_start_s + row.bucket_length_s


def of_days(days: Sequence[DayRow], rows: Sequence[TrendRow]) -> Iterator[str]:
    """Days longer than they are, that overlap, or that are not, bit for bit, what their hours make where those are."""
    hours: dict[str, list[TrendRow]] = {}
    for row in sorted(rows, key=lambda row: row.bucket_start_s):
        hours.setdefault(row.place, []).append(row)
    ends_s: dict[str, int] = {}
    for day in days:
        name = f"the day of {day.place} at {day.day_start_s}"
        if day.n_minutes * MINUTE_S > day.day_length_s:
            yield f"{name} has {day.n_minutes} minutes, more than {day.day_length_s // MINUTE_S}"
        if day.day_start_s < ends_s.get(day.place, day.day_start_s):
            yield f"{name} begins before the one before it ends"
        ends_s[day.place] = day.day_end_s
        if not _is_of(day, hours.get(day.place, [])):
            yield f"{name} is not what its hours make"


def _is_of(day: DayRow, hours: Sequence[TrendRow]) -> bool:
    """Equal to its recomputation; also where its hours are gone, or an hour came that the job has not added yet."""
    first, end = (bisect_left(hours, at, key=lambda row: row.bucket_start_s) for at in (day.day_start_s, day.day_end_s))
    own = hours[first:end]
    if not own or sum(map(_total, own)) > day.n_minutes:
        return True
    return msgspec.json.encode(day_row(day.day_start_s, day.day_length_s, own)) == msgspec.json.encode(day)


def _hint(diary: Path) -> str:
    """A page may be torn in the file and whole in the log, which the pages' proofs do not look at."""
    log = diary.with_name(f"{diary.name}-wal")
    return (
        " (the next start may mend this from the log: check again after it)"
        if log.exists() and log.stat().st_size
        else ""
    )


def _of_folder(diary: Path, key_path: Path) -> Iterator[str]:
    for receipt in receipts.unfinished(receipts.read(diary)):
        yield f"an erasure of {receipt.begun_s} (Unix time) was not finished: ask for it again"
    for name in HALF_DONE:
        if diary.with_name(f"{diary.name}.{name}").exists():
            yield f"a command was cut off and left {diary.name}.{name}: the next start clears it away"
    if next_key_path(key_path).exists():
        yield "a rotation of the key was cut off: the next start finishes it or takes it back"


def _total(row: TrendRow) -> int:
    return sum(getattr(row, f"minutes_{kind}") for kind in KINDS)
