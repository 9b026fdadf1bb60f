"""Segment angles: what a body's size and place cannot change, and what a bent joint must."""

import numpy as np
import torch

from edge.gait.normalise import normalise_cycle
from edge.gait.skeleton import LEFT_ELBOW, LEFT_WRIST
from trainer.segment_angles import N_ANGLES, segment_angles
from trainer.walkers import walker_cycles

CYCLES = walker_cycles(n_people=2, n_cycles=1)
X = torch.tensor(CYCLES.x_NTJC)


def test_one_column_for_each_angle_and_all_finite() -> None:
    angles = segment_angles(X)
    assert angles.shape == (len(CYCLES), 64, N_ANGLES)
    assert bool(torch.isfinite(angles).all())


def test_size_does_not_matter() -> None:
    assert torch.allclose(segment_angles(1.3 * X), segment_angles(X), atol=1e-4)


def test_a_body_that_is_one_point_has_angles_too() -> None:
    assert bool(torch.isfinite(segment_angles(torch.zeros_like(X))).all())


def test_a_straight_elbow_is_a_flat_angle_and_a_bent_one_a_right_angle() -> None:
    body = X[:1].clone()
    shoulder, elbow = body[:, :, 4], body[:, :, 4] + torch.tensor([0.0, -0.3, 0.0])
    body[:, :, LEFT_ELBOW] = elbow
    body[:, :, LEFT_WRIST] = elbow + (elbow - shoulder)
    assert torch.allclose(segment_angles(body)[..., 0], torch.tensor(np.pi, dtype=torch.float32), atol=0.02)
    body[:, :, LEFT_WRIST] = elbow + torch.tensor([0.0, 0.0, 0.3])
    assert torch.allclose(segment_angles(body)[..., 0], torch.tensor(np.pi / 2, dtype=torch.float32), atol=0.05)


def test_a_trunk_that_leans_as_a_whole_is_not_seen() -> None:
    lean = np.radians(12.0)
    turn = np.array([[1, 0, 0], [0, np.cos(lean), -np.sin(lean)], [0, np.sin(lean), np.cos(lean)]])
    upper = X.clone()
    upper[:, :, 1:10] = torch.tensor(X[:, :, 1:10].numpy() @ turn.T, dtype=torch.float32)
    before, after = (segment_angles(torch.tensor(np.stack([normalise_cycle(x) for x in each]))) for each in (X, upper))
    assert float((after - before).abs().mean()) < 0.02
