"""Every minute has exactly one kind, and the rules hold in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.diary.minutes import MinuteCounter, MinuteKind, MinuteTally, classify_minute


def watched(**counts: int) -> MinuteTally:
    """A minute of 60 good seconds at 10 frames a second; what is given replaces frames of nobody."""
    people = sum(counts.get(k, 0) for k in ("n_frames_one", "n_frames_several"))
    return MinuteTally(**({"n_s_frames": 60, "n_s_good": 60, "n_frames_nobody": 600 - people} | counts))


@pytest.mark.parametrize(
    ("tally", "kind"),
    [
        (watched(), MinuteKind.NOBODY),
        (watched(n_frames_one=9), MinuteKind.NOBODY),
        (watched(n_frames_one=10), MinuteKind.OBSERVED),
        (watched(n_frames_one=600), MinuteKind.OBSERVED),
        (watched(n_frames_one=200, n_frames_several=9), MinuteKind.OBSERVED),
        (watched(n_frames_one=200, n_frames_several=10), MinuteKind.SEVERAL_PEOPLE),
        (watched(n_frames_one=6, n_frames_several=6), MinuteKind.OBSERVED),
        (watched(n_frames_one=100, n_frames_not_usable=100), MinuteKind.UNUSABLE),
        (watched(n_frames_one=100, n_frames_not_usable=91), MinuteKind.UNUSABLE),
        (watched(n_frames_one=100, n_frames_not_usable=90), MinuteKind.OBSERVED),
        (watched(n_frames_one=9, n_frames_not_usable=9), MinuteKind.NOBODY),
        (watched(n_s_good=31, n_s_dark=29), MinuteKind.NOBODY),
        (watched(n_s_good=30, n_s_dark=30), MinuteKind.UNUSABLE),
        (watched(n_s_good=30, n_s_dark=15, n_s_blocked=15, n_frames_several=300), MinuteKind.UNUSABLE),
        (watched(n_s_frames=56), MinuteKind.NOBODY),
        (watched(n_s_frames=55), MinuteKind.FAULT),
        (watched(n_s_lost=4), MinuteKind.NOBODY),
        (watched(n_s_lost=5, n_frames_one=400), MinuteKind.FAULT),
        (watched(n_ticks_down=1, n_frames_one=400), MinuteKind.FAULT),
        (watched(n_s_frames=31, n_s_paused=29, n_frames_one=100), MinuteKind.OBSERVED),
        (watched(n_s_frames=30, n_s_paused=30, n_frames_one=100), MinuteKind.PAUSED),
        (watched(n_s_frames=20, n_s_paused=35), MinuteKind.FAULT),
        (MinuteTally(n_s_paused=60), MinuteKind.PAUSED),
        (MinuteTally(n_s_paused=60, n_ticks_down=1), MinuteKind.FAULT),
        (MinuteTally(), MinuteKind.FAULT),
    ],
)
def test_the_rules_in_their_order(tally: MinuteTally, kind: MinuteKind) -> None:
    assert classify_minute(tally) is kind


@pytest.mark.parametrize("bad", [{"n_s_frames": 61}, {"n_s_lost": -1}, {"n_frames_not_usable": 1}])
def test_counts_that_no_minute_has_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"no minute has|unusable"):
        MinuteTally(**bad)


FRAMES = st.tuples(
    st.integers(0, 59), st.sampled_from(["ok", "dark", "blocked", "lost"]), st.integers(0, 4), st.integers(0, 4)
)


@given(st.lists(FRAMES, max_size=300), st.integers(0, 3), st.integers(0, 60))
def test_whatever_was_seen_the_counter_gives_a_tally_with_one_kind_that_ignores_order(
    frames: list[tuple[int, str, int, int]], n_down: int, first_paused: int
) -> None:
    kinds = set()
    for order in (frames, frames[::-1]):
        counter = MinuteCounter()
        for frame in order:
            counter.update(*frame)
        for _ in range(n_down):
            counter.down()
        counter.paused(first_paused, 60)
        kinds.add(classify_minute(counter.tally()))
    assert len(kinds) == 1


def test_a_counter_knows_a_second_once_and_forgets_on_reset() -> None:
    counter = MinuteCounter()
    for second in range(60):
        for _ in range(15):
            counter.update(second, "ok", n_people=int(second < 2), n_usable=1)
    tally = counter.tally()
    assert (tally.n_s_frames, tally.n_frames_one, tally.n_frames_nobody) == (60, 30, 870)
    assert classify_minute(tally) is MinuteKind.OBSERVED
    counter.reset()
    assert counter.tally() == MinuteTally()


def test_a_slow_camera_and_a_fast_one_agree_on_what_a_second_of_presence_is() -> None:
    for rate_hz in (2, 5, 30):
        counter = MinuteCounter()
        for second in range(60):
            for n in range(rate_hz):
                counter.update(second, "ok", n_people=2 if second == 30 else int(n == 0 and second == 31), n_usable=1)
        assert classify_minute(counter.tally()) is MinuteKind.SEVERAL_PEOPLE
