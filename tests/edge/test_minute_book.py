"""One camera's open minutes: a pause is told by ticks, and a gap between two of them is part of it."""

from hypothesis import given
from hypothesis import strategies as st

from edge.diary.minutes import MinuteKind, classify_minute
from edge.minute_book import MOST_OPEN, MinuteBook
from edge.wire import Frame

START_S = 1_800_000_000


def kinds(book: MinuteBook, before_s: float) -> list[MinuteKind]:
    return [classify_minute(tally) for _minute, tally in book.close(int(before_s // 60))]


@given(st.lists(st.floats(0.2, 4.0), min_size=1, max_size=200))
def test_every_minute_of_a_pause_is_paused_however_the_ticks_fall(gaps_s: list[float]) -> None:
    book, t_s = MinuteBook(), float(START_S)
    told: list[MinuteKind] = []
    for gap_s in gaps_s:
        book.paused(t_s)
        told += kinds(book, t_s - 3)
        t_s += gap_s
    book.paused(t_s)
    book.stop(t_s)
    told += kinds(book, t_s + 60)
    assert told == [MinuteKind.PAUSED] * (int(t_s // 60) - START_S // 60 + 1)


def test_after_a_long_sleep_the_newest_minutes_are_paused() -> None:
    book = MinuteBook()
    book.paused(START_S)
    book.paused(START_S + 3600 + 40)
    book.stop(START_S + 3600 + 41)
    assert kinds(book, START_S + 3660)[-MOST_OPEN + 2 :] == [MinuteKind.PAUSED] * (MOST_OPEN - 2)


def test_a_clock_that_is_set_back_during_a_pause_books_nothing_twice() -> None:
    book = MinuteBook()
    for second in range(130):
        book.paused(START_S + second)
    assert kinds(book, START_S + 120) == [MinuteKind.PAUSED] * 2
    for second in range(90):
        book.paused(START_S + second)
    assert kinds(book, START_S + 120) == []


def test_a_frame_ends_the_gap_between_two_ticks() -> None:
    book = MinuteBook()
    book.paused(START_S)
    book.update(Frame("hall", 0, 0, (START_S + 1) * 10**9, "ok"))
    book.paused(START_S + 50)
    assert kinds(book, START_S + 60) == [MinuteKind.FAULT]
