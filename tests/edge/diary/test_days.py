"""Days and weeks: they add up, know their clock, and give nothing away that an hour held back."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.affect import AbstainReason, Abstention, Affect, Judgement
from edge.diary.booking import MinuteNote
from edge.diary.day_rows import DayRow
from edge.diary.days import Day, MinuteDays, begins_s, days_of_rows, n_minutes_of, week_of_days
from edge.diary.minutes import MinuteKind
from edge.diary.retiring import new_days
from edge.diary.rollup import stretch_of_rows, stretch_of_stretches
from edge.diary.trend import KINDS, BoutSums, Minutes, MoodSums, TrendRow, trend_row

DAY0 = 1_793_664_000  # 2026-11-03, a Tuesday, 00:00 UTC
ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
STRANGE = Abstention(AbstainReason.OUT_OF_DISTRIBUTION)
Bouts = list[list[Judgement]]


def mood_of(bouts: Sequence[Sequence[Judgement]]) -> MoodSums:
    total = MoodSums()
    for bout in bouts:
        sums = BoutSums()
        for judgement in bout:
            sums.update(judgement)
        total = total.plus(sums.closed())
    return total


def hour(n: int, bouts: Sequence[Sequence[Judgement]], minutes: Minutes | None = None, start_s: int = DAY0) -> TrendRow:
    booked = minutes or Minutes(observed=10, nobody=50)
    return trend_row("hall", start_s + 3600 * n, 3600, booked, mood_of(bouts), "m", "cpu")


AFFECTS = st.sampled_from([Affect((0.7, 0.1, 0.1, 0.1)), Affect((0.1, 0.6, 0.2, 0.1)), Affect((0.05, 0.1, 0.25, 0.6))])
JUDGEMENTS = st.one_of(AFFECTS, AFFECTS, st.just(STRANGE))
TOLD: st.SearchStrategy[Bouts] = st.lists(st.lists(AFFECTS, min_size=4, max_size=6), min_size=3, max_size=5)
TWO_WALKS: st.SearchStrategy[Bouts] = st.lists(st.lists(JUDGEMENTS, min_size=3, max_size=12), max_size=2)
FEW_CYCLES: st.SearchStrategy[Bouts] = st.lists(st.lists(JUDGEMENTS, min_size=1, max_size=3), max_size=3)
HIDDEN = st.one_of(TWO_WALKS, FEW_CYCLES)
DAYS_OF_BOUTS = st.lists(st.tuples(st.booleans(), TOLD, HIDDEN, HIDDEN), min_size=2, max_size=40)


def releases(rows: Sequence[TrendRow]) -> list[object]:
    """Everything that could be told of these rows: they, their days and weeks in every zone, and any part of them."""
    out: list[object] = list(rows)
    for zone in ZONES:
        days = days_of_rows(rows, ZoneInfo(zone))
        out += days
        out += [stretch_of_stretches([day.stretch for day in days[i : i + 7]]) for i in range(len(days))]
        out += new_days(rows, (), ZoneInfo(zone), DAY0 + 3600 * 24 * 400)  # what is kept when the hours go
    out += [stretch_of_rows(rows[:i] + rows[i + 1 :]) for i in range(len(rows))]  # the day without one hour
    return out + [stretch_of_rows(rows[i:]) for i in range(len(rows))]


@settings(max_examples=40, deadline=None)
@given(DAYS_OF_BOUTS)
def test_no_release_depends_on_what_an_hour_held_back(hours: list[tuple[bool, Bouts, Bouts, Bouts]]) -> None:
    """Two homes that differ in nothing but what was held back tell the same, bit for bit: no difference, rounding or
    interval of any releases can then know which of the two it was."""
    one = [hour(n, told if is_told else hidden) for n, (is_told, told, hidden, _other) in enumerate(hours)]
    other = [hour(n, told if is_told else hidden) for n, (is_told, told, _hidden, hidden) in enumerate(hours)]
    assert all(row.held_back is not is_told for row, (is_told, *_rest) in zip(one, hours, strict=True))
    assert sum(isinstance(release, DayRow) for release in releases(one)) >= len(ZONES)
    assert msgspec.json.encode(releases(one)) == msgspec.json.encode(releases(other))


def differences(day: Day, rows: Sequence[TrendRow]) -> set[float]:
    """What is left of a day's counts when every set of its told hours is taken off, with all that rounding allows."""
    told = [row for row in rows if not row.held_back]
    left: set[float] = set()
    for taken in itertools.chain.from_iterable(itertools.combinations(told, n) for n in range(len(told) + 1)):
        left.add(day.stretch.n_cycles - sum(int(row.n_cycles) for row in taken))
    return left


@settings(max_examples=60, deadline=None)
@given(st.lists(TOLD, min_size=1, max_size=4), HIDDEN)
def test_a_day_less_its_told_hours_is_nothing(told: list[Bouts], hidden: Bouts) -> None:
    rows = [*(hour(n, bouts) for n, bouts in enumerate(told)), hour(12, hidden)]
    (day,) = days_of_rows(rows, UTC)
    assert min(differences(day, rows)) == 0
    assert differences(day, rows) == differences(day, rows[:-1])


def test_the_attack_finds_a_hidden_hour_in_a_day_made_of_all_cycles() -> None:
    """The same subtraction on a day that adds what was held back: so the attack above could have succeeded."""
    told, hidden = [[Affect((0.1, 0.6, 0.2, 0.1))] * 5] * 4, [[Affect((0.05, 0.1, 0.25, 0.6))] * 9]
    rows = [hour(9, told), hour(12, hidden)]
    careless = trend_row("hall", DAY0, 6 * 3600, Minutes(nobody=360), mood_of([*told, *hidden]), "m", "cpu")
    n_left = int(careless.n_cycles) - sum(int(row.n_cycles) for row in rows if not row.held_back)
    assert abs(n_left - 9) <= 5
    assert careless.p_sad is not None
    assert rows[0].p_sad is not None
    found = (careless.p_sad * 29 - rows[0].p_sad * 20) / 9
    assert found == pytest.approx(0.6, abs=0.03)  # the hidden walk's own sadness
    (day,) = days_of_rows(rows, UTC)
    assert (day.stretch.n_cycles, day.stretch.mood) == (20, days_of_rows(rows[:1], UTC)[0].stretch.mood)


MINUTES = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(
    lambda kinds: Minutes(**{kind: kinds.count(k) * 60 // len(kinds) for k, kind in enumerate(KINDS)})
)


def whole(minutes: Minutes) -> Minutes:
    return minutes.plus(MinuteKind.FAULT, 60 - minutes.total)


@settings(max_examples=40, deadline=None)
@given(st.lists(MINUTES, min_size=1, max_size=100), st.sampled_from(ZONES), st.integers(0, 364))
def test_minutes_of_six_kinds_add_up_over_days_and_weeks(given_: list[Minutes], zone: str, first: int) -> None:
    start_s = DAY0 + 86_400 * first
    rows = [hour(n, [], whole(minutes), start_s) for n, minutes in enumerate(given_)]
    days = days_of_rows(rows, ZoneInfo(zone))
    week = week_of_days(days)
    for kind in KINDS:
        hours = sum(getattr(row, f"minutes_{kind}") for row in rows)
        assert sum(getattr(day.stretch.minutes, kind) for day in days) == hours
        assert getattr(week.stretch.minutes, kind) == hours
    assert week.stretch.minutes.total == 60 * len(rows)


@given(st.lists(st.one_of(TOLD, HIDDEN), min_size=1, max_size=30), st.sampled_from(ZONES), st.randoms())
@settings(max_examples=25, deadline=None)
def test_days_equal_their_recomputation_from_hours(bouts: list[Bouts], zone: str, random: object) -> None:
    rows = [hour(n, b) for n, b in enumerate(bouts)]
    days = days_of_rows(rows, ZoneInfo(zone))
    mixed = random.sample(rows, len(rows))  # type: ignore[attr-defined]
    assert days_of_rows(mixed, ZoneInfo(zone)) == days
    for day in days:
        own = [r for r in rows if datetime.fromtimestamp(r.bucket_start_s, ZoneInfo(zone)).date() == day.day]
        assert day.stretch == stretch_of_rows(own)
        assert sum(mood is not None for mood in day.slots) <= day.stretch.n_told
        told = [mood for mood in day.slots if mood is not None]
        assert sum(mood.weight for mood in told) == pytest.approx(day.stretch.mood.weight if day.stretch.mood else 0)


@given(st.lists(st.one_of(TOLD, HIDDEN), min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_the_share_abstained_is_that_of_the_told_hours_weighted_by_their_cycles(bouts: list[Bouts]) -> None:
    rows = [hour(2 * n, [*b, [STRANGE] * (n % 3 * 3)] if len(b) > 2 else b) for n, b in enumerate(bouts)]
    week = week_of_days(days_of_rows(rows, UTC)).stretch
    told = [(int(row.n_cycles), row.share_abstained or 0.0) for row in rows if not row.held_back]
    if not told:
        assert week.share_abstained is None
        return
    expected = sum(n * share for n, share in told) / sum(n for n, _share in told)
    assert week.share_abstained == pytest.approx(expected)
    assert 0 <= expected < 1


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 10, 26), 24),
        ("America/Los_Angeles", date(2026, 11, 1), 25),
        ("America/Santiago", date(2026, 9, 6), 23),  # its midnight does not exist
        ("America/Havana", date(2026, 11, 1), 25),  # its midnight comes twice
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Kolkata", date(2026, 10, 25), 24),
    ],
)
def test_a_day_is_as_long_as_the_clock_says(zone: str, day: date, hours: float) -> None:
    assert n_minutes_of(day, ZoneInfo(zone)) == 60 * hours
    notes = [MinuteNote("hall", minute, MinuteKind.NOBODY) for minute in _around(day)]
    days = MinuteDays(ZoneInfo(zone))
    ended = [d for d in map(days.update, notes) if d is not None]
    (own,) = [d for d in ended if d.day == day]
    assert own.minutes.nobody == 60 * hours


def _around(day: date) -> range:
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()) // 60
    return range(noon - 3 * 1440, noon + 3 * 1440)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles", "UTC", "America/Santiago"])
def test_where_midnight_is_a_full_utc_hour_days_of_hours_are_days_of_minutes(zone: str) -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 1), date(2026, 9, 6)):
        assert _from_hours(day, ZoneInfo(zone)) == _from_minutes(day, ZoneInfo(zone))


def _kind(minute: int) -> MinuteKind:
    return list(MinuteKind)[minute * 7919 // 60 % 6]


def _from_minutes(day: date, zone: tzinfo) -> Minutes:
    days = MinuteDays(zone)
    ended = [days.update(MinuteNote("hall", minute, _kind(minute))) for minute in _around(day)]
    (own,) = [d for d in ended if d is not None and d.day == day]
    return own.minutes


def _from_hours(day: date, zone: tzinfo) -> Minutes:
    first = _around(day)[0] // 60
    hours = []
    for n in range(first, first + 144):
        minutes = Minutes()
        for minute in range(60 * n, 60 * n + 60):
            minutes = minutes.plus(_kind(minute))
        hours.append(hour(n, [], minutes, start_s=0))
    (own,) = [d for d in days_of_rows(hours, zone) if d.day == day]
    return own.stretch.minutes


@pytest.mark.parametrize(("zone", "late_s"), [("Asia/Kolkata", 1800), ("Asia/Kathmandu", 2700), ("Europe/Berlin", 0)])
def test_off_by_half_an_hour_a_day_of_hours_begins_late_by_what_it_says(zone: str, late_s: int) -> None:
    day, tz = date(2026, 11, 4), ZoneInfo(zone)
    midnight_s = int(datetime(2026, 11, 4, tzinfo=tz).timestamp())
    assert begins_s(day, tz) - midnight_s == late_s
    assert begins_s(day, tz, 900) == midnight_s  # buckets of 15 minutes are exact everywhere
    rows = [hour(n, []) for n in range(72)]
    (own,) = [d for d in days_of_rows(rows, tz) if d.day == day]
    assert own.stretch.minutes.total == 1440
    first = min(r.bucket_start_s for r in rows if datetime.fromtimestamp(r.bucket_start_s, tz).date() == day)
    assert first == begins_s(day, tz)


def test_minutes_of_two_places_make_two_days() -> None:
    days = MinuteDays(UTC)
    for minute in range(DAY0 // 60, DAY0 // 60 + 3):
        for place in ("hall", "stairs"):
            assert days.update(MinuteNote(place, minute, MinuteKind.OBSERVED)) is None
    assert [(d.place, d.minutes.observed) for d in days.open_days()] == [("hall", 3), ("stairs", 3)]


def test_a_week_of_more_than_seven_days_is_refused() -> None:
    days = days_of_rows([hour(24 * n, []) for n in range(8)], UTC)
    assert week_of_days(days[:7]).first == date(2026, 11, 3)
    assert days[1].day - days[0].day == timedelta(days=1)
    for wrong in ((), days):
        with pytest.raises(ValueError, match="within seven"):
            week_of_days(wrong)
