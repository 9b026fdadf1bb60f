"""The same recording walked otherwise: body, path and labels must change together, or a method is wronged."""

import numpy as np
import pytest

from edge.gait.skeleton import LEFT_ANKLE, LEFT_HIP, RIGHT_HIP
from edge.gait.walker import Walker, contacts, skeletons
from tests.bench.segmentation.conditions import CONDITIONS
from tests.bench.segmentation.trials import Trial
from tests.bench.segmentation.walks import at_speed, facing_the_camera, start_stop_turn

_RATE_HZ = 60.0


def trial(path: str = "straight", turned_rad: float = 0.0, seconds: float = 10.0) -> Trial:
    walker = Walker(path=path)
    x_TJC = skeletons(walker, np.arange(round(seconds * _RATE_HZ)) / _RATE_HZ)
    visibility_TJ = np.ones(x_TJC.shape[:2])
    c, s = np.cos(turned_rad), np.sin(turned_rad)
    x_TJC = x_TJC @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]).T
    truth = {
        side: tuple(c.t_s for c in contacts(walker, 0.0, seconds - 0.1) if c.side == side) for side in ("left", "right")
    }
    return Trial("made", "straight", "nobody", _RATE_HZ, x_TJC, visibility_TJ, truth, truth)


def mid_hip(made: Trial) -> np.ndarray:
    return 0.5 * (made.x_TJC[:, LEFT_HIP] + made.x_TJC[:, RIGHT_HIP])


@pytest.mark.parametrize("turned_rad", [0.0, 1.0, np.pi / 2, np.pi, -2.5])
def test_who_faces_the_camera_walks_towards_it(turned_rad):
    made = facing_the_camera(trial(turned_rad=turned_rad))
    travel = mid_hip(made)[-1] - mid_hip(made)[0]
    left = (made.x_TJC[:, LEFT_HIP] - made.x_TJC[:, RIGHT_HIP]).mean(axis=0)
    assert travel[2] > 0.99 * np.linalg.norm(travel)
    assert left[0] > 0.99 * np.linalg.norm(left)


def test_time_runs_faster_for_frames_and_labels_alike():
    slow = at_speed(0.5)(trial())
    assert slow.t_s[-1] == pytest.approx(2 * trial().t_s[-1])
    assert slow.truth_s["left"] == pytest.approx([2 * t for t in trial().truth_s["left"]])


def test_labels_stay_where_the_foot_lands_through_stops_and_a_turn():
    before = trial(path="treadmill")
    after = start_stop_turn(before)
    assert after is not None
    height_before, height_after = before.x_TJC[:, LEFT_ANKLE, 1], after.x_TJC[:, LEFT_ANKLE, 1]
    for was_s, is_s in zip(before.truth_s["left"], after.truth_s["left"], strict=True):
        was = np.interp(was_s, before.t_s, height_before)
        assert np.interp(is_s, after.t_s, height_after) == pytest.approx(was, abs=2e-3)


def test_who_stops_stands_and_who_turns_ends_up_facing_back():
    after = start_stop_turn(trial())
    assert after is not None
    still = np.abs(np.diff(after.x_TJC, axis=0)).max(axis=(1, 2)) < 1e-6
    assert still.sum() / _RATE_HZ == pytest.approx(9.0, abs=0.2)
    travel = np.diff(mid_hip(after), axis=0)[:, 2]
    assert travel[: len(travel) // 2].sum() > 1.0
    assert travel[-round(5 * _RATE_HZ) :].sum() < -0.5


def test_a_recording_too_short_to_stop_in_is_left_out():
    assert start_stop_turn(trial(seconds=5.0)) is None


def test_the_same_fault_comes_out_the_same_for_every_method():
    made = trial()
    for condition in CONDITIONS.values():
        changed = condition.change(made)
        first, second = condition.frames(changed, True), condition.frames(changed, True)
        assert [f.t_s for f in first] == [f.t_s for f in second]
        assert all(np.array_equal(a.x_JC, b.x_JC) for a, b in zip(first, second, strict=True))
        assert [f.t_s for f in first] == sorted({f.t_s for f in first})
