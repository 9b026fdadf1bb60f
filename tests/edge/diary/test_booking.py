"""Minutes add up whatever comes, in whatever order, with whatever clock."""

from collections.abc import Callable, Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.affect import Affect
from edge.diary.diary import CycleNote, Diary, MemoryLedger, MinuteNote
from edge.diary.minutes import MinuteKind
from edge.diary.trend import KINDS, TrendRow

H = 1_800_000_000 // 3600 * 60  # a full hour, in minutes
SAD = Affect((0.1, 0.1, 0.1, 0.7))
HAPPY = Affect((0.1, 0.7, 0.1, 0.1))
OBSERVED, NOBODY, SEVERAL = MinuteKind.OBSERVED, MinuteKind.NOBODY, MinuteKind.SEVERAL_PEOPLE


def minutes_of(row: TrendRow) -> dict[str, int]:
    return {kind: getattr(row, f"minutes_{kind}") for kind in KINDS if getattr(row, f"minutes_{kind}")}


def diary_on(ledger: MemoryLedger, model_id: str = "m", bucket_s: int = 3600) -> Diary:
    return Diary(ledger, model_id, "cpu", bucket_s)


def book(diary: Diary, minutes: Iterable[int], kind: MinuteKind = NOBODY, place: str = "hall") -> list[TrendRow]:
    return [row for m in minutes for row in diary.update(MinuteNote(place, m, kind))]


def walk(diary: Diary, minute: int, n_cycles: int, affect: Affect = SAD, bout: int | None = None) -> None:
    for n in range(n_cycles):
        diary.update(CycleNote("hall", minute * 60 + 5 + n, minute if bout is None else bout, affect))


NOTES = st.lists(
    st.one_of(
        st.tuples(st.just("minute"), st.integers(-90, 200), st.sampled_from(list(MinuteKind))),
        st.tuples(st.just("cycle"), st.integers(-90, 200), st.integers(0, 5)),
        st.tuples(st.just("stop"), st.integers(-90, 200), st.none()),
        st.tuples(st.just("crash"), st.integers(-90, 200), st.none()),
        st.tuples(st.just("jump"), st.integers(-(10**6), 10**6), st.sampled_from(list(MinuteKind))),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(NOTES, st.sampled_from([300, 3600, 21600]))
def test_every_bucket_adds_up_and_no_minute_is_booked_twice(notes: list[tuple], bucket_s: int) -> None:  # type: ignore[type-arg]
    ledger = MemoryLedger()
    diary = diary_on(ledger, bucket_s=bucket_s)
    returned: list[TrendRow] = []
    for what, offset, extra in notes:
        minute = H + offset
        if what in ("minute", "jump"):
            returned += diary.update(MinuteNote("hall", minute, extra))
        elif what == "cycle":
            returned += diary.update(CycleNote("hall", minute * 60.0 + 30, extra, SAD))
        elif what == "stop":
            returned += diary.stop(minute * 60.0)
        else:
            diary = diary_on(ledger, bucket_s=bucket_s)
    for row in ledger.rows:
        assert sum(minutes_of(row).values()) * 60 == row.bucket_length_s == bucket_s
        assert row.bucket_start_s % bucket_s == 0
    assert set(ledger.rows) <= set(returned)
    for bucket in ledger.load():
        assert bucket.minutes.total == bucket.booked_until_minute - bucket.start_s // 60


def test_an_hour_of_minutes_is_a_row() -> None:
    diary = diary_on(MemoryLedger())
    assert book(diary, range(H, H + 59)) == []
    (row,) = book(diary, [H + 59])
    assert minutes_of(row) == {"nobody": 60}
    assert (row.bucket_start_s, row.place, row.model_id, row.rung) == (H * 60, "hall", "m", "cpu")


def test_before_the_very_first_start_it_was_off() -> None:
    (row,) = book(diary_on(MemoryLedger()), range(H + 50, H + 60))
    assert minutes_of(row) == {"paused": 50, "nobody": 10}


def test_after_a_clean_stop_it_was_off_until_the_next_start() -> None:
    ledger = MemoryLedger()
    first = diary_on(ledger)
    book(first, range(H, H + 10))
    first.stop((H + 10) * 60 + 20)
    rows = book(diary_on(ledger), range(H + 150, H + 180))
    assert [minutes_of(row) for row in rows] == [
        {"nobody": 10, "paused": 50},
        {"paused": 60},
        {"paused": 30, "nobody": 30},
    ]


def test_what_a_crash_lost_is_a_fault_and_so_is_the_minute_in_which_it_came_back() -> None:
    ledger = MemoryLedger()
    book(diary_on(ledger), range(H, H + 10))
    rows = book(diary_on(ledger), range(H + 20, H + 60))
    assert minutes_of(rows[0]) == {"nobody": 10 + 39, "fault": 10 + 1}


def test_a_crash_before_the_first_minute_shows_when_the_start_was_told() -> None:
    ledger = MemoryLedger()
    diary_on(ledger).start((H + 5) * 60 + 10, ["hall"])
    again = diary_on(ledger)
    again.start((H + 7) * 60 + 10, ["hall"])
    rows = book(again, range(H + 7, H + 60))
    assert minutes_of(rows[0]) == {"paused": 5, "fault": 3, "nobody": 52}


def test_a_start_after_a_clean_stop_does_not_make_its_minute_a_fault() -> None:
    ledger = MemoryLedger()
    first = diary_on(ledger)
    book(first, range(H, H + 10))
    first.stop((H + 10) * 60)
    again = diary_on(ledger)
    again.start((H + 20) * 60 + 3, ["hall"])
    (row,) = book(again, range(H + 20, H + 60))
    assert minutes_of(row) == {"nobody": 50, "paused": 10}


def test_silence_while_running_is_a_fault() -> None:
    diary = diary_on(MemoryLedger())
    book(diary, range(H, H + 10))
    (row,) = book(diary, range(H + 15, H + 60))
    assert minutes_of(row) == {"nobody": 55, "fault": 5}


def test_a_clock_set_back_books_nothing_twice() -> None:
    diary = diary_on(MemoryLedger())
    book(diary, range(H, H + 30))
    book(diary, range(H + 10, H + 30), OBSERVED)
    walk(diary, H + 12, 3)
    (row,) = book(diary, range(H + 30, H + 60))
    assert minutes_of(row) == {"nobody": 60}
    assert (diary.counters.late_minutes, diary.counters.late_cycles) == (20, 3)


def test_a_clock_that_was_never_set_is_late_not_a_new_life() -> None:
    diary = diary_on(MemoryLedger())
    book(diary, range(H, H + 30))
    book(diary, range(0, 5))
    (row,) = book(diary, range(H + 30, H + 60))
    assert minutes_of(row) == {"nobody": 60}


@pytest.mark.parametrize("stopped", [True, False])
def test_a_start_before_the_clock_is_set_waits_for_the_clock(stopped: bool) -> None:
    ledger = MemoryLedger()
    first = diary_on(ledger)
    book(first, range(H, H + 10))
    if stopped:
        first.stop((H + 10) * 60.0)
    again = diary_on(ledger)
    again.start(100.0, ["hall"])  # a board without a battery: 1970
    book(again, range(2, 4))
    (row,) = book(again, range(H + 20, H + 60))
    assert minutes_of(row) == ({"nobody": 50, "paused": 10} if stopped else {"nobody": 49, "fault": 11})
    assert again.counters.clock_jumps == 0


@pytest.mark.parametrize("days", [401, -401])
def test_a_clock_that_jumps_by_more_than_400_days_begins_anew(days: int) -> None:
    ledger = MemoryLedger()
    diary = diary_on(ledger)
    book(diary, range(H, H + 30))
    there = H + days * 1440
    rows = book(diary, range(there, there + 60))
    assert [minutes_of(row) for row in rows] == [{"nobody": 30, "fault": 30}, {"nobody": 60}]
    assert diary.counters.clock_jumps == 1
    book(diary, range(H, H + 60))  # back again: the first row of that hour stays
    assert minutes_of({row.bucket_start_s: row for row in ledger.rows}[H * 60]) == {"nobody": 30, "fault": 30}


def test_a_long_holiday_is_filled_hour_by_hour() -> None:
    ledger = MemoryLedger()
    first = diary_on(ledger)
    book(first, [H])
    first.stop((H + 1) * 60)
    book(diary_on(ledger), [H + 399 * 1440])
    assert len(ledger.rows) == 399 * 24
    assert all(minutes_of(row) == {"paused": 60} for row in ledger.rows[1:])


def hour_of_walks(diary: Diary, kinds: Callable[[int], MinuteKind]) -> TrendRow:
    for minute in range(H, H + 60):
        walk(diary, minute, 4, SAD if kinds(minute) is OBSERVED else HAPPY)
        rows = diary.update(MinuteNote("hall", minute, kinds(minute)))
    return rows[0]


def test_cycles_count_only_in_observed_minutes() -> None:
    diary = diary_on(MemoryLedger())
    row = hour_of_walks(diary, lambda m: SEVERAL if m % 2 else OBSERVED)
    assert (row.n_walks, row.n_cycles, row.p_sad, row.p_happy) == (30, 120, 0.7, 0.1)
    assert diary.counters.set_aside_cycles == 120


def test_a_walk_over_the_turn_of_a_minute_is_one_walk() -> None:
    diary = diary_on(MemoryLedger())
    for minute in range(H, H + 60):
        walk(diary, minute, 2, bout=minute // 2)
        rows = diary.update(MinuteNote("hall", minute, OBSERVED))
    assert (rows[0].n_walks, rows[0].n_cycles) == (30, 120)


def test_a_restart_in_the_middle_gives_the_same_row_bit_for_bit() -> None:
    whole, parts = MemoryLedger(), MemoryLedger()
    steady = diary_on(whole)
    restarted = diary_on(parts)
    for minute in range(H, H + 60):
        if minute % 7 == 3:
            restarted.stop(minute * 60.0)
            restarted = diary_on(parts)
        for diary in (steady, restarted):
            walk(diary, minute, 3 + minute % 3, HAPPY if minute % 4 else SAD)
            diary.update(MinuteNote("hall", minute, OBSERVED))
    assert whole.rows == parts.rows
    assert whole.rows[0].n_walks == 60


def test_notes_of_two_places_do_not_touch_each_other() -> None:
    ledger = MemoryLedger()
    diary = diary_on(ledger)
    for minute in range(H, H + 60):
        walk(diary, minute, 4)
        diary.update(MinuteNote("kitchen", minute, OBSERVED))
        diary.update(MinuteNote("hall", minute, OBSERVED))
    hall, kitchen = ledger.rows
    assert (hall.place, hall.n_cycles) == ("hall", 240)
    assert (kitchen.place, kitchen.n_cycles) == ("kitchen", "<10")


def test_moods_of_two_models_are_never_mixed() -> None:
    ledger = MemoryLedger()
    for model, minutes, mood in (("old", range(H, H + 30), HAPPY), ("new", range(H + 30, H + 60), SAD)):
        diary = diary_on(ledger, model)
        for minute in minutes:
            walk(diary, minute, 4, mood)
            diary.update(MinuteNote("hall", minute, OBSERVED))
        diary.stop(minutes.stop * 60.0)
    (row,) = ledger.rows
    assert (row.model_id, row.p_sad, row.n_cycles) == ("new", 0.7, 120)
    assert minutes_of(row) == {"observed": 60}


def test_a_place_that_left_the_configuration_is_closed_and_left_alone() -> None:
    ledger = MemoryLedger()
    old = diary_on(ledger)
    book(old, range(H, H + 10), place="cellar")
    old.stop((H + 10) * 60)
    book(diary_on(ledger), range(H + 60, H + 240), place="hall")
    cellar = [row for row in ledger.rows if row.place == "cellar"]
    assert [minutes_of(row) for row in cellar] == [{"nobody": 10, "paused": 50}]


def test_finish_closes_the_open_bucket() -> None:
    diary = diary_on(MemoryLedger())
    book(diary, range(H, H + 10))
    (row,) = diary.finish((H + 10) * 60 + 5)
    assert minutes_of(row) == {"nobody": 10, "paused": 50}
    assert diary.finish((H + 10) * 60 + 5) == ()


def test_a_changed_bucket_length_waits_for_a_common_boundary() -> None:
    ledger = MemoryLedger()
    first = diary_on(ledger, bucket_s=300)
    book(first, range(H, H + 7))
    first.stop((H + 7) * 60)
    book(diary_on(ledger, bucket_s=3600), range(H + 7, H + 120))
    assert [row.bucket_length_s for row in ledger.rows] == [300] * 12 + [3600]
    assert sum(row.minutes_nobody for row in ledger.rows) == 120


def test_held_notes_cannot_fill_the_memory() -> None:
    diary = diary_on(MemoryLedger())
    book(diary, [H])
    for n in range(100_000):
        diary.update(CycleNote("hall", (H + 1 + n % 500) * 60.0, n, SAD))
    assert diary.counters.overflow_cycles >= 100_000 - 10 * 300
    walk(diary, H + 1, 4)
    book(diary, range(H + 1, H + 60), OBSERVED)


def test_a_time_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="not a number"):
        diary_on(MemoryLedger()).update(CycleNote("hall", float("nan"), 1, SAD))


@pytest.mark.parametrize("bucket_s", [0, 90, 7 * 60, 86_400])
def test_bucket_lengths_that_do_not_fit_a_day_are_refused(bucket_s: int) -> None:
    with pytest.raises(ValueError, match="bucket"):
        diary_on(MemoryLedger(), bucket_s=bucket_s)


def test_a_checkpoint_holds_sums_only() -> None:
    ledger = MemoryLedger()
    diary = diary_on(ledger)
    walk(diary, H, 4, bout=4711)
    book(diary, [H], OBSERVED)
    text = msgspec.json.encode(ledger.load()).decode()
    assert "4711" not in text
    assert "bout" not in text.replace("n_bouts_judged", "")
