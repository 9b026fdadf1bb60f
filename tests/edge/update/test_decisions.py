"""What is decided without a clock, a file or a socket: rollouts, offers, polls."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UpdateFetchError, UpdateRefusedError
from edge.quiet_hours import QuietHours
from edge.update.choose import Here, Listed, Nothing, Offer, decide, refuse_disagreement
from edge.update.poll import JITTER, Polled, PollSettings, may_fetch_payload, next_poll_s, pause_s
from edge.update.release import (
    MAX_PAYLOAD_BYTES,
    Rollout,
    decode_rollout,
    encode_rollout,
    read_name,
    read_version,
    release_path,
    rollout_path,
    takes_part,
)
from edge.update.transfer import Limits, Pace

ROLLOUT = Rollout(1, "stable", "releases/reference-2.1.0.bundle", "a" * 64, 1000, 100)
HERE = Here("d" * 32, (2,), (2,))


def test_a_rollout_comes_back() -> None:
    assert decode_rollout(encode_rollout(ROLLOUT), "stable") == ROLLOUT


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"ring": "early"},
        {"ring": "../x"},
        {"target": "releases/../x-1.0.bundle"},
        {"target": "releases/x-1.0.bundle\n"},
        {"target": "rollout/x-1.0.bundle"},
        {"target": "releases/sub/x-1.0.bundle"},
        {"target": "releases/x.bundle"},
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
        {"length": 0},
        {"length": MAX_PAYLOAD_BYTES + 1},
        {"length": 1.5},
        {"length": True},
        {"share": 101},
        {"share": -1},
        {"share": "all"},
        {"previous": "/etc/passwd"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_rollout_of_another_form_is_refused(changes: dict[str, object]) -> None:
    said = msgspec.to_builtins(ROLLOUT) | changes
    with pytest.raises(UpdateRefusedError):
        decode_rollout(msgspec.json.encode(said), "stable")


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b" " * 5000, encode_rollout(ROLLOUT)[:-1]])
def test_bytes_that_are_no_rollout_are_refused(text: bytes) -> None:
    with pytest.raises(UpdateRefusedError):
        decode_rollout(text, "stable")


def test_names_are_read_in_one_way() -> None:
    assert read_name(release_path("reference-small", "2.10")).version == (2, 10)
    assert read_version("2.0.0") == read_version("2") < read_version("2.0.1") < read_version("2.10")
    for bad in ("", "2.", "v2", "2.0.0.0.0", "-1", "1e3", "٣", "1\n"):
        with pytest.raises(UpdateRefusedError):
            read_version(bad)
    for ring in ("", "A", "a/b", "-a", "a" * 33, "a\n"):
        with pytest.raises(UpdateRefusedError):
            rollout_path(ring)


def test_a_share_grows_by_the_same_devices() -> None:
    devices = [f"{n:032x}" for n in range(2000)]
    before: set[str] = set()
    for share in (0, 1, 10, 50, 99, 100):
        now = {one for one in devices if takes_part(msgspec.structs.replace(ROLLOUT, share=share), one)}
        assert before <= now
        assert abs(len(now) / 20 - share) < 4
        before = now
    other = msgspec.structs.replace(ROLLOUT, target="releases/reference-2.2.0.bundle", share=50)
    assert {one for one in devices if takes_part(other, one)} != {
        one for one in devices if takes_part(msgspec.structs.replace(ROLLOUT, share=50), one)
    }


@given(
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_nothing_below_the_floor_or_what_runs_is_offered(
    offered: tuple[int, int], running: tuple[int, int], floor: tuple[int, int]
) -> None:
    rollout = msgspec.structs.replace(ROLLOUT, target=f"releases/m-{offered[0]}.{offered[1]}.bundle")
    here = Here("d", read_version(f"{running[0]}.{running[1]}"), read_version(f"{floor[0]}.{floor[1]}"))
    found = decide(rollout, here)
    assert isinstance(found, Offer) == (offered > running and offered >= floor)


def test_both_roles_must_agree() -> None:
    refuse_disagreement(ROLLOUT, Listed(1000, "a" * 64))
    for listed in (None, Listed(1001, "a" * 64), Listed(1000, "b" * 64), Listed(1000, None), Listed(1 << 31, "a" * 64)):
        with pytest.raises(UpdateRefusedError):
            refuse_disagreement(ROLLOUT, listed)


def test_what_failed_here_is_not_taken_again() -> None:
    assert isinstance(decide(ROLLOUT, Here("d", (2,), (2,), frozenset({"a" * 64}))), Nothing)
    assert decide(ROLLOUT, HERE) == Offer(ROLLOUT.target, ROLLOUT.sha256, 1000, None)


SETTINGS = PollSettings(UTC)
NOW_S = datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()


def test_failures_double_the_pause_up_to_a_day() -> None:
    pauses_s = [pause_s(n, SETTINGS) for n in range(1, 12)]
    assert pauses_s[:4] == [300.0, 600.0, 1200.0, 2400.0]
    assert pauses_s[-1] == pause_s(10**6, SETTINGS) == 86400.0
    assert pause_s(0, SETTINGS) == 21600.0


@given(st.integers(0, 40), st.floats(-1e7, 1e7), st.floats(0, 1, exclude_max=True))
def test_the_next_poll_is_neither_past_nor_further_than_a_pause(n: int, ago_s: float, random: float) -> None:
    due_s = next_poll_s(Polled(NOW_S - ago_s, n), SETTINGS, NOW_S, random)
    assert due_s is not None
    assert 0 <= due_s - NOW_S <= pause_s(n, SETTINGS) * (1 + JITTER / 2)


def test_homes_do_not_ask_in_step() -> None:
    due_s = {next_poll_s(Polled(NOW_S, 0), SETTINGS, NOW_S, n / 100) for n in range(100)}
    assert len(due_s) == 100
    assert max(due_s) - min(due_s) > 0.2 * SETTINGS.every_s  # type: ignore[operator]
    assert next_poll_s(Polled(None, 0), SETTINGS, NOW_S, 0.0) == NOW_S


@given(st.floats(0, 86400), st.floats(0, 1, exclude_max=True))
def test_nothing_is_asked_in_quiet_hours(offset_s: float, random: float) -> None:
    zone = ZoneInfo("Europe/Berlin")
    quiet = (QuietHours(time(22), time(7)), QuietHours(time(7), time(8)))
    settings = PollSettings(zone, quiet=quiet)
    due_s = next_poll_s(Polled(None, 0), settings, NOW_S + offset_s, random)
    assert due_s is not None
    assert not [window for window in quiet if window.quiet_until_s(due_s, zone)]


def test_hold_and_metered() -> None:
    held = PollSettings(UTC, on_hold=True)
    metered = PollSettings(UTC, metered=True)
    assert next_poll_s(Polled(None, 0), held, NOW_S, 0.5) is None
    assert next_poll_s(Polled(None, 0), metered, NOW_S, 0.5) is not None
    assert [may_fetch_payload(one) for one in (SETTINGS, held, metered)] == [True, False, False]


def test_settings_without_sense_are_refused() -> None:
    for wrong in ({"first_again_s": 0.0}, {"every_s": 10.0}, {"longest_s": 60.0}):
        with pytest.raises(ValueError, match="first_again_s"):
            PollSettings(UTC, **wrong)


def test_pace_judges_windows_not_moments() -> None:
    pace = Pace(Limits(window_s=30, least_bytes_per_s=100))
    pace.update(0, 0.0)
    for t_s in range(10, 31, 10):
        pace.update(1000, float(t_s))
    pace.update(0, 59.0)
    with pytest.raises(UpdateFetchError, match="100 bytes a second"):
        pace.update(0, 61.0)
