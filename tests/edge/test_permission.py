"""The one decision: every way in which something is not known ends in *not watched*."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.consent import TEXT, TEXT_SHA256, ConsentNote, checked_name, refusal, stands
from edge.errors import ConsentError, StateError
from edge.pause import ALL_PLACES, Clock, Pause, new_pause
from edge.permission import Reason, Settings, State, rest_of
from edge.quiet_hours import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")
NOON = Clock(1_900_058_400.0, 100.0, "boot")  # Monday 2030-03-18, 11:00 in Berlin
OPEN = Settings((), BERLIN)
YES = ConsentNote("accepted", "Anna", 1_900_000_000, TEXT_SHA256)
NO = ConsentNote("withdrawn", "Anna", 1_900_000_001, TEXT_SHA256)
OLD = ConsentNote("accepted", "Anna", 1_800_000_000, "0" * 64)


def reason(
    state: State | StateError, *, live: bool = True, settings: Settings = OPEN, now: Clock = NOON
) -> Reason | None:
    rest = rest_of("hall", live, state, settings, now)
    return rest.reason if rest else None


def test_a_live_camera_is_watched_only_with_a_consent_that_stands() -> None:
    assert reason(State()) is Reason.CONSENT
    assert reason(State(consents=(YES,))) is None
    assert reason(State(consents=(YES, NO))) is Reason.CONSENT
    assert reason(State(consents=(YES, NO, YES))) is None


def test_a_consent_to_another_text_asks_again() -> None:
    assert reason(State(consents=(OLD,))) is Reason.CONSENT
    assert "earlier text" in refusal((OLD,)).found
    assert not stands((YES,), text_sha256="1" * 64)
    assert stands((OLD, YES))


def test_a_file_or_the_synthetic_camera_needs_none_but_a_withdrawal_ends_them_too() -> None:
    assert reason(State(), live=False) is None
    assert reason(State(consents=(YES, NO)), live=False) is Reason.CONSENT


@pytest.mark.parametrize("live", [True, False])
def test_a_state_that_cannot_be_read_rests_everything(live: bool) -> None:
    rest = rest_of("hall", live, StateError("a torn file", "a whole one", "Move it."), OPEN, NOON)
    assert rest
    assert rest.reason is Reason.UNREADABLE
    assert "Move it." in rest.do


def test_one_place_of_two() -> None:
    state = State((new_pause("hall", NOON, None),), (YES,))
    assert rest_of("hall", True, state, OPEN, NOON)
    assert rest_of("stairs", True, state, OPEN, NOON) is None


def test_of_several_reasons_the_longest_is_told() -> None:
    short, long = new_pause("hall", NOON, NOON.wall_s + 60), new_pause(ALL_PLACES, NOON, NOON.wall_s + 600, guest=True)
    rest = rest_of("hall", True, State((short, long), (YES,)), OPEN, NOON)
    assert rest
    assert rest.reason is Reason.GUEST
    assert rest.told(BERLIN) == "paused for guests until Mon 18 Mar 11:10"


def test_quiet_hours_and_a_clock_that_was_never_set() -> None:
    settings = Settings((QuietHours(time(10), time(12), "hall"),), BERLIN)
    assert reason(State(consents=(YES,)), settings=settings) is Reason.QUIET
    assert reason(State(consents=(YES,)), settings=settings, now=Clock(1000.0, 5.0, "boot")) is Reason.CLOCK
    assert reason(State(consents=(YES,)), now=Clock(1000.0, 5.0, "boot")) is None


notes = st.lists(st.sampled_from([YES, NO, OLD]), max_size=4).map(tuple)
pauses = st.lists(
    st.builds(
        Pause, st.sampled_from(["*", "hall", "stairs"]), st.booleans(), st.just(0), st.none(), st.just(0), st.just("b")
    ),
    max_size=3,
).map(tuple)


@given(consents=notes, pauses=pauses)
def test_whatever_the_record_a_live_camera_needs_a_yes_to_this_text_last_and_no_pause(
    consents: tuple[ConsentNote, ...], pauses: tuple[Pause, ...]
) -> None:
    watched = rest_of("hall", True, State(pauses, consents), OPEN, NOON) is None
    paused = any(pause.place in ("*", "hall") for pause in pauses)
    assert watched == (consents[-1:] == (YES,) and not paused)


def test_the_text_says_what_it_must() -> None:
    for word in ("watches", "computes", "keeps", "workplaces", "schools", "diagnosis", "withdraw", "guests"):
        assert word in TEXT


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b", "a\x1b[31mb"])
def test_a_name_that_cannot_be_kept(name: str) -> None:
    with pytest.raises(ConsentError):
        checked_name(name)
