"""Stored days: what their hours made, in every zone, through late hours, changed zones, retention and failures."""

import random
from collections.abc import Sequence
from datetime import date, tzinfo
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.affect import Affect
from edge.diary.booking import CycleNote, MinuteNote
from edge.diary.day_rows import DayRow, date_of, known_days, stretch_of_day
from edge.diary.days import days_of_rows, week_of_days
from edge.diary.diary import Diary
from edge.diary.key import read_key
from edge.diary.minutes import MinuteKind
from edge.diary.retiring import new_days
from edge.diary.rolling import RollingLedger, roll_up
from edge.diary.rollup import stretch_of_rows
from edge.diary.soundness import check_diary
from edge.diary.span import Span
from edge.diary.store import Store
from edge.diary.traces import Traces, look
from edge.diary.trend import Minutes, MoodSums, TrendRow, trend_row
from edge.retention import Retention
from tests.edge.diary.rolled_homes import DAY_S, HOUR_S, PLACES, at, hour, hours_of

BERLIN, KOLKATA, LOS_ANGELES = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata"), ZoneInfo("America/Los_Angeles")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KEEP = Retention()
SHORT = Retention(keep_hours_days=5)
START_S = at(2026, 11, 2, 23)  # midnight in Berlin


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "diary.db"


def end_s(rows: Sequence[TrendRow]) -> int:
    return max(row.bucket_start_s + row.bucket_length_s for row in rows)


def rolled(store: Store, rows: Sequence[TrendRow], zone: tzinfo, retention: Retention = KEEP) -> tuple[DayRow, ...]:
    store.save(rows, [])
    roll_up(store, zone, retention, end_s(rows))
    return store.days()


def test_a_stored_day_is_what_its_hours_made_bit_for_bit(path: Path) -> None:
    rows = list(hours_of(START_S, 8 * 24))
    with Store.open(path) as store:
        days = rolled(store, rows, BERLIN)
        assert len(days) == 16
        made = {(day.place, day.day): day.stretch for day in days_of_rows(rows, BERLIN)}
        assert {(day.place, date_of(day, BERLIN)): stretch_of_day(day) for day in days} == made
        assert any(day.valence is not None for day in days)
        assert roll_up(store, BERLIN, KEEP, end_s(rows)).n_days == 0
        assert store.days() == days


def test_weeks_of_stored_days_are_weeks_of_hours_bit_for_bit() -> None:
    rows = list(hours_of(START_S, 7 * 24, ("hall",)))
    stored = known_days((), new_days(rows, (), BERLIN, end_s(rows)), BERLIN)
    assert len(stored) == 7
    assert week_of_days(stored) == week_of_days(days_of_rows(rows, BERLIN))


@pytest.mark.parametrize(
    ("zone", "first", "day", "n_hours"),
    [
        (BERLIN, at(2026, 3, 27), date(2026, 3, 29), 23),
        (BERLIN, at(2026, 10, 23), date(2026, 10, 25), 25),
        (LOS_ANGELES, at(2026, 10, 30), date(2026, 11, 1), 25),
        (KOLKATA, at(2026, 10, 30), date(2026, 11, 1), 24),
        (LORD_HOWE, at(2026, 10, 2), date(2026, 10, 4), 23),  # 23.5: the hour that midnight cuts is the day's before
        (LORD_HOWE, at(2027, 4, 2), date(2027, 4, 4), 25),
    ],
)
def test_a_stored_day_is_as_long_as_the_clock_says(
    path: Path, zone: tzinfo, first: int, day: date, n_hours: int
) -> None:
    rows = list(hours_of(first, 5 * 24, ("hall",)))
    with Store.open(path) as store:
        days = {date_of(row, zone): row for row in rolled(store, rows, zone)}
        assert days[day].day_length_s == n_hours * HOUR_S
        assert days[day].n_minutes == 60 * n_hours
        ordered = sorted(days.values(), key=lambda row: row.day_start_s)
        assert all(a.day_end_s == b.day_start_s for a, b in pairwise(ordered))


def test_an_hour_that_comes_late_is_added_to_its_day(path: Path) -> None:
    rows = list(hours_of(START_S, 4 * 24, ("hall",)))
    late = rows.pop(30)
    with Store.open(path) as store:
        before = rolled(store, rows, BERLIN)
        assert len(before) == 4
        assert rolled(store, [late], BERLIN) == new_days([*rows, late], (), BERLIN, end_s(rows))
        assert store.days() != before


def test_a_changed_zone_leaves_the_days_that_stand_and_none_overlaps(path: Path) -> None:
    rows = list(hours_of(START_S, 12 * 24, ("hall",)))
    with Store.open(path) as store:
        first = rolled(store, rows[: 4 * 24], BERLIN)
        second = rolled(store, rows[4 * 24 : 8 * 24], LOS_ANGELES)
        days = rolled(store, rows[8 * 24 :], KOLKATA)
        assert days[: len(first)] == first
        assert days[: len(second)] == second
        assert all(a.day_end_s <= b.day_start_s for a, b in pairwise(days))
        covered = [row for row in rows if any(d.day_start_s <= row.bucket_start_s < d.day_end_s for d in days)]
        assert sum(day.n_minutes for day in days) == 60 * len(covered)
        assert len(rows) - len(covered) < 24  # today
        told = known_days([row for row in rows if row not in covered], days, KOLKATA)
        assert sum(day.stretch.minutes.total for day in told) == 60 * len(rows)
        assert len({(day.place, day.day) for day in told}) == len(told)
    assert check_diary(path, None).problems == ()


def booked(ledger: RollingLedger, first_s: int, n_hours: int, places: tuple[str, ...]) -> None:
    diary = Diary(ledger, "m", "cpu", checkpoint_each_minute=False)
    for minute in range(first_s // 60, first_s // 60 + 60 * n_hours):
        for place in places:
            for n in range(4 * (minute % 60 < 12)):
                diary.update(CycleNote(place, minute * 60.0 + n, minute, Affect((0.1, 0.2, 0.3, 0.4))))
            diary.update(MinuteNote(place, minute, MinuteKind.OBSERVED if minute % 60 < 12 else MinuteKind.NOBODY))


def test_the_monitors_ledger_rolls_up_each_place_once_its_day_is_over(path: Path) -> None:
    with Store.open(path) as store:
        booked(RollingLedger(store, BERLIN, KEEP), START_S, 24, PLACES)
        assert [(day.place, day.n_minutes) for day in store.days()] == [("big hall", 1440), ("hall", 1440)]
        assert store.days() == tuple(sorted(new_days(store.rows(), (), BERLIN, START_S + DAY_S), key=lambda d: d.place))


def test_a_place_that_fell_silent_is_rolled_up_a_day_later(path: Path) -> None:
    with Store.open(path) as store:
        ledger = RollingLedger(store, BERLIN, KEEP)
        ledger.save(list(hours_of(START_S, 20, ("attic",))), [])
        ledger.save(list(hours_of(START_S, 47, ("hall",))), [])
        assert [day.place for day in store.days()] == ["hall"]
        ledger.save(list(hours_of(START_S + 47 * HOUR_S, 1, ("hall",))), [])
        assert [(day.place, day.n_minutes) for day in store.days()][:2] == [("attic", 1200), ("hall", 1440)]


def test_hours_go_once_their_day_stands_and_nothing_that_is_told_changes(path: Path) -> None:
    rows = list(hours_of(START_S, 12 * 24))
    with Store.open(path) as store:
        before = known_days(rows, (), BERLIN)
        rolled(store, rows, BERLIN, SHORT)
        cut_s = end_s(rows) - 5 * DAY_S
        assert store.rows() == tuple(row for row in sorted(rows, key=lambda r: (r.bucket_start_s, r.place))
                                     if row.bucket_start_s >= cut_s)  # fmt: skip
        after = known_days(store.rows(), store.days(), BERLIN)
        assert [(d.place, d.day, d.n_minutes, d.stretch) for d in after] == [
            (d.place, d.day, d.n_minutes, d.stretch) for d in before
        ]
        assert [d.kept for d in after] == [d.day < date(2026, 11, 10) for d in after]
        assert store.hours_gone_until_s() == cut_s
    assert check_diary(path, None).problems == ()


def test_days_go_when_their_years_are_over(path: Path) -> None:
    old = list(hours_of(at(2017, 5, 2, 22), 3 * 24))
    rows = list(hours_of(START_S, 9 * 24))
    with Store.open(path) as store:
        assert len(rolled(store, old, BERLIN)) == 6
        days = rolled(store, rows, BERLIN, Retention(keep_days_years=9))
        assert min(day.day_start_s for day in days) == START_S
        assert store.rows()[0].bucket_start_s == START_S


def test_a_clock_that_jumps_ahead_retires_nothing_before_a_week_was_lived_there(path: Path) -> None:
    rows, far_s = list(hours_of(START_S, 10 * 24)), at(2047, 1, 1, 23)
    with Store.open(path) as store:
        rolled(store, rows, BERLIN)
        rolled(store, list(hours_of(far_s, 6 * 24)), BERLIN)
        assert len(store.rows()) == 2 * 24 * (10 + 6)
        assert store.days()[0].day_start_s == START_S
        rolled(store, list(hours_of(far_s + 6 * DAY_S, 24)), BERLIN)
        assert store.days()[0].day_start_s == far_s


def test_what_was_retired_is_in_no_page_and_the_look_could_have_found_it(path: Path) -> None:
    """All hours of a day but its first, whose start is that of the day row, which stays."""
    rows = list(hours_of(START_S, 12 * 24))
    key_path, none = path.with_name("diary.key"), frozenset[int]()
    spans = [Span(START_S + n * DAY_S + HOUR_S, START_S + (n + 1) * DAY_S) for n in range(7)]
    hours_only = [Traces(span, frozenset(PLACES), frozenset({HOUR_S}), none, none) for span in spans]
    with Store.open(path) as store:
        store.save(rows, [])
        assert all(look(path.parent, read_key(key_path), traces).where for traces in hours_only)
        assert roll_up(store, BERLIN, SHORT, end_s(rows)).n_hours_gone == 7 * 24 * 2
        assert all(look(path.parent, read_key(key_path), traces).clean for traces in hours_only)


@pytest.mark.parametrize("most_hours", [50, 97, 500])
def test_a_part_at_a_time_makes_the_same_days(path: Path, most_hours: int) -> None:
    rows = list(hours_of(START_S, 10 * 24))
    rng = random.Random(2)
    rows = [row for row in rows if rng.random() < 0.9]
    with Store.open(path) as store:
        store.save(rows, [])
        while not roll_up(store, BERLIN, SHORT, end_s(rows), most_hours).is_all:
            pass
        made = new_days(rows, (), BERLIN, end_s(rows))
        assert store.days() == tuple(sorted(made, key=lambda day: (day.day_start_s, day.place)))


def test_a_job_that_fails_costs_no_hour_and_is_done_at_the_next(path: Path) -> None:
    rows = list(hours_of(START_S, 49, ("hall",)))
    with Store.open(path) as store:
        ledger = RollingLedger(store, BERLIN, KEEP)
        with store.writing() as connection:
            connection.exec_driver_sql("CREATE TRIGGER full BEFORE INSERT ON day BEGIN SELECT RAISE(ABORT, 'x'); END")
        ledger.save(rows[:48], [])
        assert (store.rows(), store.days()) == (tuple(rows[:48]), ())
        with store.writing() as connection:
            connection.exec_driver_sql("DROP TRIGGER full")
        ledger.save(rows[48:], [])
        assert len(store.days()) == 2


def test_check_finds_a_day_that_is_not_what_its_hours_make(path: Path) -> None:
    rows = list(hours_of(START_S, 3 * 24, ("hall",)))
    with Store.open(path) as store:
        rolled(store, rows, BERLIN)
    assert check_diary(path, None).problems == ()
    assert check_diary(path, None).n_days == 3
    with Store.open(path) as store, store.writing() as connection:
        connection.exec_driver_sql(f"UPDATE day SET weight = weight + 1e-9 WHERE day_start_s = {START_S}")
    assert check_diary(path, None).problems == (f"the day of hall at {START_S} is not what its hours make",)


def test_a_gap_in_the_hours_and_a_midnight_between_two_of_them_leave_no_overlap() -> None:
    rng = random.Random(3)
    rows = [hour(at(2026, 11, 3) + n * HOUR_S, "hall", rng) for n in range(200) if n % 50 != 49]
    days = new_days(rows, (), KOLKATA, end_s(rows))
    assert all(a.day_end_s == b.day_start_s for a, b in pairwise(days))
    for day in days:
        own = [row for row in rows if day.day_start_s <= row.bucket_start_s < day.day_end_s]
        assert stretch_of_day(day) == stretch_of_rows(own)


def test_buckets_of_two_lengths_make_days_that_do_not_overlap() -> None:
    """Midnight in Kolkata is half past an hour: the hour that it cuts is all the day's before it."""
    midnight_s = at(2026, 11, 3, 18) + 1800
    quarters = [quarter(midnight_s - 12 * HOUR_S - 1800 + 900 * n) for n in range(48)]
    after = [hour(midnight_s - 1800 + HOUR_S * n, "hall", random.Random(n)) for n in range(30)]
    first, second = new_days([*quarters, *after], (), KOLKATA, end_s(after))
    assert (first.day_end_s, second.day_start_s) == (midnight_s + 1800, midnight_s + 1800)
    assert (first.n_minutes, second.n_minutes) == (13 * 60, 24 * 60)


def quarter(start_s: int) -> TrendRow:
    return trend_row("hall", start_s, 900, Minutes(nobody=15), MoodSums(), "m", "cpu")
