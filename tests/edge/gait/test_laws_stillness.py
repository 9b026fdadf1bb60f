"""What is not walking gives no cycle and no contact, however large, quick, slow or trembling it is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame
from edge.gait.walker import Walker, skeletons

lawful = settings(deadline=None, max_examples=12)
T_S = np.arange(270) / 30.0
# Hip, knee, ankle, heel, toe: how much of a foot's movement each makes.
LEGS = ([10, 11, 12, 16, 17], [13, 14, 15, 18, 19])
SHARE = np.array([0.0, 0.5, 1.0, 1.0, 1.0])
periods = st.floats(0.5, 4.0)
sizes = st.floats(0.0, 0.45)
trembles = st.floats(0.0, 0.012)


def standing(tremble_m, seed):
    """A body at rest (T, 20, 3), feet side by side, every landmark trembling by itself."""
    x_JC = skeletons(Walker(identity=seed % 5), np.zeros(1))[0].astype(float)
    x_JC[[*LEGS[0], *LEGS[1]], 2] = x_JC[0, 2]
    x_JC[[17, 19], 2] += 0.15
    return x_JC + np.random.default_rng(seed).normal(0.0, tremble_m, (len(T_S), 20, 3))


def wave(period_s, phase=0.0):
    return np.sin(2 * np.pi * (T_S / period_s + phase))


def told(x_TJC):
    segmenter = CycleSegmenter()
    ones = np.ones(20)
    frames = [SkeletonFrame(t, x, ones) for t, x in zip(T_S.tolist(), x_TJC, strict=True)]
    answers = [answer for answer in [*map(segmenter.update, frames), segmenter.flush()] if answer]
    return [c for a in answers for c in (*a.contacts, *a.finals, *a.cycles)]


@lawful
@given(st.integers(0, 2**31), trembles, st.floats(0.0, 0.1), periods)
def test_standing_and_swaying_is_not_walking(seed, tremble_m, sway_m, period_s):
    x_TJC = standing(tremble_m, seed)
    x_TJC[:, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13], 2] += sway_m * wave(period_s)[:, None]
    assert told(x_TJC) == []


@lawful
@given(st.integers(0, 2**31), trembles, sizes, periods)
def test_squats_are_not_walking(seed, tremble_m, depth_m, period_s):
    x_TJC = standing(tremble_m, seed)
    down = 0.5 - 0.5 * wave(period_s)
    x_TJC[:, :14, 1] -= depth_m * down[:, None]
    x_TJC[:, [0, 10, 13], 2] -= 0.6 * depth_m * down[:, None]
    x_TJC[:, [11, 14], 2] += 0.5 * depth_m * down[:, None]
    assert told(x_TJC) == []


@lawful
@given(st.integers(0, 2**31), trembles, sizes, periods, st.floats(-0.1, 0.1))
def test_feet_that_swing_together_are_not_walking(seed, tremble_m, swing_m, period_s, apart):
    x_TJC = standing(tremble_m, seed)
    for leg, phase in zip(LEGS, (0.0, apart), strict=True):
        x_TJC[:, leg, 2] += swing_m * SHARE * wave(period_s, phase)[:, None]
    assert told(x_TJC) == []


@lawful
@given(st.integers(0, 2**31), trembles, sizes, periods, st.sampled_from(LEGS))
def test_one_foot_that_swings_alone_is_not_walking(seed, tremble_m, swing_m, period_s, leg):
    x_TJC = standing(tremble_m, seed)
    x_TJC[:, leg, 2] += swing_m * SHARE * wave(period_s)[:, None]
    assert told(x_TJC) == []


@lawful
@given(st.integers(0, 2**31), trembles, sizes, periods)
def test_stepping_sideways_is_not_walking(seed, tremble_m, swing_m, period_s):
    x_TJC = standing(tremble_m, seed)
    for leg, side in zip(LEGS, (1.0, -1.0), strict=True):
        x_TJC[:, leg, 0] += side * 0.5 * swing_m * SHARE * (1.0 + wave(period_s))[:, None]
    assert told(x_TJC) == []
