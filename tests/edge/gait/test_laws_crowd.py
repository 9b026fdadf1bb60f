"""Following many at once tells what following each alone tells, whoever comes and goes in between."""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.crowd import Crowd
from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame
from edge.gait.walker import AFFECTS, Walker, skeletons

N_TICKS = 240


@cache
def walk(person):
    """Eight seconds of a person (T, 20, 3), turned so that some face the camera and some do not."""
    rng = np.random.default_rng(person)
    x_TJC = skeletons(Walker(identity=person, affect=AFFECTS[person % 4]), np.arange(N_TICKS) / 30.0).astype(float)
    c, s = np.cos(person), np.sin(person)
    x_TJC = x_TJC @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]]) + rng.normal(0.0, 0.006, x_TJC.shape)
    visibility_TJ = np.ones((N_TICKS, 20))
    visibility_TJ[150 + 3 * person : 160 + 3 * person, 13:16] = 0.1
    return x_TJC, visibility_TJ


def visits(seed, n_people):
    """Who is seen at which tick: [{track: frame}], and which tracks end at it; tracks end and begin anew."""
    rng = np.random.default_rng(seed)
    jitter_s = rng.normal(0.0, 0.006, (n_people, N_TICKS))
    seen = rng.random((n_people, N_TICKS)) >= rng.choice([0.0, 0.2], n_people)[:, None]
    seen[np.arange(N_TICKS) < rng.integers(0, 60, n_people)[:, None]] = False
    ends = (rng.random((n_people, N_TICKS)) < 0.004) & seen
    for t in range(N_TICKS):
        frames = {
            f"track {k}": SkeletonFrame(t / 30.0 + jitter_s[k, t], walk(k)[0][t], walk(k)[1][t])
            for k in rng.permutation(n_people)
            if seen[k, t]
        }
        yield frames, [f"track {k}" for k in range(n_people) if ends[k, t]]


def alone(seed, n_people):
    """[(tick, track, what was told)] by one segmenter for each track."""
    segmenters = {f"track {k}": CycleSegmenter() for k in range(n_people)}
    for tick, (frames, ended) in enumerate(visits(seed, n_people)):
        for track, frame in frames.items():
            yield tick, track, segmenters[track].update(frame)
        for track in ended:
            yield tick, track, segmenters[track].flush()


def together(seed, n_people):
    crowd = Crowd()
    for tick, (frames, ended) in enumerate(visits(seed, n_people)):
        told = crowd.update(frames)
        assert set(told) <= set(frames)
        for track in frames:
            yield tick, track, told.get(track)
        for track in ended:
            yield tick, track, crowd.flush(track)


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 2**31), st.integers(1, 9))
def test_a_crowd_tells_what_each_segmenter_tells_alone(seed, n_people):
    for (tick, track, one), (tick_too, track_too, other) in zip(
        alone(seed, n_people), together(seed, n_people), strict=True
    ):
        assert (tick, track) == (tick_too, track_too)
        assert (one is None) == (other is None)
        if one is not None:
            assert_equal(one, other)


def assert_equal(one, other):
    """To rounding: together, the eigenvectors may come in another order of summation."""
    for kind in ("contacts", "finals"):
        a, b = getattr(one, kind), getattr(other, kind)
        assert [(c.side, c.emitted_t_s) for c in a] == [(c.side, c.emitted_t_s) for c in b]
        assert np.allclose([c.t_s for c in a], [c.t_s for c in b], rtol=0.0, atol=1e-9)
    assert len(one.cycles) == len(other.cycles)
    for a, b in zip(one.cycles, other.cycles, strict=True):
        assert (a.usable, a.reason, a.turning) == (b.usable, b.reason, b.turning)
        assert np.allclose([a.start_s, a.end_s, a.quality], [b.start_s, b.end_s, b.quality], rtol=0.0, atol=1e-9)
        assert (a.x_TJC is None) == (b.x_TJC is None)
        assert a.x_TJC is None or np.allclose(a.x_TJC, b.x_TJC, rtol=0.0, atol=1e-6)


def test_the_visits_of_these_tests_bring_cycles():
    told = [answer for _, _, answer in together(1, 4) if answer]
    assert sum(cycle.usable for answer in told for cycle in answer.cycles) > 8


def test_a_frame_of_a_crowd_is_not_changed():
    crowd = Crowd()
    for tick, (frames, _) in enumerate(visits(2, 3)):
        for frame in frames.values():
            frame.x_JC.setflags(write=False)
            frame.visibility_J.setflags(write=False)
        crowd.update(frames)
        if tick == 60:
            break
    assert len(crowd) > 0
