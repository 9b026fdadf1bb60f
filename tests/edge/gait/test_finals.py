"""Final contacts and the stance shares they give, against a walker whose stance is known."""

from itertools import pairwise

import numpy as np
import pytest

from edge.gait.cycle import CycleSegmenter
from edge.gait.skeleton import SkeletonFrame
from edge.gait.walker import Walker, contacts, skeletons

SECONDS = 12.0


def segmented(walker):
    t_s = np.arange(round(SECONDS * 30)) / 30.0
    segmenter = CycleSegmenter()
    frames = [SkeletonFrame(t, x, np.ones(20)) for t, x in zip(t_s.tolist(), skeletons(walker, t_s), strict=True)]
    answers = [*map(segmenter.update, frames), segmenter.flush()]
    finals = [c for answer in answers if answer for c in answer.finals]
    return finals, [c for answer in answers if answer for c in answer.cycles]


@pytest.fixture(scope="module", params=["sad", "neutral", "angry"])
def walked(request):
    walker = Walker(identity=1, affect=request.param)
    return walker, *segmented(walker)


def test_every_final_contact_is_told_once_and_not_before_it_happens(walked):
    walker, finals, _ = walked
    swing_s = (1.0 - walker.gait.stance) * walker.gait.stride_s
    true_s = {
        side: [c.t_s - swing_s for c in contacts(walker, 1.0, SECONDS) if c.side == side] for side in ("left", "right")
    }
    for side, expected in true_s.items():
        told = np.array([c.t_s for c in finals if c.side == side])
        nearest = [np.abs(told - t).min() for t in expected if 1.0 < t < SECONDS - 0.5]
        assert max(nearest) < 0.09  # the offset is real people's, 40 ms later than this walker's own toes
        assert len(told) <= len(expected) + 2
    assert all(c.t_s <= c.emitted_t_s for c in finals)


def test_a_foot_leaves_the_ground_while_the_other_one_stands(walked):
    _, finals, _ = walked
    sides = [c.side for c in finals]
    assert all(a != b for a, b in pairwise(sides))


def test_the_stance_share_is_the_walkers(walked):
    walker, _, cycles = walked
    shares = np.array([(c.left_stance, c.right_stance) for c in cycles[1:]], dtype=float)
    assert np.abs(shares - walker.gait.stance).max() < 0.07  # the offsets are real people's, see above
    assert np.abs(shares.mean(axis=0) - shares.mean()).max() < 0.01, "left and right are alike in this walker"


def test_a_sad_walk_has_the_longer_stance():
    sad, angry = (segmented(Walker(identity=2, affect=affect))[1] for affect in ("sad", "angry"))
    assert np.mean([c.right_stance for c in sad[1:]]) > np.mean([c.right_stance for c in angry[1:]]) + 0.01


def test_a_stance_that_cannot_be_is_not_told(stroll):
    walk = stroll(stride_s=1.2)
    for f in walk.frames[70:120]:
        f.visibility_J[[12, 16, 17]] = 0.0
    segmenter = CycleSegmenter()
    cycles = [c for f in walk.frames if (answer := segmenter.update(f)) for c in answer.cycles]
    for cycle in cycles:
        for share in (cycle.left_stance, cycle.right_stance):
            assert share is None or 0.4 <= share <= 0.85
