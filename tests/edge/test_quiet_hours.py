"""Quiet hours against a clock on the wall: over midnight, over daylight saving, in zones of every kind."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.quiet_hours import QuietHours, quiet_until_s

ZONES = [
    ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")
]
BERLIN = ZONES[0]
minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
windows = st.tuples(minutes, minutes).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair))
NIGHT = QuietHours(time(22), time(7))


def at(*local: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime(*local, tzinfo=zone, fold=fold).timestamp()  # type: ignore[arg-type,misc]


def shown_inside(window: QuietHours, now_s: float, zone: ZoneInfo) -> bool:
    """What a clock on the wall says."""
    shown = datetime.fromtimestamp(now_s, zone).time()
    if window.start < window.end:
        return window.start <= shown < window.end
    return shown >= window.start or shown < window.end


def steps_near(now_s: float, zone: ZoneInfo) -> bool:
    offsets = {datetime.fromtimestamp(now_s + hours * 3600, zone).utcoffset() for hours in range(-26, 27)}
    return len(offsets) > 1


@given(window=windows, now_s=st.floats(1.5e9, 2.2e9), zone=st.sampled_from(ZONES))
def test_it_is_quiet_whenever_the_clock_on_the_wall_says_so(window: QuietHours, now_s: float, zone: ZoneInfo) -> None:
    quiet = window.quiet_until_s(now_s, zone) is not None
    if shown_inside(window, now_s, zone):
        assert quiet
    elif not steps_near(now_s, zone):
        assert not quiet


@given(window=windows, minute=st.integers(-1600, 1600), autumn=st.booleans())
def test_every_minute_around_a_change_of_the_clock(window: QuietHours, minute: int, autumn: bool) -> None:
    change_s = datetime(2026, 10, 25, 1, tzinfo=UTC) if autumn else datetime(2026, 3, 29, 1, tzinfo=UTC)
    now_s = (change_s + timedelta(minutes=minute)).timestamp()
    if shown_inside(window, now_s, BERLIN):
        end_s = window.quiet_until_s(now_s, BERLIN)
        assert end_s is not None
        assert end_s > now_s


@given(window=windows, now_s=st.floats(1.5e9, 2.2e9), zone=st.sampled_from(ZONES), part=st.floats(0.0, 0.999))
def test_it_stays_quiet_until_the_end_it_names(window: QuietHours, now_s: float, zone: ZoneInfo, part: float) -> None:
    end_s = window.quiet_until_s(now_s, zone)
    if end_s is not None:
        assert window.quiet_until_s(now_s + part * (end_s - now_s), zone) is not None


def test_over_midnight() -> None:
    assert NIGHT.quiet_until_s(at(2026, 6, 1, 23), BERLIN) == at(2026, 6, 2, 7)
    assert NIGHT.quiet_until_s(at(2026, 6, 2, 6, 59), BERLIN) == at(2026, 6, 2, 7)
    assert NIGHT.quiet_until_s(at(2026, 6, 2, 7), BERLIN) is None
    assert NIGHT.quiet_until_s(at(2026, 6, 2, 21, 59), BERLIN) is None


def test_the_night_that_is_an_hour_shorter_and_the_one_that_is_longer() -> None:
    for evening, hours in (
        (datetime(2026, 3, 28, 22), 8),
        (datetime(2026, 10, 24, 22), 10),
        (datetime(2026, 6, 1, 22), 9),
    ):
        begin_s = evening.replace(tzinfo=BERLIN).timestamp()
        assert NIGHT.quiet_until_s(begin_s, BERLIN) == begin_s + hours * 3600


def test_a_window_that_happens_twice_has_no_hole_and_one_that_is_skipped_still_is() -> None:
    twice = QuietHours(time(1), time(2, 30))
    assert twice.quiet_until_s(at(2026, 10, 25, 1, 30), BERLIN) == at(2026, 10, 25, 2, 30, fold=1)
    assert twice.quiet_until_s(at(2026, 10, 25, 2, 45), BERLIN) is not None
    skipped = QuietHours(time(2), time(3))
    changes_s = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp()
    assert skipped.quiet_until_s(changes_s - 1, BERLIN) == changes_s


def test_places() -> None:
    hours = (QuietHours(time(22), time(7), "hall"), QuietHours(time(21), time(23)))
    late_s = at(2026, 6, 1, 22, 30)
    assert quiet_until_s(hours, "hall", late_s, BERLIN) == at(2026, 6, 2, 7)
    assert quiet_until_s(hours, "stairs", late_s, BERLIN) == at(2026, 6, 1, 23)
    assert quiet_until_s((), "hall", late_s, BERLIN) is None


def test_a_window_that_ends_when_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="whole days"):
        QuietHours(time(7), time(7))
