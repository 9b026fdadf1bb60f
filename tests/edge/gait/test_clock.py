import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gait.clock import Arrival, UniformClock
from edge.gait.settings import GaitSettings

SETTINGS = GaitSettings()


def feed(clock, t_s, value=None, visibility=1.0):
    """All grid samples up to t_s as (t_s, first coordinate, visibility, filled)."""
    x = np.full((20, 3), t_s if value is None else value)
    samples = clock.update(t_s, x, np.full(20, visibility))
    return [(s.t_s, s.x_JC[0, 0], s.visibility_J[0], s.filled) for s in samples]


def test_frames_on_the_grid_pass_unchanged():
    clock = UniformClock(SETTINGS)
    for k in range(50):
        [(t_s, x, visibility, filled)] = feed(clock, 5.0 + k / 30.0)
        assert t_s == pytest.approx(5.0 + k / 30.0, abs=1e-9)
        assert x == pytest.approx(5.0 + k / 30.0, abs=1e-6)
        assert (visibility, filled) == (1.0, False)


@given(st.lists(st.floats(0.004, 0.5), min_size=1, max_size=60))
def test_samples_are_uniform_never_ahead_and_on_the_line(steps):
    clock, t_s, out = UniformClock(SETTINGS), 0.0, []
    out += feed(clock, t_s)
    for step in steps:
        t_s += step
        assert clock.judge(t_s) is Arrival.NEXT
        out += feed(clock, t_s)
        assert out[-1][0] <= t_s + 1e-6
    times = np.array([o[0] for o in out])
    assert np.allclose(times, np.arange(len(times)) / 30.0, atol=1e-9)
    # The landmark moves linearly in time, so interpolation is exact.
    assert np.allclose([o[1] for o in out], times, atol=2e-6)
    assert t_s - times[-1] < 1 / 30.0 + 1e-6


@pytest.mark.parametrize("t_s", [1.0, 0.5, float("nan"), float("inf"), -1e9])
def test_time_that_does_not_advance_is_refused_and_counted(t_s):
    clock = UniformClock(SETTINGS)
    feed(clock, 1.0)
    assert clock.judge(t_s) is Arrival.REFUSED
    assert clock.n_refused == 1


def test_a_bridged_gap_is_marked_filled_and_a_slow_camera_is_not():
    clock = UniformClock(SETTINGS)
    feed(clock, 0.0)
    bridged = feed(clock, 0.5)
    assert [o[3] for o in bridged] == [True] * 14 + [False]
    clock.reset()
    feed(clock, 0.0)
    assert not any(o[3] for k in range(1, 20) for o in feed(clock, k / 15.0))


def test_longer_gaps_start_anew():
    clock = UniformClock(SETTINGS)
    feed(clock, 0.0)
    assert clock.judge(0.5) is Arrival.NEXT
    assert clock.judge(0.6) is Arrival.AFTER_GAP
    clock.reset()
    assert clock.judge(0.6) is Arrival.FIRST
    assert [o[0] for o in feed(clock, 0.6)] == [0.6]


def test_between_a_seen_and_a_hidden_landmark_it_is_hidden():
    clock = UniformClock(SETTINGS)
    feed(clock, 0.0)
    [(_, _, visibility, _), _] = feed(clock, 0.08, visibility=0.1)
    assert visibility == pytest.approx(0.1)
