"""When the ledger fails, the diary keeps everything and says what was given up."""

from collections.abc import Sequence

import pytest

import edge.diary.diary as module
from edge.diary.diary import Diary, MemoryLedger, MinuteNote, OpenBucket
from edge.diary.minutes import MinuteKind
from edge.diary.trend import TrendRow
from edge.errors import DiaryFullError

H = 1_800_000_000 // 3600 * 60


class FailingLedger(MemoryLedger):
    """Refuses to save while ``full``."""

    full = False

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        if self.full:
            raise DiaryFullError("no room", "room", "Make room.")
        super().save(rows, buckets)


def book(diary: Diary, first: int, n: int, place: str = "hall") -> tuple[list[TrendRow], int]:
    rows: list[TrendRow] = []
    n_refused = 0
    for minute in range(first, first + n):
        try:
            rows += diary.update(MinuteNote(place, minute, MinuteKind.NOBODY))
        except DiaryFullError:
            n_refused += 1
    return rows, n_refused


def test_rows_wait_until_there_is_room_and_are_returned_only_then() -> None:
    ledger = FailingLedger()
    diary = Diary(ledger, "m", "cpu")
    book(diary, H, 30)
    ledger.full = True
    assert book(diary, H + 30, 200) == ([], 200)
    assert ledger.rows == ()
    assert ledger.load()[0].booked_until_minute == H + 30
    ledger.full = False
    rows, _ = book(diary, H + 230, 1)
    assert [row.minutes_nobody for row in rows] == [60, 60, 60]
    assert tuple(rows) == ledger.rows
    assert ledger.load()[0].booked_until_minute == H + 231


def test_checkpoints_of_every_place_that_waited_are_written() -> None:
    ledger = FailingLedger()
    diary = Diary(ledger, "m", "cpu")
    ledger.full = True
    book(diary, H, 5, "hall")
    book(diary, H, 5, "kitchen")
    ledger.full = False
    book(diary, H + 5, 1, "kitchen")
    assert {b.place: b.booked_until_minute for b in ledger.load()} == {"hall": H + 5, "kitchen": H + 6}


def test_what_waits_is_bounded_and_what_was_given_up_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_UNSAVED_ROWS", 3)
    ledger = FailingLedger()
    diary = Diary(ledger, "m", "cpu", bucket_s=300)
    ledger.full = True
    book(diary, H, 50)
    ledger.full = False
    rows, _ = book(diary, H + 50, 1)
    assert [row.bucket_start_s // 60 for row in rows] == [H + 35, H + 40, H + 45]
    assert diary.counters.rows_given_up == 7


def test_a_stop_that_could_not_be_written_can_be_tried_again() -> None:
    ledger = FailingLedger()
    diary = Diary(ledger, "m", "cpu")
    book(diary, H, 30)
    ledger.full = True
    with pytest.raises(DiaryFullError):
        diary.stop((H + 30) * 60.0)
    ledger.full = False
    diary.stop((H + 30) * 60.0)
    assert ledger.load()[0].running is False
