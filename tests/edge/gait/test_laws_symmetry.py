"""What does not matter to the segmenter: where and when somebody walks, which way, how tall, and on which side.

One thing does: whether the hips lie across the picture, for then the feet's heights are taken in. So the direction does
not matter at all with that switched off, nor does half a turn; and in between contacts move by a sample or so at most.
"""

from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.cycle import CycleSegmenter
from edge.gait.settings import GaitSettings
from edge.gait.skeleton import MIRROR, SkeletonFrame, mirror
from edge.gait.walker import PATHS, Walker, skeletons

lawful = settings(deadline=None, max_examples=15)
OTHER = {"left": "right", "right": "left"}
ONE_VIEW = GaitSettings(frontal_share=1.0)
walks = st.tuples(
    st.integers(0, 2),
    st.sampled_from(PATHS),
    st.sampled_from(["angry", "neutral", "sad"]),
    st.sampled_from([0.0, 0.01]),
)


@cache
def walk(identity, path, affect, noise_m):
    """Six seconds of a walk as (times, landmarks (T, 20, 3), visibility (T, 20)); legs are hidden now and then."""
    rng = np.random.default_rng(identity)
    t_s = 0.5 + np.arange(180) / 30.0
    x_TJC = skeletons(Walker(identity=identity, path=path, affect=affect), t_s).astype(float)
    visibility_TJ = rng.uniform(0.6, 1.0, (180, 20))
    visibility_TJ[100:108, 10:13] = visibility_TJ[150:156, 13:16] = 0.2
    return t_s + rng.normal(0.0, 0.006, 180), x_TJC + rng.normal(0.0, noise_m, x_TJC.shape), visibility_TJ


def told(t_s, x_TJC, visibility_TJ, limits=None):
    """Contacts, initial and final, as [(side, s)], and cycles as [(reason, turning)]."""
    segmenter = CycleSegmenter(limits)
    frames = map(SkeletonFrame, t_s.tolist(), x_TJC, visibility_TJ)
    answers = [answer for answer in [*map(segmenter.update, frames), segmenter.flush()] if answer]
    initial = [(c.side, c.t_s) for a in answers for c in a.contacts]
    final = [(c.side, c.t_s) for a in answers for c in a.finals]
    return initial, final, [(c.reason, c.turning) for a in answers for c in a.cycles]


@cache
def plain(*key, limits=None):
    return told(*walk(*key), limits)


def assert_same_times(changed, unchanged, shift_s=0.0, within_s=1e-5):
    assert [side for side, _ in changed] == [side for side, _ in unchanged]
    assert np.allclose([t for _, t in changed], [t + shift_s for _, t in unchanged], rtol=0.0, atol=within_s)


def assert_same(changed, key, shift_s=0.0, limits=None):
    initial, final, cycles = plain(*key, limits=limits)
    assert len(initial) > 4, "a law about nothing"
    assert_same_times(changed[0], initial, shift_s)
    assert_same_times(changed[1], final, shift_s)
    assert changed[2] == cycles


@lawful
@given(walks)
def test_a_mirrored_walk_has_mirrored_contacts(key):
    t_s, x_TJC, visibility_TJ = walk(*key)
    mirrored = told(t_s, mirror(x_TJC), visibility_TJ[:, list(MIRROR)])
    for there, here in zip(mirrored[:2], plain(*key)[:2], strict=True):
        assert_same_times([(OTHER[side], t) for side, t in there], here)
    assert plain(*key)[2], "a law about nothing"


def turned(x_TJC, angle):
    """The walk after a turn about the vertical."""
    c, s = np.cos(angle), np.sin(angle)
    return x_TJC @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


@lawful
@given(walks, st.floats(-np.pi, np.pi))
def test_the_direction_of_the_walk_does_not_matter(key, angle):
    t_s, x_TJC, visibility_TJ = walk(*key)
    assert_same(told(t_s, turned(x_TJC, angle), visibility_TJ, ONE_VIEW), key, limits=ONE_VIEW)


@lawful
@given(walks)
def test_there_and_back_are_the_same(key):
    t_s, x_TJC, visibility_TJ = walk(*key)
    assert_same(told(t_s, turned(x_TJC, np.pi), visibility_TJ), key)


@lawful
@given(walks, st.floats(-np.pi, np.pi))
def test_seen_from_elsewhere_contacts_stay_within_a_sample_or_so(key, angle):
    t_s, x_TJC, visibility_TJ = walk(*key)
    initial, _, _ = told(t_s, turned(x_TJC, angle), visibility_TJ)
    assert_same_times(initial, plain(*key)[0], within_s=0.05)


@lawful
@given(walks, st.tuples(*[st.floats(-50.0, 50.0)] * 3))
def test_the_place_of_the_walk_does_not_matter(key, place_m):
    t_s, x_TJC, visibility_TJ = walk(*key)
    assert_same(told(t_s, x_TJC + np.array(place_m), visibility_TJ), key)


@lawful
@given(walks, st.floats(0.2, 50.0))
def test_a_child_and_a_giant_have_the_same_contacts(key, scale):
    t_s, x_TJC, visibility_TJ = walk(*key)
    assert_same(told(t_s, scale * x_TJC, visibility_TJ), key)


@lawful
@given(walks, st.floats(-1e5, 1e5))
def test_the_hour_does_not_matter(key, shift_s):
    t_s, x_TJC, visibility_TJ = walk(*key)
    assert_same(told(t_s + shift_s, x_TJC, visibility_TJ), key, shift_s)


@lawful
@given(walks, st.integers(0, 2**31))
def test_what_arms_and_head_do_does_not_move_a_contact(key, seed):
    t_s, x_TJC, visibility_TJ = walk(*key)
    flailing = x_TJC.copy()
    flailing[:, [3, 5, 6, 8, 9]] += np.random.default_rng(seed).normal(0.0, 0.3, (len(t_s), 5, 3))
    initial, final, _ = told(t_s, flailing, visibility_TJ)
    assert_same((initial, final, plain(*key)[2]), key)
