"""The synthetic walker obeys the laws of bodies and the published order of the affects."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.gait.pose_noise import PoseNoise, mediapipe_like
from edge.gait.skeleton import (
    BONES,
    HEAD,
    LEFT_ANKLE,
    LEFT_HEEL,
    LEFT_HIP,
    LEFT_TOE,
    LEFT_WRIST,
    NECK,
    RIGHT_ANKLE,
    RIGHT_HEEL,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_TOE,
    ROOT,
)
from edge.gait.walker import AFFECTS, PATHS, Walker, contacts, skeletons
from edge.gait.walker_style import gait_of

ANYONE = st.builds(Walker, st.integers(0, 500), st.sampled_from(AFFECTS), st.sampled_from(PATHS), st.integers(0, 99))
RATE_HZ = 120.0


def times(seconds: float, rate_hz: float = RATE_HZ) -> np.ndarray:
    return np.arange(round(seconds * rate_hz)) / rate_hz


@settings(max_examples=20, deadline=None)
@given(ANYONE)
def test_bones_never_change_length(walker: Walker) -> None:
    x_TJC = skeletons(walker, times(12, 50)).astype(float)
    length_TB = np.stack([np.linalg.norm(x_TJC[:, a] - x_TJC[:, b], axis=-1) for a, b in BONES], -1)
    assert np.ptp(length_TB, axis=0).max() < 1e-5


@settings(max_examples=20, deadline=None)
@given(ANYONE)
def test_no_foot_sinks_and_no_landmark_jumps(walker: Walker) -> None:
    x_TJC = skeletons(walker, times(8))
    assert x_TJC[:, [LEFT_HEEL, LEFT_TOE, RIGHT_HEEL, RIGHT_TOE], 1].min() > -1e-3
    assert np.abs(np.diff(x_TJC, axis=0)).max() * RATE_HZ < 12.0


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500), st.sampled_from(AFFECTS), st.sampled_from(("straight", "loop")))
def test_the_standing_foot_stays_where_it_landed(identity: int, affect: str, path: str) -> None:
    walker = Walker(identity, affect, path)
    t_s = times(6)
    x_TJC = skeletons(walker, t_s).astype(float)
    landed = [c for c in contacts(walker, 0.5, 4.0) if c.side == "left"]
    assert len(landed) >= 2
    for contact in landed:
        flat = (t_s > contact.t_s + 0.15 * walker.gait.stride_s) & (t_s < contact.t_s + 0.3 * walker.gait.stride_s)
        standing = x_TJC[flat][:, [LEFT_HEEL, LEFT_TOE]]
        assert np.ptp(standing, axis=0).max() < 1e-4
        assert np.abs(standing[..., 1]).max() < 1e-4


@settings(max_examples=30, deadline=None)
@given(ANYONE, st.floats(0.0, 500.0))
def test_contacts_alternate_and_keep_the_cadence(walker: Walker, start_s: float) -> None:
    found = contacts(walker, start_s, start_s + 20)
    assert all(a.side != b.side and a.t_s < b.t_s for a, b in pairwise(found))
    assert all(start_s - 1e-6 <= c.t_s < start_s + 20 for c in found)
    steps_s = np.diff([c.t_s for c in found])
    assert np.abs(steps_s * walker.gait.cadence_spm / 60 - 1).max() < 0.15


def test_the_heel_is_in_the_air_before_a_contact_and_on_the_floor_after() -> None:
    walker = Walker(4, "neutral", "straight")
    for contact in contacts(walker, 1.0, 6.0):
        heel = LEFT_HEEL if contact.side == "left" else RIGHT_HEEL
        before, at, after = skeletons(walker, contact.t_s + np.array([-0.03, 0.0, 0.03]))[:, heel, 1]
        assert before > 0.003
        assert abs(at) < 5e-4
        assert abs(after) < 5e-4


@pytest.mark.parametrize("affect", AFFECTS)
def test_the_foot_is_farthest_forward_about_20_ms_before_its_contact(affect: str) -> None:
    walker = Walker(2, affect)
    leads_s = []
    for contact in contacts(walker, 0.5, 10.0):
        ankle = LEFT_ANKLE if contact.side == "left" else RIGHT_ANKLE
        t_s = contact.t_s + np.arange(-0.1, 0.1, 0.001)
        x_TJC = skeletons(walker, t_s)
        leads_s.append(contact.t_s - t_s[np.argmax(x_TJC[:, ankle, 2] - x_TJC[:, ROOT, 2])])
    assert 0.010 < np.mean(leads_s) < 0.035


def test_the_knee_bends_like_a_knee() -> None:
    x_TJC = skeletons(Walker(3, "neutral"), times(5)).astype(float)
    thigh, shank = (x_TJC[:, RIGHT_HIP] - x_TJC[:, RIGHT_KNEE], x_TJC[:, RIGHT_ANKLE] - x_TJC[:, RIGHT_KNEE])
    cos = (thigh * shank).sum(-1) / np.linalg.norm(thigh, axis=-1) / np.linalg.norm(shank, axis=-1)
    flexion_deg = 180 - np.degrees(np.arccos(cos))
    assert 3 < flexion_deg.min() < 18
    assert 55 < flexion_deg.max() < 80
    forward = x_TJC[:, RIGHT_KNEE, 2] - (x_TJC[:, RIGHT_HIP, 2] + x_TJC[:, RIGHT_ANKLE, 2]) / 2
    assert forward.min() > 0


def test_about_three_fifths_of_the_cycle_are_stance_and_feet_overlap() -> None:
    walker = Walker(1, "neutral", "straight", variability=0.0)
    x_TJC = skeletons(walker, times(10))
    grounded = [np.minimum(x_TJC[:, heel, 1], x_TJC[:, toe, 1]) < 1e-4 for heel, toe in ((16, 17), (18, 19))]
    assert 0.58 < np.mean(grounded) < 0.68
    assert 0.15 < np.mean(grounded[0] & grounded[1]) < 0.35
    assert (grounded[0] | grounded[1]).all()


@pytest.mark.parametrize("identity", range(6))
def test_affects_are_ordered_as_published(identity: int) -> None:
    t_s = times(12, 60)
    x = {affect: skeletons(Walker(identity, affect, "straight"), t_s).astype(float) for affect in AFFECTS}
    speed = {a: (x[a][-1, ROOT, 2] - x[a][0, ROOT, 2]) / t_s[-1] for a in AFFECTS}
    swing = {a: np.ptp(x[a][:, LEFT_WRIST, 2] - x[a][:, ROOT, 2]) for a in AFFECTS}
    bob = {a: x[a][:, ROOT, 1].std() for a in AFFECTS}
    lean = {a: (x[a][:, NECK, 2] - x[a][:, ROOT, 2]).mean() for a in AFFECTS}
    bow = {a: (x[a][:, HEAD, 2] - x[a][:, NECK, 2]).mean() for a in AFFECTS}
    assert speed["sad"] < speed["neutral"] < min(speed["happy"], speed["angry"])
    assert swing["sad"] < swing["neutral"] < min(swing["happy"], swing["angry"])
    assert bob["sad"] < bob["neutral"] < bob["happy"]
    assert lean["happy"] < lean["neutral"] < min(lean["angry"], lean["sad"])
    assert bow["happy"] < bow["neutral"] < bow["sad"]


def test_left_is_left_and_forward_is_forward() -> None:
    x_TJC = skeletons(Walker(0, "happy", "straight"), times(3))
    assert (x_TJC[:, LEFT_HIP, 0] > x_TJC[:, RIGHT_HIP, 0]).all()
    assert x_TJC[-1, ROOT, 2] > x_TJC[0, ROOT, 2] + 2
    assert (x_TJC[:, HEAD, 1] > x_TJC[:, NECK, 1]).all()


def test_the_loop_comes_back_and_turns() -> None:
    x_TJC = skeletons(Walker(0, "neutral", "loop", straight_m=3.0), times(40, 30))
    assert np.ptp(x_TJC[:, ROOT, 2]) < 3.0 + 2 * 0.6 + 0.5
    left_C = x_TJC[:, LEFT_HIP] - x_TJC[:, RIGHT_HIP]
    assert left_C[:, 0].min() < -0.1
    assert left_C[:, 0].max() > 0.1


@settings(max_examples=20, deadline=None)
@given(ANYONE, st.lists(st.floats(-50, 500), min_size=1, max_size=8))
def test_any_times_in_any_order_give_the_same_skeletons(walker: Walker, t_s: list[float]) -> None:
    together = skeletons(walker, np.array(t_s))
    alone = [skeletons(walker, np.array([t]))[0] for t in reversed(t_s)]
    np.testing.assert_allclose(together, alone[::-1], atol=2e-4)


def test_the_same_walker_is_the_same_and_others_differ() -> None:
    t_s = times(3, 30)
    first = skeletons(Walker(1, "sad", seed=4), t_s)
    assert np.array_equal(first, skeletons(Walker(1, "sad", seed=4), t_s))
    for other in (Walker(2, "sad", seed=4), Walker(1, "happy", seed=4), Walker(1, "sad", seed=5)):
        assert np.abs(first - skeletons(other, t_s)).max() > 0.02


def test_cycles_vary_a_little_unless_told_not_to() -> None:
    def spread(variability: float) -> float:
        found = contacts(Walker(1, "neutral", variability=variability), 0, 120)
        strides_s = np.diff([c.t_s for c in found if c.side == "right"])
        return float(strides_s.std() / strides_s.mean())

    assert 0.008 < spread(1.0) < 0.04
    assert spread(0.0) < 1e-6


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Walker(0, "bored"), "bored"),
        (lambda: Walker(0, "sad", "moonwalk"), "moonwalk"),
        (lambda: gait_of(0, "Happy"), "Happy"),
        (lambda: skeletons(Walker(), np.array([0.0, np.nan])), "finite"),
        (lambda: skeletons(Walker(), np.zeros((2, 2))), "one dimension"),
        (lambda: mediapipe_like(np.zeros((4, 33, 3), np.float32)), r"\(4, 33, 3\)"),
    ],
)
def test_bad_input_is_named(make, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make()


def test_noise_is_centred_correlated_and_worst_in_depth() -> None:
    clean = skeletons(Walker(0, "neutral"), times(60, 30))
    noisy, seen = mediapipe_like(clean, seed=1, noise=PoseNoise(wobble=0.0, lean_deg=0.0))
    again, _ = mediapipe_like(clean, seed=1, noise=PoseNoise(wobble=0.0, lean_deg=0.0))
    off = noisy - (clean - clean[:, [ROOT]])
    assert np.array_equal(noisy, again)
    assert np.abs(noisy[:, ROOT]).max() == 0
    assert off[:, 1:, 0].std() > 1.8 * off[:, 1:, 2].std()
    one = off[:, LEFT_ANKLE, 2]
    assert np.corrcoef(one[1:], one[:-1])[0, 1] > 0.4
    assert 0 < seen.min() <= seen.max() <= 1


def test_noise_lets_bones_wobble_by_centimetres() -> None:
    noisy, _ = mediapipe_like(skeletons(Walker(0, "neutral"), times(60, 30)), seed=2)
    thigh_m = np.linalg.norm(noisy[:, RIGHT_HIP] - noisy[:, RIGHT_KNEE], axis=-1)
    assert 0.005 < thigh_m.std() < 0.04
