import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.settings import GaitSettings
from edge.gait.unswap import Unswap

LEFT, RIGHT = [10, 11, 12, 16, 17], [13, 14, 15, 18, 19]


def exchanged(x, rows=slice(None)):
    out = x.copy()
    left, right = np.array(LEFT)[rows], np.array(RIGHT)[rows]
    out[np.concatenate([left, right])] = x[np.concatenate([right, left])]
    return out


def restore(frames, swapped, rows=slice(None)):
    unswap, out = Unswap(GaitSettings()), []
    for f, swap in zip(frames, swapped, strict=True):
        x = exchanged(f.x_JC, rows) if swap else f.x_JC
        out.append(unswap.update(f.t_s, x, f.visibility_J)[0].copy())
    return np.stack(out)


def truth(frames):
    return np.stack([f.x_JC for f in frames]).astype(np.float64)


def test_a_clean_walk_is_left_alone(stroll):
    frames = stroll(noise_m=0.01, speed_m_s=1.2).frames
    assert np.array_equal(restore(frames, [False] * len(frames)), truth(frames))


@pytest.mark.parametrize("rows", [slice(None), slice(1, None)], ids=["whole chain", "below the hips"])
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_short_swaps_are_undone_wherever_they_are(one_walk, rows, data):
    frames = one_walk
    start = data.draw(st.integers(3, len(frames) - 10))
    length = data.draw(st.integers(1, 6))
    swapped = [start <= i < start + length for i in range(len(frames))]
    assert np.array_equal(restore(frames, swapped, rows), truth(frames))


def test_the_input_is_not_changed(stroll):
    frames = stroll(seconds=1.0).frames
    x = [exchanged(f.x_JC) if i % 7 == 5 else f.x_JC.copy() for i, f in enumerate(frames)]
    before = [xi.copy() for xi in x]
    unswap = Unswap(GaitSettings())
    for f, xi in zip(frames, x, strict=True):
        unswap.update(f.t_s, xi, f.visibility_J)
    assert all(np.array_equal(a, b) for a, b in zip(x, before, strict=True))


def test_a_lasting_exchange_without_shoulders_is_believed_within_half_a_second(stroll):
    frames = stroll().frames
    for f in frames:
        f.visibility_J[[4, 7]] = 0.0
    out = restore(frames, [i >= 60 for i in range(len(frames))])
    assert np.array_equal(out[60:69], truth(frames)[60:69])
    believed = np.stack([exchanged(x) for x in truth(frames)[75:]])
    assert np.array_equal(out[75:], believed)


def test_shoulders_confirm_a_lasting_exchange(stroll):
    frames = stroll().frames
    out = restore(frames, [60 <= i < 150 for i in range(len(frames))])
    assert np.array_equal(out, truth(frames))


def test_after_a_pause_the_source_is_believed(stroll):
    frames = stroll().frames
    unswap = Unswap(GaitSettings())
    for f in frames[:30]:
        unswap.update(f.t_s, f.x_JC, f.visibility_J)
    later = exchanged(frames[60].x_JC)
    out, _ = unswap.update(frames[60].t_s, later, frames[60].visibility_J)
    assert np.array_equal(out, later)


@settings(deadline=None, max_examples=40)
@given(start=st.integers(3, 80), length=st.integers(1, 5))
def test_a_stutter_while_the_legs_pass_is_not_an_exchange(one_walk, start, length):
    # Frames repeated and then caught up, wherever in the stride that happens.
    x = truth(one_walk)
    x[start : start + length] = x[start]
    unswap = Unswap(GaitSettings())
    for f, xi in zip(one_walk, x, strict=True):
        assert np.array_equal(unswap.update(f.t_s, xi, f.visibility_J)[0], xi)


@pytest.mark.parametrize("n_wrong", [1, 2, 3])
def test_a_track_that_begins_exchanged_is_right_soon(stroll, n_wrong):
    frames = stroll(noise_m=0.01).frames
    out = restore(frames, [i < n_wrong for i in range(len(frames))])
    assert np.array_equal(out[2 * n_wrong + 2 :], truth(frames)[2 * n_wrong + 2 :])
