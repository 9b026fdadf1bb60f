"""What sources disagree about is gone; what affect moves is not."""

import numpy as np
import torch

from edge.gait.skeleton import BODY_BONES, LEFT_HIP, NECK, ROOT
from trainer.posture import SWING_M, comparable, even_stride, upright_trunk
from trainer.walkers import walker_cycles

X_NTJC = torch.tensor(walker_cycles(n_people=2, n_cycles=1).x_NTJC)


def leaned(x_NTJC: torch.Tensor, degrees: float) -> torch.Tensor:
    angle = np.radians(degrees)
    out = x_NTJC.clone()
    up, ahead = x_NTJC[:, :, 1:10, 1], x_NTJC[:, :, 1:10, 2]
    out[:, :, 1:10, 1] = np.cos(angle) * up - np.sin(angle) * ahead
    out[:, :, 1:10, 2] = np.sin(angle) * up + np.cos(angle) * ahead
    return out


def test_the_mean_neck_stands_over_the_root() -> None:
    neck_NC = (upright_trunk(X_NTJC)[:, :, NECK] - upright_trunk(X_NTJC)[:, :, ROOT]).mean(dim=1)
    assert torch.allclose(neck_NC[:, 2], torch.zeros(len(X_NTJC)), atol=1e-5)
    assert bool((neck_NC[:, 1] > 0.3).all())


def test_a_source_that_leans_looks_the_same() -> None:
    assert torch.allclose(upright_trunk(leaned(X_NTJC, 25.0)), upright_trunk(X_NTJC), atol=1e-4)


def test_bones_and_legs_stay() -> None:
    out = upright_trunk(X_NTJC)
    assert torch.equal(out[:, :, LEFT_HIP:], X_NTJC[:, :, LEFT_HIP:])
    for child, parent in BODY_BONES:
        before = (X_NTJC[:, :, child] - X_NTJC[:, :, parent]).norm(dim=-1)
        assert torch.allclose((out[:, :, child] - out[:, :, parent]).norm(dim=-1), before, atol=1e-5)


def test_a_source_that_strides_farther_looks_the_same() -> None:
    mean = X_NTJC.mean(dim=1, keepdim=True)
    assert torch.allclose(even_stride(mean + 1.4 * (X_NTJC - mean)), even_stride(X_NTJC), atol=1e-5)
    swing = (even_stride(X_NTJC) - mean)[:, :, [12, 15], 2]
    assert torch.allclose(swing.square().mean(dim=(1, 2)).sqrt(), torch.full((len(X_NTJC),), SWING_M), atol=1e-4)


def test_arm_swing_relative_to_the_stride_stays() -> None:
    wider = X_NTJC.clone()
    mean = X_NTJC.mean(dim=1, keepdim=True)
    wider[:, :, 4:10] = mean[:, :, 4:10] + 1.5 * (X_NTJC - mean)[:, :, 4:10]
    assert float((comparable(wider) - comparable(X_NTJC))[:, :, [6, 9]].abs().max()) > 0.02


def test_a_frozen_pose_stays_finite() -> None:
    frozen = X_NTJC[:, :1].expand(-1, 64, -1, -1)
    assert torch.allclose(comparable(frozen), upright_trunk(frozen), atol=1e-4)
