"""Pauses: whatever is done to the clock, a pause is never shorter than was asked for while the device stays on."""

import contextlib
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.pause import ALL_PLACES, Clock, longer, new_pause, next_time_s, seconds_of, time_of

SET_S = 1_900_000_000.0
BOOT = "boot-1"
wall = st.floats(0.0, 4e9)
length = st.floats(1.0, 1e6)
boot = st.floats(0.0, 1e7)
BERLIN = ZoneInfo("Europe/Berlin")


@given(begin_wall_s=wall, begin_boot_s=boot, asked_s=length, steps=st.lists(st.tuples(length, wall), max_size=8))
def test_no_step_of_the_clock_shortens_a_pause(
    begin_wall_s: float, begin_boot_s: float, asked_s: float, steps: list[tuple[float, float]]
) -> None:
    pause = new_pause(ALL_PLACES, Clock(begin_wall_s, begin_boot_s, BOOT), begin_wall_s + asked_s)
    gone_s = 0.0
    for more_s, shown_s in steps:  # time goes by, and somebody sets the clock to anything at all
        gone_s += more_s
        if gone_s < asked_s:
            assert pause.lasts(Clock(shown_s, begin_boot_s + gone_s, BOOT))


@given(begin_wall_s=wall, asked_s=length, earlier_s=length)
def test_a_clock_before_its_beginning_is_still_paused_in_any_boot(
    begin_wall_s: float, asked_s: float, earlier_s: float
) -> None:
    pause = new_pause(ALL_PLACES, Clock(begin_wall_s, 50.0, BOOT), begin_wall_s + asked_s)
    for boot_id in (BOOT, "boot-2", ""):
        assert pause.lasts(Clock(begin_wall_s - earlier_s, 1e9, boot_id))


@given(asked_s=length, over_s=st.floats(3.0, 1e5))
def test_it_ends_when_both_clocks_say_so(asked_s: float, over_s: float) -> None:
    pause = new_pause(ALL_PLACES, Clock(SET_S, 50.0, BOOT), SET_S + asked_s)
    assert not pause.lasts(Clock(SET_S + asked_s + over_s, 50.0 + asked_s + over_s, BOOT))
    assert not pause.lasts(Clock(SET_S + asked_s + over_s, 0.0, "boot-2"))


def test_what_does_not_hold_a_clock_set_forward_while_the_device_was_off() -> None:
    pause = new_pause(ALL_PLACES, Clock(SET_S, 50.0, BOOT), SET_S + 7200)
    assert pause.lasts(Clock(SET_S + 7300, 150.0, BOOT))
    assert not pause.lasts(Clock(SET_S + 7300, 10.0, "boot-2"))


@given(wall_s=wall, boot_s=boot)
def test_a_pause_without_an_end_outlasts_everything(wall_s: float, boot_s: float) -> None:
    pause = new_pause(ALL_PLACES, Clock(SET_S, 50.0, BOOT), None)
    assert pause.lasts(Clock(wall_s, boot_s, "boot-2"))


@given(first_s=st.none() | length, second_s=st.none() | length, gone_s=st.floats(0.0, 1e6), shown_s=wall)
def test_a_new_pause_never_shortens_one_that_stands(
    first_s: float | None, second_s: float | None, gone_s: float, shown_s: float
) -> None:
    begin, now = Clock(SET_S, 50.0, BOOT), Clock(shown_s, 50.0 + gone_s, BOOT)
    first = new_pause("hall", begin, None if first_s is None else SET_S + first_s)
    second = new_pause("hall", now, None if second_s is None else shown_s + second_s)
    end_s = longer(first, second, now).end_s(now)
    for pause in (first, second):
        own_s = pause.end_s(now)
        assert end_s is None or (own_s is not None and own_s <= end_s)


def test_pauses_of_one_place_and_of_all() -> None:
    clock = Clock(SET_S, 50.0, BOOT)
    assert new_pause(ALL_PLACES, clock, None).covers("hall")
    assert new_pause("hall", clock, None).covers("hall")
    assert not new_pause("hall", clock, None).covers("stairs")


@pytest.mark.parametrize(
    ("said", "seconds"), [("2h", 7200), ("30m", 1800), ("1h30m", 5400), ("3d", 259_200), ("90 min", 5400), ("5s", 5)]
)
def test_lengths(said: str, seconds: int) -> None:
    assert seconds_of(said) == seconds


@pytest.mark.parametrize("said", ["", "2", "h", "-2h", "2 hours", "0h", "367d", "1.5h", "nan", "²h", "9" * 99 + "s"])
def test_lengths_that_cannot_be_read(said: str) -> None:
    with pytest.raises(ConfigError):
        seconds_of(said)


@given(st.text(max_size=12))
def test_any_text_is_a_length_or_a_sentence(said: str) -> None:
    with contextlib.suppress(ConfigError):
        assert seconds_of(said) > 0


@pytest.mark.parametrize("said", ["24:00", "8", "08:60", "8.00", "", "٠٨:٠٠", "08:00:00"])
def test_times_that_cannot_be_read(said: str) -> None:
    with pytest.raises(ConfigError):
        time_of(said)


@given(now_s=st.floats(1.75e9, 3e9), at=st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_until_a_time_of_the_day_is_the_next_time_that_clocks_show_it(now_s: float, at: time) -> None:
    end_s = next_time_s(at, now_s, BERLIN)
    assert now_s < end_s <= now_s + 49 * 3600
    shown = datetime.fromtimestamp(end_s, BERLIN)
    skipped = datetime.fromtimestamp(end_s - 3601, BERLIN).utcoffset() != shown.utcoffset()
    assert shown.time() == at or skipped


def test_until_a_time_that_comes_twice_is_the_later_one() -> None:
    midnight = datetime(2026, 10, 25, 0, 0, tzinfo=BERLIN).timestamp()
    assert datetime.fromtimestamp(next_time_s(time(2, 30), midnight, BERLIN), UTC).time() == time(1, 30)


def test_until_with_a_clock_that_was_never_set_is_refused() -> None:
    with pytest.raises(ConfigError, match="never set"):
        next_time_s(time(8), timedelta(days=300).total_seconds(), BERLIN)
