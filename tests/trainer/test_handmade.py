"""Hand-made features against bodies whose answer is known."""

import numpy as np
import pytest

from edge.gait.skeleton import LANDMARKS
from trainer.handmade import (
    ANGLES,
    AREAS,
    DISTANCES,
    coordinate_statistics,
    gait,
    handmade_features,
    movement,
    names,
    posture,
)
from trainer.sequences import apart, sequence_of, with_clock
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=2, n_cycles=1)


def still(**at: tuple[float, float, float]) -> np.ndarray:
    """One cycle (1, 8, 16, 3) of a body that does not move, landmarks at the origin unless named."""
    x = np.zeros((1, 8, 16, 3))
    for name, where in at.items():
        x[:, :, LANDMARKS.index(name)] = where
    return x


def posture_of(x: np.ndarray, kind: tuple, which: tuple) -> np.ndarray:
    offset = {ANGLES: 0, DISTANCES: len(ANGLES), AREAS: len(ANGLES) + len(DISTANCES)}[kind]
    return posture(x)[0, :, offset + kind.index(which)]


def test_the_published_list_is_whole() -> None:
    assert (len(ANGLES), len(DISTANCES), len(AREAS)) == (14, 9, 8)
    assert len(names()) == len(set(names())) == handmade_features(sequence_of(CYCLES)).shape[1]
    assert set(sum((*ANGLES, *DISTANCES, *AREAS), ())) <= {*LANDMARKS, "up"}


def test_a_right_angle_a_distance_and_an_area() -> None:
    x = still(right_shoulder=(0, 1, 0), right_wrist=(3, 0, 4), left_wrist=(0, 0, 2))
    np.testing.assert_allclose(posture_of(x, ANGLES, ("right_shoulder", "right_elbow", "right_wrist")), np.pi / 2)
    np.testing.assert_allclose(posture_of(x, DISTANCES, ("right_wrist", "root")), 5.0)
    np.testing.assert_allclose(posture_of(x, AREAS, ("left_wrist", "root", "right_wrist")), 3.0)


def test_an_angle_in_line_is_exact() -> None:
    x = still(right_shoulder=(0, 0.3, 0), right_wrist=(0, -0.4, 1e-9))
    found = posture_of(x, ANGLES, ("right_shoulder", "right_elbow", "right_wrist"))
    np.testing.assert_allclose(found, np.pi, atol=1e-8)


def test_a_stooping_head_leans_from_the_point_above() -> None:
    x = still(head=(0, 1, 1))
    np.testing.assert_allclose(posture_of(x, ANGLES, ("head", "root", "up")), np.pi / 4)


def test_speed_and_acceleration_of_a_circle() -> None:
    """Radius 1 m, one turn in 2 s: speed pi m/s, acceleration pi squared."""
    turn = 2 * np.pi * np.arange(256) / 256
    x = np.zeros((1, 256, 16, 3))
    x[0, :, 5] = np.column_stack([np.cos(turn), np.sin(turn), np.zeros(256)])
    moves = [name for name in names() if name.startswith(("speed", "acceleration"))]
    found = dict(zip(moves, movement(x, np.array([2.0]))[0], strict=True))
    assert found["speed size of left_elbow"] == pytest.approx(np.pi, rel=1e-3)
    assert found["acceleration size of left_elbow"] == pytest.approx(np.pi**2, rel=1e-3)
    assert found["speed z of left_elbow"] == 0.0
    assert found["speed x of left_elbow"] == pytest.approx(np.pi * 2 / np.pi, rel=1e-3)


def test_gait_measures_of_a_body_built_for_them() -> None:
    x = still(neck=(0, 0.5, 0.5), head=(0, 0.7, 0.5))
    wave = np.sin(2 * np.pi * np.arange(8) / 8)
    x[0, :, LANDMARKS.index("left_ankle"), 2] = 0.3 * wave
    x[0, :, LANDMARKS.index("right_ankle"), 2] = -0.3 * wave
    x[0, :, LANDMARKS.index("right_wrist"), 2] = 0.2 * wave
    found = gait(x, np.array([1.2]))[0]
    np.testing.assert_allclose(found, [1.2, 100.0, 0.6, 0.6, 0.0, 0.4, np.pi / 4, -np.pi / 4], atol=1e-12)


def test_a_cycle_has_no_border() -> None:
    """Where it is cut does not matter: every feature is the same for a rolled cycle."""
    rolled = with_clock(np.roll(CYCLES.x_NTJC, 17, axis=1), CYCLES.duration_s_N)
    for features in (handmade_features, coordinate_statistics):
        np.testing.assert_allclose(features(rolled), features(sequence_of(CYCLES)), atol=1e-9)


def test_a_slower_cycle_is_slower_only_where_time_counts() -> None:
    slow = handmade_features(with_clock(CYCLES.x_NTJC, 2 * CYCLES.duration_s_N))
    plain = handmade_features(sequence_of(CYCLES))
    ratio = {"speed": 0.5, "acceleration": 0.25, "stride_time_s": 2.0, "cadence_spm": 0.5}
    for column, name in enumerate(names()):
        np.testing.assert_allclose(slow[:, column], ratio.get(name.split(" ")[0], 1.0) * plain[:, column], atol=1e-6)


def test_taken_apart_it_is_what_went_in() -> None:
    x_NTJC, duration_s_N = apart(sequence_of(CYCLES))
    np.testing.assert_allclose(x_NTJC, CYCLES.x_NTJC)
    np.testing.assert_allclose(duration_s_N, CYCLES.duration_s_N)
