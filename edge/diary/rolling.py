"""The job: after a household's day is over its day rows are written, then what is old enough goes.

Promises: run by the one writer when hours close, with the time that the hours bring; days, retired hours and retired
days are one commit each, in that order, so that an hour never goes before its day stands; cut off anywhere, the next
closed hour goes on. What goes is overwritten (``secure_delete``), and the log taken into the file. Refuses to take long
(the monitor must go on): of a long history a part at a time; and to fail the hour that was kept: what could not be
done is tried again when the next one closes.
"""

import contextlib
from collections.abc import Sequence
from datetime import tzinfo
from typing import Final, NamedTuple

from edge.diary import day_table
from edge.diary.booking import OpenBucket
from edge.diary.retiring import Stretch_s, cutoffs, is_due, new_days, today_of
from edge.diary.store import Store
from edge.diary.trend import TrendRow
from edge.errors import DiaryError
from edge.retention import Retention

MOST_HOURS: Final = 5000
"""So many hours are looked at in one go: two months of three places."""


class Rolled(NamedTuple):
    """Days written or made anew, hours and days that went; ``is_all``: nothing was left for the next time."""

    n_days: int
    n_hours_gone: int
    n_days_gone: int
    is_all: bool


def roll_up(
    store: Store, zone: tzinfo | None, retention: Retention, now_s: int, most_hours: int = MOST_HOURS
) -> Rolled:
    """Roll up what is over at ``now_s`` (Unix, the end of the newest hour), then retire. Raises DiaryError."""
    with store.writing() as connection:
        loose = day_table.loose_hours(connection, most_hours)
        is_all = len(loose) < most_hours
        n_days = day_table.add_late_hours(connection) if is_all else 0
        standing = day_table.days(connection)
        # Of a part, what starts last may lack hours; nothing that starts before it does.
        made = new_days(loose, standing, zone, now_s if is_all else min(now_s, loose[-1].bucket_start_s))
        day_table.put(connection, made)
    until = cutoffs(now_s, retention, (*standing, *made))
    n_hours_gone = n_days_gone = 0
    is_gone = True
    if until is not None:
        with store.writing() as connection:
            n_hours_gone, is_gone = day_table.retire_hours(connection, until, most_hours)
        with store.writing() as connection:
            n_days_gone = day_table.retire_days(connection, until)
            day_table.retire_annotations(connection, until)
    store.forget_old_pages()
    return Rolled(n_days + len(made), n_hours_gone, n_days_gone, is_all and is_gone)


class RollingLedger:
    """A `Ledger` over a store that does the job beside it."""

    def __init__(self, store: Store, zone: tzinfo | None, retention: Retention) -> None:
        self._store = store
        self._zone = zone
        self._retention = retention
        self._today: Stretch_s | None = None

    def load(self) -> Sequence[OpenBucket]:
        """The checkpoints of the last run."""
        return self._store.load()

    def close(self) -> None:
        """Let go of the file and of the right to write."""
        self._store.close()

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        """As the store's own; then the job, where a day ended or an hour came late."""
        self._store.save(rows, buckets)
        if not rows:
            return
        now_s = max(row.bucket_start_s + row.bucket_length_s for row in rows)
        if is_due((row.bucket_start_s for row in rows), now_s, self._today):
            with contextlib.suppress(DiaryError):
                done = roll_up(self._store, self._zone, self._retention, now_s)
                self._today = today_of(now_s, self._zone) if done.is_all else None
