"""A month of notes again: the same rows, days and verdicts bit for bit; and who else was there is in no mood."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC

import msgspec
import pytest

from edge.affect import AbstainReason, Abstention, Affect
from edge.diary.change import verdicts_of
from edge.diary.days import days_of_rows
from edge.diary.diary import CycleNote, Diary, MemoryLedger, MinuteNote
from edge.diary.minutes import MinuteKind
from edge.diary.retiring import new_days
from edge.diary.trend import KINDS, TrendRow

FIRST_MINUTE = 1_793_664_000 // 60  # 2026-11-03 00:00 UTC
N_DAYS = 28
Note = CycleNote | MinuteNote


def month(seed: int, guests: Affect | None = None) -> Iterator[Note]:
    """Four weeks of a hall: walks in a sixth of the waking minutes, sometimes somebody with them."""
    draw = random.Random(seed)
    for minute in range(FIRST_MINUTE, FIRST_MINUTE + N_DAYS * 1440):
        kind = MinuteKind.NOBODY
        if 7 <= minute // 60 % 24 < 22 and draw.random() < 0.16:
            kind = MinuteKind.SEVERAL_PEOPLE if draw.random() < 0.2 else MinuteKind.OBSERVED
            low = draw.uniform(0.05, 0.6)
            own = Affect((0.1, 0.65 - low, 0.25, low))
            for n in range(draw.randint(1, 6)):
                judgement = Abstention(AbstainReason.OUT_OF_DISTRIBUTION) if draw.random() < 0.2 else own
                if kind is MinuteKind.SEVERAL_PEOPLE and guests is not None:
                    judgement = guests
                yield CycleNote("hall", minute * 60.0 + n, minute, judgement)
        elif draw.random() < 0.01:
            kind = draw.choice([MinuteKind.UNUSABLE, MinuteKind.PAUSED, MinuteKind.FAULT])
        yield MinuteNote("hall", minute, kind)


def rows_of(notes: Iterable[Note], stop_after: int | None = None) -> tuple[TrendRow, ...]:
    """Through a diary, which is stopped and opened anew after so many minutes, between two of them."""
    ledger = MemoryLedger()
    diary = Diary(ledger, "m", "cpu", checkpoint_each_minute=stop_after is not None)
    for note in notes:
        diary.update(note)
        if isinstance(note, MinuteNote) and note.minute == FIRST_MINUTE + (stop_after or -1):
            diary.stop((note.minute + 1) * 60.0)
            diary = Diary(ledger, "m", "cpu", checkpoint_each_minute=False)
    return ledger.rows


def all_of(rows: tuple[TrendRow, ...]) -> bytes:
    days = days_of_rows(rows, UTC)
    kept = new_days(rows, (), UTC, (FIRST_MINUTE + N_DAYS * 1440) * 60)
    assert len(kept) == N_DAYS
    return msgspec.json.encode([rows, days, verdicts_of(days), kept])


@pytest.fixture(scope="module")
def lived() -> tuple[TrendRow, ...]:
    return rows_of(month(1))


def test_a_month_again_is_the_same_bit_for_bit(lived: tuple[TrendRow, ...]) -> None:
    assert any(not row.held_back for row in lived)
    assert all_of(rows_of(month(1))) == all_of(lived)
    assert all_of(rows_of(month(2))) != all_of(lived)


def test_a_restart_between_two_hours_changes_no_bit(lived: tuple[TrendRow, ...]) -> None:
    assert all_of(rows_of(month(1), stop_after=9 * 1440 + 12 * 60 - 1)) == all_of(lived)


def test_minutes_of_a_month_are_those_that_were_booked(lived: tuple[TrendRow, ...]) -> None:
    booked = [note.kind.value for note in month(1) if isinstance(note, MinuteNote)]
    days = days_of_rows(lived, UTC)
    assert [day.stretch.minutes.total for day in days] == [1440] * N_DAYS
    for kind in KINDS:
        assert sum(getattr(day.stretch.minutes, kind) for day in days) == booked.count(kind)


@pytest.mark.parametrize("guests", [Affect((0.97, 0.01, 0.01, 0.01)), Affect((0.01, 0.97, 0.01, 0.01))])
def test_cycles_of_several_people_are_in_no_row_day_or_verdict(lived: tuple[TrendRow, ...], guests: Affect) -> None:
    assert all_of(rows_of(month(1, guests))) == all_of(lived)
