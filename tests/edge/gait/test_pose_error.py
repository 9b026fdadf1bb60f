"""What is drawn from `pose_error` has the sizes that were measured, within the tolerances named here."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.gait.pose_error import PASSING_M, camera_axes, spoil
from edge.gait.pose_error_presets import PRESETS, filmed, preset
from edge.gait.pose_error_sizes import FEET_IN_PICTURE, FOLLOWS, Between, LandmarkError, PoseError, Runs
from edge.gait.skeleton import (
    BONES,
    LEFT_ANKLE,
    LEFT_HIP,
    LEFT_KNEE,
    LEFT_SHOULDER,
    LEFT_WRIST,
    MIRROR,
    N_LANDMARKS,
    NECK,
    RIGHT_ANKLE,
    RIGHT_HIP,
    RIGHT_KNEE,
    RIGHT_SHOULDER,
    RIGHT_WRIST,
)
from edge.gait.walker import Walker, skeletons

RATE_HZ = 30.0
N_FRAMES = 6000
STILL = Between(1.0, 0.0)
LEVEL = Between(0.0, 0.0)
NEVER = Runs(0.0, 0.0)
BODY = skeletons(Walker(identity=3), np.arange(N_FRAMES) / RATE_HZ)


def only_landmarks(error: PoseError) -> PoseError:
    """The same without all that is drawn once per recording, and without swaps and drops."""
    level = replace(error, scale=STILL, depth=STILL, lean_deg=LEVEL, lean_sd_deg=0.0, constant_m=(0.0, 0.0, 0.0))
    return replace(level, delay_s=0.0, swaps=(), drops=NEVER)


def true_in_camera(error: PoseError) -> np.ndarray:
    centred = BODY - BODY[:, [LEFT_HIP, RIGHT_HIP]].mean(1, keepdims=True)
    return centred @ camera_axes(error.view_deg, error.pitch_deg).T


def neighbours(series_T: np.ndarray) -> np.ndarray:
    """Correlation of neighbouring frames."""
    about = series_T - series_T.mean(0)
    return (about[1:] * about[:-1]).mean(0) / about.var(0)


@pytest.mark.parametrize("view", sorted(PRESETS))
def test_landmark_errors_have_the_measured_spread(view: str) -> None:
    """Half of them within 15 % (in height, where the bones pull most, 35 %), nine in ten between half and double."""
    error = only_landmarks(PRESETS[view])
    drawn = spoil(BODY, error, seed=1)[0] - true_in_camera(error)
    wanted = np.array([part.sd_m for part in error.landmarks])
    ratio = drawn.std(0)[[j for j, _ in FOLLOWS]] / wanted
    assert np.abs(np.log(np.median(ratio[:, [0, 2]], axis=0))).max() < np.log(1.15)
    assert abs(np.log(np.median(ratio[:, 1]))) < np.log(1.35)
    assert np.mean((ratio > 0.5) & (ratio < 2.0)) > 0.9


@pytest.mark.parametrize("view", sorted(PRESETS))
def test_errors_last_as_long_as_measured(view: str) -> None:
    error = only_landmarks(PRESETS[view])
    drawn = spoil(BODY, error, seed=2)[0] - true_in_camera(error)
    wanted = np.exp(-1 / (RATE_HZ * np.array([part.memory_s for part in error.landmarks])))
    found = neighbours(drawn[:, [j for j, _ in FOLLOWS]])
    assert np.median(np.abs(found - wanted)) < 0.05


@pytest.mark.parametrize("view", sorted(PRESETS))
def test_limbs_wobble_as_measured(view: str) -> None:
    """Half of the limbs within a third, none over 3.5 times; loose errors would make most two to five times as much."""
    error = only_landmarks(PRESETS[view])
    drawn, parent = spoil(BODY, error, seed=3)[0], dict(BONES)
    true = true_in_camera(error)
    ratios = []
    for (j, leader), part in zip(FOLLOWS, error.landmarks, strict=True):
        if leader is not None and j != RIGHT_SHOULDER:
            length, still = (np.linalg.norm(x[:, j] - x[:, parent[j]], axis=1) for x in (drawn, true))
            ratios.append((length / np.median(length) - still / np.median(still)).std() / part.wobble)
    assert 0.75 < np.median(ratios) < 1.35
    assert max(ratios) < 3.5


def test_recordings_differ_in_scale_depth_and_lean_as_measured() -> None:
    error = replace(only_landmarks(PRESETS["frontal"]), scale=Between(0.9, 0.1), landmarks=_silent(PRESETS["frontal"]))
    short = BODY[:4]
    heights = [np.ptp(spoil(short, error, seed=n)[0][0, :, 0]) for n in range(300)]
    true = np.ptp(true_in_camera(error)[0, :, 0])
    assert np.mean(heights) / true == pytest.approx(0.9, abs=0.03)
    assert np.std(heights) / true == pytest.approx(0.1, abs=0.02)


def test_depth_and_lean_touch_depth_alone() -> None:
    error = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    true = true_in_camera(error)
    warped = replace(error, depth=Between(0.5, 0.0), lean_deg=Between(10.0, 0.0))
    drawn = spoil(BODY, replace(warped, landmarks=_silent(warped)), seed=0)[0]
    # The bones pull a little; what they leave lies near the warped truth.
    assert np.abs(drawn[..., :2] - true[..., :2]).max() < 0.1
    expected = 0.5 * true[..., 2] + np.tan(np.radians(10.0)) * true[..., 1]
    assert np.corrcoef(drawn[..., 2].ravel(), expected.ravel())[0, 1] > 0.97


def test_the_pose_comes_late() -> None:
    error = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    late = spoil(BODY, replace(error, delay_s=0.1), seed=0)[0]
    now = spoil(BODY, error, seed=0)[0]
    np.testing.assert_allclose(late[3:], now[:-3], atol=1e-5)


def test_exchanged_arms_come_in_the_measured_share_and_runs() -> None:
    quiet = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    error = replace(quiet, swaps=(("arms", Runs(0.1, 0.2)),))
    drawn, clean = spoil(BODY, error, seed=4)[0], spoil(BODY, quiet, seed=4)[0]
    swapped_T = np.abs(drawn[:, LEFT_WRIST] - clean[:, RIGHT_WRIST]).max(1) < 1e-6
    n_runs = int((np.diff(swapped_T.astype(int), prepend=0) == 1).sum())
    assert swapped_T.mean() == pytest.approx(0.1, abs=0.03)
    assert swapped_T.sum() / n_runs / RATE_HZ == pytest.approx(0.2, abs=0.06)
    np.testing.assert_array_equal(drawn[:, LEFT_SHOULDER], clean[:, LEFT_SHOULDER])


@pytest.mark.parametrize(("kind", "n_axes"), [("below the hips", 3), (FEET_IN_PICTURE, 2)])
def test_legs_are_exchanged_in_the_measured_share_and_only_where_they_are_about_to_pass(kind: str, n_axes: int) -> None:
    quiet = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    drawn = spoil(BODY, replace(quiet, swaps=((kind, Runs(0.05, 0.05)),)), seed=4)[0]
    clean = spoil(BODY, quiet, seed=4)[0]
    swapped_T = (drawn != clean).any((1, 2))
    apart_m = np.linalg.norm((clean[:, LEFT_ANKLE] - clean[:, RIGHT_ANKLE])[:, :2], axis=1)
    assert swapped_T.mean() == pytest.approx(0.05, abs=0.015)
    assert PASSING_M[0] - 1e-4 < apart_m[swapped_T].min() < apart_m[swapped_T].max() < PASSING_M[1] + 1e-4
    np.testing.assert_array_equal(drawn[swapped_T, LEFT_ANKLE, :n_axes], clean[swapped_T, RIGHT_ANKLE, :n_axes])
    np.testing.assert_array_equal(drawn[swapped_T, LEFT_ANKLE, n_axes:], clean[swapped_T, LEFT_ANKLE, n_axes:])
    np.testing.assert_array_equal(drawn[:, LEFT_HIP], clean[:, LEFT_HIP])


def test_nothing_is_exchanged_on_who_stands_astride() -> None:
    quiet = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    standing = np.repeat(BODY[:1], 300, axis=0)
    with_swaps = replace(quiet, swaps=((FEET_IN_PICTURE, Runs(0.5, 0.1)),))
    np.testing.assert_array_equal(spoil(standing, with_swaps, seed=1)[0], spoil(standing, quiet, seed=1)[0])


def test_lost_poses_come_in_the_measured_share_and_are_unseen() -> None:
    error = replace(only_landmarks(PRESETS["side"]), drops=Runs(0.2, 0.1))
    x_TJC, seen_TJ = spoil(BODY, error, seed=5)
    lost_T = ~seen_TJ.any(1)
    assert lost_T.mean() == pytest.approx(0.2, abs=0.04)
    assert not x_TJC[lost_T].any()
    assert (seen_TJ[~lost_T] > 0).all()


@pytest.mark.parametrize("view", sorted(PRESETS))
def test_same_seed_same_error_and_all_finite(view: str) -> None:
    first, again, other = (spoil(BODY[:200], PRESETS[view], seed=n) for n in (6, 6, 7))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert np.isfinite(first[0]).all()
    assert first[0].shape == (200, N_LANDMARKS, 3)
    assert 0.0 <= first[1].min() <= first[1].max() <= 1.0


def test_hips_are_the_origin_and_the_neck_errs_as_the_shoulders_do() -> None:
    error = only_landmarks(PRESETS["oblique"])
    x_TJC = spoil(BODY[:50] + np.float32(5.0), error, seed=8)[0]
    np.testing.assert_allclose(x_TJC[:, LEFT_HIP] + x_TJC[:, RIGHT_HIP], 0.0, atol=2e-5)
    off = x_TJC - true_in_camera(error)[:50]
    np.testing.assert_allclose(off[:, NECK], off[:, [LEFT_SHOULDER, RIGHT_SHOULDER]].mean(1), atol=2e-5)


def test_what_was_not_seen_stays_unseen_and_the_input_is_left_alone() -> None:
    seen = np.ones((100, N_LANDMARKS), np.float32)
    seen[:, LEFT_SHOULDER] = 0.0
    body, before = BODY[:100].copy(), BODY[:100].copy()
    _, told = spoil(body, replace(PRESETS["side"], swaps=()), seed=9, visibility_TJ=seen)
    assert not told[:, LEFT_SHOULDER].any()
    assert told[:, RIGHT_SHOULDER].all()
    np.testing.assert_array_equal(body, before)


def test_the_camera_on_the_left_sees_the_mirror_image() -> None:
    left, right = preset(-90.0), preset(90.0)
    at = {j: i for i, (j, _) in enumerate(FOLLOWS)}
    assert left.view_deg == -90.0
    for j in (LEFT_KNEE, RIGHT_KNEE, LEFT_ANKLE):
        assert left.landmarks[at[j]] == right.landmarks[at[MIRROR[j]]]
    assert left.mirrored() == right


def test_the_nearest_view_is_taken_and_a_wrong_one_refused() -> None:
    assert preset(80.0) is PRESETS["side"]
    assert preset(-175.0).view_deg == -180.0
    assert preset(185.0).view_deg == -180.0
    with pytest.raises(ValueError, match="wanted a finite number"):
        preset(float("nan"))


def test_a_filmed_walker_has_the_exchanges_and_losses_of_the_video() -> None:
    lost = [~spoil(BODY, filmed(PRESETS["side"]), seed=n)[1].any(1) for n in range(3)]
    assert np.mean(lost) == pytest.approx(0.022, abs=0.008)


def test_a_walker_facing_elsewhere_is_seen_from_the_same_side() -> None:
    error = replace(only_landmarks(PRESETS["side"]), landmarks=_silent(PRESETS["side"]))
    turned = BODY[..., [2, 1, 0]] * np.array([1, 1, -1], np.float32)  # +z becomes +x
    here, there = spoil(BODY, error, seed=0)[0], spoil(turned, error, seed=0, facing_rad=np.pi / 2)[0]
    np.testing.assert_allclose(there, here, atol=1e-4)


@pytest.mark.parametrize("shape", [(20, 3), (5, 16, 3), (5, 20, 2)])
def test_wrong_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"wanted \(T, 20, 3\)"):
        spoil(np.zeros(shape, np.float32), PRESETS["side"])


def test_landmarks_that_are_not_finite_are_refused() -> None:
    body = BODY[:5].copy()
    body[2, 3, 1] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        spoil(body, PRESETS["side"])


def _silent(error: PoseError) -> tuple[LandmarkError, ...]:
    """Landmarks without error and without wobble."""
    return tuple(replace(part, sd_m=(0.0, 0.0, 0.0), wobble=0.0) for part in error.landmarks)
