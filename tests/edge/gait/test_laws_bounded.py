"""The state of a segmenter does not grow; `python -m tests.bench.endless_walk` shows it over ten million frames."""

from itertools import count, islice

import numpy as np
import pytest

from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame
from edge.gait.walker import Walker, skeletons
from tests.bench.endless_walk import LEFT, RIGHT, SPARE_STATE_BYTES, EndlessWalk, deep_size

N_FRAMES = 3000
SWING = np.array([0.0, 0.5, 1.0, 1.0, 1.0])


def only_left_contacts():
    """Both feet swing, against each other, but the right one is foremost just after the left: never a step of its own.

    The left foot goes forward slowly and back at once, the right one forward at once and back slowly.
    """
    rest_JC = skeletons(Walker(), np.zeros(1))[0].astype(float)
    rest_JC[LEFT + RIGHT, 2] = rest_JC[0, 2]
    for k in count():
        t_s = k / 30.0
        x_JC = rest_JC.copy()
        x_JC[LEFT, 2] += 0.4 * SWING * (t_s / 1.2 % 1.0)
        x_JC[RIGHT, 2] -= 0.4 * SWING * ((t_s + 0.16) / 1.2 % 1.0)
        yield SkeletonFrame(t_s, x_JC, np.ones(20))


def one_steady_walk():
    """Ten seconds of walking over and over; the seam is a stumble."""
    x_TJC = skeletons(Walker(), np.arange(300) / 30.0)
    for k in count():
        yield SkeletonFrame(k / 30.0, x_TJC[k % 300], np.ones(20))


MOVEMENTS = {"endless": EndlessWalk, "steady": one_steady_walk, "only left contacts": only_left_contacts}


def most(segmenter, frames):
    """The largest deep size in bytes between any two of these frames."""
    sizes = []
    for k, frame in enumerate(frames):
        segmenter.update(frame)
        if k % 7 == 0:
            sizes.append(deep_size(segmenter)[0])
    return max(sizes)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_the_second_three_thousand_frames_need_no_more_than_the_first(movement):
    frames = iter(MOVEMENTS[movement]())
    segmenter = CycleSegmenter()
    first = most(segmenter, islice(frames, N_FRAMES))
    assert most(segmenter, islice(frames, N_FRAMES)) <= first + SPARE_STATE_BYTES


def test_an_ended_track_leaves_no_more_behind_than_the_one_before():
    segmenter, sizes = CycleSegmenter(), []
    for _ in range(5):
        told = [segmenter.update(frame) for frame in islice(one_steady_walk(), 400)]
        assert any(answer and answer.cycles for answer in told)
        segmenter.flush()
        sizes.append(deep_size(segmenter))
    assert len(set(sizes[1:])) == 1


def test_the_deep_size_sees_what_is_hidden_deep():
    inner = {"rings": [np.zeros(100), (np.zeros(50), "name")]}
    n_bytes, n_objects = deep_size(inner)
    assert n_bytes >= 8 * 150
    view = np.zeros(1000)[10:20]
    assert deep_size(view)[0] >= 8000
    inner["rings"].append(np.zeros(25))
    assert deep_size(inner)[0] == n_bytes + 8 * 25 + 8
    assert deep_size(inner)[1] == n_objects + 1
