"""A running monitor lends its diary: what was erased is gone from its memory too, and nothing else is lost."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.affect import Affect
from edge.diary import door
from edge.diary.booking import OpenBucket
from edge.diary.diary import CycleNote, MemoryLedger, MinuteNote
from edge.diary.door import asked_for, to_oneself
from edge.diary.erase import erase_all, erase_span
from edge.diary.keeping import backup_diary, restore_diary, rotate_key
from edge.diary.lending import MOST_WAITING, LentDiary
from edge.diary.minutes import MinuteKind
from edge.diary.span import Span
from edge.diary.store import DiaryReader, Store
from edge.diary.trend import TrendRow
from edge.errors import DiaryBusyError, DiaryFullError

H = 1_800_000_000 // 3600 * 60
S = H * 60
NOW = S + 10 * 86_400


class Memory(MemoryLedger):
    """A ledger in memory that can be full, and be opened again."""

    full = False
    n_open = 0

    def save(self, rows: Sequence[TrendRow], buckets: Sequence[OpenBucket]) -> None:
        if self.full:
            raise DiaryFullError("no room", "room", "Free some.")
        super().save(rows, buckets)

    def close(self) -> None:
        self.n_open -= 1

    def forget(self, place: str) -> None:
        self._buckets.pop(place)


class Asker:
    """Says whether somebody asks."""

    asks = False

    def __call__(self) -> bool:
        return self.asks


def lent_diary(ledger: Memory, asker: Asker) -> LentDiary:
    def opened() -> Memory:
        ledger.n_open += 1
        return ledger

    return LentDiary(opened, asker, "m", "cpu")


def notes(first: int, n_minutes: int, place: str = "hall") -> Iterator[CycleNote | MinuteNote]:
    for minute in range(first, first + n_minutes):
        for n in range(4):
            yield CycleNote(place, minute * 60 + 10 + n, minute, Affect((0.1, 0.2, 0.3, 0.4)))
        yield MinuteNote(place, minute, MinuteKind.OBSERVED)


def fill(diary: LentDiary, first: int, n_minutes: int, place: str = "hall") -> None:
    for note in notes(first, n_minutes, place):
        diary.update(note)


def test_lent_and_taken_back_is_as_if_nothing_had_been() -> None:
    plain, lent = Memory(), Memory()
    asker = Asker()
    fill(lent_diary(plain, Asker()), H, 150)
    diary = lent_diary(lent, asker)
    for at, note in enumerate(notes(H, 150)):
        if at in (103, 555):
            asker.asks = True
            diary.look()
            assert lent.n_open == 0
        if at in (311, 560):
            asker.asks = False
            diary.look()
            assert lent.n_open == 1
        diary.update(note)
    assert lent.rows == plain.rows
    assert lent.load() == plain.load()


def test_a_place_whose_open_hour_was_erased_begins_anew_and_others_go_on() -> None:
    ledger, asker = Memory(), Asker()
    diary = lent_diary(ledger, asker)
    for place in ("hall", "stairs"):
        fill(diary, H, 30, place)
    asker.asks = True
    diary.look()
    ledger.forget("hall")
    for place in ("hall", "stairs"):
        fill(diary, H + 30, 30, place)
    asker.asks = False
    diary.look()
    hall, stairs = ledger.rows
    assert (hall.minutes_paused, hall.minutes_observed) == (30, 30)
    assert (stairs.minutes_paused, stairs.minutes_observed) == (0, 60)


def test_what_could_not_be_committed_is_not_lent() -> None:
    ledger, asker = Memory(), Asker()
    diary = lent_diary(ledger, asker)
    fill(diary, H, 5)
    asker.asks = ledger.full = True
    with pytest.raises(DiaryFullError):
        diary.look()
    assert ledger.n_open == 1
    ledger.full = False
    diary.look()
    assert ledger.n_open == 0


def test_a_full_disk_when_it_comes_back_loses_nothing() -> None:
    ledger, asker = Memory(), Asker()
    diary = lent_diary(ledger, asker)
    fill(diary, H, 30)
    asker.asks = True
    diary.look()
    fill(diary, H + 30, 35)
    asker.asks, ledger.full = False, True
    for _ in range(3):
        with pytest.raises(DiaryFullError):
            diary.look()
    ledger.full = False
    while not ledger.rows:
        diary.look()
    assert ledger.rows[0].minutes_observed == 60


def test_a_diary_that_never_comes_back_does_not_fill_the_memory() -> None:
    ledger, asker = Memory(), Asker()
    diary = lent_diary(ledger, asker)
    asker.asks = True
    diary.look()
    fill(diary, H, MOST_WAITING // 5 + 10)
    assert len(diary._waiting) == MOST_WAITING
    assert diary.counters.overflow_cycles > 0
    with pytest.raises(DiaryBusyError):
        diary.stop(NOW)


def test_a_request_is_seen_and_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    assert not asked_for(path)
    with to_oneself(path):
        assert asked_for(path)
    assert not asked_for(path)


@contextmanager
def running(path: Path) -> Iterator[LentDiary]:
    """A monitor that ticks: its thread looks twenty times a second."""
    diary = LentDiary(lambda: Store.open(path), lambda: asked_for(path), "m", "cpu")
    fill(diary, H, 390)
    over = threading.Event()

    def tick() -> None:
        while not over.wait(0.05):
            diary.look()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield diary
    finally:
        time.sleep(0.2)
        over.set()
        thread.join()
        diary.close()


def starts(path: Path) -> list[int]:
    with DiaryReader.open(path) as reader:
        return [(row.bucket_start_s - S) // 3600 for row in reader.rows()]


def test_erasing_beside_a_running_monitor_takes_a_day_and_the_open_hour_for_good(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    with running(path) as diary:
        erased = erase_span(path, None, Span(S + 2 * 3600, S + 3 * 3600), NOW, frozenset())
        assert erased.found.clean
        assert erase_span(path, None, Span(S + 5 * 3600), NOW, frozenset()).found.clean
        time.sleep(0.3)
        fill(diary, H + 391, 29)
    assert starts(path) == [0, 1, 3, 4, 6]
    with DiaryReader.open(path) as reader:
        assert (reader.rows()[-1].minutes_paused, reader.rows()[-1].minutes_observed) == (31, 29)


def test_a_new_key_and_a_restored_backup_beside_a_running_monitor(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    with running(path) as diary:
        assert rotate_key(path, None) == 6
        assert backup_diary(path, None, tmp_path / "copy") == 6
        time.sleep(0.3)
        fill(diary, H + 390, 60)
        restore_diary(path, None, tmp_path / "copy")
    assert starts(path) == list(range(6))


def test_everything_erased_beside_a_running_monitor_leaves_a_new_and_empty_diary(tmp_path: Path) -> None:
    path = tmp_path / "diary.db"
    with running(path):
        before = (tmp_path / "diary.key").read_bytes()
        assert erase_all(path, None, NOW, frozenset()).found.clean
    assert (tmp_path / "diary.key").read_bytes() != before
    assert starts(path) == []


def test_a_writer_that_does_not_lend_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "WAIT_S", 0.1)
    path = tmp_path / "diary.db"
    with Store.open(path), pytest.raises(DiaryBusyError, match="quietstep run"):
        restore_diary(path, None, path)


def test_cycles_that_wait_are_not_booked_as_of_another_model() -> None:
    ledger, asker = Memory(), Asker()
    diary = lent_diary(ledger, asker)
    diary.start(S, ("hall",))
    asker.asks = True
    diary.look()
    for n in range(3):
        diary.update(CycleNote("hall", S + 5.0 + n, 1, Affect((0.7, 0.1, 0.1, 0.1))))
    diary.update(MinuteNote("hall", H, MinuteKind.OBSERVED))
    diary.go_on_with("new-2", "cpu")
    asker.asks = False
    diary.look()
    diary.update(CycleNote("hall", S + 65.0, 2, Affect((0.1, 0.7, 0.1, 0.1))))
    diary.update(MinuteNote("hall", H + 1, MinuteKind.OBSERVED))
    bucket = ledger.load()[0]
    assert (bucket.model_id, bucket.rung, bucket.minutes.observed) == ("new-2", "cpu", 2)
    assert diary.counters.set_aside_cycles == 3
