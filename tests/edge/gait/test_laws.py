"""What the segmenter promises of every answer, whatever it is fed: walks with faults, and what no body ever did.

Single abuses of a plain walk are in test_cycle_properties.py; here faults come together, at random.
"""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.cycle import CycleSegmenter
from edge.gait.quality import Refusal
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import SkeletonFrame
from edge.gait.walker import PATHS, Walker, skeletons

LEFT, RIGHT = [10, 11, 12, 16, 17], [13, 14, 15, 18, 19]
SECONDS = 7.0
SEEDS = st.integers(0, 2**31)
LIMITS = GaitSettings()
lawful = settings(deadline=None, max_examples=15)


@cache
def walk(identity, path):
    """Times and landmarks (T, 20, 3) of a few seconds of walking."""
    t_s = np.arange(round(30 * SECONDS)) / 30.0
    return t_s, skeletons(Walker(identity=identity, path=path, affect="neutral"), t_s)


walks = st.builds(walk, st.integers(0, 3), st.sampled_from(PATHS))


def frames_of(t_s, x_TJC, visibility_TJ=None):
    """Frames whose arrays refuse to be written to."""
    visibility_TJ = np.ones(x_TJC.shape[:2], dtype=np.float32) if visibility_TJ is None else visibility_TJ
    x_TJC, visibility_TJ = x_TJC.copy(), visibility_TJ.copy()
    x_TJC.setflags(write=False)
    visibility_TJ.setflags(write=False)
    return [SkeletonFrame(float(t), x, v) for t, x, v in zip(t_s, x_TJC, visibility_TJ, strict=True)]


def told(frames, segmenter=None):
    """(time of the newest frame, what was told) for every frame and the end."""
    segmenter = segmenter or CycleSegmenter()
    out = [(f.t_s, segmenter.update(f)) for f in frames]
    out.append((frames[-1].t_s, segmenter.flush()))
    return [(t_s, answer) for t_s, answer in out if answer is not None]


def without_landmarks(answers):
    """Everything that was told, comparable with ==."""
    cycles = [(c.start_s, c.end_s, c.reason, c.quality, c.turning) for _, a in answers for c in a.cycles]
    return [c for _, a in answers for c in (*a.contacts, *a.finals)], cycles


def faulty(walk, seed, swaps=0.03, drops=0.1, hides=0.02, noise_m=0.01):
    """A walk with jitter, dropped frames, short exchanges of the legs, hidden legs and noise, all at random."""
    t_s, x_TJC = walk
    rng = np.random.default_rng(seed)
    n = len(t_s)
    t_s = t_s + rng.normal(0.0, 0.01, n)
    x_TJC = x_TJC + rng.normal(0.0, noise_m, x_TJC.shape)
    visibility_TJ = np.ones((n, 20))
    for start in np.flatnonzero(rng.random(n) < swaps):
        part = slice(start, start + rng.integers(1, 4))
        x_TJC[part, LEFT + RIGHT] = x_TJC[part, RIGHT + LEFT]
    for start in np.flatnonzero(rng.random(n) < hides):
        visibility_TJ[start : start + rng.integers(6, 20), (LEFT, RIGHT)[rng.integers(2)]] = 0.1
    keep = rng.random(n) >= drops
    keep[: rng.integers(n)] |= rng.random() < 0.5
    return frames_of(t_s[keep], x_TJC[keep], visibility_TJ[keep])


def check_times(answers):
    """Contacts, initial and final: rising on each side, told when they are over, never in the future."""
    for kind in ("contacts", "finals"):
        events = [(t_s, event) for t_s, answer in answers for event in getattr(answer, kind)]
        for side in ("left", "right"):
            times = [event.t_s for _, event in events if event.side == side]
            assert all(a < b for a, b in pairwise(times))
        for newest_s, event in events:
            assert np.isfinite(event.t_s)
            assert event.t_s <= event.emitted_t_s + 1e-9
            assert event.emitted_t_s <= newest_s + 1e-9


def check_cycles(answers):
    """Each from a right contact to the next one told, usable or with a reason, and what usable means."""
    right_s, left_s, last_end_s = [], [], -np.inf
    for _, answer in answers:
        right_s += [c.t_s for c in answer.contacts if c.side == "right"]
        left_s += [c.t_s for c in answer.contacts if c.side == "left"]
        for cycle in answer.cycles:
            assert (cycle.start_s, cycle.end_s) in set(pairwise(right_s))
            assert cycle.start_s >= last_end_s
            last_end_s = cycle.end_s
            assert cycle.duration_s == cycle.end_s - cycle.start_s
            assert cycle.usable == (cycle.reason is None)
            assert cycle.usable or cycle.reason in set(Refusal)
            assert 0.0 <= cycle.quality <= 1.0
            if cycle.x_TJC is not None:
                assert cycle.usable
                assert np.isfinite(cycle.x_TJC).all()
            if cycle.usable:
                check_usable(cycle, [t_s for t_s in left_s if cycle.start_s < t_s < cycle.end_s])


def check_usable(cycle, opposite_s):
    assert LIMITS.min_cycle_s <= cycle.duration_s <= LIMITS.max_cycle_s
    assert len(opposite_s) == 1
    phase = (opposite_s[0] - cycle.start_s) / cycle.duration_s
    assert LIMITS.min_opposite_phase <= phase <= LIMITS.max_opposite_phase
    for share in (getattr(cycle, "left_stance", None), getattr(cycle, "right_stance", None)):
        assert share is None or 0.0 < share < 1.0


def check(frames):
    answers = told(frames)
    check_times(answers)
    check_cycles(answers)
    return answers


@lawful
@given(walks, SEEDS, st.sampled_from([0.0, 0.03, 0.3]), st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.05]))
def test_every_answer_about_a_faulty_walk_is_lawful(walk, seed, swaps, drops, hides):
    check(faulty(walk, seed, swaps, drops, hides))


@lawful
@given(SEEDS, st.floats(-3.5, 1.0), st.sampled_from([0.0, 0.4, 0.9]))
def test_landmarks_that_wander_each_by_itself_get_lawful_answers(seed, log_step, hidden):
    """Random walks look like strides now and then: that nothing is told of them is no law, only that it is lawful."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 10.0**log_step, (300, 20, 3))
    visibility_TJ = (rng.random((300, 20)) >= hidden).astype(float)
    check(frames_of(np.arange(300) / 30.0, steps.cumsum(axis=0), visibility_TJ))


@lawful
@given(SEEDS, st.floats(-3.0, 1.0))
def test_a_body_whose_every_landmark_trembles_is_no_walk(seed, log_size):
    t_s, x_TJC = walk(0, "treadmill")
    noise = np.random.default_rng(seed).normal(0.0, 10.0**log_size, x_TJC.shape)
    assert told(frames_of(t_s, x_TJC[:1] + noise)) == []


@lawful
@given(walks, SEEDS, st.sampled_from([np.nan, np.inf, -np.inf]), st.floats(0.0, 0.2))
def test_a_coordinate_that_is_no_number_is_a_landmark_not_seen(walk, seed, value, share):
    t_s, x_TJC = walk
    rng = np.random.default_rng(seed)
    spoiled_TJC = rng.random(x_TJC.shape) < share
    hidden_TJ = spoiled_TJC.any(axis=2)
    spoiled = check(frames_of(t_s, np.where(spoiled_TJC, value, x_TJC)))
    hidden = check(frames_of(t_s, np.where(hidden_TJ[..., None], 0.0, x_TJC), 1.0 - hidden_TJ))
    assert without_landmarks(spoiled) == without_landmarks(hidden)


@lawful
@given(walks, SEEDS, st.sampled_from([1e-38, 1e-20, 1e6, 1e20, 3e38]), st.floats(0.001, 1.0))
def test_any_number_a_frame_can_hold_is_taken(walk, seed, size, share):
    t_s, x_TJC = walk
    wild = np.random.default_rng(seed).random(x_TJC.shape) < share
    check(frames_of(t_s, np.where(wild, np.float32(size) * np.sign(x_TJC), x_TJC)))


@lawful
@given(walks, SEEDS, st.sampled_from(["reset", "flush"]), st.integers(1, 200))
def test_after_any_past_reset_and_flush_equal_new(walk, seed, how, n_past):
    used = CycleSegmenter()
    for frame in faulty(walk, seed)[:n_past]:
        used.update(frame)
    getattr(used, how)()
    frames = faulty(walk, seed + 1)
    assert without_landmarks(told(frames, used)) == without_landmarks(told(frames))


@lawful
@given(walks, walks, SEEDS, st.floats(0.6, 1e6))
def test_a_long_gap_parts_two_walks_that_know_nothing_of_each_other(first, second, seed, gap_s):
    before, after = faulty(first, seed, drops=0.0), faulty(second, seed + 1, drops=0.0)
    later_s = before[-1].t_s + gap_s - after[0].t_s
    after = [SkeletonFrame(f.t_s + later_s, f.x_JC, f.visibility_J) for f in after]
    joined = CycleSegmenter()
    contacts, cycles = without_landmarks(check(before + after))
    apart = [without_landmarks(told(part, joined)) for part in (before, after)]
    assert [(c.side, c.t_s) for c in contacts] == [(c.side, c.t_s) for part in apart for c in part[0]]
    assert cycles == [c for part in apart for c in part[1]]


@pytest.mark.parametrize("seed", range(3))
def test_the_faults_of_these_tests_leave_cycles_to_judge(seed):
    answers = told(faulty(walk(seed, "treadmill"), seed))
    assert [c for _, answer in answers for c in answer.cycles]
