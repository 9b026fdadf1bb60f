"""The watch: progress is the only sign of life, and every process comes back."""

from hypothesis import given
from hypothesis import strategies as st

from edge.watch import FIRST_DELAY_S, LONGEST_DELAY_S, STALL_S, STEADY_S, WARM_UP_S, Watch


def test_a_process_that_warms_up_is_not_judged() -> None:
    watch = Watch()
    watch.start(100.0, 7)
    assert watch.update(100.0 + WARM_UP_S - 1, 7)
    assert not watch.update(100.0 + WARM_UP_S, 7)


def test_a_process_without_progress_hangs() -> None:
    watch = Watch()
    watch.start(0.0, 0)
    assert watch.update(1.0, 1)
    assert watch.update(1.0 + STALL_S - 0.1, 1)
    assert not watch.update(1.0 + STALL_S, 1)


def test_a_watch_of_other_limits_is_as_patient_as_it_was_told() -> None:
    watch = Watch(warm_up_s=100.0, stall_s=50.0)
    watch.start(0.0, 3)
    assert watch.update(99.0, 3)
    assert watch.update(99.5, 4)
    assert watch.update(149.0, 4)
    assert not watch.update(149.5, 4)


def test_waiting_for_input_is_not_hanging() -> None:
    watch = Watch()
    watch.start(0.0, 0)
    watch.update(1.0, 1)
    assert watch.update(100.0, 1, waiting=True)
    assert watch.update(100.0 + STALL_S - 0.1, 1)


def test_a_process_that_builds_an_engine_is_not_killed_for_it() -> None:
    watch = Watch()
    watch.start(0.0, 0)
    for second in range(1, 600):
        assert watch.update(float(second), 0, preparing=second)
    assert watch.update(600.0, 1, preparing=600)
    for second in range(601, 700):
        assert watch.update(float(second), 1, preparing=second)
    assert not watch.update(699.0 + STALL_S, 1, preparing=699)


def test_an_engine_build_that_stops_moving_hangs() -> None:
    watch = Watch()
    watch.start(0.0, 0)
    assert watch.update(100.0, 0, preparing=5)
    assert watch.update(100.0 + WARM_UP_S - 1, 0, preparing=5)
    assert not watch.update(100.0 + WARM_UP_S, 0, preparing=5)


def test_the_delay_doubles_up_to_a_limit_and_starts_over_after_a_steady_run() -> None:
    watch = Watch()
    now_s, delays = 0.0, []
    for _ in range(12):
        watch.start(now_s, 0)
        now_s = watch.died(now_s)
        delays.append(watch.delay_s)
    assert delays[:3] == [FIRST_DELAY_S, 2 * FIRST_DELAY_S, 4 * FIRST_DELAY_S]
    assert delays[-1] == LONGEST_DELAY_S
    watch.start(now_s, 0)
    watch.died(now_s + STEADY_S + 1)
    assert watch.delay_s == FIRST_DELAY_S


@given(st.lists(st.floats(0.0, 1000.0), max_size=50))
def test_a_dead_process_is_always_due_again_soon(lives_s: list[float]) -> None:
    watch, now_s = Watch(), 0.0
    for life_s in lives_s:
        watch.start(now_s, 0)
        now_s += life_s
        due_s = watch.died(now_s)
        assert now_s < due_s <= now_s + LONGEST_DELAY_S
        now_s = due_s
