"""Disturbances stay bodies; mirroring is its own inverse."""

import numpy as np

from edge.gait.normalise import TEMPLATE_BONES_M
from edge.gait.skeleton import BODY_BONES
from trainer.augment import Disturbance, disturbed, mirrored
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=2, n_cycles=1)
NOTHING = Disturbance(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_no_strength_changes_nothing() -> None:
    x, duration_s = disturbed(CYCLES.x_NTJC, CYCLES.duration_s_N, NOTHING, np.random.default_rng(0))
    np.testing.assert_allclose(x, CYCLES.x_NTJC, atol=1e-3)
    np.testing.assert_allclose(duration_s, CYCLES.duration_s_N, rtol=1e-6)


def test_disturbed_bodies_keep_their_bones_and_their_seed() -> None:
    once, again = (
        disturbed(CYCLES.x_NTJC, CYCLES.duration_s_N, Disturbance(), np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(once[0], again[0])
    assert np.abs(once[0] - CYCLES.x_NTJC).max() > 0.01
    for child, parent in BODY_BONES:
        length = np.linalg.norm(once[0][:, :, child] - once[0][:, :, parent], axis=-1)
        np.testing.assert_allclose(length, TEMPLATE_BONES_M[child], atol=1e-4)


def test_mirrored_twice_is_the_same_and_once_is_a_walk() -> None:
    np.testing.assert_array_equal(mirrored(mirrored(CYCLES.x_NTJC)), CYCLES.x_NTJC)
    right_ankle_ahead = mirrored(CYCLES.x_NTJC)[:, 0, 15, 2] - mirrored(CYCLES.x_NTJC)[:, 0, 12, 2]
    assert (right_ankle_ahead > 0.2).all()
