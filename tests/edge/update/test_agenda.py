"""The next poll's time stays what it was spread to, and follows hold, quiet hours and a clock that is set back."""

from dataclasses import replace
from datetime import UTC, time

from edge.quiet_hours import QuietHours
from edge.update.agenda import Agenda
from edge.update.poll import Polled, PollSettings

NOON_S = 1_800_014_400.0 // 86400 * 86400 + 12 * 3600
SETTINGS = PollSettings(UTC)
NIGHT = replace(SETTINGS, quiet=(QuietHours(time(22), time(6)),))


def test_the_first_poll_comes_however_often_it_is_looked_at() -> None:
    agenda = Agenda(0.5)
    asked = [second for second in range(120) if agenda.due(Polled(None, 0), SETTINGS, NOON_S + second)]
    assert asked[0] == 38, "a quarter of five minutes, times the random number"


def test_after_a_poll_it_waits_and_a_failure_waits_less() -> None:
    agenda = Agenda(0.5)
    assert not agenda.due(Polled(NOON_S, 0), SETTINGS, NOON_S + 3600)
    assert agenda.due(Polled(NOON_S, 0), SETTINGS, NOON_S + 6 * 3600)
    assert not agenda.due(Polled(NOON_S, 1), SETTINGS, NOON_S + 299)
    assert agenda.due(Polled(NOON_S, 1), SETTINGS, NOON_S + 301)


def test_nothing_is_asked_on_hold_and_something_after_it() -> None:
    agenda = Agenda(0.0)
    assert not agenda.due(Polled(None, 0), replace(SETTINGS, on_hold=True), NOON_S)
    assert agenda.next_s is None
    assert agenda.due(Polled(None, 0), SETTINGS, NOON_S + 1)


def test_homes_stay_spread_after_quiet_hours() -> None:
    agenda = Agenda(0.5)
    evening_s, morning_s = NOON_S + 9 * 3600, NOON_S + 18 * 3600
    assert not agenda.due(Polled(evening_s, 0), NIGHT, evening_s + 2 * 3600)
    assert not agenda.due(Polled(evening_s, 0), NIGHT, morning_s + 1), "all at six sharp"
    assert agenda.due(Polled(evening_s, 0), NIGHT, morning_s + 38)


def test_a_device_that_slept_into_quiet_hours_asks_after_them() -> None:
    agenda = Agenda(0.5)
    assert not agenda.due(Polled(NOON_S, 0), NIGHT, NOON_S + 60)
    assert not agenda.due(Polled(NOON_S, 0), NIGHT, NOON_S + 11 * 3600)
    assert agenda.due(Polled(NOON_S, 0), NIGHT, NOON_S + 18 * 3600 + 38)


def test_a_clock_set_back_delays_by_one_pause_at_most() -> None:
    agenda = Agenda(0.5)
    assert not agenda.due(Polled(NOON_S, 0), SETTINGS, NOON_S + 60)
    back_s = NOON_S - 40 * 86400
    assert not agenda.due(Polled(NOON_S, 0), SETTINGS, back_s)
    assert agenda.next_s is not None
    assert agenda.next_s <= back_s + 6 * 3600 * 1.125
